"""From a sentence to a condition, inside limits."""

from datetime import timedelta
from decimal import Decimal

import pytest

from engines.alerts.alert import Condition, Draft, NewExtreme, PercentMove, PriceLevel, Way
from engines.alerts.sentence import read_sentence
from ports.errors import Refused
from services.alerting.terms import condition_of, life_of, rest_of, written
from tests.build.clock import NOON
from tests.build.markets import an_instrument

BTC = an_instrument()
PRICE = Decimal(90_000)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def meant(text: str, price: Decimal = PRICE) -> Condition:
    return condition_of(read_sentence(text), BTC, price)


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("btc 100k", PriceLevel(Way.UP, Decimal(100_000))),
        ("btc 80k", PriceLevel(Way.DOWN, Decimal(80_000))),
        ("btc > 100000.004", PriceLevel(Way.UP, Decimal("100000.00"))),
        ("btc 100,000", PriceLevel(Way.UP, Decimal(100_000))),
        ("btc +5%", PriceLevel(Way.UP, Decimal(94_500))),
        ("btc -5%", PriceLevel(Way.DOWN, Decimal(85_500))),
        ("btc -5% 1h", PercentMove(Way.DOWN, Decimal("0.05"), HOUR)),
        ("btc ±0.1% 1m", PercentMove(None, Decimal("0.001"), timedelta(minutes=1))),
        ("btc +1000% 24h", PercentMove(Way.UP, Decimal(10), DAY)),
        ("btc high 7d", NewExtreme(Way.UP, 7)),
        ("btc low", NewExtreme(Way.DOWN, 30)),
        ("btc high 1 year", NewExtreme(Way.UP, 365)),
    ],
)
def test_what_is_meant(text: str, condition: Condition) -> None:
    assert meant(text) == condition


def test_a_comma_is_what_the_price_says_it_is() -> None:
    assert meant("btc 1,234", Decimal("1.2")) == PriceLevel(Way.UP, Decimal("1.23"))


@pytest.mark.parametrize(
    ("text", "code", "forms"),
    [
        ("btc", "alert_unclear", ["alert BTCUSDT +5%", "alert BTCUSDT -5%", "alert BTCUSDT ±5% 1h"]),
        ("btc 0", "alert_bad_price", []),
        ("btc -5", "alert_bad_price", []),
        ("btc 1e99", "alert_bad_price", []),
        ("btc 1e9999", "alert_bad_price", []),
        ("btc 0.001", "alert_bad_price", []),
        ("btc 90000", "alert_at_price", ["alert BTCUSDT +5%", "alert BTCUSDT -5%"]),
        ("btc > 80k", "alert_beyond", ["alert BTCUSDT < 80000"]),
        ("btc < 100k", "alert_beyond", ["alert BTCUSDT > 100000"]),
        ("btc 5%", "alert_way", ["alert BTCUSDT +5%", "alert BTCUSDT -5%"]),
        ("btc -0.01% 1h", "alert_bad_move", []),
        ("btc -100%", "alert_bad_move", []),
        ("btc +5000% 1h", "alert_bad_move", []),
        ("btc -5% 2d", "alert_window", []),
        ("btc -5% 30s", "alert_window", []),
        ("btc high 4h", "alert_days", []),
        ("btc high 400d", "alert_days", []),
    ],
)
def test_what_is_refused_with_the_nearest_form(text: str, code: str, forms: list[str]) -> None:
    with pytest.raises(Refused) as refused:
        meant(text)

    assert refused.value.code == code
    offered = refused.value.params.get("forms", ())
    assert isinstance(offered, list | tuple)
    assert [typed for _, typed in offered][: len(forms) or None] == forms


@pytest.mark.parametrize(
    ("text", "rest"),
    [("btc 1", None), ("btc 1 repeat", HOUR), ("btc 1 every 4h", 4 * HOUR), ("btc 1 once", None)],
)
def test_how_long_it_rests(text: str, rest: timedelta | None) -> None:
    assert rest_of(read_sentence(text)) == rest


@pytest.mark.parametrize("text", ["btc 1 every 1s", "btc 1 every 2 years"])
def test_a_rest_has_limits(text: str) -> None:
    with pytest.raises(Refused, match="alert_rest"):
        rest_of(read_sentence(text))


def test_how_long_it_lasts() -> None:
    assert life_of(read_sentence("btc 1 for 3d")) == 3 * DAY
    assert life_of(read_sentence("btc 1")) is None
    for text in ("btc 1 for 2 years", "btc 1 for 5s"):
        with pytest.raises(Refused, match="alert_life"):
            life_of(read_sentence(text))


@pytest.mark.parametrize(
    "text",
    [
        "btc > 100k every 4 hours for 3 days",
        "btc 84123.4",
        "btc -5% every 90s",
        "btc ±0.1% 1m",
        "btc +1000% 24h for a year",
        "btc high 7d every day",
        "btc low",
    ],
)
def test_an_alert_written_down_means_the_same(text: str) -> None:
    said = read_sentence(text)
    life = life_of(said)
    draft = Draft(
        owner=1,
        instrument=BTC,
        condition=meant(text),
        rest=rest_of(said),
        is_armed=True,
        since=NOON,
        created_at=NOON,
        expires_at=None if life is None else NOON + life,
    )

    again = read_sentence(written(draft))

    assert condition_of(again, BTC, PRICE) == draft.condition
    assert (rest_of(again), life_of(again)) == (draft.rest, life)
