"""`report.md`: what was run and what came of it, in words and tables."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Final

from adapters.reports.figures import Figure, Unit, currency, figures, worded
from adapters.reports.wording import change, date, halted, lasting, level, number, percent, span, verdict
from engines.core.moment import utc
from engines.metrics.days import MonthReturn
from engines.metrics.drawdown import Drawdown
from engines.simulate.run import Round
from engines.simulate.terms import OPEN_LIMITS
from ports.charts import ENGLISH_MONTHS
from ports.reports import Report

_PICTURES: Final = {
    "equity": "What the account was worth, beside holding",
    "drawdown": "How far it stood below its highest",
    "exposure": "How much was at stake",
    "costs": "What trading cost",
    "trades": "Trades on the price",
}
_LONG: Final = re.compile(r"\d+\.\d{5,}")
_METHOD: Final = (
    "Returns are daily: the last equity of each UTC day; a day without bars carries the day before. A year "
    "has 365 days, the risk-free rate is 0. Drawdown and exposure look at every bar.",
    "Holding buys at the first open and pays nothing: no fees, no funding.",
    "Intervals come from {draws} draws of the run's own days in blocks of {block}, those of the profit "
    "factor from its trades. They tell of luck inside this time, not of times unlike it.",
    "A trade that is open at the end is valued at the last close, and neither won nor lost.",
)
_LIMITS: Final = (
    "Bars do not say in which order prices came: where a stop and a target both lay inside one, the stop was "
    "hit.",
    "Orders do not move the market, and what is bought at the next open is there in any size{participation}.",
    "Markets that are traded today were chosen knowing that they would live.",
    "Parameters that were chosen after looking at this time look better here than they will be: see what "
    "`perpetuum sweep` says of them.",
    "One history is one draw. What did not happen in it is not in the figures.",
)


def document(report: Report, drawn: Sequence[str]) -> bytes:
    """The file; `drawn` are the names of the pictures beside it."""
    parts = (
        _head(report),
        _figures(report),
        _pictures(drawn),
        _falls(report.assessment.falls),
        _months(report.assessment.months),
        _costs(report),
        _blocked(report),
        _made(report),
        _method(report),
    )
    return ("\n\n".join("\n".join(part) for part in parts) + "\n").encode()


def _head(report: Report) -> Iterator[str]:
    run = report.run
    yield f"# {_plain(run.strategy)} on {_plain(' '.join(run.symbols))}"
    yield ""
    yield verdict(report.assessment)
    yield ""
    days = span(report.assessment.metrics.years)
    yield f"Played from {date(run.start)} until {date(run.stop)} ({days}, {number(run.bars, 0)} bars) with"
    yield f"{number(float(run.opening))} {currency(report)} and `{_code(worded(run.params))}`."
    for note in (*halted(run.blocked), *report.notes):
        yield f"\n> {_plain(note)}"


def _figures(report: Report) -> Iterator[str]:
    yield f"## Figures\n\n| figure | value | {level()} interval |\n|---|---:|---:|"
    money = currency(report)
    for one in figures(report):
        if one.unit not in (Unit.TEXT, Unit.TIME) or one.metric.startswith("drawdown"):
            yield _row(one.label, _shown(one.value, one, money), _interval(one, money))


def _shown(value: float | str | None, of: Figure, money: str) -> str:
    if isinstance(value, str):
        return value[:16].replace("T", " ")
    if of.unit is Unit.FRACTION:
        return percent(value)
    if of.unit is Unit.MONEY:
        return f"{number(value)} {money}"
    if of.unit in (Unit.DAYS, Unit.HOURS):
        return f"{number(value, 0 if value is None or value >= 10 else 1)} {of.unit}"
    return number(value, 0 if of.unit is Unit.COUNT else 2)


def _interval(one: Figure, money: str) -> str:
    if one.interval is None:
        return ""
    return f"{_shown(one.interval.low, one, money)} … {_shown(one.interval.high, one, money)}"


def _pictures(drawn: Sequence[str]) -> Iterator[str]:
    """The light ones, or the dark ones where there are no others."""
    yield "## Pictures\n\n`equity.html` has the curves to zoom into; it needs no network."
    light = [name for name in drawn if name.endswith("_light.png")]
    for kind, words in _PICTURES.items():
        for name in light or drawn:
            if name.startswith(f"{kind}_"):
                yield f"\n![{words}]({name})"


def _falls(falls: Iterable[Drawdown]) -> Iterator[str]:
    yield "## Deepest drawdowns\n"
    rows = [
        _row(
            percent(one.depth),
            date(utc(one.peak_ms)),
            date(utc(one.trough_ms)),
            "not yet" if one.recovered_ms is None else date(utc(one.recovered_ms)),
            lasting(one.length_ms),
        )
        for one in falls
    ]
    if rows:
        yield "| depth | from | lowest | recovered | lasted |\n|---:|---|---|---|---:|"
        yield from rows
    else:
        yield "None."


def _months(months: Iterable[MonthReturn]) -> Iterator[str]:
    yield "## Returns by month\n"
    yield f"| | {' | '.join(ENGLISH_MONTHS)} | year |\n|---|{'---:|' * 13}"
    years: defaultdict[int, dict[int, float]] = defaultdict(dict)
    for one in months:
        years[one.year][one.month] = one.value
    for year, values in years.items():
        whole = 1.0
        for value in values.values():
            whole *= 1 + value
        cells = [change(values[month]) if month in values else "" for month in range(1, 13)]
        yield _row(str(year), *cells, f"**{change(whole - 1)}**")


def _costs(report: Report) -> Iterator[str]:
    money = currency(report)
    yield f"## Costs, in {money}\n"
    yield "| market | trades | before costs | fees | slippage | funding | net |"
    yield f"|---|{'---:|' * 6}"
    markets: defaultdict[str, list[Round]] = defaultdict(list)
    for one in report.run.rounds:
        markets[f"{one.instrument.symbol} {one.instrument.kind}"].append(one)
    for name, rounds in markets.items():
        yield _cost(name, rounds)
    yield _cost("all", report.run.rounds)
    yield "\nSlippage is inside the prices of fills, so it is part of what stands before costs."
    yield "Funding above zero was received."


def _cost(name: str, rounds: Sequence[Round]) -> str:
    gross, fees, slippage, funding, net = (
        number(float(sum(column, Decimal(0))))
        for column in (
            [one.gross for one in rounds],
            [one.fees for one in rounds],
            [one.slippage for one in rounds],
            [one.funding for one in rounds],
            [one.net for one in rounds],
        )
    )
    return _row(name, str(len(rounds)), gross, fees, slippage, funding, net)


def _blocked(report: Report) -> Iterator[str]:
    yield "## What was not let through\n"
    counts = Counter((one.gate, one.ruling.value) for one in report.run.blocked)
    if not counts:
        yield "Nothing: every intent went as it was asked."
        return
    yield "| gate | ruling | intents | the first |\n|---|---|---:|---|"
    first = {(one.gate, one.ruling.value): one for one in reversed(report.run.blocked)}
    for (gate, ruling), count in counts.most_common():
        one = first[gate, ruling]
        reason = _LONG.sub(lambda found: f"{float(found[0]):.4g}", one.reason)
        yield _row(gate, ruling, str(count), f"{date(one.at)} {one.instrument.symbol}: {reason}")
    yield "\nEach of them is in `blocked_trades_log.csv`."


def _made(report: Report) -> Iterator[str]:
    terms, run = report.terms, report.run
    yield "## How it was made\n"
    if report.command:
        yield f"    {report.command}\n"
    yield f"- digest of everything that happened: `{_code(run.digest)}`; the same input gives the same digest"
    spot, maker, taker = (_rate(rate) for rate in (terms.fees.spot, terms.fees.maker, terms.fees.taker))
    yield f"- fees: spot {spot}, perpetuals {maker} as maker and {taker} as taker"
    yield f"- slippage of market orders: {_rate(terms.slippage)}, never beyond the range of the bar"
    limits = "open, nothing is held back" if terms.limits == OPEN_LIMITS else "those of the desk"
    yield f"- limits of the gate: {limits}"
    yield f"- written {report.made_at:%Y-%m-%d %H:%M} UTC"


def _rate(rate: Decimal) -> str:
    return percent(float(rate), 3)


def _method(report: Report) -> Iterator[str]:
    sure, part = report.assessment.intervals, report.terms.participation
    shared = "" if part is None else f" up to {percent(float(part))} of the volume of a bar"
    yield "## What the figures are, and are not\n"
    for line in (*_METHOD, *_LIMITS):
        yield "- " + line.format(draws=sure.draws, block=sure.block_days, participation=shared)


def _row(*cells: str) -> str:
    return f"| {' | '.join(_plain(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _plain(text: str) -> str:
    """Words of others on one line, without a tag in them."""
    return " ".join(text.split()).replace("<", "&lt;")


def _code(text: str) -> str:
    return " ".join(text.replace("`", "'").split())
