"""What a person wants to hear of, as JSON columns."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Dialect, TypeDecorator

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from ports.people import Mute, SignalFilter


class Filter(TypeDecorator[SignalFilter]):
    """Which signals are wanted; the usual ones where nothing was said."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: SignalFilter | None, dialect: Dialect) -> dict[str, Any] | None:
        if value is None:
            return None
        return {
            "is_on": value.is_on,
            "coins": list(value.coins),
            "only_watched": value.only_watched,
            "direction": None if value.direction is None else value.direction.value,
            "least": value.least,
            "timeframes": [one.value for one in value.timeframes],
            "strong_only": value.strong_only,
        }

    def process_result_value(self, value: Mapping[str, Any] | None, dialect: Dialect) -> SignalFilter:
        if value is None:
            return SignalFilter()
        return SignalFilter(
            is_on=value["is_on"],
            coins=tuple(value["coins"]),
            only_watched=value["only_watched"],
            direction=None if value["direction"] is None else Direction(value["direction"]),
            least=value["least"],
            timeframes=tuple(Timeframe(one) for one in value["timeframes"]),
            strong_only=value["strong_only"],
        )


class Mutes(TypeDecorator[tuple[Mute, ...]]):
    """Markets that are muted, with the end of it."""

    impl = JSON
    cache_ok = True

    def process_bind_param(
        self, value: Sequence[Mute] | None, dialect: Dialect
    ) -> list[tuple[str, str]] | None:
        return None if value is None else [(one.symbol, one.until.isoformat()) for one in value]

    def process_result_value(
        self, value: Sequence[tuple[str, str]] | None, dialect: Dialect
    ) -> tuple[Mute, ...]:
        return tuple(Mute(symbol, datetime.fromisoformat(until)) for symbol, until in value or ())
