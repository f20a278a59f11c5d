"""Indicator columns over the closed candles of a market, as formulas are judged by them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import structlog

from engines.alerts.formula import Formula
from engines.alerts.truth import Columns, Frames
from engines.core.candle import Candles, FloatArray
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.indicators.catalog import Spec, find
from engines.indicators.kind import LONGEST
from ports.candles import Series
from ports.errors import Refused
from services.market.ring import Rings
from services.markets import Markets

log = structlog.get_logger()

LEAST_BARS = 250
"""Candles behind the first one judged, however short the indicators are: averages have to settle."""


class Reckoner(Protocol):
    """Reckons indicators of any kind."""

    async def columns(self, candles: Candles, specs: Sequence[Spec]) -> Mapping[str, FloatArray]:
        """The columns of all `specs` by name. Raises `Refused` for one that cannot be reckoned."""
        ...


@dataclass(slots=True, kw_only=True, repr=False)
class ColumnSource:
    """Columns for formulas: candles from memory where a market is collected, else as charts get them."""

    markets: Markets
    rings: Rings
    indicators: Reckoner

    async def frames(
        self, symbol: str, formulas: Collection[Formula], *, now_ms: int, since_ms: int
    ) -> Frames:
        """All that `formulas` need of a market to be judged at each close from `since_ms` to `now_ms`, the
        newest of them if those are too many. Raises `Refused` and `Transient` as `Markets.candles` does."""
        wanted: dict[Timeframe, set[str]] = {}
        for formula in formulas:
            wanted.setdefault(formula.timeframe, set())
            for timeframe, names in formula.specs.items():
                wanted.setdefault(timeframe, set()).update(names)
        return {
            timeframe: await self._columns(symbol, timeframe, names, now_ms, since_ms)
            for timeframe, names in wanted.items()
        }

    async def _columns(
        self, symbol: str, timeframe: Timeframe, names: Collection[str], now_ms: int, since_ms: int
    ) -> Columns:
        specs = [spec for name in sorted(names) if (spec := find(name)) is not None]
        settling = max([LEAST_BARS, *(spec.warm_up for spec in specs)])
        judged = max(now_ms - since_ms, 0) // timeframe.ms + 2
        candles = await self._closed(symbol, timeframe, min(settling + judged, LONGEST), now_ms)
        values: dict[str, FloatArray] = {}
        for spec in specs if len(candles) else ():
            values |= await self._reckoned(candles, spec)
        return Columns(
            timeframe=timeframe,
            closed_ms=candles.time_ms + timeframe.ms,
            close=candles.close,
            values=values,
        )

    async def _closed(self, symbol: str, timeframe: Timeframe, count: int, now_ms: int) -> Candles:
        series = Series(venue=self.markets.venue, kind=MarketKind.SPOT, symbol=symbol, timeframe=timeframe)
        ring = self.rings.get(series)
        if ring is not None:
            candles = ring.closed(count)
            if len(candles) == count and _is_whole(candles, timeframe, now_ms):
                return candles
        candles = await self.markets.candles(symbol, timeframe, min(count + 1, LONGEST))
        return candles.closed_before(now_ms, timeframe.ms)

    async def _reckoned(self, candles: Candles, spec: Spec) -> Mapping[str, FloatArray]:
        """The columns of one indicator; one that cannot be reckoned is not known, and decides nothing."""
        try:
            return await self.indicators.columns(candles, [spec])
        except Refused as error:
            log.warning("indicator_not_reckoned", indicator=spec.name, error=str(error))
            return {name: np.full(len(candles), np.nan) for name in spec.columns}


def _is_whole(candles: Candles, timeframe: Timeframe, now_ms: int) -> bool:
    """Whether none is missing between the first and the last that has closed."""
    last_ms = timeframe.floor(now_ms) - timeframe.ms
    return int(candles.time_ms[0]) == last_ms - (len(candles) - 1) * timeframe.ms
