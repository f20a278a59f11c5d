"""The files of a sweep: every point, the best of them, what luck would have shown, and out of sample."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from bot.commands.tables import brief, count, csv_text, number, percent, table
from bot.outside import draw_heat_map
from engines.core.candle import FloatArray
from engines.core.moment import utc
from engines.metrics.days import DAY_MS
from engines.simulate.choosing import Figures
from engines.simulate.trying import Stretch
from engines.simulate.windows import Plan
from engines.strategies.params import told
from ports.sweep_charts import HeatMap
from services.sweeping.sweeps import Luck
from services.sweeping.walk_forward import Choice, WalkForward

_SHOWN: Final = ("sharpe", "roi", "max_drawdown", "trades", "profit_factor")
_HEADS: Final = ("Sharpe", "return", "drawdown", "trades", "profit factor")
_PERCENT: Final = {"roi", "cagr", "max_drawdown"}
_LIKELY: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSweep:
    """One market: the figures of every point, the places of the best ones with their figures under limits
    (`gated`), and the walk-forward if there was one."""

    symbol: str
    stretch: Stretch
    rows: Sequence[Figures]
    best: Sequence[int]
    gated: Sequence[Figures]
    luck: Luck | None
    walk: WalkForward | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """All that is reported. `swept` are the parameters of the grid; the others are as usual."""

    strategy: str
    swept: Sequence[str]
    points: Sequence[Any]
    by: str
    least_trades: int
    plan: Plan | None
    opening: float
    is_limited: bool
    notes: Sequence[str]
    markets: Sequence[MarketSweep]


def written(sweep: Sweep) -> tuple[Mapping[str, str | bytes], Sequence[str]]:
    """The files by name, and the lines for the terminal."""
    files: dict[str, str | bytes] = {"sweep.csv": _points_csv(sweep)}
    if sweep.plan is not None:
        files["walk_forward.csv"] = _windows_csv(sweep)
        files["training.csv"] = _training_csv(sweep)
        files["out_of_sample.csv"] = _curve_csv(sweep)
    for market in sweep.markets:
        picture = _heat_map(sweep, market)
        if picture is not None:
            files[f"heat_map_{market.symbol}.png"] = picture
    files["report.md"] = _report(sweep, [name for name in files if name.endswith(".png")])
    return files, [line for market in sweep.markets for line in _said(sweep, market)]


def _points_csv(sweep: Sweep) -> str:
    names = list(told(sweep.points[0]))
    figures = list(sweep.markets[0].rows[0])
    head = ["symbol", *names, *figures, *(f"gated_{name}" for name in _SHOWN)]
    return csv_text(
        head,
        (
            [market.symbol, *told(point).values(), *row.values(), *_gated(market, place)]
            for market in sweep.markets
            for place, (point, row) in enumerate(zip(sweep.points, market.rows, strict=True))
        ),
    )


def _gated(market: MarketSweep, place: int) -> Sequence[float | None]:
    if place not in market.best:
        return [None] * len(_SHOWN)
    row = market.gated[market.best.index(place)]
    return [row[name] for name in _SHOWN]


def _windows_csv(sweep: Sweep) -> str:
    figures = list(sweep.markets[0].rows[0])
    head = [
        *("symbol", "window", "train_from", "train_to", "test_from", "test_to"),
        *sweep.swept,
        *(f"train_{name}" for name in _SHOWN),
        *(f"test_{name}" for name in figures),
    ]
    rows = []
    for symbol, choice in _choices(sweep):
        window = choice.window
        times = (window.train_start_ms, window.train_stop_ms, window.test_start_ms, window.test_stop_ms)
        params = [None] * len(sweep.swept) if choice.params is None else _swept(sweep, choice.params)
        train = [None if choice.train is None else choice.train[name] for name in _SHOWN]
        test = [None if choice.test is None else choice.test[name] for name in figures]
        rows.append(
            [symbol, window.number, *(f"{utc(one):%Y-%m-%dT%H:%M}" for one in times), *params, *train, *test]
        )
    return csv_text(head, rows)


def _training_csv(sweep: Sweep) -> str:
    figures = list(sweep.markets[0].rows[0])
    return csv_text(
        ["symbol", "window", *sweep.swept, *figures],
        (
            [market.symbol, choice.window.number, *_swept(sweep, point), *row.values()]
            for market in sweep.markets
            if market.walk is not None
            for choice, rows in zip(market.walk.choices, market.walk.rows, strict=True)
            for point, row in zip(sweep.points, rows, strict=True)
        ),
    )


def _curve_csv(sweep: Sweep) -> str:
    """The last equity of each day."""
    rows = []
    for market in sweep.markets:
        if market.walk is None:
            continue
        curve, _ = market.walk.joined
        last = np.append(np.flatnonzero(np.diff((curve.time_ms - 1) // DAY_MS)), len(curve.time_ms) - 1)
        for place in last.tolist():
            at = utc(int(curve.time_ms[place]))
            rows.append([market.symbol, f"{at:%Y-%m-%dT%H:%M}", round(float(curve.equity[place]), 8)])
    return csv_text(["symbol", "time", "equity"], rows)


def _choices(sweep: Sweep) -> list[tuple[str, Choice]]:
    return [
        (market.symbol, choice)
        for market in sweep.markets
        if market.walk is not None
        for choice in market.walk.choices
    ]


def _swept(sweep: Sweep, point: Any) -> list[str]:
    words = told(point)
    return [words[name] for name in sweep.swept]


def _heat_map(sweep: Sweep, market: MarketSweep) -> bytes | None:
    """Over the two parameters with the most values; of the others the median. `None` for fewer than two."""
    values = {name: list(dict.fromkeys(told(point)[name] for point in sweep.points)) for name in sweep.swept}
    wide = sorted((name for name in values if len(values[name]) > 1), key=lambda name: -len(values[name]))[:2]
    if len(wide) < 2:
        return None
    x, y = wide
    best = None
    if market.best:
        words = told(sweep.points[market.best[0]])
        best = values[y].index(words[y]), values[x].index(words[x])
    rest = [name for name in values if len(values[name]) > 1 and name not in wide]
    of = f" · median over {', '.join(rest)}" if rest else ""
    span = f"{utc(market.stretch.start_ms):%Y-%m-%d} to {utc(market.stretch.stop_ms):%Y-%m-%d}"
    return draw_heat_map(
        HeatMap(
            title=f"{sweep.strategy} on {market.symbol}",
            subtitle=f"{sweep.by} · {span}{of}",
            x_name=x,
            y_name=y,
            x_labels=values[x],
            y_labels=values[y],
            values=_cells(sweep, market, (x, values[x]), (y, values[y])),
            best=best,
            drawn_at=datetime.fromtimestamp(market.stretch.stop_ms / 1000, UTC),
        )
    )


def _cells(
    sweep: Sweep, market: MarketSweep, x: tuple[str, list[str]], y: tuple[str, list[str]]
) -> FloatArray:
    found: dict[tuple[int, int], list[float]] = {}
    for point, row in zip(sweep.points, market.rows, strict=True):
        words, figure = told(point), row[sweep.by]
        if figure is not None:
            found.setdefault((y[1].index(words[y[0]]), x[1].index(words[x[0]])), []).append(figure)
    cells = np.full((len(y[1]), len(x[1])), np.nan)
    for place, figures in found.items():
        cells[place] = float(np.median(figures))
    return cells


def _report(sweep: Sweep, pictures: Sequence[str]) -> str:
    parts = [
        f"# {sweep.strategy}: {len(sweep.points):,} points of {', '.join(sweep.swept)}",
        *(f"**{line}**" for market in sweep.markets for line in _said(sweep, market)),
        _method(sweep),
        _fixed(sweep),
    ]
    for market in sweep.markets:
        parts += [f"## {market.symbol}", *_best(sweep, market)]
        parts += [f"![{name}]({name})" for name in pictures if name == f"heat_map_{market.symbol}.png"]
        if market.walk is not None:
            parts += [f"### {market.symbol}, out of sample", *_walk(sweep, market, market.walk)]
    if sweep.notes:
        parts += ["## Of the recorded data", "\n".join(f"- {note}" for note in sweep.notes)]
    return "\n\n".join(parts) + "\n"


def _said(sweep: Sweep, market: MarketSweep) -> list[str]:
    """What it comes to in a sentence or two."""
    if not market.best or market.luck is None:
        return [f"{market.symbol}: no point had {sweep.least_trades} trades; nothing can be chosen."]
    row, words = market.rows[market.best[0]], brief(told(sweep.points[market.best[0]]), sweep.swept)
    lines = [
        f"{market.symbol}: the best of {market.luck.trials:,} points by {sweep.by} is {words} with "
        f"{_figure(sweep.by, row[sweep.by])} and a return of {percent(row['roi'])}; "
        + _of_luck(market.luck, row["sharpe"])
    ]
    if market.walk is not None:
        out = market.walk.figures
        lines.append(
            f"{market.symbol}: chosen anew before each of {len(market.walk.choices)} tests, it came to a "
            f"return of {percent(out['roi'])} and a Sharpe ratio of {number(out['sharpe'])} out of sample."
        )
    return lines


def _of_luck(luck: Luck, sharpe: float | None) -> str:
    if sharpe is not None and sharpe <= 0:
        return "even that one earned nothing."
    if luck.merit is None or luck.luckiest is None:
        return "whether that is more than luck cannot be said."
    verdict = "that is more than luck" if luck.merit >= _LIKELY else "that may be luck"
    return (
        f"{verdict}: among so many points without any merit a Sharpe ratio of {luck.luckiest:.2f} would be "
        f"expected at best, and the probability that this one has merit (deflated Sharpe ratio) is "
        f"{luck.merit:.0%}."
    )


def _method(sweep: Sweep) -> str:
    lines = [
        f"Each market is tried by itself with {sweep.opening:,.0f} to begin with, without limits: what the "
        "rule does alone. The best points were then played through the gate"
        + (", under the limits of a new desk." if sweep.is_limited else ", without limits."),
        f"A point with fewer than {sweep.least_trades} trades is not chosen. The best of a grid looks better "
        "than it is: it was chosen by the very history that it is judged by. Only the figures out of sample "
        "are of time that the choice had not seen.",
    ]
    if sweep.plan is not None:
        plan = sweep.plan
        lengths = [
            f"{name} {length / DAY_MS:g} days"
            for name, length in (
                ("training", plan.train_ms),
                ("purge", plan.purge_ms),
                ("test", plan.test_ms),
                ("embargo", plan.embargo_ms),
            )
        ]
        lines.append(
            f"Walk-forward, {plan.anchor}: {', '.join(lengths)}. Training is given no bar after its end. "
            "Each test begins without a position, with what the one before ended with; what is held at its "
            "end is counted at the last price and costs nothing to leave."
        )
    return "\n\n".join(lines)


def _fixed(sweep: Sweep) -> str:
    words = told(sweep.points[0])
    return f"All points have `{brief(words, [name for name in words if name not in sweep.swept])}`."


def _best(sweep: Sweep, market: MarketSweep) -> list[str]:
    if not market.best:
        return []
    head = ["point", *_HEADS, *(f"{name}, gated" for name in _HEADS[:4])]
    rows = []
    for place, gated in zip(market.best, market.gated, strict=True):
        row = market.rows[place]
        cells = [_figure(name, row[name]) for name in _SHOWN]
        cells += [_figure(name, gated[name]) for name in _SHOWN[:4]]
        rows.append([brief(told(sweep.points[place]), sweep.swept), *cells])
    return [table(head, rows)]


def _walk(sweep: Sweep, market: MarketSweep, walk: WalkForward) -> list[str]:
    head = ["test", "point", *(f"{name}, training" for name in _HEADS[:2]), *_HEADS]
    rows = []
    for choice in walk.choices:
        window = choice.window
        span = f"{utc(window.test_start_ms):%Y-%m-%d} to {utc(window.test_stop_ms):%Y-%m-%d}"
        if choice.params is None or choice.train is None or choice.test is None:
            rows.append([span, "nothing traded", *("–" for _ in head[2:])])
            continue
        cells = [_figure(name, choice.train[name]) for name in _SHOWN[:2]]
        cells += [_figure(name, choice.test[name]) for name in _SHOWN]
        rows.append([span, brief(told(choice.params), sweep.swept), *cells])
    together = [_figure(name, walk.figures[name]) for name in _SHOWN]
    rows.append(["all tests", "", "", "", *together])
    return [table(head, rows), *_too_short_a_purge(sweep, walk)]


def _too_short_a_purge(sweep: Sweep, walk: WalkForward) -> list[str]:
    """A word where positions last longer than what is left out between training and test."""
    _, rounds = walk.joined
    if sweep.plan is None or not len(rounds.closed_ms):
        return []
    longest = int((rounds.closed_ms - rounds.opened_ms).max())
    if longest <= sweep.plan.purge_ms:
        return []
    return [
        f"The longest position lasted {longest / DAY_MS:.1f} days, longer than the purge of "
        f"{sweep.plan.purge_ms / DAY_MS:g}: training ends with such a position at its price of that moment, "
        "so nothing of the test reaches into it, but neighbouring windows are less independent."
    ]


def _figure(name: str, value: float | None) -> str:
    if name in _PERCENT:
        return percent(value)
    return count(value) if name == "trades" else number(value)
