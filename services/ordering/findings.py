"""What the road finds at a venue that a person should hear of, and what it stops."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from engines.orders.order import Intent
from engines.risk.latch import Latch
from ports.errors import DeskError

log = structlog.get_logger()


class Breakers(Protocol):
    """Where latches are pulled; `services.latches` is it."""

    async def pull(self, latch: Latch) -> None:
        """Stop entries within the latch's scope. Pulling it again replaces it."""
        ...

    async def release(self, latch_id: str) -> None:
        """It is over; one that is not in force is no error."""
        ...

    def stopping(self, intent: Intent) -> Latch | None:
        """The latch that forbids an intent at this moment."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something at the venue account `account` that is not as it should be. Codes: `foreign_order` (an order
    that is not ours: `symbol`, `side`, `quantity`, `venue_id`), `orphan_canceled` (ours by its name, unknown
    to the books: `client_id`, `symbol`), `overfill` and `impossible` (a report that cannot be: `order_id`,
    `error`), `foreign_fill` (`symbol`, `quantity`, `venue_id`), `unprotected` (a stop that the venue does not
    take: `trade_id`, `reason`), `exit_blocked` (what rests there has the coins of an exit and cannot be taken
    back: `trade_id`, `order_id`), `unhedged` (a pair that stands on one leg: `pair`, `seconds`),
    `cannot_start` and `not_compared` (the venue could not be asked: `reason`)."""

    code: str
    account: str
    params: Mapping[str, object] = field(default_factory=dict)


Tell = Callable[[Finding], Awaitable[None]]


def surely(tell: Tell) -> Tell:
    """The same, but nothing of the road ends because nobody could be told: that is logged."""

    async def told(finding: Finding) -> None:
        try:
            await tell(finding)
        except DeskError as error:
            log.error("finding_untold", code=finding.code, account=finding.account, error=str(error))

    return told


class NoBreakers:
    """For a desk without real money: there is nothing to stop."""

    async def pull(self, latch: Latch) -> None:
        """Nothing."""

    async def release(self, latch_id: str) -> None:
        """Nothing."""

    def stopping(self, intent: Intent) -> Latch | None:
        """None."""
        return None


async def untold(finding: Finding) -> None:
    """For a desk without anybody to tell."""
