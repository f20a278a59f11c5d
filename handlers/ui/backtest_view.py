"""Backtests on screen: how far one is, what it came to, and the figures behind that."""

import html as markup
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import Final

from engines.simulate.assessment import Standing
from handlers.ui.keyboards import again, button
from handlers.ui.request import Services
from ports.backtests import BacktestReport, Estimate, Stage
from ports.charts import Theme
from ports.errors import Refused
from ports.messages import Document, Keyboard, RichForm, Screen, Style
from ports.people import Person
from ports.report_language import ReportLanguage
from ports.reports import BacktestCard, Shown
from services.backtesting.job import Job, State
from services.backtesting.wish import Wish
from services.speech import Speech, language_of

BAR: Final = 16
"""Signs of the bar that shows how far it is."""
DAY_MS: Final = 86_400_000


@dataclass(frozen=True, slots=True)
class Row:
    """One figure as templates show it: a code of its name, its value, and where it lies (95 of 100)."""

    code: str
    value: str
    range: str = ""


SHARES: Final = frozenset(
    [
        "roi",
        "cagr",
        "volatility",
        "max_drawdown",
        "exposure_time",
        "tail_loss",
        "shortfall",
        "best_day",
        "worst_day",
        "fee_share",
        "alpha",
        "win_rate",
        "hold_roi",
        "hold_cagr",
        "hold_drawdown",
        "excess",
    ]
)
SIGNED: Final = frozenset(
    ["roi", "cagr", "best_day", "worst_day", "alpha", "hold_roi", "hold_cagr", "excess"]
)
COUNTS: Final = frozenset(["closed", "still_open"])
MONEY: Final = frozenset(["fees", "funding", "expectancy", "best", "worst"])
SPANS: Final = frozenset(["longest_drawdown_ms", "held_ms"])
LOSSES: Final = frozenset(["max_drawdown", "hold_drawdown", "tail_loss", "shortfall"])
"""Depths and losses: above 0 in the summary, shown below it."""
_NONE: Final = Estimate(value=0.0)
CHAPTERS: Final[Mapping[str, Sequence[str]]] = {
    "return": ["roi", "cagr", "sharpe", "sortino", "calmar", "volatility"],
    "risk": ["max_drawdown", "longest_drawdown_ms", "tail_loss", "shortfall", "worst_day", "best_day"],
    "trades": [
        "closed",
        "still_open",
        "win_rate",
        "profit_factor",
        "average_r",
        "expectancy",
        "best",
        "worst",
        "held_ms",
    ],
    "costs": ["fees", "funding", "turnover_a_year", "exposure_time", "exposure"],
    "holding": ["hold_roi", "hold_cagr", "hold_drawdown", "excess", "alpha", "beta", "correlation"],
}
"""What Details show, in order."""


def title_of(say: Speech, wish: Wish) -> str:
    """The name of a backtest: strategy, coins, period."""
    return markup.unescape(say.render("backtest_title.html", wish=wish))


@dataclass(frozen=True, slots=True, repr=False)
class BacktestViews:
    """`services.backtests.Views` in the words of whoever asked."""

    services: Callable[[], Services]

    def progress(self, job: Job) -> Screen:
        """The one message of a job."""
        say = self._speech(job)
        return progress_screen(say, job, self.services())

    async def result(self, job: Job) -> Sequence[Screen]:
        """The picture with five figures, then the page with the curve."""
        services, person = self.services(), self._person(job)
        say = self._speech(job)
        try:
            report = await services.backtests.report(job.id)
        except Refused:  # forgotten meanwhile
            return ()
        is_rich = person is not None and bool(person.sees_rich) and person.id == job.chat_id
        theme = Theme.DARK if person is None else person.theme
        shown = await result_screen(say, report, services, theme=theme, is_rich=is_rich)
        try:
            page = await services.backtests.curve_page(report.id)
        except Refused:
            return (shown,)
        return (shown, page_screen(say, page))

    def language(self, job: Job) -> ReportLanguage:
        """The one of whoever asked."""
        person = self._person(job)
        code = language_of(None) if person is None else person.language
        return self.services().rendering.report_language(code)

    def _person(self, job: Job) -> Person | None:
        return self.services().people.get(job.person_id)

    def _speech(self, job: Job) -> Speech:
        person, rendering = self._person(job), self.services().rendering
        if person is None:
            return rendering.speech(language_of(None))
        return rendering.speech(person.language, person.zone)


def progress_screen(say: Speech, job: Job, services: Services) -> Screen:
    """How far a job is, or how it ended."""
    left_s = job.left_s(services.clock.wire_now())
    filled = round(job.heard * BAR)
    values = {
        "title": job.title,
        "state": job.state.value,
        "ahead": job.ahead,
        "stage": None if job.progress is None else job.progress.stage.value,
        "has_days": job.progress is not None and job.progress.stage is Stage.FILLING,
        "progress": job.progress,
        "bar": "▰" * filled + "▱" * (BAR - filled),
        "share": Decimal(str(round(job.heard, 2))),
        "left": None if left_s is None else say.age(_rounded(left_s)),
        "took": None if job.took_s is None else say.age(max(job.took_s, 1.0)),
        "why": None if job.problem is None else refusal_words(say, job.problem),
    }
    return Screen(html=say.render("backtest_progress.html", **values), keyboard=_progress_keyboard(say, job))


def _rounded(seconds: float) -> float:
    """Not more exact than anybody knows it."""
    return max(5.0, round(seconds / 5) * 5.0) if seconds < 60 else seconds


def refusal_words(say: Speech, problem: Refused) -> str:
    """Why a backtest failed, as HTML."""
    blank = {"pair": "", "timeframe": "", "days": 0, "fetch": "", "text": "", "most": 0, "bars": 0}
    return say.render("errors/backtest_refused.html", **{**blank, **problem.params, "code": problem.code})


def _progress_keyboard(say: Speech, job: Job) -> Keyboard:
    match job.state:
        case State.WAITING | State.RUNNING:
            return ((button(say("Cancel"), "bt", "x", job.id, style=Style.DANGER),),)
        case State.DONE:
            return ()
    anew = again(f"backtest {job.asked}", say("Run again"))
    home = button(say("Strategies"), "bt", "h")
    return ((home,),) if anew is None else ((anew, home),)


async def result_screen(
    say: Speech, report: BacktestReport, services: Services, *, theme: Theme, is_rich: bool
) -> Screen:
    """The picture with five figures under it; words alone where it cannot be drawn."""
    values = result_values(say, report)
    photo = await services.backtests.picture(card_of(say, report, services, theme))
    html = say.render("backtest_result.html", **values)
    form = None
    if is_rich:
        photos = {} if photo is None else {"card": photo}
        form = RichForm(
            html=say.render("rich/backtest_result.html", has_card=photo is not None, **values), photos=photos
        )
    return Screen(html=html, keyboard=result_keyboard(say, report.id), photo=photo, rich=form)


def card_of(say: Speech, report: BacktestReport, services: Services, theme: Theme) -> BacktestCard:
    """The picture of a report."""
    rows = five(say, report)
    labels = {
        "roi": say("Return"),
        "cagr": say("A year"),
        "sharpe": say("Sharpe"),
        "max_drawdown": say("Drawdown"),
        "closed": say("Trades"),
        "hold_roi": say("Holding"),
    }
    subtitle = f"{say.time(report.start, 'd MMM y')} – {say.time(report.stop, 'd MMM y')}"
    return BacktestCard(
        title=_title(say, report),
        subtitle=subtitle,
        equity_name=say("Strategy"),
        holding_name=say("Buy and hold"),
        drawdown_name=say("Drawdown"),
        time_ms=report.curve.time_ms,
        equity=report.curve.equity,
        holding=report.curve.holding,
        opening=report.opening,
        figures=[
            Shown(name=labels[row.code], value=row.value, is_good=_is_good(row.code, report)) for row in rows
        ],
        theme=theme,
        zone=say.zone,
        months=say.months(),
        drawn_at=services.clock.now(),
    )


def _is_good(code: str, report: BacktestReport) -> bool | None:
    value = report.value(code)
    if code not in ("roi", "cagr", "hold_roi") or value is None or value == 0:
        return None
    return value > 0


def _title(say: Speech, report: BacktestReport) -> str:
    days = max((report.stop - report.start).days, 1)
    wish = Wish(strategy=report.strategy, symbols=tuple(report.symbols), days=days)
    return title_of(say, wish)


def result_values(say: Speech, report: BacktestReport) -> dict[str, object]:
    """A report for its template."""
    roi, hold = report.value("roi"), report.value("hold_roi")
    return {
        "title": _title(say, report),
        "rows": five(say, report),
        "has_ranges": report.figures.get("roi", _NONE).low is not None,
        "verdict": verdict(report),
        "has_holding": hold is not None,
        "is_ahead": roi is not None and hold is not None and roi > hold,
        "lead": report.lead.value,
        "coins": coins_of(report),
        "since": say.time(report.start, "d MMM y"),
        "until": say.time(report.stop, "d MMM y"),
        "opening": exact(report.opening),
        "closing": exact(report.opening * (1 + (roi or 0.0))),
        "blocked": sum(report.blocked.values()),
        "halted": None if report.halted_at is None else say.time(report.halted_at, "d MMM y"),
        "notes": list(report.notes),
        "days": max((report.stop - report.start).days, 1),
    }


def verdict(report: BacktestReport) -> str:
    """Whether it earned, as a code: `idle`, `lost`, `lost_surely`, `earned`, `earned_surely`,
    `earned_unknown`."""
    if not report.value("closed") and not report.value("still_open"):
        return "idle"
    if (report.value("roi") or 0.0) <= 0:
        return "lost_surely" if report.profit is Standing.BELOW else "lost"
    return {Standing.ABOVE: "earned_surely", Standing.UNKNOWN: "earned_unknown"}.get(report.profit, "earned")


def five(say: Speech, report: BacktestReport) -> Sequence[Row]:
    """The figures under the picture: return, growth a year (or Sharpe), drawdown, trades, holding."""
    growth = "cagr" if report.value("cagr") is not None else "sharpe"
    rows = [row_of(say, report, code) for code in ("roi", growth, "max_drawdown")]
    won = report.value("win_rate")
    trades = Row(
        "closed",
        say.number(int(report.value("closed") or 0)),
        "" if won is None else say("{share} won", share=say.share(exact(won), 0)),
    )
    return [*rows, trades, row_of(say, report, "hold_roi")]


def row_of(say: Speech, report: BacktestReport, code: str) -> Row:
    """One figure with the range that it lies in."""
    found = report.figures.get(code)
    if found is None:
        return Row(code, figure(say, code, None))
    return Row(code, figure(say, code, found.value), _range(say, code, found))


def _range(say: Speech, code: str, found: Estimate) -> str:
    if found.low is None or found.high is None:
        return ""
    low, high = (found.high, found.low) if code in LOSSES else (found.low, found.high)
    if code in SHARES:
        texts = [say.share(exact(-one if code in LOSSES else one), 0, has_sign=True) for one in (low, high)]
        return f"{texts[0].removesuffix('%').rstrip()} … {texts[1]}"
    return f"{say.figure(exact(low), 2)} … {say.figure(exact(high), 2)}"


def figure(say: Speech, code: str, value: float | None) -> str:
    """A figure as it is read."""
    if value is None or not isfinite(value):
        return say.figure(None)
    if code in SPANS:
        return say("{n} d", n=max(round(value / DAY_MS), 1)) if value >= DAY_MS else say.age(value / 1000)
    number = exact(-value if code in LOSSES else value)
    if code in SHARES:
        return say.share(number, has_sign=code in SIGNED)
    if code in COUNTS:
        return say.number(int(value))
    if code in MONEY:
        return say.gain(-number if code == "fees" else number)
    return say.figure(number, 2)


def exact(value: float) -> Decimal:
    """A statistic as screens show it; its shortest digits, not its binary ones."""
    return Decimal(repr(float(value)))


def coins_of(report: BacktestReport) -> str:
    """The coins of a report, without the currency that they are priced in."""
    return ", ".join(one.removesuffix("USDT") for one in report.symbols)


def result_keyboard(say: Speech, report_id: str) -> Keyboard:
    """What can be done with a report."""
    return (
        (
            button(say("Details"), "bt", "d", report_id, style=Style.PRIMARY),
            button(say("Files"), "bt", "f", report_id),
        ),
        (
            button(say("Other period"), "bt", "p", report_id),
            button(say("Other strategy"), "bt", "s", report_id),
        ),
    )


def page_screen(say: Speech, page: Document) -> Screen:
    """The page with the curve, as a file."""
    return Screen(html=say.render("backtest_file.html", name=page.name, is_page=True), document=page)


def details_values(say: Speech, report: BacktestReport) -> dict[str, object]:
    """All figures of a report for their template."""
    chapters = [
        (name, [row_of(say, report, code) for code in codes if report.value(code) is not None])
        for name, codes in CHAPTERS.items()
    ]
    return {
        **result_values(say, report),
        "chapters": [(name, rows) for name, rows in chapters if rows],
        "params": list(report.params.items()),
        "gates": sorted(report.blocked.items(), key=lambda one: -one[1]),
        "bars": report.bars,
        "digest": report.digest[:12],
        "played": exact(round(report.played_s, 1)),
    }


def details_keyboard(say: Speech, report: BacktestReport) -> Keyboard:
    """Ways on from the figures; without the desk's limits where those got in the way."""
    is_open = "limits=open" in report.wish.split()
    other = button(say("With the limits") if is_open else say("Without limits"), "bt", "l", report.id)
    wanted = bool(report.blocked) or is_open
    return (
        (button(say("Files"), "bt", "f", report.id), *((other,) if wanted else ())),
        (
            button(say("Other period"), "bt", "p", report.id),
            button(say("Other strategy"), "bt", "s", report.id),
        ),
    )
