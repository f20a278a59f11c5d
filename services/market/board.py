"""The latest tickers of both venues, as one picture of the market."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Literal

from engines.core.instrument import Instrument
from engines.core.ticker import Ticker
from engines.market.symbol import Symbols
from ports.clock import Clock
from services.market.options import MarketOptions
from services.market.quote import Quote

Ranking = Literal["movers_up", "movers_down", "turnover"]

_ZERO = Decimal(0)


class Board:
    """Instruments and their last tickers. Only the newest ticker of a market is kept."""

    def __init__(self, clock: Clock, options: MarketOptions) -> None:
        self._clock = clock
        self._options = options
        self._tickers: dict[str, Ticker] = {}
        self._reference: dict[str, Ticker] = {}
        self.symbols = Symbols([])

    def __len__(self) -> int:
        """How many markets have a price."""
        return len(self._tickers)

    @property
    def turnover(self) -> Mapping[str, Decimal]:
        """Daily turnover by symbol, each in its own quote currency."""
        return {symbol: one.turnover_24h or _ZERO for symbol, one in self._tickers.items()}

    def list(self, instruments: Iterable[Instrument]) -> None:
        """Replace the universe; tickers of markets that are gone are forgotten."""
        self.symbols = Symbols(instruments, self.turnover)
        self._tickers = {name: one for name, one in self._tickers.items() if self.symbols.get(name)}

    def rank(self) -> None:
        """Weigh names by the turnovers known by now; without a universe there is nothing to weigh yet."""
        if len(self.symbols):
            self.list(list(self.symbols))

    def put(self, ticker: Ticker) -> bool:
        """Keep `ticker` unless we hold a later one (which a clock set back makes void); whether it was."""
        held = self._tickers.get(ticker.symbol)
        is_news = held is None or held.at <= ticker.at or held.at > self._clock.now()
        if is_news:
            self._tickers[ticker.symbol] = ticker
        return is_news

    def put_reference(self, tickers: Mapping[str, Ticker]) -> None:
        """Replace what the reference venue says."""
        self._reference = dict(tickers)

    def quote(self, instrument: Instrument) -> Quote | None:
        """The price of a market; `None` while there is none."""
        ticker = self._tickers.get(instrument.symbol)
        if ticker is None:
            return None
        age_s = self._clock.age_s(ticker.at)
        price = self._reference_price(ticker)
        return Quote(
            instrument=instrument,
            ticker=ticker,
            age_s=age_s,
            is_stale=age_s > self._options.stale_after_s,
            reference_price=price,
            reference_gap=(ticker.last - price) / price if price else None,
        )

    def top(self, n: int, by: Ranking) -> Sequence[Quote]:
        """The first `n` markets of a ranking."""
        quotes = [quote for one in self.symbols if self._is_ranked(one) and (quote := self.quote(one))]
        if by != "turnover":
            quotes = [quote for quote in quotes if self._is_mover(quote.ticker, by)]
        return sorted(quotes, key=_ORDER[by])[: max(n, 0)]

    def _reference_price(self, ticker: Ticker) -> Decimal | None:
        """The other venue's price of the same time: one of another time would show a gap that is none."""
        other = self._reference.get(ticker.symbol)
        if other is None or self._clock.age_s(other.at) > self._options.stale_after_s:
            return None
        is_comparable = abs((ticker.at - other.at).total_seconds()) <= self._options.comparable_within_s
        return other.last if is_comparable else None

    def _is_ranked(self, instrument: Instrument) -> bool:
        options = self._options
        return instrument.quote == options.quote and instrument.base not in options.unranked_coins

    def _is_mover(self, ticker: Ticker, by: Ranking) -> bool:
        change = ticker.change_24h or _ZERO
        is_right_way = change > 0 if by == "movers_up" else change < 0
        return is_right_way and (ticker.turnover_24h or _ZERO) >= self._options.mover_turnover


_ORDER: Mapping[Ranking, Callable[[Quote], tuple[Decimal, str]]] = {
    "movers_up": lambda quote: (-(quote.ticker.change_24h or _ZERO), quote.ticker.symbol),
    "movers_down": lambda quote: (quote.ticker.change_24h or _ZERO, quote.ticker.symbol),
    "turnover": lambda quote: (-(quote.ticker.turnover_24h or _ZERO), quote.ticker.symbol),
}
