"""Linear perpetuals beside spot: mark, index, funding and predicted funding."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from engines.core.instrument import Instrument
from engines.core.perp import Funding, PerpTicker
from ports.clock import Clock
from ports.errors import Refused, Stale, Transient
from ports.health import FeedHealth
from ports.markets import MarketSource
from services.market.feed import FeedMeter
from services.market.flight import SharedFlights
from services.market.options import MarketOptions
from services.market.poll import polled
from services.market.retry import retried
from services.market.stream import KeptStream


class Perps:
    """Perpetuals of the primary venue. `run` is the supervised loop; everything else may be called before
    it ran."""

    def __init__(self, source: MarketSource, clock: Clock, options: MarketOptions | None = None) -> None:
        self._options = options or MarketOptions()
        self._source = source
        self._clock = clock
        self._instruments: dict[str, Instrument] | None = None
        self._tickers: dict[str, PerpTicker] = {}
        self._kept: dict[str, frozenset[str]] = {}
        self._listeners: list[Callable[[PerpTicker], None]] = []
        self._flights: SharedFlights[str, None] = SharedFlights()
        stale_s = self._options.stale_after_s
        self._rest_meter = FeedMeter(
            f"{source.venue}_perps", clock, quiet_after_s=stale_s + self._options.poll_s, well="polled"
        )
        self._stream_meter = FeedMeter(
            f"{source.venue}_perp_stream", clock, quiet_after_s=stale_s, well="streaming"
        )
        self._stream = KeptStream(
            source.watch_perps, self._streamed, self._take, self._stream_meter, self._options
        )

    async def run(self) -> None:
        """Endless: keep instruments and tickers fresh, stream those that somebody keeps."""
        options, meter = self._options, self._rest_meter
        async with asyncio.TaskGroup() as loops:
            loops.create_task(polled(self._load_instruments, options.universe_refresh_s, meter, options))
            loops.create_task(polled(self._load_tickers, options.poll_s, meter, options))
            loops.create_task(self._stream.run())

    async def close(self) -> None:
        """Give up requests under way."""
        await self._flights.close()

    async def instrument(self, symbol: str) -> Instrument | None:
        """The perpetual of that exact symbol; `None` where there is none. Raises
        `Refused("markets_loading")` while the list cannot be had."""
        if self._instruments is None:
            try:
                async with asyncio.timeout(self._options.answer_within_s):
                    await self._flights.share("instruments", self._load_instruments)
            except (Transient, TimeoutError) as error:
                raise Refused("markets_loading") from error
        return self.known(symbol)

    def known(self, symbol: str) -> Instrument | None:
        """As `instrument`, from memory."""
        return None if self._instruments is None else self._instruments.get(symbol)

    def ticker(self, symbol: str) -> PerpTicker | None:
        """The latest ticker from memory, whatever its age."""
        return self._tickers.get(symbol)

    async def fresh(self, symbol: str) -> PerpTicker:
        """A ticker that is fresh enough to act on, asked for where ours is not. Raises `Transient` or
        `Stale`."""
        held = self._younger_than(self._options.ask_again_after_s, symbol)
        if held is not None:
            return held
        try:
            async with asyncio.timeout(self._options.answer_within_s):
                await self._flights.share("tickers", self._fetch_now)
        except (Transient, TimeoutError) as error:
            held = self._younger_than(self._options.stale_after_s, symbol)
            if held is not None:
                return held
            raise Transient(f"no fresh price of the perpetual {symbol}", kind=_kind(error)) from error
        return self._told(symbol)

    async def fundings(self, symbol: str, *, since: datetime) -> Sequence[Funding]:
        """Settlements after `since`, oldest first. Raises `Transient`."""
        return await retried(
            lambda: self._source.fundings(symbol, since=since), self._options.person_patience_s
        )

    def keep(self, reason: str, symbols: Collection[str]) -> None:
        """Stream these perpetuals for `reason` (`"trades"`), until the next call with the same reason."""
        self._kept[reason] = frozenset(symbols)
        self._stream.nudge()

    def listen(self, hear: Callable[[PerpTicker], None]) -> None:
        """Call `hear` with every new ticker of a kept perpetual, streamed or polled, on the event loop; it
        must be quick."""
        self._listeners.append(hear)

    def feeds(self) -> Sequence[FeedHealth]:
        """State of the feeds, for `/status`; of the stream while there is something to stream."""
        meters = [self._rest_meter, *([self._stream_meter] if self._streamed() else ())]
        return [meter.health() for meter in meters]

    def _streamed(self) -> frozenset[str]:
        """Kept perpetuals that the venue lists."""
        kept = frozenset().union(*self._kept.values())
        return frozenset(symbol for symbol in kept if self.known(symbol) is not None)

    def _younger_than(self, age_s: float, symbol: str) -> PerpTicker | None:
        ticker = self._tickers.get(symbol)
        return ticker if ticker is not None and self._clock.age_s(ticker.at) <= age_s else None

    def _told(self, symbol: str) -> PerpTicker:
        """What the venue has just told of it."""
        ticker = self._tickers.get(symbol)
        if ticker is None:
            raise Transient(f"{self._source.venue} has no price of the perpetual {symbol}", kind="nonsense")
        if (age_s := self._clock.age_s(ticker.at)) > self._options.stale_after_s:
            raise Stale(f"price of the perpetual {symbol}", age_s=age_s)
        return ticker

    def _take(self, ticker: PerpTicker) -> None:
        """Keep it unless we hold a later one (which a clock set back makes void), and tell who listens."""
        held = self._tickers.get(ticker.symbol)
        if held is not None and ticker.at < held.at <= self._clock.now():
            return
        self._tickers[ticker.symbol] = ticker
        if any(ticker.symbol in symbols for symbols in self._kept.values()):
            for hear in self._listeners:
                hear(ticker)

    async def _load_instruments(self) -> None:
        self._instruments = {one.symbol: one for one in await self._source.perps()}
        self._stream.nudge()

    async def _fetch_now(self) -> None:
        await retried(self._load_tickers, self._options.person_patience_s)

    async def _load_tickers(self) -> None:
        tickers = await self._source.perp_tickers()
        for ticker in tickers.values():
            self._take(ticker)
        self._rest_meter.count = len(tickers)
        self._rest_meter.heard()


def _kind(error: Exception) -> str:
    return error.kind if isinstance(error, Transient) else "timeout"
