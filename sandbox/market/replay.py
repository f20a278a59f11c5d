"""A recorded market: which coins a folder holds, from when to when, and where to start in it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between, overlay
from sandbox.market.premium import daily_premium
from sandbox.market.source import DAY_MS, FundingRates, Listing, Origin, dice
from sandbox.recording import (
    BadRecording,
    decimals_of,
    list_recordings,
    read_bars,
    read_funding,
    read_universe,
)

_LONGEST_HOLE_MS = 14 * DAY_MS  # beyond it, what comes after is a series of its own
_ROOM_MS = 30 * DAY_MS  # wanted on both sides of a start that is chosen for the user
_STREAM_PERP = 2

Frames = dict[Timeframe, Candles]


class RecordedBars:
    """The recorded bars of one market, without the series before a long hole."""

    def __init__(self, symbol: str, frames: Frames) -> None:
        self.symbol = symbol
        self._frames: Mapping[Timeframe, Candles] = frames
        prices = [
            column for rows in frames.values() for column in (rows.open, rows.high, rows.low, rows.close)
        ]
        self.price_decimals = max(decimals_of(column) for column in prices)
        self.volume_decimals = max(decimals_of(rows.volume, 8) for rows in frames.values())
        self.first_ms = min(int(rows.time_ms[0]) for rows in frames.values())
        self.end_ms: int | None = max(int(rows.time_ms[-1]) + level.ms for level, rows in frames.items())

    def frames(self, until_ms: int) -> Mapping[Timeframe, Candles]:
        """All that was recorded, whatever `until_ms` is."""
        return self._frames


def recorded_origin(folder: Path, start_ms: int | None = None, *, seed: int = 7) -> Origin:
    """The market that `folder` has recorded, from `start_ms` on or from where most of it is recorded.

    Raises `BadRecording` (a `ValueError`) when a file is bad, or when nothing was recorded around `start_ms`;
    the message names the file and line, or the range that can be played.
    """
    spot, perps = _read_all(folder)
    begin_ms = _choose_start([*spot.values(), *perps.values()]) if start_ms is None else start_ms
    live_spot, live_perps = _live(spot, begin_ms), _live(perps, begin_ms)
    trading = [bars for bars in (*live_spot.values(), *live_perps.values()) if bars.first_ms < begin_ms]
    if not trading:
        raise BadRecording(_out_of_range(folder, begin_ms, [*spot.values(), *perps.values()]))
    listings = _listings(live_spot, live_perps, _read_rates(folder), seed)
    return Origin(
        source="replay",
        seed=seed,
        start_ms=begin_ms,
        end_ms=max(bars.end_ms or 0 for bars in trading),
        listings=tuple(listings),
        is_one_price=True,
    )


def _read_all(folder: Path) -> tuple[dict[str, Frames], dict[str, Frames]]:
    catalogue = list_recordings(folder)
    spot: dict[str, Frames] = defaultdict(dict)
    perps: dict[str, Frames] = defaultdict(dict)
    for file in catalogue.bars:
        _lay_under((perps if file.is_perp else spot)[file.symbol], file.timeframe, read_bars(file.path))
    for timeframe, path in catalogue.universes:
        for symbol, bars in read_universe(path).items():
            _lay_under(spot[symbol], timeframe, bars)
    return spot, perps


def _lay_under(frames: Frames, timeframe: Timeframe, bars: Candles) -> None:
    """Add bars where there are none yet: a market's own file goes before a table of many."""
    known = frames.get(timeframe)
    frames[timeframe] = bars if known is None else overlay(known, bars)


def _read_rates(folder: Path) -> dict[str, FundingRates]:
    rates = {}
    for symbol, path in list_recordings(folder).funding:
        times, values = read_funding(path)
        rates[symbol] = FundingRates(time_ms=times, rate=values)
    return rates


def _stretches(frames: Frames) -> list[tuple[int, int]]:
    """Spans without a long hole in all timeframes together, oldest first."""
    edges: list[tuple[int, int]] = []
    for level, rows in frames.items():
        breaks = np.flatnonzero(np.diff(rows.time_ms) > _LONGEST_HOLE_MS)
        firsts = rows.time_ms[np.concatenate(([0], breaks + 1))]
        lasts = rows.time_ms[np.append(breaks, len(rows) - 1)] + level.ms
        edges.extend(zip(firsts.tolist(), lasts.tolist(), strict=True))
    joined: list[tuple[int, int]] = []
    for first, last in sorted(edges):
        if joined and first - joined[-1][1] <= _LONGEST_HOLE_MS:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


def _live(markets: dict[str, Frames], start_ms: int) -> dict[str, RecordedBars]:
    """The series of each market that is running at `start_ms`, or begins first after it."""
    live = {}
    for symbol, frames in sorted(markets.items()):
        stretch = next((one for one in _stretches(frames) if one[1] > start_ms), None)
        if stretch is None:
            continue
        cut = {level: between(rows, *stretch) for level, rows in frames.items()}
        live[symbol] = RecordedBars(symbol, {level: rows for level, rows in cut.items() if len(rows)})
    return live


def _choose_start(markets: list[Frames]) -> int:
    """The first month in which the most intraday series have a month of rows on both sides.

    Daily tables count only when there is nothing finer: they hold many coins and little of each. A recording
    too short for that starts in its middle, at midnight when there is one.
    """
    series = [(level, rows) for frames in markets for level, rows in frames.items()]
    finer = [(level, rows) for level, rows in series if level is not Timeframe.D1]
    spans = [span for level, rows in finer or series for span in _stretches({level: rows})]
    firsts = np.array([first for first, _ in spans])
    lasts = np.array([last for _, last in spans])
    months = np.array(list(_month_starts(int(firsts.min()), int(lasts.max()))), dtype=np.int64)
    fitting = (firsts + _ROOM_MS <= months[:, None]) & (lasts - _ROOM_MS >= months[:, None])
    counts = fitting.sum(axis=1)
    if len(months) and counts.max() > 0:
        return int(months[np.argmax(counts)])
    middle = int(firsts.min() + lasts.max()) // 2
    midnight = middle // DAY_MS * DAY_MS
    return midnight if midnight > firsts.min() else middle


def _month_starts(first_ms: int, last_ms: int) -> Iterable[int]:
    day = datetime.fromtimestamp(first_ms / 1000, UTC)
    year, month = day.year, day.month
    while (start := int(datetime(year, month, 1, tzinfo=UTC).timestamp() * 1000)) <= last_ms:
        yield start
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)


def _listings(
    spot: dict[str, RecordedBars], perps: dict[str, RecordedBars], rates: dict[str, FundingRates], seed: int
) -> Iterable[Listing]:
    for symbol, bars in spot.items():
        yield Listing(symbol=symbol, base=symbol.removesuffix("USDT"), kind=MarketKind.SPOT, bars=bars)
    # Spot alone is what most recordings hold: a perpetual that trades near it lets everything be tried.
    throw = dice(seed)
    for number, symbol in enumerate(sorted({*perps, *spot})):
        recorded = perps.get(symbol)
        yield Listing(
            symbol=symbol,
            base=symbol.removesuffix("USDT"),
            kind=MarketKind.PERP,
            bars=recorded or spot[symbol],
            premium=None
            if recorded
            else daily_premium(lambda *key: throw(_STREAM_PERP, *key), number, mean_bps=1.0, swing_bps=5.0),
            funding=rates.get(symbol),
        )


def _out_of_range(folder: Path, start_ms: int, markets: list[Frames]) -> str:
    spans = [span for frames in markets for span in _stretches(frames)]
    first, last = min(first for first, _ in spans), max(last for _, last in spans)
    return (
        f"{folder}: nothing was recorded around {_day(start_ms)} with history before it; "
        f"choose a start from {_day(first + DAY_MS)} to {_day(last - 1)}"
    )


def _day(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d")
