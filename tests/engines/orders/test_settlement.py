"""Trades and the ledger say the same to the last digit, whatever happens in whatever order."""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from engines.core.instrument import MarketKind, Toward
from engines.core.side import Direction, Side
from engines.ledger import booking
from engines.ledger.entry import Entry, EntryKind, posted, sums
from engines.orders.order import Fill, Liquidity, Purpose
from engines.orders.position import bankruptcy_price, margin_for
from engines.orders.settlement import settle_fill, settle_funding
from engines.orders.trade import CloseReason, Trade, TradeState
from engines.simulate.costs import Fees, funding_payment, size_at
from tests.build.orders import NOW, PERP, SPOT, a_fill, a_trade, after, an_intent

D = Decimal
FEES = Fees(spot=D("0.001"), maker=D("0.0002"), taker=D("0.00055"))
EXIT = an_intent(side=Side.SELL, purpose=Purpose.STOP)


def test_a_fill_and_its_fee_are_two_entries() -> None:
    trade, entries = settle_fill(a_trade(leverage=D(5)), an_intent(), a_fill(100, 1, fee=D("0.055")))
    assert [(entry.id, entry.kind) for entry in entries] == [
        ("fill:t12-1:f1", EntryKind.PERP_FILL),
        ("fee:t12-1:f1", EntryKind.FEE),
    ]
    assert posted({}, entries) == {
        ("cash", "USDT"): D("-20.055"),
        ("margin:12", "USDT"): D(20),
        ("fees", "USDT"): D("0.055"),
    }
    assert (trade.margin, trade.fees, trade.state) == (D(20), D("0.055"), TradeState.OPEN)


def test_a_fill_without_a_fee_is_one_entry() -> None:
    _, entries = settle_fill(a_trade(instrument=SPOT), an_intent(), a_fill(100, 1))
    assert [entry.kind for entry in entries] == [EntryKind.SPOT_FILL]


def test_a_liquidation_takes_all_the_margin() -> None:
    trade, _ = settle_fill(a_trade(leverage=D(3)), an_intent(), a_fill("100.1", 1))
    fill = a_fill("66.8", 1, id="liq", fee=D("0.0367"))
    closed, entries = settle_fill(trade, replace(EXIT, purpose=Purpose.LIQUIDATION), fill)
    assert (closed.close_reason, closed.margin, closed.net) == (CloseReason.LIQUIDATED, D(0), -trade.margin)
    assert [entry.kind for entry in entries] == [EntryKind.LIQUIDATION, EntryKind.FEE]
    assert ("cash", "USDT") not in posted({}, entries)


def test_funding_is_booked_once_for_its_time() -> None:
    trade, _ = settle_fill(a_trade(leverage=D(5)), an_intent(), a_fill())
    paid, entries = settle_funding(trade, D("-0.01"), D(500), after(60))
    assert [entry.id for entry in entries] == ["funding:12:2026-01-05T12:01:00+00:00"]
    assert (paid.funding, paid.funded_at) == (D("-0.01"), after(60))
    free, entries = settle_funding(trade, D(0), D(500), after(60))
    assert (free.funded_at, entries) == (after(60), ())


lots = st.integers(1, 400)
ticks = st.integers(1, 40_000)
numbers = st.integers(1, 4)


class Account(RuleBasedStateMachine):
    """A person trades spot and perpetuals, is funded and liquidated; only openings are checked for cash."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[Entry] = [booking.opening(7, 0, "USDT", D(1000), NOW)]
        self.balances = posted({}, self.entries)
        self.trades = {
            1: a_trade(id=1, instrument=SPOT),
            2: a_trade(id=2, leverage=D(5)),
            3: a_trade(id=3, leverage=D(3), direction=Direction.SHORT),
            4: a_trade(id=4, leverage=D(1), direction=Direction.SHORT),
        }
        self.fills: list[tuple[int, Side, Fill]] = []

    def settle(self, trade: Trade, side: Side, purpose: Purpose, fill: Fill) -> None:
        changed, entries = settle_fill(trade, an_intent(side=side, purpose=purpose), fill)
        self.keep(changed, entries)
        self.fills.append((trade.id, side, fill))

    def keep(self, trade: Trade, entries: tuple[Entry, ...]) -> None:
        self.trades[trade.id] = trade
        self.entries.extend(entries)
        self.balances = posted(self.balances, entries)

    def a_fill(self, trade: Trade, price: Decimal, quantity: Decimal, liquidity: Liquidity) -> Fill:
        number = len(self.fills)
        fee = FEES.fee(trade.instrument.kind, liquidity, price * quantity)
        return a_fill(price, quantity, id=f"f{number}", fee=fee, liquidity=liquidity, at=after(number))

    @rule(number=numbers, tick=ticks, parts=st.lists(lots, min_size=1, max_size=3), worse=st.integers(0, 50))
    def opens(self, number: int, tick: int, parts: list[int], worse: int) -> None:
        trade = self.trades[number]
        price = trade.instrument.price_of(tick)
        worst = price + worse * trade.instrument.tick * trade.direction.sign
        sizes = [trade.instrument.quantity_of(part) for part in parts]
        cost = max(price, worst) * sum(sizes, D(0))
        is_spot = trade.instrument.kind is MarketKind.SPOT
        own = cost if is_spot else margin_for(trade.instrument, cost, trade.leverage)
        fee = FEES.fee(trade.instrument.kind, Liquidity.TAKER, cost)
        if worst <= 0 or own + fee > booking.free(self.balances, "USDT"):
            return
        for index, size in enumerate(sizes):
            at = worst if index else price
            fill = self.a_fill(self.trades[number], at, size, Liquidity.TAKER)
            self.settle(self.trades[number], trade.direction.entry, Purpose.ENTRY, fill)

    def held(self, number: int) -> Trade | None:
        trade = self.trades[number]
        return trade if trade.quantity > 0 else None

    @rule(number=numbers, tick=ticks, part=st.sampled_from([D("0.01"), D("0.3333"), D("0.5"), D(1)]))
    def leaves(self, number: int, tick: int, part: Decimal) -> None:
        trade = self.held(number)
        if trade is not None:
            size = trade.instrument.quantity(trade.quantity * part, Toward.UP)
            fill = self.a_fill(trade, trade.instrument.price_of(tick), size, Liquidity.MAKER)
            self.settle(trade, trade.direction.exit, Purpose.STOP, fill)

    @rule(number=st.integers(2, 4), tick=ticks, rate=st.integers(-500, 500), has_cash=st.booleans())
    def is_funded(self, number: int, tick: int, rate: int, has_cash: bool) -> None:
        trade = self.trades[number]
        at = after(len(self.entries))
        mine = [(side, fill) for owner, side, fill in self.fills if owner == number]
        held = size_at(trade.direction, mine, at)
        assert held == trade.quantity
        amount = funding_payment(trade.direction, held, PERP.price_of(tick), D(rate) / 10_000)
        cash = booking.free(self.balances, "USDT") if has_cash else D(0)
        self.keep(*settle_funding(trade, amount, cash, at))

    @rule(number=st.integers(2, 4))
    def is_liquidated(self, number: int) -> None:
        trade = self.held(number)
        if trade is None:
            return
        price = bankruptcy_price(trade)
        assert price is not None
        cash = self.at("cash")
        fill = self.a_fill(trade, price, trade.quantity, Liquidity.TAKER)
        self.settle(trade, trade.direction.exit, Purpose.LIQUIDATION, fill)
        assert self.trades[number].margin == 0
        assert self.at("cash") == cash

    @precondition(lambda self: self.held(1) is None)
    @rule(amount=st.integers(1, 1000))
    def begins_again(self, amount: int) -> None:
        """Only without coins here, so that the sums over all trades below stay simple."""
        margin = {key: value for key, value in self.balances.items() if key[0].startswith("margin:")}
        if margin:
            return
        number = sum(entry.kind is EntryKind.RESET for entry in self.entries)
        again = (
            booking.reset(7, number, self.balances, NOW),
            booking.opening(7, number + 1, "USDT", D(amount), NOW),
        )
        self.entries.extend(again)
        self.balances = posted(self.balances, again)
        assert booking.free(self.balances, "USDT") == amount

    def of(self, kind: MarketKind) -> Iterator[Trade]:
        return (trade for trade in self.trades.values() if trade.instrument.kind is kind)

    @invariant()
    def the_book_sums_to_zero(self) -> None:
        assert set(sums(p for entry in self.entries for p in entry.postings).values()) <= {D(0)}
        assert posted({}, self.entries) == self.balances
        assert len({entry.id for entry in self.entries}) == len(self.entries)

    @invariant()
    def nothing_is_below_zero(self) -> None:
        own = {key: amount for key, amount in self.balances.items() if booking.is_own(key[0])}
        assert all(amount > 0 for amount in own.values()), own

    @invariant()
    def accounts_agree_with_trades(self) -> None:
        perps = list(self.of(MarketKind.PERP))
        every = list(self.trades.values())
        assert self.at("spot", "BTC") == sum(trade.quantity for trade in self.of(MarketKind.SPOT))
        assert [self.at(f"margin:{trade.id}") for trade in perps] == [trade.margin for trade in perps]
        assert self.at("profit") == -sum(trade.realised for trade in perps)
        assert self.at("fees") == sum(trade.fees for trade in every)
        assert self.at("funding") == -sum(trade.funding for trade in every)
        assert self.at("market") == sum(
            trade.held_cost - trade.realised for trade in self.of(MarketKind.SPOT)
        )

    @invariant()
    def worth_is_what_was_put_in_and_what_was_earned(self) -> None:
        price = D("1234.5")
        open_profit = sum((trade.unrealised(price) for trade in self.of(MarketKind.PERP)), D(0))
        worth = booking.equity(self.balances, "USDT", coins={"BTC": price}, unrealised=open_profit)
        earned = sum(trade.net + trade.unrealised(price) for trade in self.trades.values())
        assert worth == -self.at("equity") + earned

    @invariant()
    def position_of_fills_is_position_of_trades(self) -> None:
        for number, trade in self.trades.items():
            mine = [(side, fill) for owner, side, fill in self.fills if owner == number]
            assert size_at(trade.direction, mine, after(10_000)) == trade.quantity

    def at(self, account: str, asset: str = "USDT") -> Decimal:
        return self.balances.get((account, asset), D(0))


TestAccount = Account.TestCase


def test_the_intent_says_which_side() -> None:
    close = an_intent(side=Side.SELL, purpose=Purpose.CLOSE)
    opened, _ = settle_fill(a_trade(), an_intent(), a_fill(100, 2))
    assert settle_fill(opened, close, a_fill(110, 1, id="f2"))[0].quantity == 1
