"""Everything outside the process, built from the settings: the only module that knows the adapters."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import PRODUCTION, TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramNotFound,
    TelegramUnauthorizedError,
)
from aiogram.types import Update

from adapters.backtests.cards import PooledCards
from adapters.backtests.process import ProcessBacktester
from adapters.backups.folder import BackupFolder, Belongings
from adapters.backups.postgres_tools import PostgresTools
from adapters.backups.restoring import Restored, restore
from adapters.backups.server import ServerBelongings, restore_server
from adapters.charts.pooled import WARM, PooledCharts
from adapters.clock import StreamedClock
from adapters.clock import SystemClock as SystemClock
from adapters.crews.cluster import ClusterCrew as ClusterCrew
from adapters.crews.processes import ProcessCrew as ProcessCrew
from adapters.csv_candles import BadLine as BadLine
from adapters.csv_candles import CandleFile as CandleFile
from adapters.csv_candles import Widened as Widened
from adapters.csv_candles import read_candles as read_candles
from adapters.csv_candles import read_name as read_name
from adapters.csv_candles import spacing_of as spacing_of
from adapters.csv_candles import write_candles as write_candles
from adapters.csv_candles import write_widened as write_widened
from adapters.exchange.build import build_market_source
from adapters.exchange.deferred import DeferredSource
from adapters.finished_lines import FinishedLines as FinishedLines
from adapters.heartbeat import HttpBeacon
from adapters.histories.folder import read_folder as read_folder
from adapters.histories.signal_file import read_signals as read_signals
from adapters.indicators.compiler import WorkerCompiler
from adapters.indicators.pooled import PooledLibrary
from adapters.outbound_list import OutboundList, keep_to
from adapters.outbound_loop import fenced
from adapters.paper.venue import PaperVenue
from adapters.process_load import ProcessLoad
from adapters.processes import SystemProcesses
from adapters.reports.cells import unformulated as unformulated
from adapters.schedule import ClockSchedule
from adapters.side_file import SideFile
from adapters.sql.candles import SqlCandles
from adapters.sql.desk import SqlDesk
from adapters.sql.health import DatabaseHealth as DatabaseHealth
from adapters.sql.opening import examine_at as examine_at
from adapters.sql.place import locate
from adapters.telegram.json import dumps, loads
from adapters.telegram.limits import Limiter, Rates
from adapters.telegram.masking import Masking
from adapters.telegram.messenger import TelegramMessenger
from adapters.telegram.outbound import Outbound
from adapters.telegram.polling import Polling, PollingState
from adapters.venues.build import Wiring, build_account
from adapters.whole_file import replace_whole as replace_whole
from adapters.workers import Workers
from bot.kernels import keep_kernels
from bot.logs import Redactor
from bot.secrets import STORE
from bot.settings import PaperSettings, Settings
from engines.simulate.costs import Fees
from ports.errors import Transient
from ports.health import FeedHealth
from ports.markets import MarketSource
from ports.reports import Report
from ports.sweep_charts import FanChart, HeatMap
from ports.trading import Venue
from ports.venue_books import VenueBooks

MODE = "paper"
LIVE = "live"
LATCHES = "latches.json"
"""The side file, in the data folder: it stands beside the database, whatever that is."""
BACKTESTS = "backtests"
"""The folder of the newest reports, in the data folder."""
WAITING = "desk-waiting.jsonl"
"""What waits for a database on a server, in the data folder; a SQLite file has it beside itself."""
CALL_TIMEOUT_S = 15.0


@dataclass(slots=True)
class Telegram:
    """The road to Telegram and back."""

    bot: Bot
    outbound: Outbound
    messenger: TelegramMessenger
    polling: Polling | None = None

    def listen(
        self,
        handle: Callable[[Update, bool], Coroutine[Any, Any, None]],
        *,
        timeout_s: int,
        watchdog_s: int,
        on_return: Callable[[float], Awaitable[None]],
        is_urgent: Callable[[Update], bool] = lambda update: False,
    ) -> Polling:
        """The loop that feeds updates to `handle`; to be supervised."""
        self.polling = Polling(
            self.bot,
            handle,
            timeout_s=timeout_s,
            watchdog_s=watchdog_s,
            on_return=on_return,
            is_urgent=is_urgent,
        )
        return self.polling

    def health(self) -> FeedHealth:
        """Whether Telegram answers, for `/status`."""
        if self.polling is None:
            return FeedHealth(name="telegram", is_ok=False, age_s=None, code="waiting")
        state = self.polling.state
        age_s = None if state.answered_at is None else time.monotonic() - state.answered_at
        params = {"queued": self.outbound.limiter.queued, "given_up": self.outbound.given_up}
        code = _polling_code(state)
        return FeedHealth(name="telegram", is_ok=code == "polling", age_s=age_s, code=code, params=params)

    async def introduce(self) -> tuple[str | None, str]:
        """The bot's user name, or `None` and what is wrong: `"refused"` for a bad token."""
        try:
            return (await self.bot.get_me()).username, ""
        except (TelegramUnauthorizedError, TelegramNotFound):
            return None, "refused"
        except (TelegramAPIError, ClientDecodeError) as error:
            return None, " ".join(f"{type(error).__name__}: {error}".split())[:200]

    async def close(self) -> None:
        """Close the connections."""
        await self.bot.session.close()


def _polling_code(state: PollingState) -> str:
    if state.is_conflict:
        return "conflict"
    if state.failing_since is not None:
        return "failing"
    if state.is_silent:
        return "quiet"
    return "waiting" if state.answered_at is None else "polling"


@dataclass(slots=True)
class Outside:
    """All adapters of one running desk."""

    clock: SystemClock | StreamedClock
    desk: SqlDesk
    latch_file: SideFile
    candles: SqlCandles
    primary: MarketSource
    reference: MarketSource | None
    venue: Venue
    charts: PooledCharts
    workers: Workers
    library: PooledLibrary
    compiler: WorkerCompiler
    schedule: ClockSchedule
    telegram: Telegram
    backups: BackupFolder
    backtester: ProcessBacktester
    cards: PooledCards
    processes: SystemProcesses = field(default_factory=SystemProcesses)
    beacon: HttpBeacon | None = None
    gauge: ProcessLoad = field(default_factory=ProcessLoad)

    @property
    def streamed_clock(self) -> StreamedClock | None:
        """The clock that has to be followed, in the sandbox."""
        return self.clock if isinstance(self.clock, StreamedClock) else None

    def roads(self) -> Sequence[FeedHealth]:
        """Feeds that are not markets."""
        roads = [self.telegram.health()]
        if (clock := self.streamed_clock) is not None:
            is_ok = clock.is_connected
            code = "streaming" if is_ok else "failing"
            roads.append(FeedHealth(name="clock", is_ok=is_ok, age_s=0.0 if is_ok else None, code=code))
        return roads

    async def close(self) -> None:
        """Release everything, what speaks to people last but the database."""
        await self.charts.close()
        await self.library.close()
        await self.primary.close()
        if self.reference is not None:
            await self.reference.close()
        await self.telegram.close()
        if self.beacon is not None:
            await self.beacon.close()
        await self.candles.close()
        await self.desk.close()


def build_clock(settings: Settings) -> SystemClock | StreamedClock:
    """The system's clock, or the sandbox's where one is set."""
    url = settings.desk.clock_url
    return SystemClock() if url is None else StreamedClock(url)


@asynccontextmanager
async def running_clock(settings: Settings, *, within_s: float) -> AsyncIterator[SystemClock | StreamedClock]:
    """The clock of the settings, followed during the block where it has to be.

    Raises `Transient` when it tells no time `within_s`.
    """
    clock = build_clock(settings)
    if isinstance(clock, SystemClock):
        yield clock
        return
    following = asyncio.create_task(clock.run())
    try:
        async with asyncio.timeout(within_s):
            await clock.ready()
        yield clock
    except TimeoutError as error:
        raise Transient(f"no market clock at desk.clock_url within {within_s:.0f} s") from error
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def build_sources(
    settings: Settings, clock: SystemClock | StreamedClock
) -> tuple[MarketSource, MarketSource | None]:
    """The traded venue and, where wanted, the one whose prices stand beside it."""
    market = settings.market
    primary = _source("bybit", market.bybit_url, clock)
    return primary, _source("binance", market.binance_url, clock) if market.reference else None


def _source(venue: str, base_url: str | None, clock: SystemClock | StreamedClock) -> MarketSource:
    return DeferredSource(venue, lambda: build_market_source(venue, clock, base_url=base_url))


def paper_fees(paper: PaperSettings) -> Fees:
    """What paper trading costs."""
    rates = paper.spot_fee, paper.maker_fee, paper.taker_fee
    spot, maker, taker = (Decimal(str(rate)) for rate in rates)
    return Fees(spot=spot, maker=maker, taker=taker)


def build_paper_venue(settings: Settings, source: MarketSource, clock: SystemClock | StreamedClock) -> Venue:
    """The venue that executes on public data only."""
    return PaperVenue(
        source,
        clock,
        paper_fees(settings.paper),
        latency_s=settings.paper.latency_ms / 1000,
        stale_after_s=settings.market.stale_after_s,
    )


def build_venue(
    account: str,
    settings: Settings,
    get_secret: Callable[[str], str | None],
    clock: SystemClock | StreamedClock,
) -> tuple[Venue, VenueBooks]:
    """The account at `"bybit"` or `"gate"`. Its keys are opened and its library imported when it is first
    used. Raises `KeyError` for another account."""
    venues = settings.venues
    urls = {"bybit": venues.bybit_url, "gate": venues.gate_url}
    orders = {"bybit": venues.bybit_orders_per_s, "gate": venues.gate_orders_per_s}
    reads = {"bybit": venues.bybit_reads_per_s, "gate": venues.gate_reads_per_s}
    wiring = Wiring(
        base_url=urls[account],
        timeout_ms=venues.timeout_ms,
        recv_window_ms=venues.recv_window_ms,
        acts_per_s=orders[account],
        reads_per_s=reads[account],
        patience_s=venues.queue_s,
    )
    return build_account(account, wiring, get_secret, clock)


def build_telegram(settings: Settings) -> Telegram:
    """A bot whose every call takes the outbound road. Raises `ValueError` without a token."""
    if settings.telegram_bot_token is None:
        raise ValueError("no Telegram token")
    server = PRODUCTION
    if settings.telegram.api_url is not None:
        server = TelegramAPIServer.from_base(settings.telegram.api_url)
    session = AiohttpSession(api=server, timeout=CALL_TIMEOUT_S, json_loads=loads, json_dumps=dumps)
    rates = Rates(
        overall_per_s=settings.telegram.overall_per_s,
        chat_per_s=settings.telegram.chat_per_s,
        chat_burst=settings.telegram.chat_burst,
        group_per_min=settings.telegram.group_per_min,
    )
    outbound = Outbound(Limiter(rates))
    session.middleware(Masking(Redactor(settings.secrets()).known))
    session.middleware(outbound)
    bot = Bot(
        settings.telegram_bot_token.get_secret_value(),
        session=session,
        default=DefaultBotProperties(parse_mode="HTML"),
    )
    return Telegram(bot=bot, outbound=outbound, messenger=TelegramMessenger(bot))


def build_compiler(settings: Settings) -> WorkerCompiler:
    """The compiler of kernels, into the data folder. To be built before anything imports a kernel."""
    return WorkerCompiler(keep_kernels(settings.desk.data_dir))


def build_library(*, limit_s: float = 10.0) -> PooledLibrary:
    """The library of indicators, in a process that starts when it is first asked."""
    return PooledLibrary(limit_s=limit_s)


def draw_heat_map(chart: HeatMap) -> bytes:
    """`chart` as PNG. The drawing library is loaded by those who draw only: the desk does not."""
    from adapters.charts.heat_map import draw_heat_map

    return draw_heat_map(chart)


def draw_fan_chart(chart: FanChart) -> bytes:
    """`chart` as PNG, likewise."""
    from adapters.charts.fan_chart import draw_fan_chart

    return draw_fan_chart(chart)


def write_report(report: Report, folder: Path) -> None:
    """All files of `report` into `folder`, likewise. Raises `OSError`."""
    from adapters.reports.folder import write_report

    write_report(report, folder)


def missing_artefacts(folder: Path) -> list[str]:
    """Files of a whole report that `folder` lacks."""
    from adapters.reports.folder import missing_artefacts

    return missing_artefacts(folder)


def build_beacon(settings: Settings) -> HttpBeacon | None:
    """The outside watch, where one is set."""
    url = settings.desk.heartbeat_url
    return None if url is None else HttpBeacon(url)


def outbound_list(settings: Settings) -> OutboundList:
    """Whom the process may speak to: the servers that the settings name, else the venues' own."""
    market, venues, desk = settings.market, settings.venues, settings.desk
    binance = {"market.binance_url": _hosts(market.binance_url, ".binance.com")} if market.reference else {}
    given = {
        "telegram.api_url": _hosts(settings.telegram.api_url, "api.telegram.org"),
        "market.bybit_url": _hosts(market.bybit_url, ".bybit.com"),
        **binance,
        "venues.bybit_url": _hosts(venues.bybit_url, ".bybit.com"),
        "venues.gate_url": _hosts(venues.gate_url, ".gateio.ws", ".gate.io", ".gate.com"),
        "desk.heartbeat_url": _hosts(desk.heartbeat_url),
    }
    hosts = {host: setting for setting, hosts in given.items() for host in hosts}
    return OutboundList(hosts, is_local_only=desk.world != LIVE)


def fence(settings: Settings) -> Callable[[], None]:
    """Speak to nobody else from now on, in this process. Gives back what ends it."""
    return keep_to(outbound_list(settings))


def fenced_loop(settings: Settings, base: type[asyncio.AbstractEventLoop]) -> type[asyncio.AbstractEventLoop]:
    """An event loop that keeps to the same list, and to the database of the settings."""
    listed = outbound_list(settings)
    place = locate(settings.desk_url, schema="desk")
    hosts = {**listed.hosts, **dict.fromkeys(place.hosts, "DATABASE_URL")}
    return fenced(base, replace(listed, hosts=hosts))


def _hosts(url: str | None, *usual: str) -> tuple[str, ...]:
    return usual if url is None else ((urlsplit(url).hostname or "").lower(),)


def latch_file(settings: Settings) -> SideFile:
    """Latches beside the database."""
    return SideFile(settings.desk.data_dir / LATCHES)


def is_running(name: str) -> bool | None:
    """Whether the process that a lease names runs; `None` of another machine's."""
    return SystemProcesses().is_running(name)


def build_backups(settings: Settings, folder: Path | None = None) -> BackupFolder:
    """Where backups are kept."""
    place = folder or settings.desk.backup_dir or settings.desk.data_dir / "backups"
    return BackupFolder(place, _on_a_server(settings) or _in_files(settings))


def restore_backup(settings: Settings, backup: Path, now: datetime) -> Restored:
    """Put a backup in the place of what is there. Raises `Fatal`."""
    if (server := _on_a_server(settings)) is not None:
        return restore_server(backup, server, now=now, is_running=is_running)
    return restore(backup, _in_files(settings), now=now, is_running=is_running)


def _on_a_server(settings: Settings) -> ServerBelongings | None:
    place = locate(settings.desk_url, schema="desk")
    if place.path is not None:
        return None
    return ServerBelongings(
        tools=PostgresTools(place),
        side_files=_side_files(settings),
        waiting=settings.desk.data_dir / WAITING,
        world=settings.desk.world,
        mode=MODE,
    )


def _in_files(settings: Settings) -> Belongings:
    urls = {"desk": settings.desk_url, "market": settings.candles_url}
    paths = {name: locate(url, schema=name).path for name, url in urls.items()}
    databases = {name: path for name, path in paths.items() if path is not None}
    return Belongings(
        databases=databases, side_files=_side_files(settings), world=settings.desk.world, mode=MODE
    )


def _side_files(settings: Settings) -> Sequence[Path]:
    return tuple(settings.desk.data_dir / name for name in (LATCHES, STORE))


async def open_candles(settings: Settings) -> SqlCandles:
    """The store of candles alone. Raises `Fatal` when it cannot be used or belongs to another world."""
    return await SqlCandles.open(settings.candles_url, world=settings.desk.world, mode=MODE)


async def open_outside(settings: Settings) -> Outside:
    """Open the databases first, because what they say may stop the start, then build the rest.

    Raises `Fatal` when one of them cannot be used or belongs to another world.
    """
    desk = await SqlDesk.open(
        settings.desk_url, world=settings.desk.world, mode=MODE, beside=settings.desk.data_dir / WAITING
    )
    try:
        candles = await open_candles(settings)
    except BaseException:
        await desk.close()
        raise
    clock = build_clock(settings)
    primary, reference = build_sources(settings, clock)
    workers = Workers(warm=WARM)
    return Outside(
        clock=clock,
        desk=desk,
        latch_file=latch_file(settings),
        candles=candles,
        primary=primary,
        reference=reference,
        venue=build_paper_venue(settings, primary, clock),
        charts=PooledCharts(workers),
        workers=workers,
        library=build_library(),
        compiler=build_compiler(settings),
        schedule=ClockSchedule(clock),
        telegram=build_telegram(settings),
        beacon=build_beacon(settings),
        backups=build_backups(settings),
        backtester=ProcessBacktester(settings.desk.data_dir / BACKTESTS),
        cards=PooledCards(workers),
    )
