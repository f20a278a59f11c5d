"""`report.md`: what was run and what came of it, in words and tables."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from adapters.reports.figures import Figure, Unit, currency, figures, worded
from adapters.reports.wording import (
    change,
    date,
    days,
    halted,
    hours,
    lasting,
    level,
    minute,
    number,
    percent,
    span,
    verdict,
)
from engines.core.instrument import MarketKind
from engines.core.moment import utc
from engines.metrics.days import MonthReturn
from engines.metrics.drawdown import Drawdown
from engines.simulate.run import Round
from engines.simulate.terms import OPEN_LIMITS
from ports.report_language import ReportLanguage
from ports.reports import Report

_LONG: Final = re.compile(r"\d+\.\d{5,}")
_BOUND: Final = re.compile(r"(\S+) of (\S+) (\w+)")
"""A reason with figures: what was measured, what is allowed, and the unit."""


def document(report: Report, drawn: Sequence[str]) -> bytes:
    """The file; `drawn` are the names of the pictures beside it."""
    parts = (
        _head(report),
        _figures(report),
        _pictures(report.language, drawn),
        _falls(report.language, report.assessment.falls),
        _months(report.language, report.assessment.months),
        _costs(report),
        _blocked(report),
        _made(report),
        _method(report),
    )
    return ("\n\n".join("\n".join(part) for part in parts) + "\n").encode()


def _head(report: Report) -> Iterator[str]:
    run, say = report.run, report.language
    markets = _plain(" ".join(run.symbols))
    yield "# " + say("{strategy} on {markets}", strategy=_plain(run.strategy), markets=markets)
    yield ""
    yield _plain(verdict(say, report.assessment))
    yield ""
    yield say(
        "Played from {start} until {stop} ({span}, {bars}) with {money} and {params}.",
        start=date(say, run.start),
        stop=date(say, run.stop),
        span=span(say, report.assessment.metrics.years),
        bars=say.plural("{n} bar", "{n} bars", run.bars, n=number(say, run.bars, 0)),
        money=f"{number(say, float(run.opening))} {currency(report)}",
        params=f"`{_code(worded(run.params))}`",
    )
    for note in (*halted(say, run), *report.notes):
        yield f"\n> {_plain(note)}"


def _figures(report: Report) -> Iterator[str]:
    say, money = report.language, currency(report)
    yield _title(say("Figures"))
    yield _columns(say("figure | value | {level} interval", level=level(say)), "|---|---:|---:|")
    for one in figures(report):
        if one.unit not in (Unit.TEXT, Unit.TIME) or one.metric.startswith("drawdown"):
            yield _row(one.label, _shown(say, one.value, one, money), _interval(say, one, money))


def _shown(say: ReportLanguage, value: float | str | None, of: Figure, money: str) -> str:
    if isinstance(value, str):
        return minute(say, datetime.fromisoformat(value))
    if of.unit is Unit.FRACTION:
        return percent(say, value)
    if of.unit is Unit.MONEY:
        return f"{number(say, value)} {money}"
    if of.unit in (Unit.DAYS, Unit.HOURS) and value is not None:
        worded_length = days if of.unit is Unit.DAYS else hours
        return worded_length(say, value, 0 if value >= 10 else 1)
    return number(say, value, 0 if of.unit is Unit.COUNT else 2)


def _interval(say: ReportLanguage, one: Figure, money: str) -> str:
    if one.interval is None:
        return ""
    low, high = (_shown(say, end, one, money) for end in (one.interval.low, one.interval.high))
    return f"{low} … {high}"


def _pictures(say: ReportLanguage, drawn: Sequence[str]) -> Iterator[str]:
    """The light ones, or the dark ones where there are no others."""
    yield _title(say("Pictures"))
    yield say("`equity.html` has the curves to zoom into; it needs no network.")
    light = [name for name in drawn if name.endswith("_light.png")]
    kinds = {
        "equity": say("What the account was worth, beside holding"),
        "drawdown": say("How far it stood below its highest"),
        "exposure": say("How much was at stake"),
        "costs": say("What trading cost"),
        "trades": say("Trades on the price"),
    }
    for kind, words in kinds.items():
        for name in light or drawn:
            if name.startswith(f"{kind}_"):
                yield f"\n![{words}]({name})"


def _falls(say: ReportLanguage, falls: Iterable[Drawdown]) -> Iterator[str]:
    yield _title(say("Deepest drawdowns"))
    rows = [
        _row(
            percent(say, one.depth),
            date(say, utc(one.peak_ms)),
            date(say, utc(one.trough_ms)),
            say("not yet") if one.recovered_ms is None else date(say, utc(one.recovered_ms)),
            lasting(say, one.length_ms),
        )
        for one in falls
    ]
    if rows:
        yield _columns(say("depth | from | lowest | recovered | lasted"), "|---:|---|---|---|---:|")
        yield from rows
    else:
        yield say("None.")


def _months(say: ReportLanguage, months: Iterable[MonthReturn]) -> Iterator[str]:
    yield _title(say("Returns by month"))
    yield _columns(" | ".join(("", *say.months, say("year"))), f"|---|{'---:|' * 13}")
    years: defaultdict[int, dict[int, float]] = defaultdict(dict)
    for one in months:
        years[one.year][one.month] = one.value
    for year, values in years.items():
        whole = 1.0
        for value in values.values():
            whole *= 1 + value
        cells = [change(say, values[month]) if month in values else "" for month in range(1, 13)]
        yield _row(str(year), *cells, f"**{change(say, whole - 1)}**")


def _costs(report: Report) -> Iterator[str]:
    say = report.language
    yield _title(say("Costs, in {money}", money=currency(report)))
    yield _columns(
        say("market | trades | before costs | fees | slippage | funding | net"), f"|---|{'---:|' * 6}"
    )
    markets: defaultdict[str, list[Round]] = defaultdict(list)
    kinds = {MarketKind.SPOT: say("spot"), MarketKind.PERP: say("perp")}
    for one in report.run.rounds:
        markets[f"{one.instrument.symbol} {kinds[one.instrument.kind]}"].append(one)
    for name, rounds in markets.items():
        yield _cost(say, name, rounds)
    yield _cost(say, say("all"), report.run.rounds)
    yield ""
    yield say("Slippage is inside the prices of fills, so it is part of what stands before costs.")
    yield say("Funding above zero was received.")


def _cost(say: ReportLanguage, name: str, rounds: Sequence[Round]) -> str:
    gross, fees, slippage, funding, net = (
        number(say, float(sum(column, Decimal(0))))
        for column in (
            [one.gross for one in rounds],
            [one.fees for one in rounds],
            [one.slippage for one in rounds],
            [one.funding for one in rounds],
            [one.net for one in rounds],
        )
    )
    return _row(name, number(say, len(rounds), 0), gross, fees, slippage, funding, net)


def _blocked(report: Report) -> Iterator[str]:
    say, blocked = report.language, report.run.blocked
    yield _title(say("What was not let through"))
    counts = Counter((one.gate, one.ruling.value) for one in blocked)
    if not counts:
        yield say("Nothing: every intent went as it was asked.")
        return
    yield _columns(say("gate | ruling | intents | the first"), "|---|---|---:|---|")
    rulings = {"deny": say("deny"), "shrink": say("shrink")}
    first = {(one.gate, one.ruling.value): one for one in reversed(blocked)}
    for (gate, ruling), count in counts.most_common():
        one = first[gate, ruling]
        words = f"{date(say, one.at)} {one.instrument.symbol}: {_reason(say, one.reason)}"
        yield _row(gate, rulings.get(ruling, ruling), str(count), words)
    yield ""
    yield say("Each of them is in `blocked_trades_log.csv`.")


def _reason(say: ReportLanguage, reason: str) -> str:
    """The first figures that a reader needs, and not more."""
    short = _LONG.sub(lambda found: f"{float(found[0]):.4g}", reason)
    bound = _BOUND.fullmatch(short)
    if bound is None:
        return short
    units = {"fraction": say("fraction"), "count": say("count"), "s": say("s")}
    unit = units.get(bound[3], bound[3])
    value, limit = (bound[part].replace(".", say.decimal) for part in (1, 2))
    return say("{value} of {limit} {unit}", value=value, limit=limit, unit=unit)


def _made(report: Report) -> Iterator[str]:
    terms, run, say = report.terms, report.run, report.language
    yield _title(say("How it was made"))
    if report.command:
        yield f"    {_line(report.command)}\n"
    digest = f"`{_code(run.digest)}`"
    yield "- " + say(
        "digest of everything that happened: {digest}; the same input gives the same digest", digest=digest
    )
    spot, maker, taker = (_rate(say, rate) for rate in (terms.fees.spot, terms.fees.maker, terms.fees.taker))
    yield "- " + say(
        "fees: spot {spot}, perpetuals {maker} as maker and {taker} as taker",
        spot=spot,
        maker=maker,
        taker=taker,
    )
    rate = _rate(say, terms.slippage)
    yield "- " + say("slippage of market orders: {rate}, never beyond the range of the bar", rate=rate)
    is_open = terms.limits == OPEN_LIMITS
    limits = say("open, nothing is held back") if is_open else say("those of the desk")
    yield "- " + say("limits of the gate: {limits}", limits=limits)
    yield "- " + say("written {at} UTC", at=minute(say, report.made_at))


def _rate(say: ReportLanguage, rate: Decimal) -> str:
    return percent(say, float(rate), 3)


def _method(report: Report) -> Iterator[str]:
    say = report.language
    yield _title(say("What the figures are, and are not"))
    for line in (*_reckoned(report), *_unknown(report)):
        yield f"- {line}"


def _reckoned(report: Report) -> Iterator[str]:
    say, sure = report.language, report.assessment.intervals
    yield say(
        "Returns are daily: the last equity of each UTC day; a day without bars carries the day before. "
        "A year has 365 days, the risk-free rate is 0. Drawdown and exposure look at every bar."
    )
    yield say("Holding buys at the first open and pays nothing: no fees, no funding.")
    yield say(
        "Intervals come from {draws} draws of the run's own days in blocks of {block}, those of the profit "
        "factor from its trades. They tell of luck inside this time, not of times unlike it.",
        draws=sure.draws,
        block=sure.block_days,
    )
    yield say("A trade that is open at the end is valued at the last close, and neither won nor lost.")


def _unknown(report: Report) -> Iterator[str]:
    say, part = report.language, report.terms.participation
    shared = (
        "" if part is None else say(" up to {part} of the volume of a bar", part=percent(say, float(part)))
    )
    yield say(
        "Bars do not say in which order prices came: where a stop and a target both lay inside one, the stop "
        "was hit."
    )
    yield say(
        "Orders do not move the market, and what is bought at the next open is there in any size{shared}.",
        shared=shared,
    )
    yield say("Markets that are traded today were chosen knowing that they would live.")
    yield say(
        "Parameters that were chosen after looking at this time look better here than they will be: see what "
        "`perpetuum sweep` says of them."
    )
    yield say("One history is one draw. What did not happen in it is not in the figures.")


def _title(words: str) -> str:
    return f"## {words}\n"


def _columns(names: str, sides: str) -> str:
    return f"| {names} |\n{sides}"


def _row(*cells: str) -> str:
    return f"| {' | '.join(_plain(cell).replace('|', chr(92) + '|') for cell in cells)} |"


def _plain(text: str) -> str:
    """Words of others on one line, without a tag in them."""
    return _line(text).replace("<", "&lt;")


def _code(text: str) -> str:
    return _line(text.replace("`", "'"))


def _line(text: str) -> str:
    return " ".join(text.split())
