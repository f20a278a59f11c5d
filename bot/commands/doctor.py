"""`perpetuum doctor`: checks everything the desk needs and says how to mend what is wrong."""

import asyncio
import os
import time
from collections.abc import Awaitable
from datetime import UTC, datetime
from pathlib import Path

from bot import logs
from bot.commands.doctor_keys import check_keys, check_secrets
from bot.commands.doctor_upkeep import (
    check_backups,
    check_heartbeat,
    check_lease,
    check_machine,
    check_side_files,
)
from bot.commands.finding import Finding
from bot.outside import (
    DatabaseHealth,
    build_sources,
    build_telegram,
    examine_at,
    fence,
    is_running,
    running_clock,
)
from bot.secrets import Secrets
from bot.settings import Settings, secret_sources
from ports.errors import DeskError, Transient
from ports.markets import MarketSource

MOST_SKEW_S = 5.0
CHECK_WITHIN_S = 20.0
FROM_BOTFATHER = "take a valid token from @BotFather"


def run(settings: Settings) -> int:
    """Print the report; 0 when the desk can start, 1 when something has to be mended."""
    print("✓ settings: every key is known and in range", flush=True)
    logs.configure(level="critical", fmt="console", secrets=settings.secrets())
    fence(settings)
    return asyncio.run(examine(settings, secret_sources(settings.desk.data_dir)))


async def examine(settings: Settings, sources: Secrets, *, within_s: float = CHECK_WITHIN_S) -> int:
    """All checks, each `within_s`; the exit code."""
    groups = await asyncio.gather(
        _check_databases(settings),
        _check_telegram(settings, within_s),
        _check_venues(settings, within_s),
        check_keys(settings, sources, within_s),
        _check_upkeep(settings, within_s),
    )
    findings = [*(finding for group in groups for finding in group), *check_secrets(sources)]
    mask = logs.Redactor(settings.secrets())
    for finding in findings:
        print(mask.text(f"{finding.mark} {finding.subject}: {finding.says}"))
        if finding.mend:
            print(mask.text(f"    {'advice' if finding.is_ok else 'mend'}: {finding.mend}"))
    wrong = sum(not finding.is_ok for finding in findings)
    print("All is well." if not wrong else f"{wrong} thing{'s' if wrong > 1 else ''} to mend.")
    return 1 if wrong else 0


async def _check_databases(settings: Settings) -> list[Finding]:
    desk = await _looked_at(settings.desk_url, "desk")
    market = await _looked_at(settings.candles_url, "market")
    lease = [] if isinstance(desk, DeskError) else [check_lease(desk.lease, datetime.now(UTC), is_running)]
    return [_check_database(desk, "desk"), _check_database(market, "market"), *lease]


async def _check_upkeep(settings: Settings, within_s: float) -> list[Finding]:
    backups, side_files, watch = await asyncio.gather(
        check_backups(settings), check_side_files(settings), check_heartbeat(settings, within_s)
    )
    return [backups, side_files, *check_machine(settings), watch]


async def _looked_at(url: str, schema: str) -> DatabaseHealth | DeskError:
    try:
        return await examine_at(url, schema=schema)
    except DeskError as error:
        return error


def _check_database(health: DatabaseHealth | DeskError, schema: str) -> Finding:
    subject, mend = f"{schema} database", "see DATABASE_URL and desk.data_dir (PERPETUUM_DESK__DATA_DIR)"
    if isinstance(health, DeskError):
        return Finding(subject, False, str(health).removeprefix(f"{subject} "), mend)
    place = health.place.removeprefix(f"{subject} ")
    if health.problem is not None:
        return Finding(subject, False, health.problem.removeprefix(f"{subject} "), mend)
    if health.revision is not None:
        size = f"{(health.size_bytes or 0) / 1e6:.1f} MB"
        return Finding(subject, True, f"{place}, schema {health.revision}, {size}, whole")
    if health.folder is not None and not _can_make(health.folder):
        return Finding(subject, False, f"{place} cannot be made: its folder cannot be written", mend)
    return Finding(subject, True, f"{place} will be made at the first start")


def _can_make(folder: Path) -> bool:
    """Whether a file can be made in a folder that may itself have to be made."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    return there.is_dir() and os.access(there, os.W_OK | os.X_OK)


async def _check_telegram(settings: Settings, within_s: float) -> list[Finding]:
    if settings.telegram_bot_token is None:
        says = "no TELEGRAM_BOT_TOKEN is set, so `perpetuum run` starts the sandbox"
        return [Finding("telegram", True, says)]
    telegram = build_telegram(settings)
    try:
        async with asyncio.timeout(within_s):
            name, problem = await telegram.introduce()
    except TimeoutError:
        name, problem = None, f"no answer within {within_s:.0f} s"
    finally:
        await telegram.close()
    if name is None and problem == "refused":
        return [Finding("telegram", False, "Telegram refuses TELEGRAM_BOT_TOKEN", FROM_BOTFATHER)]
    if name is None:
        says = f"Telegram cannot be reached: {problem}"
        return [Finding("telegram", False, says, "check the network and telegram.api_url, where it is set")]
    return [Finding("telegram", True, f"speaks as @{name}"), _who(settings)]


def _who(settings: Settings) -> Finding:
    people = settings.telegram
    if not people.admins:
        says = "no admin in the settings: a start without one in the database prints a code for /claim"
        return Finding("people", True, says)
    counts = (len(people.admins), len(people.traders), len(people.viewers))
    return Finding("people", True, "in the settings: {} admins, {} traders, {} viewers".format(*counts))


async def _check_venues(settings: Settings, within_s: float) -> list[Finding]:
    try:
        async with running_clock(settings, within_s=within_s) as clock:
            sources = [source for source in build_sources(settings, clock) if source is not None]
            try:
                groups = await asyncio.gather(*(_check_venue(source, within_s) for source in sources))
            finally:
                for source in sources:
                    await source.close()
    except Transient as error:
        return [Finding("clock", False, str(error), "is the sandbox running?")]
    return [finding for group in groups for finding in group]


async def _check_venue(source: MarketSource, within_s: float) -> list[Finding]:
    checks = {"clock": _check_skew, "tickers": _check_tickers}
    if source.venue == "bybit":
        checks["stream"] = _check_stream
    return [await _timed(f"{source.venue} {what}", check(source), within_s) for what, check in checks.items()]


async def _timed(subject: str, check: Awaitable[Finding], within_s: float) -> Finding:
    try:
        async with asyncio.timeout(within_s):
            return await check
    except (DeskError, TimeoutError) as error:
        says = str(error) or f"no answer within {within_s:.0f} s"
        mend = "check the network, and whether the venue may be reached from here"
        return Finding(subject, False, says, mend)


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
