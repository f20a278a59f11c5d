"""One private request, and how its parameters are read."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from engines.core.instrument import Instrument, MarketKind
from engines.simulate.exchange.account import Account
from sandbox.accounts import ApiKey
from sandbox.bybit.wire import Declined, category_of
from sandbox.quotes import MarketQuotes, ms_of

_NUMBER = re.compile(r"[0-9]{1,18}(\.[0-9]{1,18})?")
_FLAGS = {"true": True, "True": True, "1": True, "false": False, "False": False, "0": False, "": False}
KINDS = {"spot": MarketKind.SPOT, "linear": MarketKind.PERP}
CATEGORIES = {kind: category for category, kind in KINDS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`values` are the parameters of the address or the body; `at` is market time, `wire_ms` real time.
    `made_ms` is when the key was made (real time)."""

    account: Account
    key: ApiKey
    made_ms: int
    values: Mapping[str, Any]
    quotes: MarketQuotes
    at: datetime
    wire_ms: int

    @property
    def now_ms(self) -> int:
        """Market time."""
        return ms_of(self.at)

    def text(self, name: str, default: str = "") -> str:
        """A parameter as text."""
        value = self.values.get(name, default)
        return default if value is None else str(value)

    def flag(self, name: str) -> bool:
        """True or false; false when it is not given."""
        value = _FLAGS.get(self.text(name))
        if value is None:
            raise Declined(f"params error: {name} invalid")
        return value

    def number(self, name: str) -> Decimal | None:
        """A number; `None` when it is not given."""
        text = self.text(name)
        if not text:
            return None
        if not _NUMBER.fullmatch(text):
            raise Declined(f"params error: {name} invalid")
        return Decimal(text)

    def whole(self, name: str) -> int | None:
        """A whole number; `None` when it is not given."""
        value = self.number(name)
        if value is not None and value != int(value):
            raise Declined(f"params error: {name} invalid")
        return None if value is None else int(value)

    def limit(self, default: int, most: int) -> int:
        """How many rows are asked for."""
        asked = self.whole("limit")
        return default if asked is None else max(1, min(asked, most))

    @property
    def category(self) -> str:
        """The product category."""
        return category_of({"category": self.text("category")})

    @property
    def kind(self) -> MarketKind | None:
        """The category as a kind of market; `None` for those that nothing trades in here."""
        return KINDS.get(self.category)

    def instrument(self) -> Instrument:
        """The market that is named. Raises `Declined`."""
        found = self.find(self.text("symbol"))
        if found is None:
            spot = (170121, "Invalid symbol.")
            code, words = spot if self.kind is MarketKind.SPOT else (10001, "params error: symbol invalid")
            raise Declined(words, code)
        return found

    def find(self, symbol: str) -> Instrument | None:
        """The market of that symbol in the category."""
        kind = self.kind
        book = None if kind is None else self.quotes.book((kind, symbol), self.now_ms)
        return None if book is None else book.instrument


Endpoint = Callable[[Call], dict[str, Any]]
"""Answers a call with the `result`. Raises `Declined`."""
