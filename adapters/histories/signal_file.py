"""Signals of a person or of another system out of a file: what may be traded from when on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Final

from adapters.histories.tables import cells_of, time_of
from adapters.recorded_files import CENTURY_MS, GENESIS_MS
from engines.core.instrument import Instrument
from engines.core.typo import edit_distance
from engines.market.repair import Keep, Repair
from engines.market.symbol import Symbols
from engines.simulate.history import Gate
from engines.strategies.strategy import MarketKey
from ports.errors import Fatal

_HEADER: Final = "timestamp,symbol,signal"
SAYS: Final = ("BUY", "SELL", "NONE")


@dataclass(frozen=True, slots=True)
class _Signal:
    number: int
    at_ms: int
    symbol: str
    says: str


def read_signals(
    path: Path, markets: Sequence[Instrument], repair: Repair
) -> tuple[Mapping[MarketKey, tuple[Gate, ...]], list[str]]:
    """The signals of those markets in order of time, and notes. Raises `Fatal` by line.

    Times are ISO 8601 (UTC where no zone is said) or milliseconds since 1970.
    """
    signals, notes = _read(path, repair)
    known = Symbols(markets)
    gates: dict[MarketKey, list[Gate]] = {market.key: [] for market in markets}
    others: set[str] = set()
    for signal in _once(path, _in_order(path, signals, repair, notes), repair, notes):
        market = known.find(signal.symbol)
        if market is None:
            others.add(signal.symbol)
        else:
            gates[market.key].append(Gate(at_ms=signal.at_ms, says=signal.says))
    if not any(gates.values()):
        raise Fatal(f"{path}: has no signal of {', '.join(market.symbol for market in markets)}")
    if others:
        notes.append(f"signals of markets that are not played: {', '.join(sorted(others))}")
    notes += [
        f"{market.symbol}: no signals, so nothing gates it" for market in markets if not gates[market.key]
    ]
    return {key: tuple(found) for key, found in gates.items() if found}, notes


def _read(path: Path, repair: Repair) -> tuple[list[_Signal], list[str]]:
    signals, bad = [], 0
    for number, cells in cells_of(path, _HEADER):
        made = _signal(number, cells)
        if isinstance(made, _Signal):
            signals.append(made)
        elif repair.drop:
            bad += 1
        else:
            raise Fatal(
                f"{path}, line {number}: {made}\nnothing is played; --repair bad=drop leaves such lines out"
            )
    return signals, [f"{path.name}: {bad} bad lines left out"] if bad else []


def _signal(number: int, cells: Sequence[str]) -> _Signal | str:
    """The signal of a line, or why it is none."""
    if len(cells) != 3:
        return f"has {len(cells)} values instead of 3 ({_HEADER})"
    at_ms, says = _time_ms(cells[0]), cells[2].upper()
    if at_ms is None:
        return f"has the time {cells[0][:40]!r}; write it as 2025-03-01T12:00 or in milliseconds since 1970"
    if not cells[1]:
        return "has no symbol"
    if says not in SAYS:
        near = min(SAYS, key=lambda word: edit_distance(says, word))
        return f"says {cells[2][:40]!r}; did you mean {near}? There are {', '.join(SAYS)}"
    return _Signal(number, at_ms, cells[1].upper().replace("/", ""), says)


def _time_ms(text: str) -> int | None:
    if text.isdecimal():
        return time_of(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    time_ms = round(moment.timestamp() * 1000)
    return time_ms if GENESIS_MS <= time_ms < CENTURY_MS else None


def _in_order(path: Path, signals: list[_Signal], repair: Repair, notes: list[str]) -> list[_Signal]:
    late = [after for before, after in pairwise(signals) if after.at_ms < before.at_ms]
    if late and not repair.sort:
        raise Fatal(
            f"{path}, line {late[0].number}: is older than the line before it; sort the rows by time\n"
            "nothing is played; --repair sort does it"
        )
    if late:
        notes.append(f"{path.name}: {len(late)} lines put in order of time")
    return sorted(signals, key=lambda signal: signal.at_ms)


def _once(path: Path, signals: list[_Signal], repair: Repair, notes: list[str]) -> list[_Signal]:
    """One signal a market and moment."""
    kept: dict[tuple[int, str], _Signal] = {}
    repeated = 0
    for signal in signals:
        before = kept.setdefault((signal.at_ms, signal.symbol), signal)
        if before is signal:
            continue
        if repair.duplicates is None:
            raise Fatal(
                f"{path}, line {signal.number}: the same market and time as line {before.number}; delete one"
                "\nnothing is played; --repair duplicates=first or duplicates=last says which counts"
            )
        repeated += 1
        if repair.duplicates is Keep.LAST:
            kept[signal.at_ms, signal.symbol] = signal
    if repeated:
        notes.append(f"{path.name}: {repeated} signals told twice: the {repair.duplicates} was taken")
    return list(kept.values())
