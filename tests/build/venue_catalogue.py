"""The markets of a small venue, for tests of what is said to it and what it says."""

from decimal import Decimal

from adapters.venues.catalogue import Catalogue, Market
from engines.core.instrument import Instrument, MarketKind


def a_market(
    kind: MarketKind = MarketKind.PERP,
    market_id: str = "BTCUSDT",
    *,
    base: str = "BTC",
    lot: str = "0.001",
    contract: str = "1",
) -> Market:
    """A market in USDT with a tick of a dime, whose smallest size is one lot."""
    instrument = Instrument(
        symbol=f"{base}USDT",
        base=base,
        quote="USDT",
        kind=kind,
        tick=Decimal("0.1"),
        lot=Decimal(lot),
        min_notional=Decimal(5),
    )
    return Market(id=market_id, instrument=instrument, contract=Decimal(contract), least=Decimal(lot))


BYBIT_PERP, BYBIT_SPOT = a_market(), a_market(MarketKind.SPOT, lot="0.000001")
BYBIT = Catalogue(
    [BYBIT_PERP, BYBIT_SPOT, *(a_market(market_id=f"{coin}USDT", base=coin) for coin in ("ETH", "XRP"))]
)

GATE_PERP = a_market(market_id="BTC_USDT", lot="0.0001", contract="0.0001")
GATE_SPOT = a_market(MarketKind.SPOT, "BTC_USDT", lot="0.000001")
GATE = Catalogue([GATE_PERP, GATE_SPOT, a_market(market_id="BTC_USD", base="XBT", contract="0.5")])
