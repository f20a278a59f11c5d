"""Which files of a folder hold what: candles, mark prices and fundings, by market, as their names say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from adapters.csv_candles import read_name
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from ports.errors import Fatal

_ROOMS: Final = ("", "ohlcv", "derivatives")
_MARKS: Final = re.compile(
    rf"(?P<venue>[a-z0-9]+)_(?P<symbol>[A-Z0-9]+)_perp_mark_(?P<timeframe>{'|'.join(Timeframe)})"
    r"(_\w[\w-]*)?\.csv(\.gz)?"
)
_FUNDINGS: Final = re.compile(
    r"(?P<venue>[a-z0-9]+)_(?P<symbol>[A-Z0-9]+)_perp_funding(_\w[\w-]*)?\.csv(\.gz)?"
)


@dataclass(frozen=True, slots=True)
class Market:
    """One market of one venue."""

    venue: str
    kind: MarketKind
    symbol: str


@dataclass(frozen=True, slots=True)
class Shelf:
    """Files by what is in them, in order of their names. `tables` hold many symbols of a venue."""

    candles: Mapping[Market, Mapping[Timeframe, list[Path]]]
    marks: Mapping[Market, Mapping[Timeframe, list[Path]]]
    fundings: Mapping[Market, list[Path]]
    tables: Mapping[tuple[str, MarketKind, Timeframe], list[Path]]


@dataclass(slots=True)
class _Finding:
    candles: dict[Market, dict[Timeframe, list[Path]]] = field(default_factory=dict)
    marks: dict[Market, dict[Timeframe, list[Path]]] = field(default_factory=dict)
    fundings: dict[Market, list[Path]] = field(default_factory=dict)
    tables: dict[tuple[str, MarketKind, Timeframe], list[Path]] = field(default_factory=dict)

    def take(self, path: Path) -> None:
        """Put a file where its name says; one of another form is nothing to us."""
        if (told := read_name(path.name)) is not None:
            if told.symbol is None:
                self.tables.setdefault((told.venue, told.kind, told.timeframe), []).append(path)
                return
            market = Market(told.venue, told.kind, told.symbol)
            self.candles.setdefault(market, {}).setdefault(told.timeframe, []).append(path)
        elif (found := _MARKS.fullmatch(path.name)) is not None:
            market = Market(found["venue"], MarketKind.PERP, found["symbol"])
            self.marks.setdefault(market, {}).setdefault(Timeframe(found["timeframe"]), []).append(path)
        elif (found := _FUNDINGS.fullmatch(path.name)) is not None:
            market = Market(found["venue"], MarketKind.PERP, found["symbol"])
            self.fundings.setdefault(market, []).append(path)


def shelf_of(folder: Path) -> Shelf:
    """The files of a folder and of its rooms `ohlcv` and `derivatives`.

    Raises `Fatal` for no folder, or one without candles.
    """
    if not folder.is_dir():
        raise Fatal(f"--data {folder}: no such folder")
    found = _Finding()
    for room in _ROOMS:
        place = folder / room
        for path in sorted(place.iterdir()) if place.is_dir() else ():
            found.take(path)
    if not found.candles and not found.tables:
        raise Fatal(
            f"--data {folder}: has no file of candles such as binance_BTCUSDT_1h.csv.gz"
            " or binance_BTCUSDT_perp_1h.csv.gz"
        )
    return Shelf(found.candles, found.marks, found.fundings, found.tables)
