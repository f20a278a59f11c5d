"""Charts as people ask for them: candles, indicators, a title in their language and zone; their account."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import accumulate

import numpy as np

from engines.core.candle import Candles
from engines.core.instrument import Instrument
from engines.core.timeframe import Timeframe
from engines.indicators.catalog import Spec
from ports.charts import CandleChart, Charts, EquityChart, Level, Theme
from ports.clock import Clock
from ports.errors import Refused
from services import formats
from services.indicators import Indicators
from services.markets import Markets
from services.optional_work import OptionalWork
from services.plotting import overlay, pane
from services.speech import Speech

SHOWN = 120
AVERAGES = (Spec("ema", (21,)), Spec("ema", (50,)))
"""What stands over the candles when nobody names anything else."""
MOST_OVERLAYS = 2
LONGEST = 1000
"""Candles looked at, at most: what a venue gives at once."""
_SAMPLE_HOURS = 96
_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A drawn chart; `shown` candles are in it, `wanted` would be with full history."""

    png: bytes
    candles: Candles
    shown: int
    wanted: int


@dataclass(slots=True, repr=False)
class Pictures:
    """Draws candle charts of one market, and the curve of an account."""

    markets: Markets
    indicators: Indicators
    charts: Charts
    clock: Clock
    work: OptionalWork = field(default_factory=OptionalWork)

    async def candles(
        self,
        instrument: Instrument,
        timeframe: Timeframe,
        *,
        theme: Theme,
        speech: Speech,
        levels: Sequence[Level] = (),
        entry_zone: tuple[float, float] | None = None,
        specs: Sequence[Spec] = (),
    ) -> Picture:
        """Draw the last candles, with `levels` and an `entry_zone` (two prices) across them.

        Of `specs` at most two stand over the price (without any, two averages do) and one in a pane below.
        Raises `Refused`: `"no_candles"` for a market without any, `"too_many_indicators"`,
        `"indicator_fails"`, `"busy"` while charts are shed.
        """
        self.work.check()
        over, below = _arranged(specs)
        wanted = min(SHOWN + max(one.warm_up for one in (*over, *below)), LONGEST)
        history = await self.markets.candles(instrument.symbol, timeframe, wanted)
        if len(history) == 0:
            raise Refused("no_candles", pair=instrument.pair, timeframe=timeframe.value)
        shown = history.rows(-SHOWN)
        columns = await self.indicators.columns(history, (*over, *below))
        chart = CandleChart(
            title=f"{instrument.pair} · {timeframe.value}",
            subtitle=speech("{venue} spot", venue=self.markets.venue.capitalize()),
            candles=shown,
            timeframe_ms=timeframe.ms,
            digits=formats.digits_of(instrument.tick),
            overlays=[overlay(one, columns, len(shown)) for one in over],
            pane=pane(below[0], columns, len(shown), speech) if below else None,
            levels=levels,
            entry_zone=entry_zone,
            theme=theme,
            zone=speech.zone,
            months=speech.months(),
            drawn_at=self.clock.now(),
        )
        png = await self.charts.candles(chart)
        return Picture(png=png, candles=shown, shown=len(shown), wanted=SHOWN)

    async def equity(
        self,
        curve: Sequence[tuple[datetime, Decimal]],
        opening: Decimal,
        *,
        theme: Theme,
        speech: Speech,
    ) -> bytes:
        """Draw a curve of at least two moments as PNG."""
        at, equity = zip(*curve, strict=True)
        drop = deepest_drop(equity)
        chart = EquityChart(
            title=speech("Equity · PAPER"),
            subtitle=speech("USDT · deepest drop {drop}", drop=speech.percent(-drop)),
            time_ms=np.array([int(one.timestamp() * 1000) for one in at], np.int64),
            equity=np.array(equity, np.float64),
            opening=float(opening),
            opening_name=speech("Start"),
            theme=theme,
            zone=speech.zone,
            months=speech.months(),
            drawn_at=self.clock.now(),
        )
        return await self.charts.equity(chart)

    async def sample(self, *, theme: Theme, speech: Speech) -> bytes:
        """Draw a made-up curve as PNG, for finding out whether somebody sees pictures. It says that it is
        made up."""
        hours = np.arange(_SAMPLE_HOURS)
        start_ms = int(self.clock.now().timestamp() * 1000) - _SAMPLE_HOURS * _HOUR_MS
        chart = EquityChart(
            title=speech("A chart"),
            subtitle=speech("made up, to see whether it arrives"),
            time_ms=start_ms + hours.astype(np.int64) * _HOUR_MS,
            equity=1000 + hours * 0.4 + 12 * np.sin(hours / 9),
            opening=1000.0,
            opening_name=speech("Start"),
            theme=theme,
            zone=speech.zone,
            months=speech.months(),
            drawn_at=self.clock.now(),
        )
        return await self.charts.equity(chart)


def _arranged(specs: Sequence[Spec]) -> tuple[Sequence[Spec], Sequence[Spec]]:
    """Which of `specs` stand over the price and which below it; each once."""
    wanted = dict.fromkeys(specs)
    over = [one for one in wanted if one.about.is_over_price] or list(AVERAGES)
    below = [one for one in wanted if not one.about.is_over_price]
    if len(over) > MOST_OVERLAYS or len(below) > 1:
        raise Refused("too_many_indicators")
    return over, below


def deepest_drop(equity: Sequence[Decimal]) -> Decimal:
    """The deepest fall from a high before it, as a fraction of that high; zero where it never fell."""
    highs = accumulate(equity, max)
    return max((high - one) / high if high else Decimal(0) for high, one in zip(highs, equity, strict=True))
