"""From recorded candles to a `History`: which series are played, from when to when, on which grid. Pure.

Files and stores are read elsewhere; here it is decided what of them a run needs. Orders are filled on the
finest timeframe that covers the whole run; what the strategy reads comes as it was recorded, or is added up.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

import numpy as np

from engines.core.candle import Candles
from engines.core.instrument import Instrument, MarketKind
from engines.core.moment import utc
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between, overlay, resample
from engines.market.derive import completed, differing
from engines.market.gaps import Span, missing
from engines.market.grid import on_grid, step_of
from engines.market.repair import NOTHING, Conflicts, Gaps, Repair, filled
from engines.market.symbol import QUOTES, Symbols
from engines.metrics.days import DAY_MS
from engines.simulate.history import Fundings, History, RecordedMarket

WARM_UP_BARS: Final = 2000
"""Of the coarsest timeframe read: what came so long before the start is left out."""
MIN_NOTIONAL: Final = Decimal(5)
"""Smallest order in the quote currency, where nobody tells: Bybit's and Binance's for most markets."""
AT_SPOT: Final = "only spot candles are there: played as a perpetual at spot prices"
_LONG_BARS: Final = 24
_FINE: Final = 1e-8
_MOST_HOLES_TOLD: Final = 10
_MOST_HOLES_REFUSED: Final = 5


class BadHistory(ValueError):
    """Recorded data that no run can be played on as asked. The message says how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a run asks of recorded data. No `symbols`: all there are. `kind` and `venue` `None`: as the data
    says. `reads` are the timeframes of the strategy, the finest first; without `start_ms` and `stop_ms` all
    that is recorded is played. `tick` and `lot` `None`: as the numbers show."""

    reads: tuple[Timeframe, ...]
    symbols: tuple[str, ...] = ()
    kind: MarketKind | None = None
    venue: str | None = None
    start_ms: int | None = None
    stop_ms: int | None = None
    tick: Decimal | None = None
    lot: Decimal | None = None
    repair: Repair = NOTHING

    @property
    def needed_ms(self) -> int:
        """The first moment of which candles are needed, with what warms up."""
        if self.start_ms is None:
            return 0
        return max(0, self.start_ms - WARM_UP_BARS * self.reads[-1].ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """What is recorded of one market: sound candles by timeframe. `place` says where a candle stands, for
    people: file and line."""

    symbol: str
    kind: MarketKind
    series: Mapping[Timeframe, Candles]
    place: Callable[[Timeframe, int], str]
    fundings: Fundings | None = None
    marks: Candles | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A history, and what there is to say of where it came from: repairs, gaps, what is missing."""

    history: History
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Played:
    start_ms: int
    stop_ms: int


def assembled(recordings: Sequence[Recording], wanted: Wanted) -> Recorded:
    """The history of all of them. Raises `BadHistory`."""
    span = _span(recordings, wanted)
    markets, notes = [], []
    for recording in recordings:
        market, told = _market(recording, wanted, span)
        markets.append(market)
        notes += [f"{recording.symbol}: {note}" for note in told]
    history = History(markets=tuple(markets), start_ms=span.start_ms, stop_ms=span.stop_ms)
    return Recorded(history=history, notes=tuple(notes))


def instrument_of(symbol: str, kind: MarketKind, *, tick: Decimal, lot: Decimal) -> Instrument:
    """The market of that name; a symbol that ends in no known quote currency is a coin in USD."""
    quote = next((one for one in QUOTES if symbol.endswith(one) and symbol != one), "")
    return Instrument(
        symbol=symbol,
        base=symbol.removesuffix(quote),
        quote=quote or "USD",
        kind=kind,
        tick=tick,
        lot=lot,
        min_notional=MIN_NOTIONAL,
    )


def named(text: str, symbols: Sequence[str]) -> tuple[str | None, list[str]]:
    """The symbol that people mean by `text`, and else those that may have been meant.

    A coin alone means its market in USDT, unless only a market of the bare name is there.
    """
    nameless = {one: instrument_of(one, MarketKind.SPOT, tick=Decimal(1), lot=Decimal(1)) for one in symbols}
    index = Symbols([each for one, each in nameless.items() if each.base != one])
    if (found := index.find(text)) is not None:
        return found.symbol, []
    bare = text.strip().upper()
    return (bare, []) if bare in nameless else (None, [one.symbol for one in index.near(text)])


def _span(recordings: Sequence[Recording], wanted: Wanted) -> _Played:
    """What is played: what is asked for, within what is recorded of any market."""
    first = min(int(one.time_ms[0]) for each in recordings for one in each.series.values())
    last = max(
        int(one.time_ms[-1]) + timeframe.ms for each in recordings for timeframe, one in each.series.items()
    )
    start = first if wanted.start_ms is None else max(first, wanted.start_ms)
    stop = last if wanted.stop_ms is None else min(last, wanted.stop_ms)
    if start >= stop:
        raise BadHistory(
            f"nothing is recorded in that time: candles go from {_day(first)} to {_day(last)};"
            " choose --from and --to within"
        )
    return _Played(start_ms=start, stop_ms=stop)


def _market(recording: Recording, wanted: Wanted, span: _Played) -> tuple[RecordedMarket, list[str]]:
    held = {
        timeframe: between(one, wanted.needed_ms, span.stop_ms - timeframe.ms + 1)
        for timeframe, one in recording.series.items()
    }
    held = {timeframe: one for timeframe, one in sorted(held.items(), key=_length) if len(one)}
    if not held or max(_end(*item) for item in held.items()) <= span.start_ms:
        raise BadHistory(
            f"{recording.symbol}: no candles between {_day(span.start_ms)} and {_day(span.stop_ms)};"
            " leave it out of --symbols or choose another time"
        )
    finest, notes = _filled_on(held, wanted.reads[0], span)
    held = {timeframe: one for timeframe, one in held.items() if timeframe.ms >= finest.ms}
    held, told_holes = _whole(recording, held, wanted, span)
    tick, lot = wanted.tick or _tick(held), wanted.lot or step_of(held[finest].volume)
    held, told_moves = _on_grid(held, tick)
    held, told_conflicts = _agreeing(recording, held, finest, wanted.repair, span)
    series, end = _read(held, finest, wanted.reads), _end(finest, held[finest])
    return RecordedMarket(
        instrument=instrument_of(recording.symbol, recording.kind, tick=tick, lot=lot),
        series=series,
        fundings=recording.fundings,
        marks=_covering(recording.marks, span),
        delisted_ms=end if end <= span.stop_ms - DAY_MS else None,
    ), [*notes, *told_holes, *told_moves, *told_conflicts, *_told(recording, series, finest, end, span)]


def _filled_on(
    held: Mapping[Timeframe, Candles], read: Timeframe, span: _Played
) -> tuple[Timeframe, list[str]]:
    """The finest timeframe that covers what the others cover of the run, and which finer ones do not."""
    fine = [timeframe for timeframe in held if timeframe.ms <= read.ms]
    if not fine:
        raise BadHistory(
            f"the strategy reads {read} and there is only {', '.join(held)}: a coarse candle cannot be cut up"
        )
    first = max(span.start_ms, min(int(held[one].time_ms[0]) for one in fine))
    last = min(span.stop_ms, max(_end(one, held[one]) for one in fine))
    notes: list[str] = []
    for one in fine:
        begins, ends = int(held[one].time_ms[0]), _end(one, held[one])
        if begins < first + read.ms and ends > last - read.ms:
            return one, notes
        notes.append(
            f"{one} candles are there from {_day(begins)} to {_day(ends)} only: not played;"
            f" with --from and --to within, orders would be filled on {one}"
        )
    raise BadHistory(f"no timeframe of {', '.join(fine)} covers the whole time: choose --from and --to")


def _tick(held: Mapping[Timeframe, Candles]) -> Decimal:
    columns = [column for one in held.values() for column in (one.open, one.high, one.low, one.close)]
    return step_of(np.concatenate(columns))


def _on_grid(held: Mapping[Timeframe, Candles], tick: Decimal) -> tuple[dict[Timeframe, Candles], list[str]]:
    placed = {timeframe: on_grid(one, tick) for timeframe, one in held.items()}
    moved = sum(count for _, count in placed.values())
    notes = [f"{moved} candles had prices off the step of {tick}: moved to the nearest"] if moved else []
    if all(float(tick) < float(one.low.min()) * _FINE for one in held.values()):
        notes.append(f"the prices show a step of {tick}, finer than venues have: --tick sets another")
    return {timeframe: one for timeframe, (one, _) in placed.items()}, notes


def _agreeing(
    recording: Recording,
    held: Mapping[Timeframe, Candles],
    finest: Timeframe,
    repair: Repair,
    span: _Played,
) -> tuple[dict[Timeframe, Candles], list[str]]:
    """Coarse candles that say the same as the finest within them, from the start on."""
    agreed: dict[Timeframe, Candles] = {finest: held[finest]}
    notes: list[str] = []
    for timeframe, one in held.items():
        if timeframe is finest:
            continue
        ours = between(completed(held[finest], finest, timeframe), span.start_ms, span.stop_ms)
        other = differing(ours, one, volume_slack=float("inf"))
        if len(other) and repair.conflicts is None:
            first_ms = int(other.time_ms[0])
            raise BadHistory(
                f"{recording.place(timeframe, first_ms)}: this {timeframe} candle ({_minute(first_ms)}) says"
                f" otherwise than the {finest} candles within it; {len(other)} such candles\n"
                "nothing is played; --repair conflicts=fine takes what the finer ones add up to,"
                " conflicts=leave decides on the one and fills orders on the others"
            )
        is_refined = len(other) > 0 and repair.conflicts is Conflicts.FINE
        agreed[timeframe] = overlay(ours, one) if is_refined else one
        if len(other):
            done = "replaced by what those add up to" if is_refined else "left as they are"
            notes.append(f"{len(other)} candles of {timeframe} differ from those of {finest}: {done}")
    return agreed, notes


def _read(
    held: Mapping[Timeframe, Candles], finest: Timeframe, reads: Sequence[Timeframe]
) -> dict[Timeframe, Candles]:
    """The finest series, and those that the strategy reads: as recorded, or added up from the longest."""
    series = {finest: held[finest]}
    for timeframe in reads:
        if timeframe in held:
            series[timeframe] = held[timeframe]
            continue
        parts = [one for one in held if one.ms < timeframe.ms]
        longest = min(parts, key=lambda one: (int(held[one].time_ms[0]), one.ms))
        series[timeframe] = _added_up(held[longest], longest, timeframe)
    return series


def _added_up(parts: Candles, part: Timeframe, whole: Timeframe) -> Candles:
    """Coarse candles of the parts there are: a minute without a trade has no candle and is no gap. The first
    and the last are left out where the recording begins or ends within them."""
    coarse = resample(parts, whole.ms)
    first = int(coarse.time_ms[0] < parts.time_ms[0])
    last = len(coarse) - int(int(coarse.time_ms[-1]) + whole.ms > _end(part, parts))
    return coarse.rows(first, max(first, last))


def _covering(marks: Candles | None, span: _Played) -> Candles | None:
    """Marks that are there for the whole run; half of them would liquidate by two rules."""
    if marks is None or not len(marks) or int(marks.time_ms[0]) > span.start_ms:
        return None
    if int(marks.time_ms[-1]) < span.stop_ms - DAY_MS:
        return None
    return between(marks, 0, span.stop_ms)


def _told(
    recording: Recording, series: Mapping[Timeframe, Candles], finest: Timeframe, end: int, span: _Played
) -> Iterator[str]:
    begins = int(series[finest].time_ms[0])
    if begins > span.start_ms:
        yield f"begins on {_minute(begins)}: before that there is nothing to trade"
    if end <= span.stop_ms - DAY_MS:
        yield f"ends on {_minute(end)}: what is held then is closed at the last close"
    if recording.kind is not MarketKind.PERP:
        return
    if recording.fundings is None:
        yield "no funding rates are recorded: holding costs and brings nothing, which flatters"
    else:
        yield from _told_fundings(recording.fundings, max(begins, span.start_ms), min(end, span.stop_ms))
    if _covering(recording.marks, span) is None:
        yield "no mark prices for the whole time: traded prices liquidate"


def _told_fundings(fundings: Fundings, first_ms: int, last_ms: int) -> Iterator[str]:
    """Where holding costs nothing because nobody recorded what it did."""
    begins, ends = int(fundings.time_ms[0]), int(fundings.time_ms[-1])
    if begins > first_ms + DAY_MS:
        yield f"funding rates begin on {_minute(begins)}: none before"
    if ends < last_ms - DAY_MS:
        yield f"funding rates end on {_minute(ends)}: none after"


def _whole(
    recording: Recording, held: Mapping[Timeframe, Candles], wanted: Wanted, span: _Played
) -> tuple[dict[Timeframe, Candles], list[str]]:
    """The series without holes that nobody allowed. What is missing before the start only warms up less."""
    series = dict(held)
    notes: list[str] = []
    for timeframe, one in held.items():
        holes = missing(one.time_ms, timeframe, Span(int(one.time_ms[0]), int(one.time_ms[-1])))
        if not holes:
            continue
        late = [hole for hole in holes if hole.stop_ms > span.start_ms]
        if late and wanted.repair.gaps is None:
            raise BadHistory(_refused(recording, timeframe, late))
        if wanted.repair.gaps is Gaps.FILL:
            series[timeframe] = filled(one, timeframe, holes)
        notes += _told_holes(timeframe, holes, wanted.repair)
    return series, notes


def _refused(recording: Recording, timeframe: Timeframe, holes: Sequence[Span]) -> str:
    listed = "".join(f"\n  {_told_hole(hole)}" for hole in holes[:_MOST_HOLES_REFUSED])
    more = f"\n  and {len(holes) - _MOST_HOLES_REFUSED} more" if len(holes) > _MOST_HOLES_REFUSED else ""
    return (
        f"{recording.place(timeframe, holes[0].start_ms - timeframe.ms)}: after it candles of {timeframe} are"
        f" missing; gaps: {len(holes)}{listed}{more}\n"
        "nothing is played; --repair gaps=leave plays them as times without candles,"
        " gaps=fill repeats the close"
    )


def _told_holes(timeframe: Timeframe, holes: Sequence[Span], repair: Repair) -> Iterator[str]:
    """What there is to say of holes that were allowed."""
    is_filled = repair.gaps is Gaps.FILL
    longest = sorted(holes, key=lambda hole: hole.start_ms - hole.stop_ms)[:_MOST_HOLES_TOLD]
    yield (
        f"gaps in {timeframe} candles: {len(holes)}, candles missing:"
        f" {sum(hole.count(timeframe) for hole in holes)},"
        f" {'filled with the close before, without volume' if is_filled else 'nothing is traded there'};"
        f" the longest: {', '.join(map(_told_hole, longest))}"
    )
    long = sum(hole.count(timeframe) > _LONG_BARS for hole in holes)
    if long:
        how = "see a price that stood still" if is_filled else "go on as if both sides were neighbours"
        yield (
            f"gaps of more than {_LONG_BARS} candles of {timeframe}: {long}; averages {how}, so that signals"
            " soon after one are worth little"
        )


def _told_hole(hole: Span) -> str:
    hours = (hole.stop_ms - hole.start_ms) / Timeframe.H1.ms
    return f"{_minute(hole.start_ms)} to {_minute(hole.stop_ms)} ({_hours(hours)})"


def _hours(hours: float) -> str:
    return f"{hours:,.0f} h" if hours >= 1 else f"{hours * 60:.0f} min"


def _length(item: tuple[Timeframe, Candles]) -> int:
    return item[0].ms


def _end(timeframe: Timeframe, candles: Candles) -> int:
    return int(candles.time_ms[-1]) + timeframe.ms


def _day(time_ms: int) -> str:
    return f"{utc(time_ms):%Y-%m-%d}"


def _minute(time_ms: int) -> str:
    return f"{utc(time_ms):%Y-%m-%d %H:%M}"
