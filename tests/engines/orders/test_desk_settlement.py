"""The desk's real money: cross margin, fees in coins and in points, money that comes and goes."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from engines.core.instrument import MarketKind
from engines.core.side import Direction, Side
from engines.ledger import booking, movement
from engines.ledger.entry import Entry, EntryKind, posted, sums
from engines.orders.order import Purpose
from engines.orders.position import bankruptcy_price, liquidation_price
from engines.orders.settlement import settle_fill, settle_funding
from engines.orders.trade import Trade, TradeState
from tests.build.orders import NOW, SPOT, a_fill, a_trade, after, an_intent

D = Decimal
BUY = an_intent()
SELL = an_intent(side=Side.SELL, purpose=Purpose.CLOSE)


def test_a_fee_in_coins_is_taken_from_what_was_bought() -> None:
    fill = a_fill(100, 1, fee=D("0.001"), fee_asset="BTC")
    trade, entries = settle_fill(a_trade(instrument=SPOT), BUY, fill)
    assert (trade.quantity, trade.entry_cost, trade.entry_price) == (D("0.999"), D("99.9"), D(100))
    assert trade.fees == D("0.1"), "in money, at the price of the fill"
    assert posted({}, entries) == {
        ("cash", "USDT"): D(-100),
        ("market", "USDT"): D(100),
        ("spot", "BTC"): D("0.999"),
        ("market", "BTC"): D(-1),
        ("fees", "BTC"): D("0.001"),
    }


def test_a_fee_in_points_is_booked_by_itself() -> None:
    fill = a_fill(100, 1, fee=D("0.3"), fee_asset="POINT")
    trade, entries = settle_fill(a_trade(is_cross=True), BUY, fill)
    assert (trade.quantity, trade.fees) == (D(1), D(0))
    assert posted({}, entries) == {("points", "POINT"): D("-0.3"), ("fees", "POINT"): D("0.3")}


def test_a_fee_that_names_the_quote_currency_is_as_one_that_names_none() -> None:
    named = settle_fill(a_trade(), BUY, a_fill(100, 1, fee=D("0.3"), fee_asset="USDT"))
    assert named == settle_fill(a_trade(), BUY, a_fill(100, 1, fee=D("0.3")))


def test_dust_that_no_order_can_sell_ends_the_trade_and_stays_a_coin() -> None:
    bought = a_fill(100, "0.01", fee=D("0.0000105"), fee_asset="BTC")
    trade, first = settle_fill(a_trade(instrument=SPOT), BUY, bought)
    assert trade.quantity == D("0.0099895")
    closed, second = settle_fill(trade, SELL, a_fill(110, "0.009989", id="f2"))
    assert (closed.state, closed.quantity, closed.held_cost) == (TradeState.CLOSED, D(0), D(0))
    assert posted({}, (*first, *second))["spot", "BTC"] == D("0.0000005")
    assert closed.realised == D("110") * D("0.009989") - trade.entry_cost, "dust is written off"


def test_a_rebate_in_coins_for_a_sale_is_as_if_fewer_had_been_sold() -> None:
    trade, first = settle_fill(a_trade(instrument=SPOT), BUY, a_fill(100, 1))
    rebate = a_fill(200, "0.5", id="f2", fee=D("-0.1"), fee_asset="BTC")
    left, second = settle_fill(trade, SELL, rebate)
    assert (left.quantity, left.exited, left.realised, left.fees) == (D("0.6"), D("0.4"), D(40), D(-20))
    balances = posted({}, (*first, *second))
    assert balances["spot", "BTC"] == left.quantity
    assert ("cash", "USDT") not in balances, "100 paid, 100 received"


def test_a_fee_in_coins_that_are_not_there_is_the_owners_not_the_trades() -> None:
    trade, first = settle_fill(a_trade(instrument=SPOT), BUY, a_fill(100, 1))
    closed, second = settle_fill(trade, SELL, a_fill(100, 1, id="f2", fee=D("0.1"), fee_asset="BTC"))
    assert (closed.state, closed.fees, closed.net) == (TradeState.CLOSED, D(0), D(0))
    assert posted({}, (*first, *second))["spot", "BTC"] == D("-0.1")


def test_a_cross_position_sets_nothing_aside_and_loses_from_all_there_is() -> None:
    trade, first = settle_fill(a_trade(is_cross=True, leverage=D(10)), BUY, a_fill(100, 1))
    assert (trade.margin, liquidation_price(trade), bankruptcy_price(trade)) == (D(0), None, None)
    closed, second = settle_fill(trade, SELL, a_fill(30, 1, id="f2", fee=D("0.02")))
    assert (closed.realised, closed.exit_proceeds, closed.fees) == (D(-70), D(30), D("0.02"))
    assert first[0].postings == ()
    assert posted({}, (*first, *second)) == {
        ("cash", "USDT"): D("-70.02"),
        ("profit", "USDT"): D(70),
        ("fees", "USDT"): D("0.02"),
    }


@pytest.mark.parametrize("amount", [D("-3"), D("3")])
def test_funding_of_a_cross_position_goes_to_cash_whatever_is_there(amount: Decimal) -> None:
    trade, _ = settle_fill(a_trade(is_cross=True), BUY, a_fill(100, 1))
    paid, [entry] = settle_funding(trade, amount, D(1), after(60))
    assert paid.funding == amount
    assert posted({}, [entry]) == {("cash", "USDT"): amount, ("funding", "USDT"): -amount}


lots = st.integers(1, 400_000)
ticks = st.integers(100, 400_000)
rates = st.sampled_from([D("0.001"), D("0.00055"), D("-0.0001"), D(0)])
assets = st.sampled_from([None, "USDT", "BTC", "POINT"])
amounts = st.decimals(1, 1000, places=4)


class DeskAccount(RuleBasedStateMachine):
    """A sub-account of the desk trades spot and cross perpetuals, long and short of the same market at once,
    with fees in whatever the venue takes; money comes, goes and is set right."""

    def __init__(self) -> None:
        super().__init__()
        totals = {"USDT": D(1000), "POINT": D(50)}
        self.entries = [movement.taken_over(7, "bybit", totals, NOW, quote="USDT", points={"POINT"})]
        self.balances = posted({}, self.entries)
        self.trades = {
            1: a_trade(id=1, instrument=SPOT),
            2: a_trade(id=2, is_cross=True, leverage=D(5)),
            3: a_trade(id=3, is_cross=True, leverage=D(5), direction=Direction.SHORT),
        }
        self.dust = D(0)
        self.count = 0

    def keep(self, *entries: Entry) -> None:
        self.entries.extend(entries)
        self.balances = posted(self.balances, entries)

    def fill(
        self, number: int, side: Side, tick: int, size: Decimal, rate: Decimal, asset: str | None
    ) -> None:
        trade = self.trades[number]
        self.count += 1
        price = trade.instrument.price_of(tick)
        is_spot = trade.instrument.kind is MarketKind.SPOT
        in_coins = asset == "BTC" and is_spot
        fill = a_fill(
            price,
            size,
            id=f"f{self.count}",
            fee=rate * size * (1 if in_coins else price),
            fee_asset=None if asset == "BTC" and not is_spot else asset,
            at=after(self.count),
        )
        purpose = Purpose.ENTRY if side is trade.direction.entry else Purpose.CLOSE
        changed, entries = settle_fill(trade, an_intent(side=side, purpose=purpose), fill)
        self.trades[number] = changed
        self.keep(*entries)

    @rule(number=st.integers(1, 3), tick=ticks, size=lots, rate=rates, asset=assets)
    def enters(self, number: int, tick: int, size: int, rate: Decimal, asset: str | None) -> None:
        trade = self.trades[number]
        quantity = trade.instrument.quantity_of(size)
        self.fill(number, trade.direction.entry, tick, quantity, rate, asset)

    @rule(
        number=st.integers(1, 3),
        tick=ticks,
        part=st.sampled_from([D("0.01"), D("0.5"), D(1)]),
        rate=rates,
        asset=assets,
    )
    def leaves(self, number: int, tick: int, part: Decimal, rate: Decimal, asset: str | None) -> None:
        trade = self.trades[number]
        size = trade.instrument.quantity(trade.quantity * part)
        if size == 0:
            return
        before = self.at("spot", "BTC") - trade.quantity if number == 1 else D(0)
        self.fill(number, trade.direction.exit, tick, size, rate, asset)
        if number == 1:
            left = self.at("spot", "BTC") - self.trades[1].quantity
            self.dust += left - before

    @rule(number=st.integers(2, 3), amount=amounts, sign=st.sampled_from([-1, 1]))
    def is_funded(self, number: int, amount: Decimal, sign: int) -> None:
        self.count += 1
        trade, entries = settle_funding(self.trades[number], amount * sign, D(0), after(self.count))
        self.trades[number] = trade
        self.keep(*entries)

    @rule(amount=amounts, sign=st.sampled_from([-1, 1]), how=st.integers(0, 3))
    def money_moves(self, amount: Decimal, sign: int, how: int) -> None:
        self.count += 1
        name = str(self.count)
        moved = [
            movement.deposit(7, name, "USDT", amount, NOW, quote="USDT"),
            movement.withdrawal(7, name, "USDT", amount, NOW, quote="USDT"),
            movement.adjustment(7, name, "USDT", amount * sign, NOW, quote="USDT"),
            movement.transfer(7, 8, name, "USDT", amount * sign, NOW, quote="USDT")[0],
        ]
        self.keep(moved[how])

    @invariant()
    def the_book_sums_to_zero(self) -> None:
        assert set(sums(p for entry in self.entries for p in entry.postings).values()) <= {D(0)}
        assert posted({}, self.entries) == self.balances
        assert len({entry.id for entry in self.entries}) == len(self.entries)

    @invariant()
    def coins_are_those_of_trades_and_dust(self) -> None:
        assert self.at("spot", "BTC") == self.trades[1].quantity + self.dust
        assert booking.margin(self.balances, "USDT") == 0

    @invariant()
    def worth_is_what_was_put_in_and_what_was_earned(self) -> None:
        price = D("1234.5")
        open_profit = sum((trade.unrealised(price) for trade in self.perps()), D(0))
        coins = {"BTC": price}
        worth = booking.equity(self.balances, "USDT", coins=coins, unrealised=open_profit)
        assert worth is not None
        put_in = -sum(self.at(account) for account in ("equity", "transfers", "difference"))
        earned = sum(trade.net + trade.unrealised(price) for trade in self.trades.values())
        assert worth - self.dust * price == put_in + earned

    @invariant()
    def perps_agree_with_the_ledger(self) -> None:
        assert self.at("profit") == -sum(trade.realised for trade in self.perps())
        assert self.at("funding") == -sum(trade.funding for trade in self.perps())

    @invariant()
    def the_venue_should_show_all_of_it(self) -> None:
        totals = movement.venue_totals([self.balances])
        assert totals.get("USDT", D(0)) == self.at("cash")
        assert totals.get("POINT", D(0)) == self.at("points", "POINT")

    def perps(self) -> Iterator[Trade]:
        return (one for one in self.trades.values() if one.instrument.kind is MarketKind.PERP)

    def at(self, account: str, asset: str = "USDT") -> Decimal:
        return self.balances.get((account, asset), D(0))


TestDeskAccount = DeskAccount.TestCase


def test_kinds_of_entries_are_what_happened() -> None:
    fill = a_fill(100, 1, fee=D("0.001"), fee_asset="BTC")
    _, entries = settle_fill(a_trade(instrument=SPOT), BUY, fill)
    assert [entry.kind for entry in entries] == [EntryKind.SPOT_FILL, EntryKind.FEE]
