"""Wild one-minute candles: they stop engines that trade the asset until it was calm for half an hour."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from engines.core.ticker import Ticker
from engines.orders.subaccount import EngineName
from engines.risk.breakers import CALM_CANDLE, WILD, Breaker, MinuteCandle
from engines.risk.latch import Cause, Latch, Scope
from ports.clock import Clock
from services.breaking.latching import Latching, agree
from services.markets import Markets
from services.trading.ledger import QUOTE

_BOTH: Final = frozenset({"BTC", "ETH"})
TRADED: Final[Mapping[EngineName, Collection[str]]] = {
    EngineName.CORE: _BOTH,
    EngineName.TREND: _BOTH,
    EngineName.FUNDING: _BOTH,
    EngineName.TACTICAL: _BOTH,
    EngineName.NEUTRAL: frozenset({"BTC"}),
}
"""Assets that an engine trades even while it holds none."""
_KEPT: Final = "breakers"


@dataclass(slots=True, repr=False)
class WildCandles:
    """Builds minute candles from spot prices as they come. `listen` comes once."""

    markets: Markets
    latches: Latching
    clock: Clock
    _candles: dict[str, MinuteCandle] = field(default_factory=dict)
    _widest: dict[str, Decimal] = field(default_factory=dict)
    _breakers: dict[EngineName, Breaker] = field(default_factory=dict)

    def listen(self) -> None:
        """Hear prices from now on."""
        self.markets.listen(self._hear)

    async def look(self, assets: Mapping[EngineName, Collection[str]]) -> None:
        """Pull and release by what came since the last look; `assets` are what engines in use hold. Raises
        `Transient`."""
        traded = {engine: {*held, *TRADED.get(engine, ())} for engine, held in assets.items()}
        self._watch({asset for held in traded.values() for asset in held})
        widest, self._widest = self._widest, {}
        await agree(
            self.latches,
            Cause.CANDLE,
            [
                latch
                for engine, held in traded.items()
                if (latch := self._judged(engine, {one: widest[one] for one in held if one in widest}))
            ],
        )

    def _judged(self, engine: EngineName, ranges: Mapping[str, Decimal]) -> Latch | None:
        wild = max(ranges, key=lambda asset: ranges[asset], default=None)
        is_wild = wild is not None and ranges[wild] > WILD
        breaker = self._breakers.setdefault(engine, self._remembered(engine))
        if not breaker.look(self.clock.now(), is_troubled=is_wild):
            return None
        return Latch(
            id=_latch_id(engine),
            scope=Scope(engine=engine),
            cause=Cause.CANDLE,
            pulled_at=self.clock.wire_now(),
            detail="" if wild is None else f"{wild} {ranges[wild] * 100:.1f} %",
        )

    def _remembered(self, engine: EngineName) -> Breaker:
        """After a restart, half an hour begins anew for what was stopped."""
        is_stopped = any(latch.id == _latch_id(engine) for latch in self.latches.all())
        return Breaker(CALM_CANDLE, self.clock.now() if is_stopped else None)

    def _watch(self, assets: Collection[str]) -> None:
        for asset in self._candles.keys() - set(assets):
            del self._candles[asset]
        for asset in assets:
            self._candles.setdefault(asset, MinuteCandle())
        self.markets.keep(_KEPT, [f"{asset}{QUOTE}" for asset in assets])

    def _hear(self, ticker: Ticker) -> None:
        asset = ticker.symbol.removesuffix(QUOTE)
        candle = self._candles.get(asset)
        if candle is not None and ticker.last > 0 and ticker.symbol.endswith(QUOTE):
            share = candle.push(ticker.last, ticker.at)
            self._widest[asset] = max(self._widest.get(asset, share), share)


def _latch_id(engine: EngineName) -> str:
    return f"{Cause.CANDLE}:{engine}"
