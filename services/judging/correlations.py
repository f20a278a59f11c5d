"""Correlations of assets over sixty days, refreshed in the background and looked up by the gate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations
from typing import Final

import structlog

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.risk.correlation import DAYS, correlation
from ports.clock import Clock
from ports.errors import Refused, Stale, Transient
from services.markets import Markets
from services.trading.ledger import QUOTE

log = structlog.get_logger()

ALWAYS: Final = ("BTC", "ETH")


@dataclass(slots=True, repr=False)
class Correlations:
    """Pairs among those that somebody has asked about; one that is not known yet is learned with the next
    `refresh`."""

    markets: Markets
    clock: Clock
    _wanted: set[str] = field(default_factory=lambda: set(ALWAYS))
    _learned: dict[str, date] = field(default_factory=dict)
    _candles: dict[str, Candles] = field(default_factory=dict)
    _pairs: dict[frozenset[str], float] = field(default_factory=dict)

    def among(self, assets: Sequence[str]) -> Mapping[frozenset[str], float]:
        """What is known of these."""
        self._wanted.update(assets)
        pairs = map(frozenset, combinations(assets, 2))
        return {pair: self._pairs[pair] for pair in pairs if pair in self._pairs}

    async def refresh(self) -> None:
        """Learn what is wanted and was not learned today; what cannot be had stays as it was."""
        today = self.clock.now().date()
        due = [asset for asset in sorted(self._wanted) if self._learned.get(asset) != today]
        for asset in due:
            try:
                daily = await self.markets.candles(f"{asset}{QUOTE}", Timeframe.D1, DAYS + 2)
            except (Refused, Stale, Transient) as error:
                log.warning("correlation_unknown", asset=asset, error=str(error))
                continue
            self._candles[asset], self._learned[asset] = daily, today
        if due:
            self._compare()

    def _compare(self) -> None:
        for one, other in combinations(sorted(self._candles), 2):
            value = correlation(self._candles[one], self._candles[other])
            pair = frozenset((one, other))
            if value is None:
                self._pairs.pop(pair, None)
            else:
                self._pairs[pair] = value
