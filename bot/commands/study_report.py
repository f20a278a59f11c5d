"""The report of a study in Markdown: how it was made, what came of the signals, and what that means."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from engines.signals.course import COSTS, SHARES
from engines.signals.gates import PARAMS
from engines.signals.record import DRAWS, Estimate, Outcome, Record, Tally, record_of, tally
from engines.signals.study import CONTROLS, Findings, Trial
from engines.signals.weighing import CONFLICT, ENTRY_WEIGHT, FULL_ENTRY, TREND_WEIGHT

_GROUPS: Sequence[tuple[str, str, Callable[[Record], Mapping[str, Tally]]]] = (
    ("By entry timeframe", "timeframe", lambda record: record.timeframes),
    ("By direction", "direction", lambda record: record.directions),
    ("By regime", "regime", lambda record: record.regimes),
    ("By confidence", "confidence", lambda record: record.confidence),
    ("Pushed or only stored", "", lambda record: record.pushed),
    ("By coin", "coin", lambda record: record.symbols),
)
_OWN_GROUPS = ("By confidence", "Pushed or only stored")  # random entries are not drawn by these
_HEADS = ("signals", "win rate", "average R", "costs R", "profit factor")
_RANDOM_HEADS = ("random", "win rate", "average R", "costs R", "profit factor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """The test part: signals made from `test_from` until before `test_to`. What is before it is training."""

    test_from: datetime
    test_to: datetime

    def is_test(self, made_ms: int) -> bool:
        """Whether a signal made then is for judging."""
        return self.test_from.timestamp() * 1000 <= made_ms < self.test_to.timestamp() * 1000

    def is_training(self, made_ms: int) -> bool:
        """Whether a signal made then was there to be looked at before the rules were fixed."""
        return made_ms < self.test_from.timestamp() * 1000


def report(found: Mapping[str, Findings], scope: Scope, rng: np.random.Generator) -> str:
    """All of docs/signals.md. `found` has the findings of each market and stretch."""
    test, training = (_part(found, is_in, rng) for is_in in (scope.is_test, scope.is_training))
    parts = [
        "# Signals on history",
        _opening(found, scope),
        "## What it comes to",
        _conclusion(test),
        _method(scope),
        f"## Test: {scope.test_from:%Y-%m-%d} to {scope.test_to:%Y-%m-%d}",
        *_tables(test),
        f"## Training: before {scope.test_from:%Y-%m-%d}",
        *_tables(training),
        "## What the looks ended at",
        _looks(found),
    ]
    return "\n\n".join(parts) + "\n"


def calibration(found: Mapping[str, Findings], rng: np.random.Generator) -> str:
    """What confidence and each rule came to: for looking at before rules are fixed."""
    trials = [trial for each in found.values() for trial in each.trials]
    controls = [outcome for each in found.values() for outcome in each.controls]
    if not trials:
        return "There were no signals."
    record = record_of([trial.outcome for trial in trials], rng)
    bands = [_row(name, group, None) for name, group in record.confidence.items()]
    rules = [
        _row(f"{rule}: {said}", tally(outcomes, rng), None)
        for rule in sorted({rule for trial in trials for rule in trial.rules})
        for said, outcomes in _with_and_without(trials, rule)
        if outcomes
    ]
    overall = [_row("signals", record.overall, None), _row("random", record_of(controls, rng).overall, None)]
    return "\n".join(_table(("", *_HEADS), [*overall, *bands, *rules]))


def _with_and_without(trials: Iterable[Trial], rule: str) -> list[tuple[str, list[Outcome]]]:
    spoke: list[Outcome] = []
    silent: list[Outcome] = []
    for trial in trials:
        (spoke if rule in trial.rules else silent).append(trial.outcome)
    return [("spoke for it", spoke), ("did not", silent)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Signals and random entries of one part of the time."""

    signals: Record
    random: Record


def _part(found: Mapping[str, Findings], is_in: Callable[[int], bool], rng: np.random.Generator) -> _Part:
    signals = [
        trial.outcome for each in found.values() for trial in each.trials if is_in(trial.outcome.made_ms)
    ]
    random = [outcome for each in found.values() for outcome in each.controls if is_in(outcome.made_ms)]
    return _Part(signals=record_of(signals, rng), random=record_of(random, rng))


def _opening(found: Mapping[str, Findings], scope: Scope) -> str:
    signals = sum(len(each.trials) for each in found.values())
    controls = sum(len(each.controls) for each in found.values())
    markets = len({name.partition(" ")[0] for name in found})
    return (
        f"What {signals:,} signals on {markets} recorded markets came to, after costs, beside {controls:,} "
        f"entries at random. Written by `perpetuum study`; only the part from {scope.test_from:%Y-%m-%d} "
        "judges the rules, for they were fixed before it was looked at."
    )


def _conclusion(part: _Part) -> str:
    signals, random = part.signals.overall, part.random.overall
    if signals is None or random is None:
        return "There are no signals in the test part."
    return " ".join(
        sentence
        for sentence in (
            f"Of {signals.count:,} signals in the test part {_percent(signals.win_rate)} won, of random "
            f"entries with the same exits {_percent(random.win_rate)}.",
            _on_hope(signals),
            f"A signal brought {_r(signals.average_r)} on average after costs of "
            f"{signals.average_costs_r:.3f} R, so {signals.average_r.value + signals.average_costs_r:+.3f} R "
            f"before them; a random entry brought {_r(random.average_r)} after costs.",
            _on_money(signals),
            _on_skill(signals, random),
            _on_pushed(part),
        )
        if sentence
    )


def _on_hope(signals: Tally) -> str:
    low = signals.win_rate.interval[0] if signals.win_rate.interval else 0.0
    if low > 0.5:
        met = "A win rate above 50 % was hoped for, and there it is"
    elif signals.win_rate.value > 0.5:
        met = "A win rate above 50 % was hoped for; it is above, but not by more than chance may do"
    else:
        met = "A win rate above 50 % was hoped for, and was not reached"
    return (
        f"{met}. It says little: half is taken out at 1R with the stop at 1R, so a coin wins near half too."
    )


def _on_money(signals: Tally) -> str:
    interval = signals.average_r.interval
    if interval is None:
        return "That is too few weeks to say more."
    if interval[0] > 0:
        return "After costs the signals earned money, more than chance explains."
    if interval[1] < 0:
        return "**After costs the signals lost money**: whoever had followed all of them would have less now."
    return (
        "**After costs that cannot be told from nothing**: whoever follows them blindly earns nothing sure."
    )


def _on_skill(signals: Tally, random: Tally) -> str:
    mine, other = signals.average_r.interval, random.average_r.interval
    if mine is None or other is None:
        return ""
    if mine[0] > other[1]:
        return "The rules do better than chance: the intervals do not touch."
    if signals.average_r.value > random.average_r.value:
        return "The rules look better than chance, but the intervals overlap: it may be luck."
    return "The rules do no better than chance."


def _on_pushed(part: _Part) -> str:
    pushed, stored = part.signals.pushed.get("pushed"), part.signals.pushed.get("stored")
    if pushed is None or stored is None:
        return ""
    return (
        f"Of the {pushed.count:,} sure enough to be pushed {_percent(pushed.win_rate)} won, with "
        f"{_r(pushed.average_r)} on average; of the {stored.count:,} only stored "
        f"{_percent(stored.win_rate)}, with {_r(stored.average_r)}."
    )


def _method(scope: Scope) -> str:
    per_side = f"{COSTS.fee * 100:.3f} % fee and {COSTS.slippage * 100:.3f} % slippage"
    exits = ", ".join(f"{share * 100:.0f} %" for share in SHARES)
    return f"""## How it was made

- **The same code as on the desk.** Recorded spot candles are heard one by one as they close; indicators, \
rules, gates, levels and courses are those of the live desk. Nothing looks ahead: a test changes the future \
and sees the same decisions.
- **Data.** Hourly candles of every market, from which 4h and 1d are added up; five-minute candles where \
there are any, from which 15m is added up. Entries on 1h everywhere, on 15m where there are five minutes. A \
hole of more than two days ends a series and the next begins from nothing, with 200 days of warm-up for its \
slowest average. Markets are recorded because they are big today: coins that died are missing, which \
flatters longs.
- **Split by time.** Rules, points and thresholds were laid down beforehand, and nothing was fitted to \
anything. What signals before {scope.test_from:%Y-%m-%d} came to was looked at (`perpetuum study \
--calibrate` prints it) and changed nothing; the rest was run once the rules stood. A timeframe without \
candles in a part is missing from its tables.
- **Following.** On the finest candles there are. The entry fills at the worse edge of its zone once a price \
of it is traded; inside one candle the stop comes before any target, and a target counts only if it came \
surely after the entry; a gap through the stop gives the open. After a target the stop at the entry is met \
in the same candle only if it closes beyond. {exits} are taken out at 1R, 2R and 3R, the \
stop moves to the entry after the first; what is left after 8 bars leaves at the close. Each pair rests four \
hours after a signal.
- **Costs.** {per_side} on each side of every trade, of its value. Funding is not reckoned.
- **R** is the distance from the middle of the entry zone to the stop; results are in R after costs, a win \
is a result above 0.
- **Confidence** is the share of the evidence that agrees, not a probability: {TREND_WEIGHT:g} x the share \
of trend points + {ENTRY_WEIGHT:g} x the entry points for less those against, over {FULL_ENTRY:g}; \
{CONFLICT:g} of it when 4h and 1d disagree. The table by confidence shows what it was worth. Stored from \
{PARAMS.least_confidence * 100:.0f} %, pushed from 65 %.
- **Random entries.** {CONTROLS} for each signal, of the same market, timeframe and month, long or short by \
the toss of a coin, with the same levels, gates of reward and volatility, exits and costs. Seeded: the \
report comes out the same again.
- **Intervals** hold 95 of 100 draws of whole weeks with replacement ({DRAWS:,} draws): signals cluster, and \
weeks do so less. There are none below eight weeks. Many groups are shown, so some of them look good or bad \
by chance alone."""


def _tables(part: _Part) -> list[str]:
    overall = part.signals.overall
    if overall is None:
        return ["No signals."]
    heads = (*_HEADS, *_RANDOM_HEADS)
    shown = ["\n".join(_table(("", *heads), [_row("all", overall, part.random.overall, both=True)]))]
    for title, head, groups in _GROUPS:
        is_matched = title not in _OWN_GROUPS
        random = groups(part.random)
        rows = [
            _row(name, each, random.get(name), both=is_matched) for name, each in groups(part.signals).items()
        ]
        shown += [f"### {title}", "\n".join(_table((head, *(heads if is_matched else _HEADS)), rows))]
    return [
        *shown,
        f"The best signal brought {overall.best_r:+.2f} R, the worst {overall.worst_r:+.2f} R. Winners "
        f"brought {overall.average_win_r or 0:+.2f} R on average, losers "
        f"{overall.average_loss_r or 0:+.2f} R.",
    ]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = [heads, ["---", *["---:"] * (len(heads) - 1)], *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def _row(name: str, signals: Tally | None, random: Tally | None, *, both: bool = False) -> list[str]:
    return [name, *_cells(signals), *(_cells(random) if both else ())]


def _cells(group: Tally | None) -> list[str]:
    if group is None:
        return ["0", "", "", "", ""]
    factor = group.profit_factor
    return [
        f"{group.count:,}",
        _percent(group.win_rate),
        _r(group.average_r),
        f"{group.average_costs_r:.3f}",
        "" if factor is None else _spanned(factor, lambda value: f"{value:.2f}"),
    ]


def _percent(estimate: Estimate) -> str:
    return _spanned(estimate, lambda value: f"{value * 100:.1f}", unit=" %")


def _r(estimate: Estimate) -> str:
    return _spanned(estimate, lambda value: f"{value:+.3f}", unit=" R")


def _spanned(estimate: Estimate, say: Callable[[float], str], unit: str = "") -> str:
    shown = f"{say(estimate.value)}{unit}"
    if estimate.interval is None:
        return shown
    low, high = estimate.interval
    return f"{shown} ({say(low)} to {say(high)})"


def _looks(found: Mapping[str, Findings]) -> str:
    """How often which gate blocked; signals that were never entered or outlive the recording."""
    ends: dict[str, int] = {}
    for each in found.values():
        for name, count in each.looks.items():
            ends[name] = ends.get(name, 0) + count
    total = sum(ends.values())
    rows = [
        [name, f"{count:,}", f"{count / total * 100:.1f} %"]
        for name, count in sorted(ends.items(), key=lambda one: -one[1])
    ]
    unentered = sum(each.unentered for each in found.values())
    unfinished = sum(each.unfinished for each in found.values())
    return (
        "The gate that blocked, over the whole recording; `signal` is where none did.\n\n"
        + "\n".join(_table(("ended at", "looks", "share"), rows))
        + f"\n\n{unentered:,} signals expired before their entry, {unfinished:,} outlive the recording: "
        "neither has a result, and neither counts above."
    )
