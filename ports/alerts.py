"""The store of alerts."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from engines.alerts.alert import Alert, AlertState, Draft
from ports.messages import OutboundMessage


class ConditionKind(StrEnum):
    """How conditions are told apart where they are kept."""

    LEVEL = "level"
    MOVE = "move"
    EXTREME = "extreme"
    FORMULA = "formula"


def closes_mark(symbol: str) -> str:
    """Under what name it is kept up to when the closes of a market were judged."""
    return f"{symbol} closes"


@dataclass(frozen=True, slots=True)
class Firing:
    """An alert as it is after firing, and the push that tells it."""

    alert: Alert
    message: OutboundMessage


class AlertStore(Protocol):
    """Alerts, and the market time up to which each market was judged."""

    async def add(self, draft: Draft) -> Alert:
        """Store a new alert under the next number."""
        ...

    async def get(self, alert_id: int) -> Alert | None: ...

    async def live(self) -> Sequence[Alert]:
        """Everything that watches or is muted, by number."""
        ...

    async def turn(
        self, alert_id: int, state: AlertState, *, was: Collection[AlertState], is_armed: bool, at: datetime
    ) -> Alert | None:
        """Change the state of an alert that is in one of the states `was`, and count prices from `at` on; it
        as it is then, `None` when there is no such alert in such a state."""
        ...

    async def fire(self, firings: Sequence[Firing]) -> Collection[int]:
        """Write down what fired together with the pushes that tell it, all in one transaction.

        An alert that no longer watches, or whose `count` moved on, is left as it is and nothing is told.
        The numbers of those that fired.
        """
        ...

    async def keep(self, armed: Collection[Alert], marks: Mapping[str, datetime]) -> None:
        """Write down which alerts were armed anew, or no more, unless they fired or changed state meanwhile,
        and up to when each market was judged; all in one transaction."""
        ...

    async def marks(self) -> Mapping[str, datetime]:
        """Up to when each market was judged: its prices by symbol, its closes by `closes_mark(symbol)`."""
        ...

    async def forget_before(self, at: datetime) -> int:
        """Delete what is done or deleted since before `at`; the number deleted."""
        ...
