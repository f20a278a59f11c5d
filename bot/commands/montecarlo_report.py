"""The files of a Monte Carlo study: every path, the distribution of what they came to, and a fan."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bot.commands.tables import brief, csv_text, number, percent, table
from bot.outside import draw_fan_chart
from engines.core.candle import FloatArray
from engines.core.moment import utc
from engines.metrics.days import DAY_MS
from engines.simulate.paths.gbm import Gbm
from engines.simulate.paths.walking import Walk, Walked, moments
from ports.sweep_charts import FanChart

_AT: Final = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
_SHOWN: Final = {
    "roi": "return",
    "cagr": "return a year",
    "sharpe": "Sharpe ratio",
    "sortino": "Sortino ratio",
    "max_drawdown": "largest drawdown",
    "longest_drawdown_days": "days below a peak",
    "volatility": "volatility a year",
    "tail_loss": "loss of a bad day (1 in 20)",
    "trades": "trades",
    "win_rate": "trades won",
    "profit_factor": "profit factor",
}
_PERCENT: Final = {"roi", "cagr", "max_drawdown", "volatility", "tail_loss", "win_rate"}
_DEEP: Final = (0.1, 0.2, 0.3, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Futures:
    """All that is reported. `told` are the parameters in words, `source` the recorded time that was learnt
    from (UTC ms)."""

    walk: Walk
    told: Mapping[str, str]
    source: tuple[int, int]
    notes: Sequence[str]
    paths: Sequence[Walked]

    @property
    def symbols(self) -> str:
        """The markets."""
        return ", ".join(market.instrument.symbol for market in self.walk.future.markets)

    @property
    def days(self) -> float:
        """The length of a path."""
        return (self.walk.future.stop_ms - self.walk.future.start_ms) / DAY_MS

    def column(self, name: str) -> FloatArray:
        """A figure of every path that has it."""
        known = (one.figures[name] for one in self.paths)
        return np.array([value for value in known if value is not None], np.float64)


def written(futures: Futures) -> tuple[Mapping[str, str | bytes], Sequence[str]]:
    """The files by name, and the lines for the terminal."""
    head = _said(futures)
    files: dict[str, str | bytes] = {
        "summary.csv": _summary_csv(futures),
        "paths.csv": _paths_csv(futures),
        "fan.png": _fan(futures),
        "report.md": _report(futures, head),
    }
    return files, head


def _summary_csv(futures: Futures) -> str:
    rows: list[list[object]] = []
    for name in futures.paths[0].figures:
        column = futures.column(name)
        if len(column):
            spread = [float(one) for one in np.quantile(column, _AT)]
            rows.append([name, float(column.mean()), _deviation(column), *spread, len(column)])
    for name, share in _shares(futures).items():
        rows.append([name, share, None, *(None for _ in _AT), len(futures.paths)])
    return csv_text(["figure", "mean", "deviation", *(f"q{one:g}" for one in _AT), "paths"], rows)


def _deviation(column: FloatArray) -> float | None:
    return float(column.std(ddof=1)) if len(column) > 1 else None


def _shares(futures: Futures) -> Mapping[str, float]:
    """Of how many paths something is true."""
    roi, fallen = futures.column("roi"), futures.column("max_drawdown")
    held = np.array([one.market[-1] for one in futures.paths]) - 1
    return {
        "share_losing": float((roi < 0).mean()),
        "share_behind_holding": float((roi < held).mean()),
        **{f"share_drawdown_over_{depth:g}": float((fallen > depth).mean()) for depth in _DEEP},
    }


def _paths_csv(futures: Futures) -> str:
    figures = list(futures.paths[0].figures)
    return csv_text(
        ["path", *figures, "market"],
        ([number, *one.figures.values(), one.market[-1] - 1] for number, one in enumerate(futures.paths)),
    )


def _fan(futures: Futures) -> bytes:
    walk = futures.walk
    opening = float(walk.terms.opening)
    start_ms, stop_ms = walk.future.start_ms, walk.future.stop_ms
    equity = np.array([[1.0, *one.equity] for one in futures.paths]) * opening
    market = np.array([[1.0, *one.market] for one in futures.paths]) * opening
    low, quarter, middle, three, high = np.quantile(equity, (0.05, 0.25, 0.5, 0.75, 0.95), axis=0)
    return draw_fan_chart(
        FanChart(
            title=f"{walk.strategy} on {futures.symbols}: {len(futures.paths):,} paths",
            subtitle=f"{_source(futures)} · {futures.days:g} days",
            names=("90 % of paths", "half of them", "median", "median of holding"),
            opening_name="capital",
            time_ms=np.concatenate(([start_ms], moments(start_ms, stop_ms))),
            bands=((low, high), (quarter, three)),
            middle=middle,
            holding=np.median(market, axis=0),
            opening=opening,
            drawn_at=utc(start_ms),
        )
    )


def _said(futures: Futures) -> list[str]:
    shares = _shares(futures)
    low, middle, high = np.quantile(futures.column("roi"), (0.05, 0.5, 0.95))
    deep = float(np.quantile(futures.column("max_drawdown"), 0.95))
    return [
        f"{percent(shares['share_losing'])} of the paths lose money. The median path of {futures.days:g} "
        f"days returns {percent(middle)}, nine of ten between {percent(low)} and {percent(high)}.",
        f"One path in twenty falls by more than {percent(deep)} from a peak; "
        f"{percent(shares['share_behind_holding'])} end behind holding the market.",
    ]


def _source(futures: Futures) -> str:
    first, last = (f"{utc(one):%Y-%m-%d}" for one in futures.source)
    dice = futures.walk.future.dice
    made = "geometric Brownian motion as in" if dice.reel is None else "blocks of"
    return f"{made} {first} to {last}"


def _report(futures: Futures, said: Sequence[str]) -> str:
    rows = [
        [name, *(_figure(figure, value) for value in _spread(futures.column(figure)))]
        for figure, name in _SHOWN.items()
    ]
    shares = _shares(futures)
    deep = [
        [f"paths that fall by more than {depth:.0%}", percent(shares[f"share_drawdown_over_{depth:g}"])]
        for depth in _DEEP
    ]
    parts = [
        f"# {futures.walk.strategy} on {futures.symbols}: {len(futures.paths):,} possible futures",
        *(f"**{line}**" for line in said),
        f"Parameters: `{brief(futures.told, list(futures.told))}`.",
        "![fan.png](fan.png)",
        table(["", *(f"{one:.0%}" for one in _AT)], rows),
        table(["share of paths", ""], [["paths that lose money", percent(shares["share_losing"])], *deep]),
        "## How it was made",
        _method(futures),
    ]
    if futures.notes:
        parts += ["## Of the recorded data", "\n".join(f"- {note}" for note in futures.notes)]
    return "\n\n".join(parts) + "\n"


def _spread(column: FloatArray) -> Sequence[float | None]:
    return [float(one) for one in np.quantile(column, _AT)] if len(column) else [None for _ in _AT]


def _figure(name: str, value: float | None) -> str:
    if value is not None and not math.isfinite(value):
        return "–"
    return percent(value) if name in _PERCENT else number(value)


def _method(futures: Futures) -> str:
    walk, dice = futures.walk, futures.walk.future.dice
    gate = "the limits of a new desk" if walk.is_gated else "no limits: what the rule does by itself"
    lines = [
        f"Every path goes on from the last recorded bar, whose {walk.future.timeframe} candles warm up; path "
        f"number n of seed {walk.future.seed} is the same on every machine. Each account begins with "
        f"{walk.terms.opening:,} and trades under {gate}.",
    ]
    if dice.reel is not None:
        lines.append(
            f"Stationary bootstrap (Politis and Romano 1994): blocks of {dice.mean_block:g} bars on average, "
            f"drawn from {dice.reel.bars:,} recorded bars, each kept whole relative to the close before, "
            "with its funding. Futures made of the past are as good or bad as it was: a rise that lasted for "
            "years is in every path."
        )
    lines += [
        _of_model(market.instrument.symbol, model)
        for market, model in zip(walk.future.markets, dice.models, strict=False)
    ]
    return "\n\n".join(lines)


def _of_model(symbol: str, model: Gbm) -> str:
    text = (
        f"{symbol}: geometric Brownian motion with a drift of {model.drift:.1%} and a volatility of "
        f"{model.volatility:.1%} a year. It has no trends, no calm and no storms, and no fat tails: what a "
        "rule of trends earns here is luck."
    )
    if model.basis is not None:
        text += (
            f" The perpetual stands {model.basis.mean:.4%} off its spot on average, give or take "
            f"{model.basis.deviation:.4%}, half of which is lost in {model.basis.half_life_h:.1f} hours."
        )
    if model.funding is not None:
        text += (
            f" Funding is {model.funding.mean:.4%} on average, give or take {model.funding.deviation:.4%}, "
            f"and keeps {model.funding.memory:.0%} of its distance from that."
        )
    return text
