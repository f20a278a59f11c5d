"""Where a market's bars come from: what a recording and the synthetic market have in common."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from engines.core.candle import Candles, FloatArray, IntArray
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe

DAY_MS = Timeframe.D1.ms
FUNDING_MS = 8 * 3_600_000

Dice = Callable[..., np.random.Generator]
Premium = Callable[[IntArray], FloatArray]
"""Price factor at each of some times; it changes at midnight UTC only, so that every candle has one."""


def dice(seed: int) -> Dice:
    """Generators that depend on `seed` and on the whole numbers they are asked for with, nothing else."""
    return lambda *key: np.random.default_rng([seed, *key])


class BarSource(Protocol):
    """Bars of one symbol, as recorded or generated."""

    @property
    def symbol(self) -> str:
        """Compact market name."""
        ...

    @property
    def price_decimals(self) -> int:
        """Decimals of every price."""
        ...

    @property
    def volume_decimals(self) -> int:
        """Decimals of every volume."""
        ...

    @property
    def first_ms(self) -> int:
        """Open time of the first bar."""
        ...

    @property
    def end_ms(self) -> int | None:
        """Close time of the last bar; `None` when there is always another."""
        ...

    def frames(self, until_ms: int) -> Mapping[Timeframe, Candles]:
        """The bars there are, by timeframe, known at least up to the end of the day of `until_ms`.

        The same mapping comes back until there are more bars.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingRates:
    """Settled funding: times and rates (a fraction per interval), oldest first."""

    time_ms: IntArray
    rate: FloatArray


NO_FUNDING = FundingRates(time_ms=np.empty(0, dtype=np.int64), rate=np.empty(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One market that the sandbox's venues offer, and what it is made of.

    A perpetual with no candles of its own follows the spot bars times `premium`; `funding` holds recorded
    rates, `None` when they are to be derived from the premium.
    """

    symbol: str
    base: str
    kind: MarketKind
    bars: BarSource
    premium: Premium | None = None
    funding: FundingRates | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A whole market to open: its listings, its span, and the seed of everything that is not recorded.

    `source` is `"synthetic"` or `"replay"`. `is_one_price` says that every venue shows the recorded prices;
    otherwise each has its own, a few basis points apart.
    """

    source: str
    seed: int
    start_ms: int
    end_ms: int
    listings: tuple[Listing, ...]
    is_one_price: bool
