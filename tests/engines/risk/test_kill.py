"""What a kill closes: never more than is held, and nothing that was hedged is left naked."""

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.risk.kill import KillPlan, Leg, plan
from engines.risk.latch import KillLevel
from tests.build.orders import PERP, SPOT

ETH_PERP = replace(PERP, symbol="ETHUSDT", base="ETH")
NEUTRAL, FUNDING = -5, -3


def a_leg(
    trade_id: int,
    instrument: Instrument,
    quantity: str,
    direction: Direction = Direction.LONG,
    owner: int = FUNDING,
    account: str = "bybit",
) -> Leg:
    return Leg(
        trade_id=trade_id,
        owner=owner,
        account=account,
        instrument=instrument,
        direction=direction,
        quantity=Decimal(quantity),
    )


def closed(planned: KillPlan) -> dict[int, Decimal]:
    return {one.leg.trade_id: one.quantity for one in planned.closings}


HEDGE = (a_leg(1, PERP, "0.12", Direction.SHORT), a_leg(2, SPOT, "0.53"), a_leg(3, ETH_PERP, "2"))


def test_the_lower_levels_close_nothing() -> None:
    for level in (KillLevel.NO_ENTRIES, KillLevel.CANCEL):
        planned = plan(level, HEDGE)
        assert planned.closings == ()
        assert planned.kept == {"BTC": Decimal("0.53")}


def test_perpetuals_go_with_the_coins_they_hedge_and_the_rest_is_kept() -> None:
    planned = plan(KillLevel.CLOSE_PERPS, HEDGE)

    assert closed(planned) == {1: Decimal("0.12"), 2: Decimal("0.12"), 3: Decimal(2)}
    assert planned.kept == {"BTC": Decimal("0.41")}
    assert [one.leg.trade_id for one in planned.perps] == [1, 3]
    assert [one.leg.trade_id for one in planned.spots] == [2]


def test_flat_sells_everything() -> None:
    planned = plan(KillLevel.FLAT, HEDGE)

    assert closed(planned) == {1: Decimal("0.12"), 2: Decimal("0.53"), 3: Decimal(2)}
    assert planned.kept == {}


def test_a_long_perpetual_hedges_no_coins() -> None:
    planned = plan(KillLevel.CLOSE_PERPS, [a_leg(1, PERP, "0.2"), a_leg(2, SPOT, "1")])

    assert closed(planned) == {1: Decimal("0.2")}


def test_of_a_short_and_a_long_the_balance_counts() -> None:
    legs = [
        a_leg(1, PERP, "1.2", Direction.SHORT, NEUTRAL, "gate"),
        a_leg(2, PERP, "0.55", Direction.LONG, NEUTRAL, "gate"),
        a_leg(3, SPOT, "0.65", Direction.LONG, NEUTRAL, "gate"),
    ]

    assert closed(plan(KillLevel.CLOSE_PERPS, legs))[3] == Decimal("0.65")


def test_a_short_of_one_engine_does_not_sell_the_coins_of_another() -> None:
    legs = [a_leg(1, PERP, "1", Direction.SHORT, owner=FUNDING), a_leg(2, SPOT, "1", owner=NEUTRAL)]

    assert closed(plan(KillLevel.CLOSE_PERPS, legs)) == {1: Decimal(1)}


def test_a_short_is_spread_over_several_trades_of_the_same_coin() -> None:
    legs = [a_leg(1, PERP, "1", Direction.SHORT), a_leg(2, SPOT, "0.7"), a_leg(3, SPOT, "0.7")]

    planned = plan(KillLevel.CLOSE_PERPS, legs)

    assert closed(planned) == {1: Decimal(1), 2: Decimal("0.7"), 3: Decimal("0.3")}
    assert planned.kept == {"BTC": Decimal("0.4")}


def test_what_is_not_held_is_not_closed() -> None:
    assert plan(KillLevel.FLAT, [a_leg(1, PERP, "0")]).closings == ()


_QUANTITIES = st.integers(0, 5000).map(lambda lots: Decimal(lots) * PERP.lot)
_LEGS = st.lists(
    st.builds(
        lambda number, instrument, quantity, direction, owner: (instrument, quantity, direction, owner),
        st.integers(),
        st.sampled_from([PERP, SPOT, ETH_PERP]),
        _QUANTITIES,
        st.sampled_from(Direction),
        st.sampled_from([NEUTRAL, FUNDING]),
    ),
    max_size=8,
).map(
    lambda rows: [
        a_leg(
            number,
            instrument,
            str(quantity),
            Direction.LONG if instrument is SPOT else direction,
            owner,
        )
        for number, (instrument, quantity, direction, owner) in enumerate(rows)
    ]
)


@given(_LEGS, st.sampled_from(KillLevel))
def test_no_level_closes_more_than_is_held(legs: list[Leg], level: KillLevel) -> None:
    held = {leg.trade_id: leg.quantity for leg in legs}
    for one in plan(level, legs).closings:
        assert 0 < one.quantity <= held[one.leg.trade_id]


@given(_LEGS)
def test_after_closing_perps_the_exposure_to_a_coin_is_no_larger_than_its_long_side_was(
    legs: list[Leg],
) -> None:
    """A hedge that goes takes its coins along: what stays of a coin is what the perpetuals did not hedge."""
    planned = plan(KillLevel.CLOSE_PERPS, legs)
    for owner in (NEUTRAL, FUNDING):
        ours = [leg for leg in legs if leg.owner == owner and leg.instrument.base == "BTC"]
        coins = sum((leg.quantity for leg in ours if not leg.is_perp), Decimal(0))
        perps = sum((leg.quantity * leg.direction.sign for leg in ours if leg.is_perp), Decimal(0))
        sold = sum(
            (one.quantity for one in planned.spots if one.leg.owner == owner),
            Decimal(0),
        )
        assert coins - sold == max(min(coins + perps, coins), Decimal(0))


@given(_LEGS)
def test_flat_leaves_nothing(legs: list[Leg]) -> None:
    planned = plan(KillLevel.FLAT, legs)
    assert closed(planned) == {leg.trade_id: leg.quantity for leg in legs if leg.quantity > 0}
    assert planned.kept == {}
