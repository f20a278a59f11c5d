"""What an exchange asks of the market, and how it is set up."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from engines.core.depth import Depth
from engines.core.instrument import Instrument
from engines.simulate.costs import Fees


class Quotes(Protocol):
    """The market as the exchange sees it at a moment. It is asked with the moment of what happens, so that
    going through the past comes out the same whenever it is done."""

    def depth(self, instrument: Instrument, at: datetime) -> Depth:
        """The order book."""
        ...

    def last(self, instrument: Instrument, at: datetime) -> Decimal:
        """The last price; it is the mark price, too."""
        ...

    def worth(self, asset: str, at: datetime) -> Decimal:
        """The price of an asset in the currency that accounts are kept in; zero for what is worth nothing
        as collateral."""
        ...

    def is_halted(self, instrument: Instrument) -> bool:
        """Whether it does not trade now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What all accounts of an exchange share.

    `maintenance` is the fraction of the notional that must stand for a position, `haircut` what an asset
    that is not the currency counts as collateral. `band` is how far a limit may be from the last price, to
    the bad side. `refuses_post_only`: a post-only order that would take is refused at the door; otherwise it
    is accepted and ends at once. `has_unique_ids`: a client id is taken once only.
    """

    fees: Fees
    currency: str = "USDT"
    maintenance: Decimal = Decimal("0.005")
    haircut: Decimal = Decimal("0.95")
    largest_leverage: Decimal = Decimal(50)
    band: Decimal | None = None
    refuses_post_only: bool = False
    has_unique_ids: bool = True


POINTS = "POINT"
"""What some venues take fees in; one is worth one unit of currency."""
