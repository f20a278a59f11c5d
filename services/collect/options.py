"""How the collecting of candles is tuned."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectOptions:
    """Seconds are of wire time."""

    markets: int = 100
    """Candles are kept of so many markets, the most traded ones; 0: of none but those kept for a reason."""
    min_turnover: Decimal = Decimal(1_000_000)
    """Turnover of a day, in the ranking currency, that a market needs."""
    begin_after_s: float = 3.0
    """How long a start waits: the first answers to people come before."""
    look_s: float = 1.0
    """How often the set of markets is looked at while it is empty."""
    review_s: float = 15.0
    """How often it is looked at later."""
    ranking_s: float = 600.0
    """How often the most traded markets are picked anew: ranks waver."""
    sweep_s: float = 5.0
    """How often missing candles are looked for."""
    grace_s: float = 10.0
    """How late a closed candle may come on the stream before it is fetched."""
    settled_s: float = 900.0
    """Age of a candle from which the venue is believed when it says that there is none."""
    absent_s: float = 6 * 3600.0
    """How long that is believed before it is asked again."""
    quiet_s: float = 60.0
    """Silence after which the stream counts as quiet."""
    write_pause_s: float = 0.2
    """Candles that close within this time are written together."""
    repairs: int = 4
    """Markets that are repaired at the same time."""
    backfills: int = 2
    """Series that are filled at the same time, beside what people ask for."""
    page_pause_s: float = 0.1
    """Rest after each page of a filling: the venue, and people's own requests, come first."""
    audit_every_s: float = 600.0
    """Shortest time between two audits: market time may run fast."""
    audited: int = 30
    """Candles of a coarser frame that an audit compares with the venue's own."""
    backoff_s: tuple[float, float] = (5.0, 60.0)
    """First and longest pause after a failure of the venue or of the database."""
