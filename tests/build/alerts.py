"""Builders of alerts."""

from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar

from engines.alerts.alert import Alert, Draft, NewExtreme, PercentMove, PriceLevel, Way
from engines.alerts.formula_sentence import read_formula
from tests.build.clock import NOON
from tests.build.markets import an_instrument

HOUR = timedelta(hours=1)
ABOVE_100K = PriceLevel(Way.UP, Decimal(100_000))
SOME_FORMULAS = tuple(
    said.formula
    for text in (
        "btc rsi < 30 and close > ema200",
        "btc macd 1h crosses above signal or bb upper 4h < 2 * support or volume > 2x",
        "btc ema9 crosses down ema21 15m or di_plus crosses di_minus",
    )
    if (said := read_formula(text)) is not None and said.formula is not None
)


def a_draft(**fields: Any) -> Draft:
    """Vera's wish to hear once when Bitcoin is at or above 100 000, armed at noon."""
    usual: dict[str, Any] = {
        "owner": 13,
        "instrument": an_instrument(),
        "condition": ABOVE_100K,
        "rest": None,
        "is_armed": True,
        "since": NOON,
        "created_at": NOON,
    }
    return Draft(**usual | fields)


def an_alert(alert_id: int = 1, **fields: Any) -> Alert:
    """The same with a number."""
    draft = a_draft()
    usual = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
    return Alert(**usual | {"id": alert_id} | fields)


def above(price: int | str | Decimal, alert_id: int = 1, **fields: Any) -> Alert:
    """Fires at that price or above."""
    return an_alert(alert_id, condition=PriceLevel(Way.UP, Decimal(price)), **fields)


def below(price: int | str | Decimal, alert_id: int = 1, **fields: Any) -> Alert:
    """Fires at that price or below."""
    return an_alert(alert_id, condition=PriceLevel(Way.DOWN, Decimal(price)), **fields)


def moving(
    way: Way | None, percent: str, window: timedelta = HOUR, alert_id: int = 1, **fields: Any
) -> Alert:
    """Fires on a move of so many percent."""
    return an_alert(alert_id, condition=PercentMove(way, Decimal(percent) / 100, window), **fields)


def extreme(way: Way, days: int, alert_id: int = 1, **fields: Any) -> Alert:
    """Fires on a new high or low of so many days."""
    return an_alert(alert_id, condition=NewExtreme(way, days), **fields)


class Counted(Decimal):
    """A price that counts how often it is compared with a level."""

    looks: ClassVar[int] = 0

    def __ge__(self, other: object) -> bool:
        Counted.looks += 1
        return Decimal(self) >= other  # type: ignore[operator]  # as the value itself would answer

    def __le__(self, other: object) -> bool:
        Counted.looks += 1
        return Decimal(self) <= other  # type: ignore[operator]  # as the value itself would answer
