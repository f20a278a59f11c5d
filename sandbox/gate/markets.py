"""Gate's markets over the sandbox's: pairs, contracts and their grids."""

from dataclasses import replace
from decimal import Decimal

from engines.core.instrument import Instrument, MarketKind
from sandbox.gate.wire import Contracts, Declined, symbol_of
from sandbox.market.book import Book
from sandbox.market.market import Market
from sandbox.market.source import DAY_MS

LEAST_COST = Decimal(3)
"""What a spot order must at least be worth, in quote currency."""

_FINEST_CONTRACT = 4  # decimals of base coin


class GateMarkets:
    """The markets of the third venue, by Gate's names."""

    def __init__(self, market: Market) -> None:
        self.market = market

    def pairs(self, now_ms: int) -> list[Book]:
        """Spot markets that trade now, by name."""
        return _sorted(self.market.third_spot(now_ms))

    def contracts(self, now_ms: int) -> list[Book]:
        """USDT-margined perpetuals that trade now, by name."""
        return _sorted(self.market.third_perps(now_ms))

    def pair(self, name: str, now_ms: int) -> Book:
        """The spot market of that name."""
        book = self.market.third_spot(now_ms).get(symbol_of(name)) if "_" in name else None
        if book is None:
            raise Declined("INVALID_CURRENCY_PAIR", f"Invalid currency pair {name}")
        return book

    def contract(self, name: str, now_ms: int) -> Book:
        """The perpetual of that name."""
        book = self.market.third_perps(now_ms).get(symbol_of(name)) if "_" in name else None
        if book is None:
            raise Declined("CONTRACT_NOT_FOUND", f"Contract {name} not found")
        return book

    def index(self, book: Book, now_ms: int) -> Book:
        """The book that a perpetual's index price is read from."""
        return self.market.index(book.symbol, now_ms)

    def last_funding(self, book: Book, now_ms: int) -> float:
        """The rate that was settled last, as a fraction."""
        rates = self.market.funding(book.symbol, now_ms - DAY_MS, now_ms + 1)
        return float(rates.rate[-1]) if len(rates.rate) else 0.0


def multiplier(book: Book) -> Decimal:
    """Base coin in one contract: ten lots, but nothing finer than 0.0001."""
    return Decimal(1).scaleb(-min(book.volume_decimals - 1, _FINEST_CONTRACT))


def contracts_in(book: Book, size: float) -> Contracts:
    """Whole contracts in an amount of base coin."""
    return Contracts(int(Decimal(book.volume_text(size)) / multiplier(book)))


def spot_grid(book: Book) -> Instrument:
    """The grid that spot orders stand on."""
    return replace(book.instrument, min_notional=LEAST_COST)


def contract_grid(book: Book) -> Instrument:
    """The grid that orders of a perpetual stand on: a lot is a contract, and one is enough."""
    return replace(book.instrument, lot=multiplier(book), min_notional=Decimal(0))


def grid(book: Book) -> Instrument:
    """The grid that orders of a market stand on."""
    return spot_grid(book) if book.listing.kind is MarketKind.SPOT else contract_grid(book)


def _sorted(books: dict[str, Book]) -> list[Book]:
    return sorted(books.values(), key=lambda book: book.symbol)
