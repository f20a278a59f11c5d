"""The gate's view, drawn from books that are not the desk's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any

from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.orders.order import Intent
from engines.orders.subaccount import PAPER, EngineName, SubAccount
from engines.risk.exposure import Holding
from engines.risk.look import Look, account_name, desk_name, owners_of
from engines.risk.mark import Mark, first_mark, moved
from engines.risk.view import Position, View
from tests.build.orders import NOW, PERP, SPOT
from tests.build.risk import a_desk_trade, a_market, an_entry

D = Decimal
FEE = D("0.001")
TREND, CORE, SIGNALS = (
    SubAccount(engine=one, account=PAPER).owner
    for one in (EngineName.TREND, EngineName.CORE, EngineName.SIGNALS)
)


@dataclass
class Books:
    """What a test says that there is, at 100 a bitcoin; also marks and turnover."""

    equities: dict[int, Decimal]
    cashes: dict[int, Decimal] = field(default_factory=dict)
    holdings: list[Holding] = field(default_factory=list)
    entered: dict[int, Decimal] = field(default_factory=dict)
    promises: dict[int, Decimal] = field(default_factory=dict)
    marks: dict[str, Mark] = field(default_factory=dict)

    def price(self, instrument: Instrument) -> Decimal | None:
        return D(100) if instrument.base == "BTC" else None

    def held(self, owner: int) -> Sequence[Holding]:
        return [one for one in self.holdings if one.owner == owner]

    def is_known(self, owner: int) -> bool:
        return owner in self.equities

    def equity(self, owner: int) -> Decimal | None:
        return self.equities.get(owner)

    def cash(self, owner: int) -> Decimal:
        return self.cashes.get(owner, D(0))

    def promised(self, owner: int) -> Decimal:
        return self.promises.get(owner, D(0))

    def of(self, owner: int) -> Decimal | None:
        return self.entered.get(owner, D(0))

    def today(self) -> date:
        return NOW.date()

    def get(self, name: str) -> Mark | None:
        return self.marks.get(name)

    def observe(self, name: str, owners: Sequence[int], equity: Decimal | None) -> Mark | None:
        if equity is None:
            return None
        known = self.marks.get(name)
        after = first_mark(equity, {}, NOW) if known is None else moved(known, equity, {}, {}, NOW)
        if after is not None:
            self.marks[name] = after
        return after


def a_holding(owner: int = TREND, **changes: Any) -> Holding:
    """Two bitcoin perpetuals, long, at half their price."""
    usual = Holding(
        trade_id=1,
        owner=owner,
        instrument=PERP,
        direction=Direction.LONG,
        leverage=D(2),
        held=D(2),
        cost=D(200),
    )
    return replace(usual, **changes)


def together(assets: Sequence[str]) -> Mapping[frozenset[str], float]:
    return {frozenset(assets): 0.5}


def looked(books: Books, intent: Intent | None = None) -> Look:
    return Look(intent or an_entry(), books, books, books, lambda instrument: FEE, {})


def viewed(books: Books, **trade: Any) -> View:
    return looked(books).view(
        a_desk_trade(**trade),
        a_market(),
        now=NOW,
        latches=(),
        is_sized=False,
        correlations=together,
    )


def test_an_account_is_measured_against_its_marks_and_what_it_entered_today() -> None:
    books = Books(
        {TREND: D(900)},
        entered={TREND: D(300)},
        marks={account_name(TREND): Mark(high_water=D(1000), day=NOW.date(), day_start=D(950))},
    )
    account = viewed(books).account
    assert account is not None
    assert (account.capital, account.high_water, account.day_start) == (D(900), D(1000), D(950))
    assert (account.turnover, account.exposure, account.positions) == (D(300), D(0), ())


def test_a_mark_of_yesterday_is_moved_to_today_first() -> None:
    yesterday = Mark(high_water=D(1000), day=date(2026, 1, 4), day_start=D(950))
    books = Books({TREND: D(900)}, marks={account_name(TREND): yesterday})
    account = viewed(books).account
    assert account is not None
    assert (account.high_water, account.day_start) == (D(1000), D(900))


def test_orders_of_others_count_and_those_of_the_intent_do_not() -> None:
    working = {"i1": D(7), "i2": D(3)}
    books = Books({TREND: D(1000)}, {TREND: D(800)}, [a_holding(trade_id=9, working=working)])
    view = viewed(books)
    assert view.account is not None
    assert view.desk is not None
    assert (view.account.exposure, view.account.turnover) == (D(500), D(300))
    assert view.desk.delta == D(500)
    assert view.free == D(800) - 3 * 100 * (D("0.5") + FEE)
    assert view.account.positions == (Position(asset="BTC", direction=Direction.LONG),)
    assert view.correlations == {frozenset({"BTC"}): 0.5}


def test_with_cross_margin_the_whole_account_stands_for_it() -> None:
    books = Books({TREND: D(1000)}, {TREND: D(1)}, [a_holding()], promises={TREND: D(50)})
    assert viewed(books, is_cross=True).free == D(1000) - D(200) / 2 - D(50)
    assert viewed(books).free == D(1) - D(50)


def test_the_portfolio_is_of_its_engines_and_the_desk_of_all() -> None:
    books = Books(
        {TREND: D(1000), CORE: D(5000), SIGNALS: D(300)},
        {TREND: D(400), CORE: D(60), SIGNALS: D(7)},
        [a_holding(), a_holding(CORE, instrument=SPOT, direction=Direction.LONG, held=D(3))],
    )
    view = viewed(books)
    assert view.portfolio is not None
    assert view.desk is not None
    assert (view.portfolio.nav, view.portfolio.cash, view.portfolio.delta) == (D(6000), D(460), D(500))
    assert (view.desk.nav, view.desk.cash, view.desk.used_margin) == (D(6300), D(467), D(100))
    assert view.desk.high_water == books.marks[desk_name(is_paper=True)].high_water == D(6300)


def test_what_has_no_price_is_not_guessed() -> None:
    solana = replace(PERP, symbol="SOLUSDT", base="SOL")
    view = viewed(Books({TREND: D(1000)}, {TREND: D(400)}, [a_holding(instrument=solana)]))
    assert view.account is not None
    assert view.portfolio is not None
    assert (view.account.exposure, view.portfolio.nav) == (None, None)


def test_pretended_money_and_real_money_never_meet() -> None:
    live = SubAccount(engine=EngineName.CORE, account="bybit").owner
    view = viewed(Books({TREND: D(1000), live: D(9000)}))
    assert view.desk is not None
    assert view.desk.nav == D(1000)
    assert set(owners_of(EngineName, is_paper=True)).isdisjoint(owners_of(EngineName, is_paper=False))
