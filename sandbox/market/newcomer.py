"""Coins that a venue lists while the world runs: no history before, lively and much traded at first."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import chain
from engines.simulate.coins import Coin
from engines.simulate.synthetic import BLOCK_HOURS, opening_mood, play_block, price_block
from sandbox.market.ladder import Ladder
from sandbox.market.source import DAY_MS, Dice, Listing

_HOUR_MS = Timeframe.H1.ms
_STREAM_PLAY, _STREAM_FIRST_HOUR = 21, 22
_BETA, _OWN_VOLATILITY = 1.6, 1.6
_DIGITS = 4  # of a price
_CHEAPEST, _DEAREST = 1e-6, 1e6
_LEAST_TURNOVER, _MOST_TURNOVER = 1e3, 1e12
_NAME = re.compile(r"[A-Z0-9]{1,12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Newcomer:
    """A coin listed against USDT at `first_ms`, the start of a minute. `turnover` is the usual one of a day.

    Raises `ValueError`, whose words are the answer, for one that cannot be.
    """

    base: str
    price: float
    turnover: float
    first_ms: int

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.base):
            raise ValueError(f"a coin's name has at most 12 capital letters and digits, not {self.base!r}")
        if not _CHEAPEST <= self.price <= _DEAREST:
            raise ValueError(f"a price is from {_CHEAPEST:f} to {_DEAREST:,.0f}, not {self.price:g}")
        if not _LEAST_TURNOVER <= self.turnover <= _MOST_TURNOVER:
            raise ValueError(
                f"a turnover is from {_LEAST_TURNOVER:,.0f} to {_MOST_TURNOVER:,.0f}, not {self.turnover:g}"
            )

    @property
    def symbol(self) -> str:
        """The compact market name."""
        return f"{self.base}USDT"

    @property
    def coin(self) -> Coin:
        """How it moves."""
        magnitude = int(np.floor(np.log10(self.price)))
        return Coin(
            base=self.base,
            price=self.price,
            price_decimals=max(_DIGITS - 1 - magnitude, 0),
            volume_decimals=min(max(magnitude + 1, 0), 5),
            turnover=self.turnover,
            beta=_BETA,
            own_volatility=_OWN_VOLATILITY,
        )

    def listing(self, dice: Dice) -> Listing:
        """Its spot market, which `dice` decides."""
        return Listing(
            symbol=self.symbol, base=self.base, kind=MarketKind.SPOT, bars=NewcomerBars(self, dice)
        )

    def state(self) -> dict[str, Any]:
        """What `restore` needs."""
        return asdict(self)

    @classmethod
    def restore(cls, state: dict[str, Any]) -> Self:
        """The same coin again."""
        return cls(**state)


class _WholeHours:
    """Hourly bars from the hour of the listing on, made in blocks as time goes on."""

    def __init__(self, newcomer: Newcomer, dice: Dice) -> None:
        self._coins = (newcomer.coin,)
        self._dice = dice
        self._mood = opening_mood(self._coins)
        self._scale = np.array([newcomer.price])
        self._last_close = np.round(self._scale, newcomer.coin.price_decimals)
        self._frames: Mapping[Timeframe, Candles] = {}
        self._blocks: list[Candles] = []
        self.symbol = newcomer.symbol
        self.price_decimals = newcomer.coin.price_decimals
        self.volume_decimals = newcomer.coin.volume_decimals
        self.first_ms = Timeframe.H1.floor(newcomer.first_ms)
        self.end_ms: int | None = None

    def frames(self, until_ms: int) -> Mapping[Timeframe, Candles]:
        """The hours up to a day after `until_ms` at least."""
        known_ms = self.first_ms + len(self._blocks) * BLOCK_HOURS * _HOUR_MS
        if not self._blocks or known_ms < until_ms + 2 * DAY_MS:
            while known_ms < until_ms + 2 * DAY_MS:
                self._blocks.append(self._play(known_ms))
                known_ms += BLOCK_HOURS * _HOUR_MS
            self._frames = {Timeframe.H1: chain(self._blocks)}
        return self._frames

    def _play(self, start_ms: int) -> Candles:
        tape, self._mood = play_block(
            self._mood, self._coins, self._dice(_STREAM_PLAY, *self.symbol.encode(), len(self._blocks))
        )
        bars = price_block(tape, self._coins, self._scale, self._last_close)
        self._last_close = bars.close[:, -1].copy()
        return Candles(
            time_ms=start_ms + np.arange(BLOCK_HOURS, dtype=np.int64) * _HOUR_MS,
            open=bars.open[0],
            high=bars.high[0],
            low=bars.low[0],
            close=bars.close[0],
            volume=bars.volume[0],
        )


class NewcomerBars:
    """A bar source: the first hour in minutes, of which those before the listing are left out; then hours."""

    def __init__(self, newcomer: Newcomer, dice: Dice) -> None:
        self._hours = _WholeHours(newcomer, dice)
        self._known: Mapping[Timeframe, Candles] = {}
        self._frames: Mapping[Timeframe, Candles] = {}
        self.symbol = self._hours.symbol
        self.price_decimals = self._hours.price_decimals
        self.volume_decimals = self._hours.volume_decimals
        self.first_ms = newcomer.first_ms
        self.end_ms: int | None = None
        ladder = Ladder(self._hours, lambda *key: dice(_STREAM_FIRST_HOUR, *key))
        self._minutes = ladder.bars(Timeframe.M1, self.first_ms, self._hours.first_ms + _HOUR_MS)

    def frames(self, until_ms: int) -> Mapping[Timeframe, Candles]:
        """Minutes of the first hour, hours after it."""
        known = self._hours.frames(until_ms)
        if known is not self._known:
            self._known = known
            self._frames = {Timeframe.M1: self._minutes, Timeframe.H1: known[Timeframe.H1].rows(1)}
        return self._frames
