"""Prices, rankings and candles of the desk, with their ages: what every screen about a market asks."""

import asyncio
from collections.abc import Callable, Collection, Iterable, Sequence

from engines.core.candle import Candles
from engines.core.instrument import Instrument
from engines.core.ticker import Ticker
from engines.core.timeframe import Timeframe
from ports.candles import CandleStore
from ports.clock import Clock
from ports.errors import Refused, Transient
from ports.health import FeedHealth
from ports.markets import MarketSource
from services.market.audience import Audience
from services.market.board import Board, Ranking
from services.market.feed import FeedMeter
from services.market.flight import SharedFlights
from services.market.history import History
from services.market.options import MarketOptions
from services.market.poll import polled
from services.market.quote import Quote
from services.market.retry import retried
from services.market.ring import Rings
from services.market.spread import SpreadWatch
from services.market.stream import KeptStream

_SHOWN_TEXT = 32


class Markets:
    """Market data of the primary venue, compared with a reference venue.

    Three endless loops (`run_universe`, `run_tickers`, `run_reference`) keep the picture fresh; the
    caller supervises them. All other methods may be called before the loops ran.
    """

    def __init__(
        self,
        primary: MarketSource,
        reference: MarketSource | None,
        clock: Clock,
        options: MarketOptions | None = None,
        *,
        rings: Rings | None = None,
        store: CandleStore | None = None,
    ) -> None:
        self._options = options or MarketOptions()
        self._primary = primary
        self._reference = reference
        self._board = Board(clock, self._options)
        self._audience = Audience(clock, keep_s=self._options.keep_streamed_s)
        self._history = History(primary, clock, self._options, rings, store)
        self._flights: SharedFlights[str, None] = SharedFlights()
        stale_s = self._options.stale_after_s
        self._stream_meter = FeedMeter(
            f"{primary.venue}_stream", clock, quiet_after_s=stale_s, well="streaming"
        )
        self._rest_meter = FeedMeter(
            f"{primary.venue}_rest", clock, quiet_after_s=stale_s + self._options.poll_s, well="polled"
        )
        self._reference_meter = FeedMeter(
            f"{reference.venue if reference else 'no'}_reference",
            clock,
            quiet_after_s=stale_s + self._options.reference_poll_s,
            well="polled",
        )
        self._spread = SpreadWatch(clock, self._options)
        self._listeners: list[Callable[[Ticker], None]] = []
        self._onlookers: list[Callable[[str], None]] = []
        self._stream = KeptStream(
            primary.watch_tickers, self._streamable, self._take, self._stream_meter, self._options
        )

    @property
    def venue(self) -> str:
        """Short name of the venue whose prices are shown."""
        return self._primary.venue

    async def run_universe(self) -> None:
        """Endless: keep the list of instruments fresh."""
        await polled(self._load_universe, self._options.universe_refresh_s, self._rest_meter, self._options)

    async def run_tickers(self) -> None:
        """Endless: stream the markets that matter and poll all of them."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(
                polled(self._load_tickers, self._options.poll_s, self._rest_meter, self._options),
                name="ticker poll",
            )
            loops.create_task(self._stream.run(), name="ticker stream keeper")

    async def run_reference(self) -> None:
        """Endless: keep the reference venue's prices; idle when there is no such venue."""
        if self._reference is None:
            await asyncio.Event().wait()
        await polled(
            self._load_reference, self._options.reference_poll_s, self._reference_meter, self._options
        )

    def learn(self, instruments: Sequence[Instrument]) -> None:
        """Take the list of markets that somebody has just read."""
        self._board.list(instruments)
        self._lead()

    async def load(self) -> None:
        """Read the list of markets and all prices once. Raises `Transient`."""
        await retried(self._load_universe, self._options.patience_s)
        await retried(self._load_tickers, self._options.patience_s)

    async def close(self) -> None:
        """Give up requests under way. The sources stay open: they belong to whoever made them."""
        await self._flights.close()
        await self._history.close()

    async def resolve(self, text: str) -> Instrument:
        """The market that `text` names.

        Raises `Refused("unknown_symbol", text=, near=[Instrument])`, and `Refused("markets_loading")` while
        the list of markets cannot be had.
        """
        await self._ensure_universe()
        found = self._board.symbols.find(text)
        if found is None:
            raise Refused(
                "unknown_symbol", text=text.strip()[:_SHOWN_TEXT], near=self._board.symbols.near(text)
            )
        return found

    async def quote(self, symbol: str) -> Quote:
        """The price of the market with that exact symbol, fetched anew where ours is older than 10 s.

        When no fresh price can be had, the last known one comes back with its age and `is_stale`.
        Raises `Refused` as `resolve` does, `Transient` when there is no price at all.
        """
        instrument = await self._listed(symbol)
        self._audience.ask(symbol)
        self._stream.nudge()
        quote = self._board.quote(instrument)
        if quote is not None and not quote.is_stale and quote.age_s <= self._options.ask_again_after_s:
            return quote
        try:
            async with asyncio.timeout(self._options.answer_within_s):
                await self._flights.share("tickers", self._fetch_tickers_now)
        except (Transient, TimeoutError) as error:
            if quote is None:
                raise _as_transient(error) from error
        fresh = self._board.quote(instrument) or quote
        if fresh is None:
            raise Transient(f"{self._primary.venue} has no price of {symbol}", kind="nonsense")
        return fresh

    def instrument(self, symbol: str) -> Instrument | None:
        """The market of that exact symbol, as far as the list of markets is known."""
        return self._board.symbols.get(symbol)

    @property
    def kept(self) -> frozenset[str]:
        """Listed markets that are kept streamed for any reason."""
        return frozenset(symbol for symbol in self._audience.kept if self._board.symbols.get(symbol))

    def quotes(self, symbols: Iterable[str]) -> Sequence[Quote]:
        """Prices known now, in the order asked; unknown symbols are left out."""
        known = (self._board.symbols.get(symbol) for symbol in symbols)
        return [quote for one in known if one is not None and (quote := self._board.quote(one))]

    def top(self, n: int, by: Ranking) -> Sequence[Quote]:
        """The first `n` markets against the ranking currency; movers have a floor of turnover."""
        return self._board.top(n, by)

    async def candles(self, symbol: str, timeframe: Timeframe, limit: int) -> Candles:
        """The last `limit` candles of the market with that exact symbol, fewer where the venue has fewer.

        Raises `Refused` as `resolve` does, `Transient` when the venue does not answer.
        """
        await self._listed(symbol)
        for look in self._onlookers:
            look(symbol)
        return await self._history.candles(symbol, timeframe, limit)

    def keep(self, reason: str, symbols: Collection[str]) -> None:
        """Keep these markets streamed for `reason` (`"watch"`: all watch lists together; `"trades"`,
        `"alerts"`), until the next call with the same reason."""
        self._audience.keep(reason, symbols)
        self._stream.nudge()

    def listen(self, hear: Callable[[Ticker], None]) -> None:
        """Call `hear` with every new ticker, polled or streamed, on the event loop; it must be quick."""
        self._listeners.append(hear)

    def listen_asked(self, look: Callable[[str], None]) -> None:
        """Call `look` with the symbol whenever somebody asks for candles; it must be quick."""
        self._onlookers.append(look)

    def feeds(self) -> Sequence[FeedHealth]:
        """State of each feed, for `/status`."""
        meters = [self._stream_meter, self._rest_meter]
        if self._reference is not None:
            return [*(meter.health() for meter in (*meters, self._reference_meter)), self._spread.health()]
        return [meter.health() for meter in meters]

    def _take(self, ticker: Ticker) -> None:
        if self._board.put(ticker):
            for hear in self._listeners:
                hear(ticker)

    def _streamable(self) -> frozenset[str]:
        """Wanted markets that the venue lists: one unknown symbol must not break the whole stream."""
        symbols = self._board.symbols
        return frozenset(symbol for symbol in self._audience.symbols() if symbols.get(symbol))

    async def _listed(self, symbol: str) -> Instrument:
        await self._ensure_universe()
        instrument = self._board.symbols.get(symbol)
        if instrument is None:
            near = self._board.symbols.near(symbol)
            raise Refused("unknown_symbol", text=symbol[:_SHOWN_TEXT], near=near)
        return instrument

    async def _ensure_universe(self) -> None:
        if len(self._board.symbols):
            return
        try:
            async with asyncio.timeout(self._options.answer_within_s):
                await self._flights.share("universe", self._load_universe)
        except (Transient, TimeoutError) as error:
            raise Refused("markets_loading") from error

    async def _load_universe(self) -> None:
        self.learn(await self._primary.instruments())

    async def _fetch_tickers_now(self) -> None:
        await retried(self._load_tickers, self._options.person_patience_s)

    async def _load_tickers(self) -> None:
        tickers = await self._primary.tickers()
        is_first = not len(self._board)
        for ticker in tickers.values():
            self._take(ticker)
        self._rest_meter.heard()
        self._rest_meter.count = len(tickers)
        if is_first:
            self._board.rank()
            self._lead()

    async def _load_reference(self) -> None:
        tickers = await self._reference.tickers() if self._reference else {}
        self._board.put_reference(tickers)
        self._reference_meter.count = len(tickers)
        self._reference_meter.heard()
        self._spread.look(self._board.top(self._options.streamed_top, "turnover"))

    def _lead(self) -> None:
        """Stream the biggest markets. Done when the universe changes, not each poll: ranks waver."""
        leaders = self._board.top(self._options.streamed_top, "turnover")
        self._audience.lead([quote.ticker.symbol for quote in leaders])
        self._stream.nudge()


def _as_transient(error: Exception) -> Transient:
    return error if isinstance(error, Transient) else Transient("no answer in time", kind="timeout")
