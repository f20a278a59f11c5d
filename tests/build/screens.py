"""Handlers over real services: a venue, stores, charts and a messenger in memory."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from adapters.paper.venue import PaperVenue
from bot.container import build_rendering, build_table
from bot.logs import Redactor
from engines.core.instrument import Instrument
from engines.core.ticker import Ticker
from engines.orders.subaccount import EngineName
from engines.risk.limits import Limits
from engines.simulate.costs import Fees
from handlers import alerts, cockpit, live
from handlers.errors import Answer, answered
from handlers.free_text import guess, understand
from handlers.ui.backtest_view import BacktestViews
from handlers.ui.finding_push import finding_of
from handlers.ui.kill_view import over_of, report_view_of
from handlers.ui.latch_push import latch_news_of
from handlers.ui.request import Request, Services
from handlers.ui.signal_card import card_view_of
from handlers.ui.signal_chart import card_picture_of
from handlers.ui.ticket_view import ticket_view_of
from handlers.ui.trade_view import living_of, notice_of
from ports.health import FeedHealth, JobHealth, RunHealth
from ports.messages import Button, Messenger, Screen
from ports.people import Person, Role
from ports.venue_books import KeyRights
from services.actions import Actions
from services.alerting.columns import ColumnSource
from services.alerts import Alerts
from services.audit import Audit
from services.backtesting.reading import HistoryReader
from services.backtests import BacktestOptions, Backtests
from services.breakers import Breakers
from services.candles import Collector
from services.cockpit import Cockpits
from services.drills import Drills
from services.gate import Gate
from services.indicators import Indicators
from services.killing import Killing
from services.latches import Latches
from services.market.options import MarketOptions
from services.market.perps import Perps
from services.market.ring import Rings
from services.markets import Markets
from services.moving import Moving
from services.ordering.findings import Tell
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
from services.trading.register import Register
from services.trading.telling import Teller
from tests.build.accounts import FakeAccounts
from tests.build.backtests import FakeBacktester, FakePainter, the_strategies
from tests.build.books import MemoryBooks
from tests.build.candles import MemoryCandles
from tests.build.clock import NOON, HandClock
from tests.build.indicators import FakeCompiler, FakeLibrary
from tests.build.latches import MemorySideFile
from tests.build.markets import FakeMarketSource, a_perp, a_perp_ticker, a_ticker, an_instrument
from tests.build.messenger import FakeCharts, RecordingMessenger
from tests.build.people import a_person
from tests.build.stores import MemoryDesk
from tests.build.upkeep import an_upkeep

_NAMES = (
    "BTC ETH SOL XRP BNB DOGE TON ADA TRX AVAX LINK DOT LTC BCH SHIB PEPE NEAR UNI ATOM XLM ETC APT ARB OP "
    "SUI POL FIL XMR"
)
COINS = _NAMES.split()
"""Coins of the venue, the biggest first; each second one fell today."""

FEES = Fees(spot=Decimal("0.001"), maker=Decimal("0.0002"), taker=Decimal("0.00055"))

ANN, TOM, VERA = 11, 12, 13
"""An admin, a trader and a viewer."""


def a_universe(at: datetime = NOON) -> tuple[list[Instrument], list[Ticker]]:
    """Instruments and tickers of `COINS`, tiny prices for the last ones."""
    listed, tickers = [], []
    for place, base in enumerate(COINS):
        last, tick = ("0.00001234", "0.00000001") if base in ("SHIB", "PEPE") else ("87210.50", "0.01")
        listed.append(an_instrument(base, tick=Decimal(tick)))
        sign = 1 if place % 2 == 0 else -1
        tickers.append(
            a_ticker(
                f"{base}USDT",
                last,
                change_24h=Decimal(sign * (place + 1)) / 100,
                turnover_24h=Decimal(2_000_000_000 - place * 50_000_000),
                at=at,
            )
        )
    return listed, tickers


def some_perps(at: datetime = NOON) -> dict[str, Any]:
    """Perpetuals of the three biggest coins; the others are spot only."""
    bases = COINS[:3]
    return {
        "perps": [a_perp(base) for base in bases],
        "perp_tickers": [a_perp_ticker(f"{base}USDT", at=at) for base in bases],
    }


@dataclass(slots=True, kw_only=True, repr=False)
class ScreenDesk:
    """Services, and a hand that types and taps without Telegram in between. It has no text of its own: event
    loops would write it out, with everything that services share."""

    services: Services
    source: FakeMarketSource
    clock: HandClock
    charts: FakeCharts
    library: FakeLibrary
    messenger: RecordingMessenger
    stores: MemoryDesk
    candles: MemoryCandles
    accounts: FakeAccounts
    keys: dict[str, KeyRights]
    backtester: FakeBacktester
    painter: FakePainter
    roads: list[FeedHealth] = field(default_factory=list)
    jobs: list[JobHealth] = field(default_factory=list)
    runs: list[RunHealth] = field(default_factory=list)

    def person(self, person_id: int = VERA) -> Person:
        """Somebody as the desk knows them now."""
        person = self.services.people.get(person_id)
        assert person is not None
        return person

    def request(
        self, args: str = "", *, by: int = VERA, chat: int | None = None, message: int | None = None
    ) -> Request:
        """What a handler is given."""
        person = self.person(by)
        say = self.services.rendering.speech(person.language, person.zone)
        return Request(
            services=self.services,
            person=person,
            say=say,
            chat_id=by if chat is None else chat,
            args=args,
            message_id=message,
        )

    async def answer(self, text: str, *, by: int = VERA, chat: int | None = None) -> Answer:
        """The answer to typed text."""
        request = self.request(text, by=by, chat=chat)
        understood = understand(text, self.services.table)
        if understood is None:
            return await answered(lambda: guess(request), request.say, command=text)
        handler = understood.command.handler
        asked = replace(request, args=understood.args)
        typed = f"{understood.command.name} {understood.args}".strip()
        return await answered(lambda: handler(asked), request.say, command=typed)

    async def type(self, text: str, *, by: int = VERA, chat: int | None = None) -> Screen:
        """The screen for typed text."""
        screen = (await self.answer(text, by=by, chat=chat)).screen
        assert screen is not None, f"no screen for {text!r}"
        return screen

    async def press(
        self, data: str, *, by: int = VERA, chat: int | None = None, message: int | None = None
    ) -> Answer:
        """The answer to a tap, whatever the role."""
        prefix, _, payload = data.partition(":")
        handler = self.services.table.buttons[prefix].handler
        request = self.request(payload, by=by, chat=chat, message=message)
        return await answered(lambda: handler(request), request.say, command="")

    async def tap(
        self, data: str, *, by: int = VERA, chat: int | None = None, message: int | None = None
    ) -> Screen:
        """The screen for a tap."""
        screen = (await self.press(data, by=by, chat=chat, message=message)).screen
        assert screen is not None, f"no screen for {data!r}"
        return screen


def buttons(screen: Screen) -> list[Button]:
    """All buttons, row by row."""
    return [one for row in screen.keyboard for one in row]


def labels(screen: Screen) -> list[str]:
    """Their texts."""
    return [one.text for one in buttons(screen)]


def data_of(screen: Screen, label: str) -> str:
    """The callback data of the button with that text."""
    data = next(one.data for one in buttons(screen) if one.text == label)
    assert data is not None
    return data


def the_people() -> Sequence[Person]:
    """An admin, a trader and a viewer, all at home."""
    return (
        a_person(ANN, name="Ann", role=Role.ADMIN, is_onboarded=True),
        a_person(TOM, name="Tom", role=Role.TRADER, is_onboarded=True),
        a_person(VERA, name="Vera", role=Role.VIEWER, is_onboarded=True),
    )


_RENDERING: list[Rendering] = []


def the_rendering() -> Rendering:
    """Words and templates as shipped, read once a test run."""
    if not _RENDERING:
        _RENDERING.append(build_rendering())
    return _RENDERING[0]


_IMPATIENT = MarketOptions(answer_within_s=0.3, person_patience_s=(), patience_s=())


def paper_trades(
    source: FakeMarketSource,
    markets: Markets,
    perps: Perps,
    teller: Teller,
    books: MemoryBooks,
    messenger: Messenger,
    services: Callable[[], Services],
) -> Trades:
    """Trades over a paper venue that fills at once."""
    clock = teller.clock
    register = Register(books, clock, Decimal(1000))
    venue = PaperVenue(source, clock, FEES, latency_s=0.0, stale_after_s=30.0)
    return Trades.over(
        Orders.over(
            {"paper": venue},
            {},
            register,
            Funds(register, FEES),
            teller,
            clock,
            quotes=BookQuotes(source, clock, 30.0).of,
        ),
        markets=markets,
        perps=perps,
        source=source,
        messenger=messenger,
        view=living_of(services),
        most_leverage=Decimal(5),
        stale_after_s=30.0,
    )


async def known_people(stores: MemoryDesk, people: Sequence[Person], clock: HandClock) -> People:
    """The people of the desk, stored."""
    for person in people:
        await stores.people.add(person)
    codes = itertools.count(1)
    known = People(stores.people, stores.facts, clock, lambda: f"CODE-{next(codes):04}")
    await known.load()
    return known


@dataclass(slots=True, kw_only=True)
class Ground:
    """What the services of a desk stand on, and those that others need."""

    source: FakeMarketSource
    clock: HandClock
    stores: MemoryDesk
    latch_file: MemorySideFile
    candles: MemoryCandles
    messenger: Messenger
    people: People
    markets: Markets
    outbox: Outbox
    rings: Rings
    indicators: Indicators
    collector: Collector
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    keys: dict[str, KeyRights] = field(default_factory=dict)
    backtester: FakeBacktester = field(default_factory=FakeBacktester)
    painter: FakePainter = field(default_factory=FakePainter)

    def alerts(self, services: Callable[[], Services]) -> Alerts:
        """Alerts, on prices and on indicators."""
        return Alerts(
            self.stores.alerts,
            self.people,
            self.markets,
            self.source,
            self.outbox,
            self.clock,
            alerts.fired_view_of(services),
            columns=ColumnSource(markets=self.markets, rings=self.rings, indicators=self.indicators),
        )

    def signals(self, services: Callable[[], Services]) -> Signals:
        """Signals whose cards are those of the chat."""
        return Signals(
            self.stores.signals,
            self.people,
            self.markets,
            self.collector,
            self.rings,
            self.source,
            self.indicators,
            self.messenger,
            self.clock,
            card_view_of(services),
            card_picture_of(services),
        )

    def proposals(
        self, actions: Actions, trades: Trades, admin_chat: int | None, services: Callable[[], Services]
    ) -> Proposals:
        """The desk's own orders, at venues that a test opens."""
        numbers = itertools.count(1)
        policies = Policies(
            store=self.stores.policies, accounts=self.accounts, clock=self.clock, tell=live.news_of(services)
        )
        return Proposals.over(
            trades.orders,
            trades.register,
            policies,
            Audience(self.people, admin_chat, ()),
            store=self.stores.tickets,
            source=self.source,
            messenger=self.messenger,
            actions=actions,
            clock=self.clock,
            latches=lambda: services().latches.all(),
            view=ticket_view_of(services),
            new_id=lambda: f"T{next(numbers):03}",
            options=TicketOptions(),
        )

    def killing(self, latches: Latches, trades: Trades, board: Board) -> Killing:
        """The kill ladder over the road of orders."""
        tokens, orders = itertools.count(1), trades.orders
        road = OrderRoad(orders, trades.register, orders.placing.quotes, self.clock)
        return Killing(
            latches,
            road,
            orders.books,
            self.clock,
            self.stores.facts,
            lambda: f"kill-{next(tokens)}",
            board.hear,
        )

    def reconciliation(self, latches: Latches, trades: Trades, tell: Tell) -> Reconciliation:
        """The comparison with venues; what lies there belongs to the desk's own hand."""
        made = Reconciliation.over(
            trades.orders, self.stores.facts, latches, tell, self.clock, lambda account: EngineName.MANUAL
        )
        made.settle_s = 0.0
        return made

    def drills(self, latches: Latches, trades: Trades) -> Drills:
        """Rehearsals over the same road and books."""
        orders, register = trades.orders, trades.register
        road = OrderRoad(orders, register, orders.placing.quotes, self.clock)
        anew = partial(Register, register.books, self.clock, register.opening_balance)
        return Drills(latches, anew, orders, road, self.markets, self.clock)

    def screener(self, signals: Signals) -> Screener:
        """The daily screen, made at once."""
        facts, frames = self.stores.facts, signals.frames
        ground = self.source, self.markets, facts, self.clock, self.indicators
        return Screener(*ground, frames, _IMPATIENT, patience_s=0.0)

    def backtests(self, perps: Perps, services: Callable[[], Services]) -> Backtests:
        """Backtests that play nothing."""
        reader = HistoryReader(self.candles, self.markets, perps, self.collector, self.clock, patience_s=0.0)
        views, numbers = BacktestViews(services), itertools.count(0xAB12CD01)
        return Backtests(
            self.backtester,
            self.painter,
            reader,
            self.stores.facts,
            self.messenger,
            self.clock,
            views,
            the_strategies,
            lambda: f"{next(numbers):x}",
            BacktestOptions(look_s=0.001),
        )

    def breakers(self, latches: Latches, trades: Trades) -> Breakers:
        """Breakers that look at nothing by themselves."""
        gate = Gate.over(
            trades.register,
            trades.orders.funds,
            trades.prices,
            self.stores.facts,
            self.clock,
            limits=Limits(),
            stopping=latches.stopping,
        )
        return Breakers.over(
            gate.viewing, latches, feeds=list, account_of=lambda engine: None, limits=Limits()
        )

    def services(
        self, charts: FakeCharts, admin_chat: int | None, desk: Callable[[], ScreenDesk]
    ) -> Services:
        """All services; `desk` has what they tell of the process."""

        def own() -> Services:
            return services

        clock, markets, stores, people = self.clock, self.markets, self.stores, self.people
        perps, tokens = Perps(self.source, clock, _IMPATIENT), itertools.count(1)
        teller = Teller(people, clock, notice_of(own), self.outbox.stored)
        books, signals = MemoryBooks(stores.outbox, stores.tickets), self.signals(own)
        trades = paper_trades(self.source, markets, perps, teller, books, self.messenger, own)
        actions = Actions(stores.actions, clock, lambda: f"token-{next(tokens)}")
        latches = Latches(self.latch_file, stores.latches, clock, latch_news_of(own))
        breakers = self.breakers(latches, trades)
        board = Board(self.messenger, report_view_of(own), over_of(own))
        services = Services(
            people=people,
            markets=markets,
            perps=perps,
            trades=trades,
            alerts=self.alerts(own),
            signals=signals,
            candles=self.collector,
            screener=self.screener(signals),
            backtests=self.backtests(perps, own),
            indicators=self.indicators,
            pictures=Pictures(markets, self.indicators, charts, clock),
            actions=actions,
            latches=latches,
            audit=Audit(stores.audit, clock, Redactor().text),
            killing=self.killing(latches, trades, board),
            kill_board=board,
            drills=self.drills(latches, trades),
            breakers=breakers,
            moving=Moving(breakers.viewing, lambda: services.policies, clock),
            proposals=self.proposals(actions, trades, admin_chat, own),
            reconciliation=self.reconciliation(latches, trades, finding_of(own)),
            upkeep=an_upkeep(clock, stores.facts, self.keys, own),
            outbox=self.outbox,
            cockpits=Cockpits(people, self.messenger, clock, cockpit.view_of(own)),
            rendering=the_rendering(),
            clock=clock,
            table=build_table(),
            jobs=lambda: desk().jobs,
            runs=lambda: desk().runs,
            roads=lambda: desk().roads,
            world="sandbox:test",
            started_at=clock.wire_now(),
            admin_chat=admin_chat,
        )
        return services


async def a_screen_desk(
    *people: Person,
    through: Messenger | None = None,
    now: datetime = NOON,
    admin_chat: int | None = None,
    is_primed: bool = True,
) -> ScreenDesk:
    """A desk whose markets are known, unless `is_primed` is false. It speaks `through` another messenger
    where one is given."""
    listed, tickers = a_universe(now)
    source, clock = FakeMarketSource(listed, tickers, **some_perps(now)), HandClock(now)
    recording, charts, stores = RecordingMessenger(), FakeCharts(), MemoryDesk()
    messenger, library = through or recording, FakeLibrary()
    rings, candles = Rings(), MemoryCandles()
    markets = Markets(source, None, clock, _IMPATIENT, rings=rings, store=candles)
    ground = Ground(
        source=source,
        clock=clock,
        stores=stores,
        latch_file=MemorySideFile(),
        candles=candles,
        messenger=messenger,
        people=await known_people(stores, people or the_people(), clock),
        markets=markets,
        outbox=Outbox(stores.outbox, messenger, clock),
        rings=rings,
        indicators=Indicators(library, FakeCompiler()),
        collector=Collector(source, markets, candles, rings, clock),
    )
    services = ground.services(charts, admin_chat, lambda: desk)
    desk = ScreenDesk(
        services=services,
        source=source,
        clock=clock,
        charts=charts,
        library=library,
        messenger=recording,
        stores=stores,
        candles=candles,
        accounts=ground.accounts,
        keys=ground.keys,
        backtester=ground.backtester,
        painter=ground.painter,
    )
    await services.latches.load()
    await services.proposals.start()
    await services.alerts.load()
    await services.signals.load()
    if is_primed:
        await markets.quote("BTCUSDT")
    return desk
