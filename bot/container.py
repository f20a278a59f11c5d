"""Puts the desk together: services over the outside, handlers over the services."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from types import ModuleType

import structlog

import handlers.alert
import handlers.alerts
import handlers.audit
import handlers.backtest
import handlers.chart
import handlers.close
import handlers.cockpit
import handlers.drill
import handlers.filters
import handlers.free_text
import handlers.help
import handlers.kill
import handlers.live
import handlers.move
import handlers.order
import handlers.pause
import handlers.people
import handlers.portfolio
import handlers.preferences
import handlers.price
import handlers.reconcile
import handlers.record
import handlers.screen
import handlers.signal
import handlers.signals
import handlers.start
import handlers.status
import handlers.tickets
import handlers.top
import handlers.trade
import handlers.trades
import handlers.watch
import handlers.why
from bot.logs import Redactor
from bot.outside import Outside, build_venue, paper_fees
from bot.secrets import NAMES, read_once
from bot.settings import Settings, secret_sources
from engines.orders.subaccount import EngineName
from engines.risk.limits import ENGINES, Limits
from handlers.ui.backtest_view import BacktestViews
from handlers.ui.finding_push import finding_of
from handlers.ui.kill_view import over_of, report_view_of
from handlers.ui.latch_push import latch_news_of
from handlers.ui.request import Services
from handlers.ui.signal_card import card_view_of
from handlers.ui.signal_chart import card_picture_of
from handlers.ui.table import Table
from handlers.ui.ticket_view import ticket_view_of
from handlers.ui.trade_view import living_of, notice_of
from handlers.ui.upkeep_push import backup_news_of, key_news_of, load_news_of
from ports.desk_state import Approval
from ports.errors import Fatal, Refused
from ports.health import JobHealth
from ports.people import Role
from ports.venue_books import VenueBooks
from services.accounts import VenueAccounts
from services.actions import Actions
from services.alerting.columns import ColumnSource
from services.alerts import Alerts
from services.audit import Audit
from services.backtesting.reading import HistoryReader
from services.backtesting.wish import Strategies
from services.backtests import BacktestOptions, Backtests
from services.backups import Backups
from services.breakers import Breakers
from services.candles import Collector
from services.cockpit import Cockpits
from services.collect.options import CollectOptions
from services.drills import Drills
from services.gate import Gate
from services.indicators import Indicators
from services.keys import KeyAges
from services.killing import Killing
from services.latches import Latches
from services.market.options import MarketOptions
from services.market.perps import Perps
from services.market.ring import Rings
from services.markets import Markets
from services.monitoring import Monitoring
from services.moving import Moving
from services.optional_work import OptionalWork
from services.ordering.quoting import BookQuotes
from services.orders import Orders
from services.outbox import Outbox
from services.people import People
from services.pictures import Pictures
from services.policies import Policies
from services.proposals import Proposals, TicketOptions
from services.reconciliation import Reconciliation
from services.screener import Screener
from services.signals import Signals
from services.speech import Rendering
from services.stopping.board import Board
from services.stopping.road import OrderRoad
from services.ticketing.audience import Audience
from services.trades import Trades
from services.trading.funds import Funds
from services.trading.prices import Prices
from services.trading.register import Register
from services.trading.telling import Teller
from services.upkeep import Upkeep
from services.watchdog import LoadLimits, Watchdog

log = structlog.get_logger()

ROOT = Path(__file__).resolve().parent.parent

READABLE = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""Letters and digits without look-alikes."""

SCREENS: tuple[ModuleType, ...] = (
    handlers.price,
    handlers.top,
    handlers.screen,
    handlers.chart,
    handlers.watch,
    handlers.alert,
    handlers.alerts,
    handlers.signal,
    handlers.signals,
    handlers.why,
    handlers.record,
    handlers.backtest,
    handlers.filters,
    handlers.trade,
    handlers.close,
    handlers.trades,
    handlers.portfolio,
    handlers.start,
    handlers.preferences,
    handlers.help,
    handlers.status,
    handlers.pause,
    handlers.kill,
    handlers.drill,
    handlers.order,
    handlers.tickets,
    handlers.live,
    handlers.move,
    handlers.reconcile,
    handlers.audit,
    handlers.people,
    handlers.free_text,
)
"""Modules with `COMMANDS` and `BUTTONS`, in the order of `/help`."""


def build_table(screens: Sequence[ModuleType] = SCREENS) -> Table:
    """The command and button tables of these modules."""
    commands = [command for screen in screens for command in getattr(screen, "COMMANDS", ())]
    buttons = [route for screen in screens for route in getattr(screen, "BUTTONS", ())]
    return Table.of(commands, buttons)


def build_rendering() -> Rendering:
    """Words and templates as shipped."""
    return Rendering(ROOT / "templates", ROOT / "locales")


def build_services(
    settings: Settings,
    outside: Outside,
    *,
    jobs: Callable[[], Sequence[JobHealth]],
    started_at: datetime,
) -> Services:
    """All services of one running desk."""
    clock, desk, messenger = outside.clock, outside.desk, outside.telegram.messenger
    people = People(desk.people, desk.facts, clock, claim_code, appointed(settings))
    options, rings, work = market_options(settings), Rings(), OptionalWork()
    markets = Markets(outside.primary, outside.reference, clock, options, rings=rings, store=outside.candles)
    indicators = Indicators(outside.library, outside.compiler)
    columns = ColumnSource(markets=markets, rings=rings, indicators=indicators)
    candles = Collector(outside.primary, markets, outside.candles, rings, clock, collecting(settings), work)
    perps = Perps(outside.primary, clock, options)
    outbox = Outbox(desk.outbox, messenger, clock, on_gone=unreachable_of(people))
    teller = Teller(people, clock, notice_of(lambda: services), outbox.stored)
    latches = Latches(outside.latch_file, desk.latches, clock, latch_news_of(lambda: services))
    gate = build_gate(settings, outside, markets, perps, lambda: services)
    trades = build_trades(settings, outside, teller, markets, perps, gate, latches, lambda: services)
    accounts = build_accounts(settings, outside, trades.orders, lambda: services)
    actions = Actions(desk.actions, clock, lambda: secrets.token_urlsafe(12))
    kill_board = Board(messenger, report_view_of(lambda: services), over_of(lambda: services))
    services = Services(
        people=people,
        markets=markets,
        perps=perps,
        trades=trades,
        alerts=build_alerts(settings, outside, people, markets, outbox, columns, lambda: services),
        signals=build_signals(outside, people, markets, candles, rings, indicators, lambda: services),
        candles=candles,
        screener=build_screener(outside, markets, indicators, options, work, lambda: services),
        backtests=build_backtests(settings, outside, markets, perps, candles, work, lambda: services),
        indicators=indicators,
        pictures=Pictures(markets, indicators, outside.charts, clock, work),
        actions=actions,
        latches=latches,
        killing=build_killing(outside, latches, trades, kill_board),
        kill_board=kill_board,
        drills=build_drills(outside, latches, trades, markets),
        audit=Audit(desk.audit, clock, Redactor(tuple(settings.secrets())).text),
        breakers=build_breakers(gate, latches, lambda: services),
        moving=Moving(gate.viewing, lambda: services.policies, clock),
        proposals=build_proposals(settings, outside, people, actions, trades, accounts, lambda: services),
        reconciliation=build_reconciliation(outside, latches, trades, accounts, lambda: services),
        upkeep=build_upkeep(settings, outside, accounts, work, lambda: services),
        outbox=outbox,
        cockpits=build_cockpits(settings, outside, people, lambda: services),
        rendering=build_rendering(),
        clock=clock,
        table=build_table(),
        jobs=jobs,
        runs=outside.schedule.health,
        roads=lambda: [*outside.roads(), *trades.orders.hearing.health()],
        world=settings.desk.world,
        started_at=started_at,
        admin_chat=settings.telegram.admin_chat,
    )
    return services


def build_cockpits(
    settings: Settings, outside: Outside, people: People, services: Callable[[], Services]
) -> Cockpits:
    """Pinned messages, drawn by their handler."""
    view, every_s = handlers.cockpit.view_of(services), settings.desk.cockpit_every_s
    return Cockpits(people, outside.telegram.messenger, outside.clock, view, every_s=every_s)


def unreachable_of(people: People) -> Callable[[int], Awaitable[None]]:
    """What to do when somebody blocked us."""

    async def unreachable(chat_id: int) -> None:
        if people.get(chat_id) is not None:
            await people.change(chat_id, is_reachable=False)

    return unreachable


def build_trades(
    settings: Settings,
    outside: Outside,
    teller: Teller,
    markets: Markets,
    perps: Perps,
    gate: Gate,
    latches: Latches,
    services: Callable[[], Services],
) -> Trades:
    """Paper trades, shown by their handler."""
    return Trades.over(
        build_orders(settings, outside, teller, gate, latches, services),
        markets=markets,
        perps=perps,
        source=outside.primary,
        messenger=outside.telegram.messenger,
        view=living_of(services),
        most_leverage=Decimal(settings.paper.max_leverage),
        stale_after_s=settings.market.stale_after_s,
    )


def build_breakers(gate: Gate, latches: Latches, services: Callable[[], Services]) -> Breakers:
    """What pulls latches by itself; its limits are the gate's."""
    return Breakers.over(
        gate.viewing,
        latches,
        feeds=lambda: services().market_feeds(),
        account_of=lambda engine: services().policies.of(engine).account,
        limits=gate.limits,
    )


def build_drills(outside: Outside, latches: Latches, trades: Trades, markets: Markets) -> Drills:
    """Rehearsals over the same road and books."""
    orders, register = trades.orders, trades.register
    road = OrderRoad(orders, register, orders.placing.quotes, outside.clock)
    return Drills(
        latches,
        lambda: Register(register.books, outside.clock, register.opening_balance),
        orders,
        road,
        markets,
        outside.clock,
    )


def build_killing(outside: Outside, latches: Latches, trades: Trades, board: Board) -> Killing:
    """The kill ladder over the road of orders; it sees every account that is open at that moment."""
    orders = trades.orders
    road = OrderRoad(orders, trades.register, orders.placing.quotes, outside.clock)
    return Killing(
        latches,
        road,
        orders.books,
        outside.clock,
        outside.desk.facts,
        lambda: secrets.token_urlsafe(12),
        board.hear,
    )


def build_reconciliation(
    outside: Outside,
    latches: Latches,
    trades: Trades,
    accounts: VenueAccounts,
    services: Callable[[], Services],
) -> Reconciliation:
    """The comparison with the venues. What lies at an account becomes the money of the first engine that
    trades real money there."""

    def engine_at(account: str) -> EngineName | None:
        policies = services().policies.all()
        live = [one for one in policies if one.account == account and one.approval is not Approval.PAPER]
        return live[0].engine if live else None

    return Reconciliation.over(
        trades.orders,
        outside.desk.facts,
        latches,
        finding_of(services),
        outside.clock,
        engine_at,
        accounts.monitored,
    )


def build_accounts(
    settings: Settings, outside: Outside, orders: Orders, services: Callable[[], Services]
) -> VenueAccounts:
    """The accounts at venues; no key is read and nothing connected before one is opened or monitored."""
    admitting: dict[str, Callable[[], Awaitable[None]]] = {}

    async def connect(account: str) -> VenueBooks:
        names = [f"{account.upper()}_API_{half}" for half in ("KEY", "SECRET")]
        if names[0] not in NAMES:
            raise Refused("account_unknown", account=account)
        try:
            # In a thread: opening the encrypted store takes long on purpose.
            keys = await asyncio.to_thread(_keys, settings, names)
        except Fatal as error:
            log.error("account_keys_unreadable", account=account, error=str(error))
            raise Refused("account_keys_unreadable", account=account) from error
        if len(keys) < len(names):
            raise Refused("account_without_key", account=account)
        venue, books = build_venue(account, settings, keys.get, outside.clock)
        admitting[account] = partial(orders.open, account, venue, books)
        return books

    async def admit(account: str) -> None:
        await admitting[account]()

    async def hear() -> None:
        await services().upkeep.keys.look()

    return VenueAccounts(connect, admit, hear)


def build_upkeep(
    settings: Settings,
    outside: Outside,
    accounts: VenueAccounts,
    work: OptionalWork,
    services: Callable[[], Services],
) -> Upkeep:
    """What looks after the desk itself; admins hear of it."""
    clock, desk = outside.clock, settings.desk
    limits = LoadLimits(cpu=desk.cpu_share, memory_bytes=desk.memory_mb << 20)
    keep = timedelta(days=desk.backup_days)
    return Upkeep(
        backups=Backups(outside.backups, clock, keep, backup_news_of(services)),
        watchdog=Watchdog(outside.gauge, work, limits, load_news_of(services)),
        keys=KeyAges(
            accounts.in_use, outside.desk.facts, clock, key_news_of(services), monitored=accounts.monitored
        ),
        monitoring=Monitoring(accounts, settings.venues.monitored),
    )


def _keys(settings: Settings, names: Sequence[str]) -> dict[str, str]:
    return read_once(secret_sources(settings.desk.data_dir).get, names)


def build_proposals(
    settings: Settings,
    outside: Outside,
    people: People,
    actions: Actions,
    trades: Trades,
    accounts: VenueAccounts,
    services: Callable[[], Services],
) -> Proposals:
    """What engines and people want the desk to trade, and the tickets that ask about it."""
    desk, clock, telegram = outside.desk, outside.clock, settings.telegram
    policies = Policies(
        store=desk.policies,
        accounts=accounts,
        clock=clock,
        tell=handlers.live.news_of(services),
        cooling=timedelta(seconds=settings.desk.live_cooling_s),
        holding=trades.register.real_accounts,
    )
    return Proposals.over(
        trades.orders,
        trades.register,
        policies,
        Audience(people, telegram.admin_chat, frozenset(telegram.approvers)),
        store=desk.tickets,
        source=outside.primary,
        messenger=outside.telegram.messenger,
        actions=actions,
        clock=clock,
        latches=lambda: services().latches.all(),
        view=ticket_view_of(services),
        new_id=lambda: "".join(secrets.choice(READABLE) for _ in range(4)),
        options=TicketOptions(
            waits_s=settings.desk.ticket_s,
            most_leverage=Decimal(settings.paper.max_leverage),
            stale_after_s=settings.market.stale_after_s,
        ),
    )


def build_signals(
    outside: Outside,
    people: People,
    markets: Markets,
    candles: Collector,
    rings: Rings,
    indicators: Indicators,
    services: Callable[[], Services],
) -> Signals:
    """Signals over the desk's store, shown by their handler."""
    return Signals(
        outside.desk.signals,
        people,
        markets,
        candles,
        rings,
        outside.primary,
        indicators,
        outside.telegram.messenger,
        outside.clock,
        card_view_of(services),
        card_picture_of(services),
    )


def build_screener(
    outside: Outside,
    markets: Markets,
    indicators: Indicators,
    options: MarketOptions,
    work: OptionalWork,
    services: Callable[[], Services],
) -> Screener:
    """The daily screen; what signals know already is not asked for again."""
    return Screener(
        outside.primary,
        markets,
        outside.desk.facts,
        outside.clock,
        indicators,
        lambda symbol: services().signals.frames(symbol),
        options,
        work,
    )


def build_alerts(
    settings: Settings,
    outside: Outside,
    people: People,
    markets: Markets,
    outbox: Outbox,
    columns: ColumnSource,
    services: Callable[[], Services],
) -> Alerts:
    """Alerts over the desk's store, worded by their handler."""
    return Alerts(
        outside.desk.alerts,
        people,
        markets,
        outside.primary,
        outbox,
        outside.clock,
        handlers.alerts.fired_view_of(services),
        columns=columns,
        stale_after_s=settings.market.stale_after_s,
    )


def build_gate(
    settings: Settings,
    outside: Outside,
    markets: Markets,
    perps: Perps,
    services: Callable[[], Services],
) -> Gate:
    """The gate on the road of orders, over the desk's books."""
    clock, stale_after_s = outside.clock, settings.market.stale_after_s
    register = Register(outside.desk.books, clock, Decimal(str(settings.paper.balance_usdt)))
    return Gate.over(
        register,
        Funds(register, paper_fees(settings.paper)),
        Prices(markets, perps, register, clock, stale_after_s),
        outside.desk.facts,
        clock,
        limits=limits_of(settings),
        stopping=lambda intent: services().latches.stopping(intent),
    )


def build_orders(
    settings: Settings,
    outside: Outside,
    teller: Teller,
    gate: Gate,
    latches: Latches,
    services: Callable[[], Services],
) -> Orders:
    """The road of orders behind the gate, to the paper venue at first; real ones are opened later."""
    viewing = gate.viewing
    quotes = BookQuotes(outside.primary, outside.clock, settings.market.stale_after_s)
    return Orders.over(
        {outside.venue.name: outside.venue},
        {},
        viewing.register,
        viewing.funds,
        teller,
        outside.clock,
        gate=gate,
        quotes=quotes.of,
        breakers=latches,
        tell=finding_of(services),
        hedged={"bybit": settings.venues.bybit_hedged, "gate": settings.venues.gate_hedged},
    )


def build_backtests(
    settings: Settings,
    outside: Outside,
    markets: Markets,
    perps: Perps,
    candles: Collector,
    work: OptionalWork,
    services: Callable[[], Services],
) -> Backtests:
    """Backtests under the fees and limits of this desk, on its own candles."""
    return Backtests(
        outside.backtester,
        outside.cards,
        HistoryReader(outside.candles, markets, perps, candles, outside.clock),
        outside.desk.facts,
        outside.telegram.messenger,
        outside.clock,
        BacktestViews(services),
        strategies,
        lambda: secrets.token_hex(4),
        BacktestOptions(fees=paper_fees(settings.paper), limits=limits_of(settings)),
        work,
    )


def strategies() -> Strategies:
    """Every strategy. Loads the compiler, which nothing on the way to the first answer may."""
    from engines.strategies.catalog import STRATEGIES

    return STRATEGIES


def limits_of(settings: Settings) -> Limits:
    """Limits as set; those of engines that nobody may move are their own."""
    risk, manual = settings.risk, ENGINES[EngineName.MANUAL]
    own = replace(manual, leverage=Decimal(risk.manual_leverage), exposure=Decimal(str(risk.manual_exposure)))
    return Limits(
        order_usd=Decimal(str(risk.order_usd)),
        asset_share=Decimal(str(risk.asset_share)),
        cash_share=Decimal(str(risk.cash_share)),
        margin_share=Decimal(str(risk.margin_share)),
        delta_share=Decimal(str(risk.delta_share)),
        warn_at=Decimal(str(risk.warn_drawdown)),
        halve_at=Decimal(str(risk.halve_drawdown)),
        halt_at=Decimal(str(risk.halt_drawdown)),
        daily_loss=Decimal(str(risk.daily_loss)),
        band=Decimal(str(risk.price_band)),
        stale_after_s=settings.market.stale_after_s,
        person_leverage=Decimal(settings.paper.max_leverage),
        engines={**ENGINES, EngineName.MANUAL: own},
    )


def market_options(settings: Settings) -> MarketOptions:
    """How the market road is tuned."""
    return MarketOptions(
        streamed_top=settings.market.streamed,
        stale_after_s=settings.market.stale_after_s,
        mover_turnover=Decimal(str(settings.market.min_turnover_usd)),
    )


def collecting(settings: Settings) -> CollectOptions:
    """How candles are collected."""
    market = settings.market
    return CollectOptions(
        markets=market.collected, min_turnover=Decimal(str(market.collected_min_turnover_usd))
    )


def appointed(settings: Settings) -> dict[int, Role]:
    """Roles given in the settings; the highest wins."""
    telegram = settings.telegram
    return {
        **dict.fromkeys(telegram.viewers, Role.VIEWER),
        **dict.fromkeys(telegram.traders, Role.TRADER),
        **dict.fromkeys(telegram.admins, Role.ADMIN),
    }


def claim_code() -> str:
    """A code that is easy to type on a phone."""
    code = "".join(secrets.choice(READABLE) for _ in range(8))
    return f"{code[:4]}-{code[4:]}"
