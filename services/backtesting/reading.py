"""The history for a backtest, read from the desk's own store in pieces."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import structlog

from engines.core.candle import Candles
from engines.core.instrument import Instrument, MarketKind
from engines.core.moment import utc
from engines.core.timeframe import Timeframe
from engines.market.aggregation import chain, empty
from engines.market.plan import KEPT, depth
from engines.simulate.history import Fundings, History, RecordedMarket
from ports.backtests import Progress, Stage
from ports.candles import CandleStore, Series
from ports.clock import Clock
from ports.errors import Refused, Transient
from services.candles import Collector
from services.market.perps import Perps
from services.markets import Markets

log = structlog.get_logger()

DAY_MS: Final = Timeframe.D1.ms
WARM_UP: Final = 600
"""Bars of the coarsest series that are taken along from before the start, where there are any."""
LEAST_BARS: Final = 300
"""A history of fewer bars says nothing about a strategy."""
MOST_BARS: Final = 1_500_000
PIECE: Final = 20_000

NO_FUNDING: Final = "no_funding"
SOME_FUNDING: Final = "some_funding"
SPOT_PRICES: Final = "spot_prices"
SHORTER: Final = "shorter"

Hear = Callable[[Progress], None]
Firsts = Mapping[str, Mapping[Timeframe, int]]
"""Open time (UTC ms) of the first candle by symbol and timeframe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be read: markets, the series that the strategy looks at (the finest first), and how many
    days back from now, `None` for all there are."""

    instruments: Sequence[Instrument]
    frames: Sequence[Timeframe]
    days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was read. `notes` are codes of what there is to know about it."""

    history: History
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """What is read of each series: `[first_ms, stop_ms)`, of which decisions begin at `start_ms`."""

    first_ms: int
    start_ms: int
    stop_ms: int


@dataclass(slots=True, repr=False)
class HistoryReader:
    """Reads candles from the store, and the fundings of perpetuals from the venue.

    The history of a market that the desk collects is waited for, up to `patience_s`, while it is still coming
    in.
    """

    store: CandleStore
    markets: Markets
    perps: Perps
    collector: Collector
    clock: Clock
    patience_s: float = 45.0
    look_s: float = 1.0
    funding_s: float = 20.0
    most_bars: int = MOST_BARS

    async def instrument(self, text: str) -> Instrument:
        """What is traded of the coin that `text` names: its perpetual where there is one, because that can be
        sold short, on the finer of both price steps. Raises `Refused` as `Markets.resolve`."""
        spot = await self.markets.resolve(text)
        try:
            perp = await self.perps.instrument(spot.symbol)
        except Refused:  # no list of perpetuals: the coin can be traded
            return spot
        return spot if perp is None else replace(perp, tick=min(perp.tick, spot.tick))

    async def read(self, wanted: Wanted, hear: Hear) -> Found:
        """The history. Raises `Refused`: `"backtest_history"` where there is too little of it,
        `"backtest_too_much"` for more than is handled; `Transient` of the store."""
        frame = wanted.frames[0]
        stop_ms = frame.floor(int(self.clock.now().timestamp() * 1000))
        asked_ms = 0 if wanted.days is None else stop_ms - wanted.days * DAY_MS
        firsts = await self._filled(wanted, asked_ms, stop_ms, hear)
        start_ms = max(asked_ms, *(self._begin(one, wanted, firsts, stop_ms) for one in wanted.instruments))
        first_ms = start_ms - WARM_UP * wanted.frames[-1].ms
        stretch = _Stretch(first_ms=first_ms, start_ms=start_ms, stop_ms=stop_ms)
        series = self._series(wanted, firsts, stretch)
        candles = await self._candles(series, stretch, hear)
        fundings = {one.symbol: await self._fundings(one, stretch) for one in wanted.instruments}
        markets = tuple(
            RecordedMarket(
                instrument=one,
                series={each.timeframe: kept for each, kept in candles.items() if each.symbol == one.symbol},
                fundings=fundings[one.symbol],
            )
            for one in wanted.instruments
        )
        is_shorter = wanted.days is not None and start_ms - asked_ms >= DAY_MS
        return Found(
            history=History(markets=markets, start_ms=start_ms, stop_ms=stop_ms),
            notes=_notes(markets, stretch, is_shorter=is_shorter),
        )

    async def _filled(self, wanted: Wanted, asked_ms: int, stop_ms: int, hear: Hear) -> Firsts:
        """Where series begin, once those that are coming in go back far enough or come no further."""
        symbols, frame = [one.symbol for one in wanted.instruments], wanted.frames[0]
        reach_ms = max(asked_ms, depth(frame, stop_ms).start_ms)
        waited_s = 0.0
        while True:
            firsts = await self._firsts(symbols)
            begins = {symbol: firsts[symbol].get(frame, stop_ms) for symbol in symbols}
            if waited_s >= self.patience_s or not self._is_coming(begins, frame, reach_ms):
                return firsts
            days = (stop_ms - max(begins.values())) // DAY_MS
            hear(Progress(Stage.FILLING, days, max((stop_ms - reach_ms) // DAY_MS, 1)))
            for symbol in symbols:
                self.collector.prefer(symbol)
            await asyncio.sleep(self.look_s)
            waited_s += self.look_s

    def _is_coming(self, begins: Mapping[str, int], frame: Timeframe, reach_ms: int) -> bool:
        """Whether a series that does not go back far enough yet is about to."""
        return any(
            begin_ms > reach_ms and self.collector.is_filling(symbol, frame)
            for symbol, begin_ms in begins.items()
        )

    async def _firsts(self, symbols: Sequence[str]) -> Firsts:
        found: dict[str, dict[Timeframe, int]] = {symbol: {} for symbol in symbols}
        for one in await self.store.coverage():
            series = one.series
            if series.symbol in found and series == self._name(series.symbol, series.timeframe):
                found[series.symbol][series.timeframe] = one.first_ms
        return found

    def _begin(self, instrument: Instrument, wanted: Wanted, firsts: Firsts, stop_ms: int) -> int:
        """Where a market's history begins. Raises `Refused` where that is too late."""
        frame = wanted.frames[0]
        first_ms = firsts[instrument.symbol].get(frame, stop_ms)
        if (stop_ms - first_ms) // frame.ms < LEAST_BARS:
            days = max(LEAST_BARS * frame.ms // DAY_MS, 30) if wanted.days is None else wanted.days
            raise Refused(
                "backtest_history",
                pair=instrument.pair,
                timeframe=frame.value,
                days=(stop_ms - first_ms) // DAY_MS,
                fetch=f"perpetuum backfill {instrument.symbol} --days {days} --timeframe {frame}",
            )
        return -(-first_ms // DAY_MS) * DAY_MS

    def _series(self, wanted: Wanted, firsts: Firsts, stretch: _Stretch) -> Sequence[Series]:
        """What is read of each market: the series that the strategy looks at, and the finest that goes back
        as far, on which orders are filled. Raises `Refused` for more than is handled."""
        fine = min(wanted.frames[0], self._finest(wanted, firsts, stretch), key=lambda one: one.ms)
        chosen = self._chosen(wanted, firsts, fine)
        if _bars(chosen, stretch) > self.most_bars:
            chosen = self._chosen(wanted, firsts, wanted.frames[0])
        if (bars := _bars(chosen, stretch)) > self.most_bars:
            raise Refused("backtest_too_much", bars=bars, most=self.most_bars)
        return chosen

    def _finest(self, wanted: Wanted, firsts: Firsts, stretch: _Stretch) -> Timeframe:
        """The finest timeframe of which every market has all of the time that is played."""
        ends = [firsts[one.symbol] for one in wanted.instruments]
        reaching = [
            one for one in KEPT if all(each.get(one, stretch.stop_ms) <= stretch.start_ms for each in ends)
        ]
        return min(reaching, key=lambda one: one.ms, default=wanted.frames[0])

    def _chosen(self, wanted: Wanted, firsts: Firsts, fine: Timeframe) -> Sequence[Series]:
        return [
            self._name(one.symbol, frame)
            for one in wanted.instruments
            for frame in dict.fromkeys((fine, *wanted.frames))
            if frame in firsts[one.symbol]
        ]

    async def _candles(
        self, series: Sequence[Series], stretch: _Stretch, hear: Hear
    ) -> Mapping[Series, Candles]:
        """The candles, in pieces that hold nobody up."""
        done, total = 0, _bars(series, stretch)
        found: dict[Series, Candles] = {}
        for one in series:
            pieces: list[Candles] = []
            step_ms = PIECE * one.timeframe.ms
            for start_ms in range(stretch.first_ms, stretch.stop_ms, step_ms):
                until_ms = min(start_ms + step_ms, stretch.stop_ms)
                pieces.append(await self.store.between(one, start_ms, until_ms))
                done += (until_ms - start_ms) // one.timeframe.ms
                hear(Progress(Stage.READING, done, total))
                await asyncio.sleep(0)
            whole = [piece for piece in pieces if len(piece)]
            found[one] = chain(whole) if whole else empty()
        return found

    async def _fundings(self, instrument: Instrument, stretch: _Stretch) -> Fundings | None:
        """Settlements since the start; `None` of a coin, and where the venue does not tell them in time."""
        if instrument.kind is not MarketKind.PERP:
            return None
        try:
            async with asyncio.timeout(self.funding_s):
                settled = await self.perps.fundings(instrument.symbol, since=utc(stretch.start_ms))
        except (Transient, Refused, TimeoutError) as error:
            log.info("backtest_without_funding", symbol=instrument.symbol, error=str(error))
            return None
        if not settled:
            return None
        return Fundings(
            time_ms=np.array([int(one.at.timestamp() * 1000) for one in settled], np.int64),
            rate=np.array([float(one.rate) for one in settled]),
        )

    def _name(self, symbol: str, timeframe: Timeframe) -> Series:
        return Series(venue=self.markets.venue, kind=MarketKind.SPOT, symbol=symbol, timeframe=timeframe)


def _bars(series: Sequence[Series], stretch: _Stretch) -> int:
    return sum((stretch.stop_ms - stretch.first_ms) // one.timeframe.ms for one in series)


def _notes(markets: Sequence[RecordedMarket], stretch: _Stretch, *, is_shorter: bool) -> tuple[str, ...]:
    fundings = [one.fundings for one in markets if one.instrument.kind is MarketKind.PERP]
    told = {
        SHORTER: is_shorter,
        SPOT_PRICES: bool(fundings),
        NO_FUNDING: None in fundings,
        SOME_FUNDING: any(one is not None and _is_part(one, stretch) for one in fundings),
    }
    return tuple(note for note, is_so in told.items() if is_so)


def _is_part(fundings: Fundings, stretch: _Stretch) -> bool:
    """Whether settlements begin or end a day and more within the time that is played."""
    begins_late = int(fundings.time_ms[0]) > stretch.start_ms + DAY_MS
    return begins_late or int(fundings.time_ms[-1]) < stretch.stop_ms - DAY_MS
