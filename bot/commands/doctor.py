"""`perpetuum doctor`: checks everything the desk needs and says how to mend what is wrong."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from bot import logs
from bot.outside import build_clock, build_sources, build_telegram, examine_desk
from bot.settings import Settings, load
from ports.errors import DeskError
from ports.markets import MarketSource

MOST_SKEW_S = 5.0
CHECK_WITHIN_S = 20.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `mend` is empty when nothing has to be done; a note needs no mending."""

    subject: str
    is_ok: bool
    says: str
    mend: str = ""


def run() -> int:
    """Print the report; 0 when the desk can start, 1 when something has to be mended."""
    settings = load()
    print("✓ settings: every key is known and in range")
    logs.configure(level="error", fmt="console", secrets=settings.secrets())
    return asyncio.run(examine(settings))


async def examine(settings: Settings) -> int:
    """All checks, each within its time."""
    checks = [_check_database(settings), _check_telegram(settings), _check_venues(settings)]
    findings = [finding for group in await asyncio.gather(*checks) for finding in group]
    for finding in findings:
        print(f"{'✓' if finding.is_ok else '✗'} {finding.subject}: {finding.says}")
        if finding.mend:
            print(f"    mend: {finding.mend}")
    wrong = sum(not finding.is_ok for finding in findings)
    print("All is well." if not wrong else f"{wrong} thing{'s' if wrong > 1 else ''} to mend.")
    return 1 if wrong else 0


async def _check_database(settings: Settings) -> list[Finding]:
    try:
        health = await examine_desk(settings.desk_url)
    except DeskError as error:
        return [Finding("desk database", False, str(error), "see DATABASE_URL and desk.data_dir")]
    if health.problem is not None:
        return [Finding("desk database", False, health.problem, "see DATABASE_URL and desk.data_dir")]
    if health.revision is None:
        return [Finding("desk database", True, f"{health.place} will be made at the first start")]
    size = f"{(health.size_bytes or 0) / 1e6:.1f} MB"
    return [Finding("desk database", True, f"{health.place}, schema {health.revision}, {size}, whole")]


async def _check_telegram(settings: Settings) -> list[Finding]:
    if settings.telegram_bot_token is None:
        says = "no TELEGRAM_BOT_TOKEN: `perpetuum run` will start the sandbox"
        return [Finding("telegram", True, says)]
    telegram = build_telegram(settings)
    try:
        async with asyncio.timeout(CHECK_WITHIN_S):
            name, problem = await telegram.introduce()
    except TimeoutError:
        name, problem = None, "no answer in time"
    finally:
        await telegram.close()
    if name is None:
        mend = "take a valid token from @BotFather" if problem == "refused" else "check the network"
        return [Finding("telegram", False, f"cannot speak as the bot: {problem}", mend)]
    roles = settings.telegram
    findings = [Finding("telegram", True, f"speaks as @{name}")]
    if not roles.admins and roles.admin_chat is not None:
        findings.append(
            Finding("people", True, "no admin in the settings: the first start prints a /claim code")
        )
    return findings


async def _check_venues(settings: Settings) -> list[Finding]:
    clock = build_clock(settings)
    primary, reference = build_sources(settings, clock)
    sources = [source for source in (primary, reference) if source is not None]
    try:
        groups = await asyncio.gather(*(_check_venue(source) for source in sources))
    finally:
        for source in sources:
            await source.close()
    return [finding for group in groups for finding in group]


async def _check_venue(source: MarketSource) -> list[Finding]:
    findings = [
        await _timed(f"{source.venue} clock", lambda: _check_skew(source)),
        await _timed(f"{source.venue} tickers", lambda: _check_tickers(source)),
    ]
    if source.venue == "bybit":
        findings.append(await _timed(f"{source.venue} stream", lambda: _check_stream(source)))
    return findings


async def _timed(subject: str, check: Callable[[], Awaitable[Finding]]) -> Finding:
    try:
        async with asyncio.timeout(CHECK_WITHIN_S):
            return await check()
    except (DeskError, TimeoutError) as error:
        says = str(error) or f"no answer within {CHECK_WITHIN_S:.0f} s"
        return Finding(
            subject, False, says, "check the network and whether the venue may be reached from here"
        )


async def _check_skew(source: MarketSource) -> Finding:
    before = time.time()
    theirs = await source.server_time()
    now = datetime.fromtimestamp((before + time.time()) / 2, UTC)
    skew_s = (theirs - now).total_seconds()
    if abs(skew_s) <= MOST_SKEW_S:
        return Finding(f"{source.venue} clock", True, f"{skew_s:+.2f} s from ours")
    mend = "switch on time synchronisation (timedatectl set-ntp true)"
    return Finding(f"{source.venue} clock", False, f"{skew_s:+.0f} s from ours", mend)


async def _check_tickers(source: MarketSource) -> Finding:
    started = time.monotonic()
    tickers = await source.tickers()
    took_ms = (time.monotonic() - started) * 1000
    subject = f"{source.venue} tickers"
    if not tickers:
        return Finding(subject, False, "none", "the venue may be in maintenance: try again later")
    return Finding(subject, True, f"{len(tickers)} markets in {took_ms:.0f} ms")


async def _check_stream(source: MarketSource) -> Finding:
    heard = asyncio.Event()
    watching = asyncio.ensure_future(source.watch_tickers(["BTCUSDT"], lambda ticker: heard.set()))
    waiting = asyncio.ensure_future(heard.wait())
    try:
        await asyncio.wait([watching, waiting], return_when=asyncio.FIRST_COMPLETED)
        if watching.done():
            watching.result()
        return Finding(f"{source.venue} stream", heard.is_set(), "speaks" if heard.is_set() else "ended")
    finally:
        for task in (watching, waiting):
            task.cancel()
        await asyncio.gather(watching, waiting, return_exceptions=True)
