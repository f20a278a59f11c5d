"""Fees by liquidity side, and funding by the size held at the moment of the settlement."""

from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.instrument import MarketKind
from engines.core.side import Direction, Side
from engines.orders.order import Liquidity
from engines.simulate.costs import Fees, funding_payment, size_at
from tests.build.orders import a_fill, after

D = Decimal
FEES = Fees(spot=D("0.001"), maker=D("0.0002"), taker=D("0.00055"))


@pytest.mark.parametrize(
    ("kind", "liquidity", "fee"),
    [
        (MarketKind.SPOT, Liquidity.MAKER, "1"),
        (MarketKind.SPOT, Liquidity.TAKER, "1"),
        (MarketKind.PERP, Liquidity.MAKER, "0.2"),
        (MarketKind.PERP, Liquidity.TAKER, "0.55"),
    ],
)
def test_fees_by_market_and_liquidity(kind: MarketKind, liquidity: Liquidity, fee: str) -> None:
    assert FEES.fee(kind, liquidity, D(1000)) == D(fee)


@pytest.mark.parametrize(
    ("direction", "rate", "amount"),
    [
        (Direction.LONG, "0.0001", "-5.01"),
        (Direction.SHORT, "0.0001", "5.01"),
        (Direction.LONG, "-0.0001", "5.01"),
        (Direction.SHORT, "-0.0001", "-5.01"),
        (Direction.LONG, "0", "0"),
    ],
)
def test_longs_pay_a_positive_rate(direction: Direction, rate: str, amount: str) -> None:
    assert funding_payment(direction, D("0.5"), D(100_200), D(rate)) == D(amount)


def test_what_is_paid_on_one_side_is_received_on_the_other() -> None:
    long, short = (funding_payment(way, D("0.333"), D("3.3333333"), D("0.000123")) for way in Direction)
    assert long == -short


def test_the_size_at_a_moment_is_of_fills_until_then() -> None:
    fills = [
        (Side.SELL, a_fill(100, 3, id="a", at=after(0))),
        (Side.BUY, a_fill(100, 1, id="b", at=after(10))),
        (Side.BUY, a_fill(100, 2, id="c", at=after(20))),
    ]
    for order in permutations(fills):
        sizes = [size_at(Direction.SHORT, order, after(seconds)) for seconds in (-1, 0, 9, 10, 19, 20, 99)]
        assert sizes == [0, 3, 3, 2, 2, 0, 0]


@given(st.integers(1, 10**9), st.integers(1, 10**9), st.integers(-3000, 3000))
def test_funding_is_never_more_than_the_rate_of_the_notional(lots: int, ticks: int, rate: int) -> None:
    quantity, mark, fraction = D(lots) / 1000, D(ticks) / 100, D(rate) / 100_000
    amount = funding_payment(Direction.LONG, quantity, mark, fraction)
    assert abs(amount) <= abs(quantity * mark * fraction) < abs(amount) + D("1E-8")
