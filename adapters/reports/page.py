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
from adapters.reports.wording import (
    between,
    change,
    date,
    halted,
    level,
    minute,
    number,
    percent,
    span,
    verdict,
)
from engines.core.candle import FloatArray, IntArray
from engines.metrics.bootstrap import Interval
from engines.metrics.days import DAY_MS
from ports.charts import Theme
from ports.report_language import ReportLanguage
from ports.reports import Report

_TEMPLATE: Final = Path(__file__).with_name("page.html")
_POINTS: Final = 3000
_FEWEST: Final = 100  # points that a part to zoom into has
_LOG_FROM: Final = 8.0  # highest by lowest, from which equal steps are equal shares
_SHADES: Final = ("background", "grid", "text", "muted", "up", "down")
_RANGES: Final = ((1, "month"), (6, "month"), (1, "year"), (3, "year"))
_DAYS: Final = {"month": 30, "year": 365}


def page(report: Report) -> bytes:
    """The file."""
    run, say = report.run, report.language
    dark, light = palette(Theme.DARK), palette(Theme.LIGHT)
    text = Template(_TEMPLATE.read_text(encoding="utf-8")).substitute(
        language=html.escape(say.code),
        title=html.escape(
            say("{strategy} on {markets}", strategy=run.strategy, markets=" ".join(run.symbols))
        ),
        dark=_variables(dark),
        light=_variables(light),
        period=html.escape(_period(report)),
        verdict=_bold(verdict(say, report.assessment)),
        notes="\n".join(_notes(report)),
        figures="".join(_figures(report)),
        curves_named=html.escape(say("Equity, drawdown and exposure over time")),
        without_script=html.escape(
            say("The curves need JavaScript. All figures are in summary.csv and report.md beside this file.")
        ),
        footer=html.escape(_footer(report)),
        curves=json.dumps(_curves(report, dark, light), separators=(",", ":")).replace("<", "\\u003c"),
        library=base64.b64encode(gzip.compress(get_plotlyjs().encode(), mtime=0)).decode(),
    )
    return text.encode()


def _period(report: Report) -> str:
    run, say = report.run, report.language
    played = f"{date(say, run.start)} – {date(say, run.stop)} ({span(say, report.assessment.metrics.years)})"
    money = f"{number(say, float(run.opening), 0)}\N{NO-BREAK SPACE}{currency(report)}"
    return f"{played} · {money} · {worded(run.params).replace(',', ', ')}"


def _notes(report: Report) -> Iterator[str]:
    for note in (*halted(report.language, report.run), *report.notes):
        yield f'<p class="note">{html.escape(note)}</p>'


def _footer(report: Report) -> str:
    say, sure = report.language, report.assessment.intervals
    return say(
        "Returns are daily, a year has 365 days, the risk-free rate is 0. Intervals hold {level} of {draws} "
        "draws of the run's days in blocks of {block}. Holding pays no fees. Written {at} UTC · "
        "digest {digest}",
        level=level(say),
        draws=sure.draws,
        block=sure.block_days,
        at=minute(say, report.made_at),
        digest=report.run.digest,
    )


def _figures(report: Report) -> Iterator[str]:
    said, say = report.assessment, report.language
    metrics, sure = said.metrics, said.intervals
    yield _figure(say("Return"), change(say, metrics.roi), metrics.roi, _ends(say, sure.roi))
    yield _figure(say("A year"), change(say, metrics.cagr), metrics.cagr, _ends(say, sure.cagr))
    yield _figure(say("Sharpe"), number(say, metrics.sharpe), None, _plain_ends(say, sure.sharpe))
    depths = _depths(say, sure.max_drawdown)
    yield _figure(say("Drawdown"), percent(say, metrics.max_drawdown), None, depths)
    won = say("won {share}", share=percent(say, metrics.rounds.win_rate, 0))
    yield _figure(say("Trades"), number(say, metrics.rounds.closed, 0), None, won)
    if said.holding is not None:
        yield _figure(say("Holding"), change(say, said.holding.roi), None, said.holding.name)


def _figure(name: str, value: str, result: float | None, below: str) -> str:
    shade = "" if not result else ' class="up"' if result > 0 else ' class="down"'
    beside = f"<small>{html.escape(below)}</small>" if below else ""
    return f"<div><dt>{html.escape(name)}</dt><dd{shade}>{html.escape(value)}{beside}</dd></div>"


def _ends(say: ReportLanguage, interval: Interval | None) -> str:
    return "" if interval is None else between(say, interval)


def _plain_ends(say: ReportLanguage, interval: Interval | None) -> str:
    return "" if interval is None else f"{number(say, interval.low)} … {number(say, interval.high)}"


def _depths(say: ReportLanguage, interval: Interval | None) -> str:
    return "" if interval is None else f"{percent(say, interval.low, 0)} … {percent(say, interval.high, 0)}"


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
        "ranges": _ranges(report.language, shown.time_ms),
        "words": _words(report.language),
        "dark": _shades(dark, roi),
        "light": _shades(light, roi),
    }


def _short(values: FloatArray) -> list[float]:
    return [float(f"{value:.6g}") for value in values.tolist()]


def _ranges(say: ReportLanguage, time_ms: IntArray) -> list[dict[str, Any]]:
    """Buttons for the ends of the time that is there."""
    length = (int(time_ms[-1]) - int(time_ms[0])) / DAY_MS
    labels = {"month": say("{n}m"), "year": say("{n}y")}
    steps = [
        {"count": count, "step": step, "stepmode": "backward", "label": labels[step].format(n=count)}
        for count, step in _RANGES
        if length * _FEWEST / _POINTS < count * _DAYS[step] < length
    ]
    return [*steps, {"step": "all", "label": say("all")}]


def _words(say: ReportLanguage) -> dict[str, Any]:
    """What the drawing library writes, and how."""
    return {
        "drawdown": say("Drawdown"),
        "exposure": say("Exposure"),
        "exposureCaption": say("Exposure: net position by equity"),
        "tooOld": say("This browser is too old to draw the curves; those of 2023 and later can."),
        "moment": f"{say.date} %H:%M",
        "locale": {
            "name": "reader",
            "dictionary": {},
            "format": {
                "shortMonths": list(say.months),
                "months": list(say.months),
                "decimal": say.decimal,
                "thousands": say.thousands,
                "date": say.date,
            },
        },
    }


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
