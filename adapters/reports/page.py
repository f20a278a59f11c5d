"""`equity.html`: the curves of a run in one file that needs no network.

The drawing library is packed into it (a third of its size) and unpacked by the browser.
"""

import base64
import gzip
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any, Final

from plotly.offline import get_plotlyjs

from adapters.charts.palette import Palette, palette
from adapters.reports.course import course
from adapters.reports.figures import currency, worded
from adapters.reports.wording import between, change, date, halted, level, number, percent, span, verdict
from engines.core.candle import FloatArray, IntArray
from engines.metrics.bootstrap import Interval
from engines.metrics.days import DAY_MS
from ports.charts import Theme
from ports.reports import Report

_TEMPLATE: Final = Path(__file__).with_name("page.html")
_POINTS: Final = 3000
_FEWEST: Final = 100  # points that a part to zoom into has
_LOG_FROM: Final = 8.0  # highest by lowest, from which equal steps are equal shares
_SHADES: Final = ("background", "grid", "text", "muted", "up", "down")
_RANGES: Final = ((1, "month", "1m"), (6, "month", "6m"), (1, "year", "1y"), (3, "year", "3y"))
_DAYS: Final = {"month": 30, "year": 365}


def page(report: Report) -> bytes:
    """The file."""
    run = report.run
    dark, light = palette(Theme.DARK), palette(Theme.LIGHT)
    text = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        title=html.escape(f"{run.strategy} on {' '.join(run.symbols)}"),
        dark=_variables(dark),
        light=_variables(light),
        period=html.escape(_period(report)),
        verdict=_bold(verdict(report.assessment)),
        notes="\n".join(_notes(report)),
        figures="".join(_figures(report)),
        footer=html.escape(_footer(report)),
        curves=json.dumps(_curves(report, dark, light), separators=(",", ":")).replace("<", "\\u003c"),
        library=base64.b64encode(gzip.compress(get_plotlyjs().encode(), mtime=0)).decode(),
    )
    return text.encode()


def _period(report: Report) -> str:
    run = report.run
    days = span(report.assessment.metrics.years)
    money = f"{number(float(run.opening), 0)} {currency(report)}"
    return (
        f"{date(run.start)} – {date(run.stop)} ({days}) · {money} · {worded(run.params).replace(',', ', ')}"
    )


def _notes(report: Report) -> Iterator[str]:
    for note in (*halted(report.run.blocked), *report.notes):
        yield f'<p class="note">{html.escape(note)}</p>'


def _footer(report: Report) -> str:
    sure = report.assessment.intervals
    return (
        "Returns are daily, a year has 365 days, the risk-free rate is 0. Intervals hold "
        f"{level()} of {sure.draws} draws of the run's days in blocks of {sure.block_days}. "
        "Holding pays no fees. "
        f"Written {report.made_at:%Y-%m-%d %H:%M} UTC · digest {report.run.digest}"
    )


def _figures(report: Report) -> Iterator[str]:
    said = report.assessment
    metrics, sure = said.metrics, said.intervals
    yield _figure("Return", change(metrics.roi), metrics.roi, sure.roi)
    yield _figure("A year", change(metrics.cagr), metrics.cagr, sure.cagr)
    yield _figure("Sharpe", number(metrics.sharpe), None, None, _plain_ends(sure.sharpe))
    yield _figure("Drawdown", percent(metrics.max_drawdown), None, None, _depths(sure.max_drawdown))
    won = f"won {percent(metrics.rounds.win_rate, 0)}"
    yield _figure("Trades", number(metrics.rounds.closed, 0), None, None, won)
    if said.holding is not None:
        yield _figure("Holding", change(said.holding.roi), None, None, said.holding.name)


def _figure(name: str, value: str, result: float | None, interval: Interval | None, below: str = "") -> str:
    shade = "" if not result else ' class="up"' if result > 0 else ' class="down"'
    small = between(interval) if interval else below
    beside = f"<small>{html.escape(small)}</small>" if small else ""
    return f"<div><dt>{html.escape(name)}</dt><dd{shade}>{html.escape(value)}{beside}</dd></div>"


def _plain_ends(interval: Interval | None) -> str:
    return "" if interval is None else f"{number(interval.low)} … {number(interval.high)}"


def _depths(interval: Interval | None) -> str:
    return "" if interval is None else f"{percent(interval.low, 0)} … {percent(interval.high, 0)}"


def _curves(report: Report, dark: Palette, light: Palette) -> dict[str, Any]:
    shown, roi = course(report).thinned(_POINTS), report.assessment.metrics.roi
    worth = [shown.equity, *(one.values for one in shown.holdings)]
    lowest, highest = min(one.min() for one in worth), max(one.max() for one in worth)
    return {
        "time": shown.time_ms.tolist(),
        "name": report.run.strategy,
        "equity": _short(shown.equity),
        "drawdown": _short(shown.below),
        "exposure": _short(shown.exposure),
        "holdings": [{"name": one.name, "equity": _short(one.values)} for one in shown.holdings],
        "scale": "log" if lowest > 0 and highest / lowest > _LOG_FROM else "linear",
        "ranges": _ranges(shown.time_ms),
        "dark": _shades(dark, roi),
        "light": _shades(light, roi),
    }


def _short(values: FloatArray) -> list[float]:
    return [float(f"{value:.6g}") for value in values.tolist()]


def _ranges(time_ms: IntArray) -> list[dict[str, Any]]:
    """Buttons for the ends of the time that is there."""
    length = (int(time_ms[-1]) - int(time_ms[0])) / DAY_MS
    steps = [
        {"count": count, "step": step, "stepmode": "backward", "label": label}
        for count, step, label in _RANGES
        if length * _FEWEST / _POINTS < count * _DAYS[step] < length
    ]
    return [*steps, {"step": "all", "label": "all"}]


def _shades(colors: Palette, roi: float) -> dict[str, Any]:
    return {
        **{name: getattr(colors, name) for name in (*_SHADES, "band")},
        "lines": colors.overlays,
        "entry": colors.kind("entry"),
        "curve": colors.up if roi >= 0 else colors.down,
    }


def _variables(colors: Palette) -> str:
    return " ".join(f"--{name}: {getattr(colors, name)};" for name in _SHADES)


def _bold(text: str) -> str:
    return re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", html.escape(text))
