"""What a look at the money asks of whoever keeps it: the desk from memory, a replay from its own books."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Protocol

from engines.core.instrument import Instrument
from engines.risk.exposure import Holding
from engines.risk.mark import Mark


class Worth(Protocol):
    """What sub-accounts have and are worth at one moment: asked twice, it says the same."""

    def price(self, instrument: Instrument) -> Decimal | None:
        """The price of a market if it can be acted on."""
        ...

    def held(self, owner: int) -> Sequence[Holding]:
        """Live trades of a sub-account."""
        ...

    def is_known(self, owner: int) -> bool:
        """Whether the account was opened."""
        ...

    def equity(self, owner: int) -> Decimal | None:
        """Cash, margin, coins at their price, and the unrealised profit of perpetuals; `None` while that is
        not known."""
        ...

    def cash(self, owner: int) -> Decimal:
        """Cash in the ledger."""
        ...

    def promised(self, owner: int) -> Decimal:
        """Cash that is about to leave the account."""
        ...


class Marks(Protocol):
    """High-water marks by name."""

    def today(self) -> date:
        """The UTC day of market time."""
        ...

    def get(self, name: str) -> Mark | None:
        """The mark of an account, or of the desk."""
        ...

    def observe(self, name: str, owners: Sequence[int], equity: Decimal | None) -> Mark | None:
        """The mark after these accounts were found to be worth that together."""
        ...


class Turnover(Protocol):
    """What sub-accounts have entered since 00:00 UTC."""

    def of(self, owner: int) -> Decimal | None:
        """Cost of a sub-account's entries today; `None` while that is not known."""
        ...
