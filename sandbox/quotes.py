"""The sandbox's market as an exchange's rules ask for it: exact prices, books and ranges."""

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from engines.core.depth import Depth, Level
from engines.core.instrument import Instrument, MarketKind
from sandbox.market.book import Book

MINUTE_MS = 60_000
_LEVELS = 50
_BOOK_LASTS_MS = 1000
"""As long as a price does."""


class Listed(Protocol):
    """The books of a venue that trade at a moment, by symbol."""

    def __call__(self, kind: MarketKind, now_ms: int, /) -> Mapping[str, Book]: ...


def ms_of(at: datetime) -> int:
    """Milliseconds since 1970."""
    return round(at.timestamp() * 1000)


class MarketQuotes:
    """`Quotes` of `engines.simulate.exchange.rules` over a venue's books.

    `is_halted` says which symbols do not trade; `thin` is the part of every level that is really there, to
    try orders that are filled in part; `grid` is what the venue's orders in a book stand on.
    """

    def __init__(
        self,
        listed: Listed,
        is_halted: Callable[[str], bool],
        thin: Callable[[], Decimal],
        grid: Callable[[Book], Instrument] = lambda book: book.instrument,
    ) -> None:
        self._listed = listed
        self._is_halted = is_halted
        self._thin = thin
        self._grid = grid
        self._books: dict[tuple[MarketKind, str], Book] = {}
        self._depths: dict[tuple[MarketKind, str], tuple[tuple[int, Decimal, Decimal], Depth]] = {}

    def book(self, key: tuple[MarketKind, str], now_ms: int) -> Book | None:
        """The book of a market; also of one that has ended meanwhile."""
        known = self._books.get(key)
        if known is None:
            found = self._listed(key[0], now_ms).get(key[1])
            if found is None:
                return None
            known = self._books[key] = found
        return known

    def instrument(self, key: tuple[MarketKind, str], now_ms: int) -> Instrument | None:
        """A market with the venue's grid; `None` where there is no such market."""
        book = self.book(key, now_ms)
        return None if book is None else self._grid(book)

    def price(self, key: tuple[MarketKind, str], now_ms: int) -> Decimal | None:
        """The last price; `None` where there is no such market."""
        book = self.book(key, now_ms)
        return None if book is None else Decimal(book.price_text(book.last(now_ms)))

    def span(self, key: tuple[MarketKind, str], start_ms: int, stop_ms: int) -> tuple[Decimal, Decimal]:
        """The lowest and highest price from `start_ms` to `stop_ms`, or of a little more time than that."""
        book = self._known(key)
        rows = book.candles(MINUTE_MS, start_ms - start_ms % MINUTE_MS, stop_ms + 1, stop_ms)
        edges = [book.last(start_ms), book.last(stop_ms)]
        low = min([*edges, *rows.low.tolist()])
        high = max([*edges, *rows.high.tolist()])
        return Decimal(book.price_text(low)), Decimal(book.price_text(high))

    def depth(self, instrument: Instrument, at: datetime) -> Depth:
        """The book of a second, remembered while the price stays."""
        key, now_ms = instrument.key, ms_of(at)
        state = (now_ms // _BOOK_LASTS_MS, self.last(instrument, at), self._thin())
        known = self._depths.get(key)
        if known is None or known[0] != state:
            known = self._depths[key] = (state, self._depth(instrument, now_ms, at))
        return known[1]

    def last(self, instrument: Instrument, at: datetime) -> Decimal:
        """The last price."""
        book = self._known(instrument.key, ms_of(at))
        return Decimal(book.price_text(book.last(ms_of(at))))

    def worth(self, asset: str, at: datetime) -> Decimal:
        """The price of a coin against USDT; zero for what has no market."""
        return self.price((MarketKind.SPOT, f"{asset}USDT"), ms_of(at)) or Decimal(0)

    def is_halted(self, instrument: Instrument) -> bool:
        """Whether it does not trade now."""
        return self._is_halted(instrument.symbol)

    def _known(self, key: tuple[MarketKind, str], now_ms: int = 0) -> Book:
        book = self.book(key, now_ms)
        if book is None:
            raise KeyError(f"there is no market {key}")
        return book

    def _depth(self, instrument: Instrument, now_ms: int, at: datetime) -> Depth:
        book = self._known(instrument.key, now_ms)
        shown, thin = book.depth(_LEVELS, now_ms), self._thin()

        def side(levels: tuple[tuple[int, float], ...]) -> tuple[Level, ...]:
            sizes = (Decimal(book.volume_text(size)) for _, size in levels)
            return tuple(
                (instrument.price_of(ticks), max(instrument.quantity(size * thin), instrument.lot))
                for (ticks, _), size in zip(levels, sizes, strict=True)
            )

        return Depth(symbol=instrument.symbol, bids=side(shown.bids), asks=side(shown.asks), at=at)
