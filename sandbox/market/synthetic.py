"""The synthetic market: generated once for its history, then block by block as market time goes on."""

from collections.abc import Mapping
from datetime import UTC, datetime

import numpy as np

from engines.core.candle import Candles, FloatArray
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.simulate.coins import COINS
from engines.simulate.synthetic import BLOCK_HOURS, Tape, opening_mood, play_block, price_block
from sandbox.market.premium import daily_premium
from sandbox.market.source import DAY_MS, BarSource, Listing, Origin, dice

OPENING_MS = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000)
HISTORY_BLOCKS = 31  # of 30 days: two and a half years
LONGEST_BLOCKS = 122  # ten years from the start on: prices of all that time are kept in memory
FIRST_YEAR, LAST_YEAR = 2000, 2100

_GROWTH_BLOCKS = 4
_HOUR_MS = Timeframe.H1.ms
_BLOCK_MS = BLOCK_HOURS * _HOUR_MS
_STREAM_BLOCK, _STREAM_PERP, _STREAM_OPENING = 1, 2, 3
_OPENING_SPREAD = 0.06  # of opening prices around the usual ones


class SyntheticTape:
    """Hourly bars of every coin, as columns that grow by blocks of 30 days."""

    def __init__(self, seed: int, start_ms: int) -> None:
        self._dice = dice(seed)
        self._blocks = self._played = 0
        self._mood = opening_mood(COINS)
        day_ms = start_ms // DAY_MS * DAY_MS
        self.first_ms = day_ms - HISTORY_BLOCKS * _BLOCK_MS
        self._columns = [np.empty((len(COINS), (HISTORY_BLOCKS + 2) * BLOCK_HOURS)) for _ in range(5)]
        history = [self._play() for _ in range(HISTORY_BLOCKS)]
        luck = self._dice(_STREAM_OPENING).normal(0.0, _OPENING_SPREAD, len(COINS))
        usual = np.array([coin.price for coin in COINS]) * np.exp(luck)
        self._scale: FloatArray = usual / np.exp(self._mood.log_price)
        self._last_close = self._opening_prices()
        history.reverse()
        while history:  # tapes are let go as soon as they are priced
            self._append(history.pop())
        self._extend_to(day_ms + _BLOCK_MS)

    @property
    def end_ms(self) -> int:
        """Close time of the last bar that was generated so far."""
        return self.first_ms + self._blocks * _BLOCK_MS

    def cover(self, until_ms: int) -> None:
        """Generate on until there are bars for the whole day of `until_ms` and the next."""
        if until_ms + 2 * DAY_MS > self.end_ms:
            self._extend_to(until_ms + 2 * DAY_MS)

    def candles(self, row: int) -> Candles:
        """The bars of one coin, as views."""
        hours = self._blocks * BLOCK_HOURS
        opens, highs, lows, closes, volumes = (column[row, :hours] for column in self._columns)
        return Candles(
            time_ms=self.first_ms + np.arange(hours, dtype=np.int64) * _HOUR_MS,
            open=opens,
            high=highs,
            low=lows,
            close=closes,
            volume=volumes,
        )

    def _play(self) -> Tape:
        self._played += 1
        tape, self._mood = play_block(self._mood, COINS, self._dice(_STREAM_BLOCK, self._played))
        return tape

    def _opening_prices(self) -> FloatArray:
        return np.array(
            [round(float(scale), coin.price_decimals) for scale, coin in zip(self._scale, COINS, strict=True)]
        )

    def _append(self, tape: Tape) -> None:
        bars = price_block(tape, COINS, self._scale, self._last_close)
        first = self._blocks * BLOCK_HOURS
        for number, values in enumerate((bars.open, bars.high, bars.low, bars.close, bars.volume)):
            column = self._columns[number]
            if first + BLOCK_HOURS > column.shape[1]:
                room = np.empty((len(COINS), _GROWTH_BLOCKS * BLOCK_HOURS))
                column = self._columns[number] = np.concatenate((column, room), axis=1)
            column[:, first : first + BLOCK_HOURS] = values
        self._last_close = bars.close[:, -1].copy()
        self._blocks += 1

    def _extend_to(self, until_ms: int) -> None:
        while self.end_ms < until_ms:
            self._append(self._play())


class SyntheticBars:
    """One coin of the tape, as a bar source."""

    def __init__(self, tape: SyntheticTape, row: int) -> None:
        self._tape = tape
        self._row = row
        self._frames: Mapping[Timeframe, Candles] = {}
        self._known_to = 0
        self.symbol = COINS[row].symbol
        self.price_decimals = COINS[row].price_decimals
        self.volume_decimals = COINS[row].volume_decimals
        self.first_ms = tape.first_ms
        self.end_ms: int | None = None

    def frames(self, until_ms: int) -> Mapping[Timeframe, Candles]:
        """Hourly bars, generated on when `until_ms` comes near the end of what there is."""
        self._tape.cover(until_ms)
        if self._known_to != self._tape.end_ms:
            self._known_to = self._tape.end_ms
            self._frames = {Timeframe.H1: self._tape.candles(self._row)}
        return self._frames


def synthetic_origin(seed: int, start_ms: int | None = None) -> Origin:
    """A synthetic market with two and a half years of history before `start_ms` and ten after it.

    The same seed and day of start make the same market, to the last digit. Raises `ValueError` for a start
    that is not in `FIRST_YEAR` to `LAST_YEAR`.
    """
    begin_ms = OPENING_MS if start_ms is None else start_ms
    if not FIRST_YEAR <= datetime.fromtimestamp(begin_ms / 1000, UTC).year <= LAST_YEAR:
        raise ValueError(f"a synthetic market starts in a year from {FIRST_YEAR} to {LAST_YEAR}")
    tape = SyntheticTape(seed, begin_ms)
    listings: list[Listing] = []
    for row, coin in enumerate(COINS):
        bars: BarSource = SyntheticBars(tape, row)
        premium = daily_premium(lambda *key: dice(seed)(_STREAM_PERP, *key), row, mean_bps=1.0, swing_bps=9.0)
        listings.append(Listing(symbol=coin.symbol, base=coin.base, kind=MarketKind.SPOT, bars=bars))
        listings.append(
            Listing(symbol=coin.symbol, base=coin.base, kind=MarketKind.PERP, bars=bars, premium=premium)
        )
    return Origin(
        source="synthetic",
        seed=seed,
        start_ms=begin_ms,
        end_ms=begin_ms + LONGEST_BLOCKS * _BLOCK_MS,
        listings=tuple(listings),
        is_one_price=False,
    )
