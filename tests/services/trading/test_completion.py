"""Filling in what a person did not say."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.instrument import MarketKind
from engines.core.side import Direction
from ports.errors import Refused
from ports.people import RiskProfile
from services.trading.completion import HABITS, Ground, complete, exactly, presets, settled, with_size
from services.trading.sentence import Asked, read_trade, written
from tests.build.markets import an_instrument

PERP = an_instrument(kind=MarketKind.PERP)
GROUND = Ground(
    instrument=PERP,
    price=Decimal(100_000),
    atr=Decimal(1000),
    free=Decimal(800),
    equity=Decimal(1000),
    risk=RiskProfile.BALANCED,
)
LONG, SHORT = Direction.LONG, Direction.SHORT


@pytest.mark.parametrize(
    ("text", "direction", "stop", "targets"),
    [
        ("100", LONG, "98500", ["101500", "103000", "104500"]),
        ("100", SHORT, "101500", ["98500", "97000", "95500"]),
        ("100 sl 1%", LONG, "99000", ["101000", "102000", "103000"]),
        ("100 sl 2atr tp 1r 3r", SHORT, "102000", ["98000", "94000"]),
        ("100 sl 97000.004 tp 5% 200000", LONG, "97000.00", ["105000", "200000"]),
        ("100 @90000 sl 1% tp 2r", LONG, "89100", ["91800"]),
        ("100 no stop", LONG, None, []),
        ("100 no stop tp 110000", LONG, None, ["110000"]),
        ("100 tp off", LONG, "98500", []),
        ("100 trail 2%", LONG, None, ["102000", "104000", "106000"]),
    ],
)
def test_levels_lie_where_they_were_said_or_are_suggested(
    text: str, direction: Direction, stop: str | None, targets: list[str]
) -> None:
    wish = complete(read_trade(text), direction, GROUND)

    assert wish.stop == (None if stop is None else Decimal(stop))
    assert wish.targets == tuple(map(Decimal, targets))


@pytest.mark.parametrize(
    ("text", "notional"),
    [
        ("123.45", "123.45"),
        ("50%", "400"),
        ("all", "784"),
        ("risk 1%", "666.66"),
        ("risk 1% sl 5%", "200"),
        ("", "200"),
        ("sl 20%", "50"),
        ("no stop", "200"),
    ],
)
def test_sizes_are_money_shares_of_what_is_free_or_measured_by_the_risk(text: str, notional: str) -> None:
    assert complete(read_trade(text), LONG, GROUND).notional == Decimal(notional)


def test_a_small_account_is_offered_the_smallest_size_that_trades() -> None:
    poor = replace(GROUND, equity=Decimal(3), free=Decimal(3))
    assert complete(Asked(), LONG, poor).notional > PERP.min_notional


@pytest.mark.parametrize("risk", RiskProfile)
def test_each_profile_has_its_leverage_where_there_is_any(risk: RiskProfile) -> None:
    ground = replace(GROUND, risk=risk)
    assert complete(Asked(), LONG, ground).leverage == HABITS[risk].leverage
    spot = replace(ground, instrument=an_instrument())
    assert complete(Asked(), LONG, spot).leverage == 1
    assert complete(read_trade("x2"), LONG, spot).leverage == 2


@pytest.mark.parametrize("text", ["no stop tp 2r", "no stop risk 1%"])
def test_what_is_measured_by_a_stop_needs_one(text: str) -> None:
    with pytest.raises(Refused, match="needs_stop"):
        complete(read_trade(text), LONG, GROUND)


@pytest.mark.parametrize("text", ["sl 2atr", "sl 1% tp 3atr", "trail 1atr"])
def test_distances_in_atr_need_history(text: str) -> None:
    with pytest.raises(Refused, match="no_atr"):
        complete(read_trade(text), LONG, replace(GROUND, atr=None))


def test_without_history_nothing_is_suggested() -> None:
    wish = complete(Asked(), LONG, replace(GROUND, atr=None))
    assert (wish.stop, wish.targets) == (None, ())


SENTENCES = st.sampled_from(
    [
        "100",
        "12.34 sl 1% tp 1% 2%",
        "all no stop",
        "50% trail 1.5%",
        "77 @99000 sl 2atr tp 1r",
        "100 x5 tp off",
    ]
)


@given(SENTENCES, st.sampled_from(Direction), st.decimals(Decimal("0.5"), Decimal(200_000), places=2))
def test_a_wish_survives_being_written_down(text: str, direction: Direction, price: Decimal) -> None:
    wish = complete(read_trade(text), direction, replace(GROUND, price=price, atr=price / 100))
    assert exactly(read_trade(written(settled(wish)))) == wish


def test_what_is_not_settled_is_no_wish() -> None:
    for text in ("btc long", "btc 100", "btc long 100 sl 1%", "long 100"):
        with pytest.raises(ValueError, match="not a settled trade"):
            exactly(read_trade(text))


def test_sizes_never_come_to_nothing() -> None:
    assert with_size(Asked(), Decimal("0.001")).size is not None
    assert presets(Decimal(1000)) == (Decimal(50), Decimal(100), Decimal(250))
    assert presets(Decimal("33.3")) == (Decimal("1.6"), Decimal("3.3"), Decimal("8.3"))
    assert presets(Decimal(0)) == ()
