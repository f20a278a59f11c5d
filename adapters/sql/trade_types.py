"""Values of the trading room as JSON columns: amounts as strings, instants in ISO form."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import JSON, Dialect, TypeDecorator

from engines.core.instrument import Instrument, MarketKind
from engines.orders.order import OrderKind, Terms
from engines.orders.trade import Target
from engines.risk.latch import Scope
from ports.tickets import Effect

V = TypeVar("V")


KEPT_TEXTS = 4096
"""The market of a trade and the terms of an order are written with every change of them."""


class _Kept(TypeDecorator[V]):
    """Values that hardly ever differ: what the driver takes is kept."""

    __abstract__ = True

    def bind_processor(self, dialect: Dialect) -> Callable[[V | None], Any]:
        process = super().bind_processor(dialect)
        assert process is not None
        return lru_cache(KEPT_TEXTS)(process)


class Market(_Kept[Instrument]):
    """An instrument as it was when it was traded: its grid may change later."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Instrument | None, dialect: Dialect) -> dict[str, str] | None:
        if value is None:
            return None
        return {
            "symbol": value.symbol,
            "base": value.base,
            "quote": value.quote,
            "kind": value.kind.value,
            "tick": format(value.tick, "f"),
            "lot": format(value.lot, "f"),
            "min_notional": format(value.min_notional, "f"),
        }

    def process_result_value(self, value: Mapping[str, str] | None, dialect: Dialect) -> Instrument | None:
        if value is None:
            return None
        return Instrument(
            symbol=value["symbol"],
            base=value["base"],
            quote=value["quote"],
            kind=MarketKind(value["kind"]),
            tick=Decimal(value["tick"]),
            lot=Decimal(value["lot"]),
            min_notional=Decimal(value["min_notional"]),
        )


class Targets(_Kept[tuple[Target, ...]]):
    """The take-profit ladder of a trade."""

    impl = JSON
    cache_ok = True

    def process_bind_param(
        self, value: Sequence[Target] | None, dialect: Dialect
    ) -> list[dict[str, Any]] | None:
        return None if value is None else [_packed(target) for target in value]

    def process_result_value(
        self, value: Sequence[Mapping[str, Any]] | None, dialect: Dialect
    ) -> tuple[Target, ...] | None:
        return None if value is None else tuple(_unpacked(target) for target in value)


def _packed(target: Target) -> dict[str, Any]:
    hit_at = None if target.hit_at is None else target.hit_at.isoformat()
    return {"price": format(target.price, "f"), "share": format(target.share, "f"), "hit_at": hit_at}


def _unpacked(row: Mapping[str, Any]) -> Target:
    hit_at = None if row["hit_at"] is None else datetime.fromisoformat(row["hit_at"])
    return Target(price=Decimal(row["price"]), share=Decimal(row["share"]), hit_at=hit_at)


class OrderTerms(_Kept[Terms]):
    """What an order asks of the venue."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Terms | None, dialect: Dialect) -> dict[str, Any] | None:
        if value is None:
            return None
        return {
            "quantity": _text(value.quantity),
            "kind": value.kind.value,
            "limit_price": _text(value.limit_price),
            "worst_price": _text(value.worst_price),
            "trigger_price": _text(value.trigger_price),
            "is_post_only": value.is_post_only,
        }

    def process_result_value(self, value: Mapping[str, Any] | None, dialect: Dialect) -> Terms | None:
        if value is None:
            return None
        return Terms(
            quantity=Decimal(value["quantity"]),
            kind=OrderKind(value["kind"]),
            limit_price=_amount(value["limit_price"]),
            worst_price=_amount(value["worst_price"]),
            trigger_price=_amount(value["trigger_price"]),
            is_post_only=value["is_post_only"],
        )


class EffectJson(TypeDecorator[Effect]):
    """What a ticket says its order would do: amounts, and the code of the limit that cut it."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Effect | None, dialect: Dialect) -> dict[str, str | None] | None:
        if value is None:
            return None
        amounts = (field.name for field in fields(Effect) if field.name != "cut_by")
        return {**{name: _text(getattr(value, name)) for name in amounts}, "cut_by": value.cut_by}

    def process_result_value(self, value: Mapping[str, Any] | None, dialect: Dialect) -> Effect | None:
        if value is None:
            return None
        known: dict[str, Any] = {name: _amount(text) for name, text in value.items() if name != "cut_by"}
        return Effect(**known, cut_by=value.get("cut_by"))


class ScopeJson(TypeDecorator[Scope]):
    """What a latch stops."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Scope | None, dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else asdict(value)

    def process_result_value(self, value: Mapping[str, Any] | None, dialect: Dialect) -> Scope | None:
        return None if value is None else Scope(**value)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else format(amount, "f")


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
