"""How the market road is tuned."""

from dataclasses import dataclass
from decimal import Decimal

_STABLE_COINS = frozenset(
    {"USDC", "USDE", "DAI", "FDUSD", "TUSD", "USD1", "PYUSD", "USDD", "USDTB", "RLUSD", "EUR", "XUSD", "USDY"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketOptions:
    """Seconds are of wire time; amounts are in `quote`."""

    streamed_top: int = 50
    """Markets streamed for their turnover, besides those watched and asked for."""
    keep_streamed_s: float = 600.0
    """How long a market stays streamed after somebody asked for it."""
    stream_review_s: float = 30.0
    """How often the set of streamed markets is reviewed when nothing asks for it sooner."""
    universe_refresh_s: float = 600.0
    poll_s: float = 15.0
    """How often all tickers are read over REST, under the stream."""
    reference_poll_s: float = 15.0
    stale_after_s: float = 30.0
    """Age from which a price is too old to act on."""
    comparable_within_s: float = 60.0
    """Market seconds that prices of two venues may lie apart and still be compared."""
    wide_gap: Decimal = Decimal("0.005")
    """Gap to the reference venue, as a fraction of its price, that is worth a warning when it stays."""
    wide_for_s: float = 60.0
    """Market seconds that it has to stay."""
    ask_again_after_s: float = 10.0
    """Age from which a person's request fetches a fresh price."""
    answer_within_s: float = 6.0
    """Longest wait of a person for a fresh price."""
    forming_refresh_s: float = 5.0
    """How long candles are kept while their last one is forming."""
    cached_charts: int = 200
    quote: str = "USDT"
    """Quote currency of rankings: turnovers of different currencies do not compare."""
    mover_turnover: Decimal = Decimal(1_000_000)
    """Smallest daily turnover of a mover worth showing."""
    unranked_coins: frozenset[str] = _STABLE_COINS
    """Coins left out of rankings."""
    patience_s: tuple[float, ...] = (1.0, 5.0, 15.0)
    """Pauses before each retry of a background read."""
    person_patience_s: tuple[float, ...] = (0.3,)
    """Pauses before each retry of a read that a person waits for."""
    backoff_s: tuple[float, float] = (5.0, 60.0)
    """First and longest pause between failed rounds of a background loop."""
