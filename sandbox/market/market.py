"""The whole market of the sandbox, as the venues' twins and the control API ask it."""

import zlib
from collections.abc import Callable
from typing import Any

from engines.core.instrument import MarketKind
from sandbox.market.book import Book
from sandbox.market.ladder import MINUTE_MS, Ladder
from sandbox.market.newcomer import Newcomer
from sandbox.market.premium import daily_premium, funding_from
from sandbox.market.shocks import Shocks
from sandbox.market.source import NO_FUNDING, BarSource, FundingRates, Listing, Origin, dice

_STREAM_BARS, _STREAM_SECOND, _STREAM_THIRD = 11, 12, 13
_LARGEST_SHOCK_PERCENT = 1000.0
_LARGEST_LEVEL = 10_000.0  # all shocks of a coin together, up or down


class Market:
    """Books of every listing, on three venues, at the market time that `now_ms` tells.

    On a recording all venues show the recorded prices; in a synthetic market the second and the third venue
    are a few basis points away.
    """

    def __init__(self, origin: Origin, *, now_ms: Callable[[], int]) -> None:
        self._origin = origin
        self._now_ms = now_ms
        self.source = origin.source
        self.from_ms = origin.start_ms
        self.to_ms = origin.end_ms
        self._shocks = {listing.symbol: Shocks() for listing in origin.listings}
        self._newcomers: dict[str, Newcomer] = {}
        throw = self._dice = dice(origin.seed)
        ladders: dict[int, Ladder] = {}

        def ladder(bars: BarSource) -> Ladder:
            return ladders.setdefault(id(bars), Ladder(bars, lambda *key: throw(_STREAM_BARS, *key)))

        def book(listing: Listing, stream: int | None = None) -> Book:
            venue = None
            if stream is not None and not origin.is_one_price:
                key = zlib.crc32(listing.symbol.encode())
                venue = daily_premium(lambda *more: throw(stream, *more), key, mean_bps=0.5, swing_bps=3.0)
            return Book(listing, ladder(listing.bars), self._shocks[listing.symbol], venue_premium=venue)

        spot = [listing for listing in origin.listings if listing.kind is MarketKind.SPOT]
        perp = [listing for listing in origin.listings if listing.kind is MarketKind.PERP]
        self._spot = {listing.symbol: book(listing) for listing in spot}
        self._perp = {listing.symbol: book(listing) for listing in perp}
        self._second = {listing.symbol: book(listing, _STREAM_SECOND) for listing in spot}
        self._third_spot = {listing.symbol: book(listing, _STREAM_THIRD) for listing in spot}
        self._third_perp = {listing.symbol: book(listing, _STREAM_THIRD) for listing in perp}

    def now_ms(self) -> int:
        """Market time."""
        return self._now_ms()

    def spot(self, now_ms: int) -> dict[str, Book]:
        """Spot books that trade at `now_ms`, by symbol."""
        return _listed(self._spot, now_ms)

    def perps(self, now_ms: int) -> dict[str, Book]:
        """Perpetuals that trade at `now_ms`, by symbol."""
        return _listed(self._perp, now_ms)

    def second_spot(self, now_ms: int) -> dict[str, Book]:
        """Spot books of the second venue."""
        return _listed(self._second, now_ms)

    def third_spot(self, now_ms: int) -> dict[str, Book]:
        """Spot books of the third venue."""
        return _listed(self._third_spot, now_ms)

    def third_perps(self, now_ms: int) -> dict[str, Book]:
        """Perpetuals of the third venue: as far from its spot as the first venue's are from theirs."""
        return _listed(self._third_perp, now_ms)

    def index(self, symbol: str, now_ms: int) -> Book:
        """The book that a perpetual's index price is read from: spot, or itself where spot is not known."""
        return self.spot(now_ms).get(symbol) or self._perp[symbol]

    def funding(self, symbol: str, start_ms: int, stop_ms: int) -> FundingRates:
        """Funding settled in `[start_ms, stop_ms)`, recorded or by the venue's rule, never beyond now."""
        book = self._perp[symbol]
        stop_ms = min(stop_ms, self._now_ms() + 1)
        recorded = book.funding(start_ms, stop_ms)
        if recorded is not None:
            return recorded
        premium = book.listing.premium
        start_ms = max(start_ms, book.first_ms)
        if premium is None:
            return NO_FUNDING
        return funding_from(premium, start_ms, max(stop_ms, start_ms))

    def snapshot(self) -> list[dict[str, Any]]:
        """Rows for the control API, the most traded first."""
        now_ms = self._now_ms()
        rows = [self._row(book, now_ms) for book in self.spot(now_ms).values()]
        return sorted(rows, key=lambda row: -row["turnover_24h"])

    def shock(self, symbol: str, percent: float) -> str:
        """Move a coin by `percent` on every venue from now on; its last price then, as text.

        Raises `KeyError` when the symbol is not traded, `ValueError` when the move is impossible.
        """
        now_ms = self._now_ms()
        book = self.spot(now_ms).get(symbol) or self.perps(now_ms)[symbol]
        if not -100 < percent <= _LARGEST_SHOCK_PERCENT:
            raise ValueError(f"a price can move by more than -100 and at most 1000 percent, not {percent}")
        factor = 1 + percent / 100
        level = self._shocks[symbol].level(now_ms) * factor
        if not 1 / _LARGEST_LEVEL <= level <= _LARGEST_LEVEL:
            raise ValueError(f"all shocks together move a price at most {_LARGEST_LEVEL:,.0f} times")
        self._shocks[symbol].add(now_ms, factor)
        return book.price_text(book.last(now_ms))

    def list_coin(self, base: str, *, price: float, turnover: float) -> str:
        """Let the first venue list a coin against USDT from this minute on, on spot; its symbol.

        Raises `ValueError` for one that is listed already, or cannot be.
        """
        now_ms = self._now_ms()
        newcomer = Newcomer(base=base, price=price, turnover=turnover, first_ms=now_ms - now_ms % MINUTE_MS)
        if newcomer.symbol in self._shocks:
            raise ValueError(f"{newcomer.symbol} is listed already, or was recorded")
        self._welcome(newcomer)
        return newcomer.symbol

    def _welcome(self, newcomer: Newcomer) -> None:
        symbol, shocks = newcomer.symbol, Shocks()
        listing = newcomer.listing(self._dice)
        ladder = Ladder(listing.bars, lambda *key: self._dice(_STREAM_BARS, *key))
        self._newcomers[symbol], self._shocks[symbol] = newcomer, shocks
        self._spot[symbol] = Book(listing, ladder, shocks)

    def state(self) -> dict[str, Any]:
        """What a later run of the same market needs to go on: which market it is, its shocks and the coins
        that were listed."""
        shocks = {symbol: shocks.state() for symbol, shocks in self._shocks.items() if len(shocks)}
        newcomers = [newcomer.state() for newcomer in self._newcomers.values()]
        return {**self._identity(), "shocks": shocks, "newcomers": newcomers}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state()`. Raises `ValueError` when that was another market."""
        mine = self._identity()
        theirs = {key: state.get(key) for key in mine}
        if theirs != mine:
            raise ValueError(f"the kept state is of another market: {theirs}, this one is {mine}")
        for newcomer in state.get("newcomers", ()):
            self._welcome(Newcomer.restore(newcomer))
        for symbol, shocks in state["shocks"].items():
            if symbol in self._shocks:
                self._shocks[symbol].restore(shocks)

    def _identity(self) -> dict[str, Any]:
        return {"source": self.source, "seed": self._origin.seed, "from_ms": self.from_ms}

    def _row(self, book: Book, now_ms: int) -> dict[str, Any]:
        day = book.day(now_ms)
        grain = book.grain(now_ms)
        is_recorded = self.source == "replay" and grain is not None and book.symbol not in self._newcomers
        return {
            "symbol": book.symbol,
            "last": book.price_text(day.last),
            "change_24h": round(day.change, 6),
            "turnover_24h": round(day.turnover),
            "source": f"recorded {grain}" if is_recorded else "synthetic",
            "history_from_ms": book.first_ms,
        }


def _listed(books: dict[str, Book], now_ms: int) -> dict[str, Book]:
    return {symbol: book for symbol, book in books.items() if book.is_listed(now_ms)}
