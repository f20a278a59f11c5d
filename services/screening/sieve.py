"""Which markets are worth reading the candles of."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.core.ticker import Ticker
from services.market.options import MarketOptions
from services.screening.day_screen import Sifted

LEAST_TURNOVER = Decimal(1_000_000)
WIDEST_SPREAD = Decimal("0.005")
"""Of the price between bid and ask."""


def sift(
    tickers: Iterable[Ticker], instrument: Callable[[str], Instrument | None], options: MarketOptions
) -> tuple[Sequence[Ticker], Sifted]:
    """Markets that are traded enough, the most traded first, and how many were left out for what. Other quote
    currencies than the ranking's, and coins that it leaves out, do not count at all."""
    chosen: list[Ticker] = []
    counts: Counter[str] = Counter()
    for ticker in tickers:
        market = instrument(ticker.symbol)
        if market is None or market.quote != options.quote or market.base in options.unranked_coins:
            continue
        flaw = _flaw(ticker)
        counts["listed"] += 1
        if flaw is None:
            chosen.append(ticker)
        else:
            counts[flaw] += 1
    chosen.sort(key=lambda one: (-(one.turnover_24h or 0), one.symbol))
    return chosen, Sifted(**counts)


def _flaw(ticker: Ticker) -> str | None:
    """Why a market is left out: a field of `Sifted`."""
    if ticker.turnover_24h is None or ticker.turnover_24h <= LEAST_TURNOVER:
        return "thin"
    if ticker.bid is None or ticker.ask is None or not 0 < ticker.bid <= ticker.ask:
        return "unquoted"
    middle = (ticker.bid + ticker.ask) / 2
    return "wide" if (ticker.ask - ticker.bid) / middle >= WIDEST_SPREAD else None
