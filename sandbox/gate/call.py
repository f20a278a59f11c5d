"""One private request: who asks, what, and when."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engines.simulate.exchange.account import Account
from sandbox.accounts import ApiKey
from sandbox.gate.moments import millis, seconds
from sandbox.gate.wire import BAD_VALUE, Declined, whole

_WEEK_S, _MONTH_S = 7 * 86_400, 30 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`query` has the parameters of path and address, `body` the JSON; `at` is market time, `wire_ms` real.
    `key_since_s` is when the key was made (Unix seconds, real time)."""

    account: Account
    user: int
    key: ApiKey
    key_since_s: int
    wire_ms: int
    query: Mapping[str, str]
    body: Any
    at: datetime

    @property
    def now_ms(self) -> int:
        """Market time."""
        return millis(self.at)

    @property
    def account_name(self) -> str:
        """Where spot orders of this account trade."""
        return "unified" if self.account.setup.is_unified else "spot"

    @property
    def object(self) -> dict[str, Any]:
        """The body as an object; an empty body is an empty one."""
        if self.body is None:
            return {}
        if not isinstance(self.body, dict):
            raise Declined("INVALID_REQUEST_BODY", "the body must be an object")
        return self.body

    def rows(self, most: int) -> list[dict[str, Any]]:
        """The body as a list of objects."""
        rows = self.body
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            raise Declined("INVALID_REQUEST_BODY", "the body must be a list of objects")
        if len(rows) > most:
            raise Declined("TOO_MANY_ORDERS", f"at most {most} at once")
        return rows


Endpoint = Callable[[Call], Any]


def within(query: Mapping[str, str], at: datetime) -> bool:
    """Whether a moment lies between `from` and `to`, in whole seconds."""
    first, last = whole(query, "from"), whole(query, "to")
    return (first is None or seconds(at) >= first) and (last is None or seconds(at) <= last)


def week(query: Mapping[str, str], at: datetime) -> dict[str, str]:
    """`from` and `to` as Gate fills them in for spot fills: a week to or from what is given, at most 30 days
    when both are."""
    first, last = whole(query, "from"), whole(query, "to")
    if first is None:
        last = seconds(at) if last is None else last
        first = last - _WEEK_S
    if last is None:
        last = first + _WEEK_S
    if last - first > _MONTH_S:
        raise Declined(BAD_VALUE, "the range of from and to must not exceed 30 days")
    return {"from": str(first), "to": str(last)}
