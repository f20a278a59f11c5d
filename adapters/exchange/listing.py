"""Instruments and candles out of ccxt's unified shapes, which need prices as strings (`number: str`)."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np

from engines.core.candle import Candles
from engines.core.instrument import Instrument, MarketKind

_COLUMNS = 6
_SETTLED_IN = "USDT"


def kind_of(market: Mapping[str, Any]) -> MarketKind | None:
    """Spot, a perpetual settled in USDT, or none that the desk trades."""
    if market["spot"]:
        return MarketKind.SPOT
    is_ours = market["swap"] and market["linear"] and market["quote"] == market["settle"] == _SETTLED_IN
    return MarketKind.PERP if is_ours else None


def instruments_of(markets: Mapping[str, Mapping[str, Any]], kind: MarketKind) -> list[Instrument]:
    """Markets of that kind that trade now and name their price and size grid."""
    return list(_instruments(markets, kind))


def _instruments(markets: Mapping[str, Mapping[str, Any]], kind: MarketKind) -> Iterator[Instrument]:
    for market in markets.values():
        tick, lot = market["precision"]["price"], market["precision"]["amount"]
        if kind_of(market) is kind and market["active"] and tick and lot:
            yield Instrument(
                symbol=market["id"],
                base=market["base"],
                quote=market["quote"],
                kind=kind,
                tick=Decimal(tick),
                lot=Decimal(lot),
                min_notional=Decimal(market["limits"]["cost"]["min"] or 0),
            )


def candles_of(rows: Sequence[Sequence[Any]]) -> Candles:
    """Candles from rows of time, open, high, low, close, volume; prices become `float64` here.

    Raises `ValueError` when a value is missing or not finite.
    """
    table = np.array(rows, dtype=np.float64).reshape(-1, _COLUMNS)
    if not np.isfinite(table).all():
        raise ValueError("a candle with a hole in it")
    times = table[:, 0].astype(np.int64)
    order = np.unique(times, return_index=True)[1]
    table = table[order]
    return Candles(
        time_ms=times[order],
        open=table[:, 1].copy(),
        high=table[:, 2].copy(),
        low=table[:, 3].copy(),
        close=table[:, 4].copy(),
        volume=table[:, 5].copy(),
    )
