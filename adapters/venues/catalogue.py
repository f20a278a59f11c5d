"""The markets of a venue, by the name that it has for them and by the instrument that the desk means."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from adapters.exchange.listing import kind_of
from adapters.venues.answer import Declined, Meaning
from engines.core.instrument import Instrument, MarketKind, Toward
from engines.core.side import Side


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """A market as its venue lists it. `contract` is the base coin in one unit of size, 1 where sizes are in
    base coin; `least` the smallest size in base coin."""

    id: str
    instrument: Instrument
    contract: Decimal
    least: Decimal

    def size(self, quantity: Decimal) -> Decimal:
        """`quantity` of base coin in units of the venue. Raises `Declined` when it is not on the grid or
        below the minimum: it would not be what was asked."""
        if quantity < self.least:
            raise Declined(Meaning.BELOW_MINIMUM, f"{quantity} {self.instrument.base} is below {self.least}")
        if self.instrument.quantity(quantity) != quantity:
            raise Declined(
                Meaning.OFF_GRID,
                f"{quantity} {self.instrument.base} is not in steps of {self.instrument.lot}",
            )
        return quantity / self.contract

    def quantity(self, size: str) -> Decimal:
        """Base coin of a size of the venue's, without its sign."""
        return abs(Decimal(size)) * self.contract

    def guard(self, worst_price: Decimal, side: Side) -> Decimal:
        """The worst price on the grid that is not beyond `worst_price`."""
        return self.instrument.price(worst_price, Toward.DOWN if side is Side.BUY else Toward.UP)


class Catalogue:
    """All markets of a venue that the desk may trade."""

    def __init__(self, markets: Iterable[Market]) -> None:
        self._by_id: dict[tuple[MarketKind, str], Market] = {}
        self._by_coins: dict[tuple[MarketKind, str, str], Market] = {}
        for market in markets:
            one = market.instrument
            self._by_id[one.kind, market.id] = market
            self._by_coins[one.kind, one.base, one.quote] = market

    @property
    def instruments(self) -> Sequence[Instrument]:
        """What can be traded, with the grids of this venue."""
        return [market.instrument for market in self._by_id.values()]

    def of(self, instrument: Instrument) -> Market:
        """The market that the desk means. Raises `Declined`."""
        market = self._by_coins.get((instrument.kind, instrument.base, instrument.quote))
        if market is None:
            raise Declined(Meaning.UNKNOWN_SYMBOL, f"no {instrument.kind} market {instrument.pair} there")
        return market

    def find(self, kind: MarketKind, market_id: str) -> Market | None:
        """The market of that name; `None` for one that the desk does not trade."""
        return self._by_id.get((kind, market_id))


def catalogue_of(markets: Mapping[str, Mapping[str, Any]]) -> Catalogue:
    """What ccxt lists, active or not: a position in a halted market is still a position."""
    return Catalogue(market for row in markets.values() if (market := _market(row)) is not None)


def _market(row: Mapping[str, Any]) -> Market | None:
    kind = kind_of(row)
    tick, step = row["precision"]["price"], row["precision"]["amount"]
    if kind is None or not tick or not step:
        return None
    # what counts sizes in base coin says so with a contract of one
    contract = Decimal(row["contractSize"] or 1) if kind is MarketKind.PERP else Decimal(1)
    instrument = Instrument(
        symbol=row["base"] + row["quote"],
        base=row["base"],
        quote=row["quote"],
        kind=kind,
        tick=Decimal(tick),
        lot=Decimal(step) * contract,
        min_notional=Decimal(row["limits"]["cost"]["min"] or 0),
    )
    least = Decimal(row["limits"]["amount"]["min"] or 0) * contract
    return Market(id=row["id"], instrument=instrument, contract=contract, least=least)
