"""The pictures of a report, dark and light."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

import numpy as np

from adapters.charts.plot import Heading
from adapters.charts.run_charts import Line, draw_run_drawdown, draw_run_equity, draw_run_exposure
from adapters.charts.run_costs import CostRow, draw_run_costs
from adapters.charts.run_trades import DrawnTrade, TradeNames, draw_run_trades
from adapters.reports.course import course
from adapters.reports.figures import currency
from adapters.reports.wording import change, date, lasting, number, percent
from engines.core.candle import Candles
from engines.core.moment import utc
from engines.metrics.drawdown import Drawdown
from engines.metrics.thinning import thinned
from engines.simulate.history import RecordedMarket
from engines.simulate.run import Round
from ports.charts import Theme
from ports.report_language import ReportLanguage
from ports.reports import Report

_POINTS: Final = 4000
_MARKETS: Final = 6  # whose trades are drawn
_SHOWN: Final = 40  # trades of a market, the last: more cannot be told apart
_LEAST_BARS: Final = 20  # around the trades
_DIGITS: Final = 5  # of a price


def pictures(report: Report, themes: Sequence[Theme]) -> dict[str, bytes]:
    """PNG files by name: `equity_dark.png`, …, one with the trades of each market that was traded, the most
    traded first and at most six; that of the first market where none was."""
    return {f"{name}_{theme}.png": picture for theme in themes for name, picture in _drawn(report, theme)}


def _drawn(report: Report, theme: Theme) -> Iterator[tuple[str, bytes]]:
    say = report.language
    yield "equity", _equity(report, _heading(report, theme, say("Equity beside holding")))
    yield "drawdown", _drawdown(report, _heading(report, theme, say("Below the highest equity")))
    yield "exposure", _exposure(report, _heading(report, theme, say("Net position by equity")))
    yield (
        "costs",
        _costs(report, _heading(report, theme, say("What trading cost, {money}", money=currency(report)))),
    )
    for market in _traded(report):
        symbol = re.sub(r"[^A-Za-z0-9]", "-", market.instrument.symbol)
        name = f"trades_{symbol}_{market.instrument.kind}"
        yield name, _trades(report, market, theme)


def _heading(report: Report, theme: Theme, what: str) -> Heading:
    run, say = report.run, report.language
    return Heading(
        title=f"{run.strategy} · {' '.join(run.symbols)}",
        subtitle=f"{what} · {date(say, run.start)} – {date(say, run.stop)}",
        drawn_at=report.made_at,
        theme=theme,
    )


def _equity(report: Report, heading: Heading) -> bytes:
    shown = course(report).thinned(_POINTS)
    ours = Line(name=report.run.strategy, values=shown.equity)
    return draw_run_equity(heading, shown.time_ms, [ours, *shown.holdings], float(report.run.opening))


def _drawdown(report: Report, heading: Heading) -> bytes:
    shown, deepest = course(report).thinned(_POINTS), report.assessment.metrics.drawdown
    say = report.language
    words = say("never below the opening") if deepest is None else _deepest(say, deepest)
    return draw_run_drawdown(heading, shown.time_ms, shown.below, deepest, words)


def _deepest(say: ReportLanguage, one: Drawdown) -> str:
    until = (
        say("not recovered by the end")
        if one.recovered_ms is None
        else say("recovered {date}", date=date(say, utc(one.recovered_ms)))
    )
    return say(
        "deepest {depth} from {date}, {until}, {length}",
        depth=percent(say, one.depth),
        date=date(say, utc(one.peak_ms)),
        until=until,
        length=lasting(say, one.length_ms),
    )


def _exposure(report: Report, heading: Heading) -> bytes:
    whole, say = course(report), report.language
    return draw_run_exposure(heading, whole.time_ms, whole.exposure, say("long"), say("short"))


def _costs(report: Report, heading: Heading) -> bytes:
    rounds, opening, say = report.run.rounds, float(report.run.opening), report.language
    fees, slippage, funding, net = (
        float(sum(column, Decimal(0)))
        for column in (
            [one.fees for one in rounds],
            [one.slippage for one in rounds],
            [one.funding for one in rounds],
            [one.net for one in rounds],
        )
    )
    lines = (
        (say("Before costs"), net + fees + slippage - funding, False),
        (say("Slippage of all fills"), -slippage, False),
        (say("Fees"), -fees, False),
        (say("Funding"), funding, False),
        (say("What is left"), net, True),
    )
    rows = [
        CostRow(
            name=name,
            amount=amount,
            cells=(
                number(say, amount, 0),
                change(say, amount / opening),
                number(say, amount / len(rounds) if rounds else None),
            ),
            is_total=is_total,
        )
        for name, amount, is_total in lines
    ]
    return draw_run_costs(heading, (currency(report), say("of the opening"), say("a trade")), rows)


def _traded(report: Report) -> list[RecordedMarket]:
    counts = {market.instrument.key: 0 for market in report.history.markets}
    for one in report.run.rounds:
        counts[one.instrument.key] += 1
    busiest = sorted(report.history.markets, key=lambda market: -counts[market.instrument.key])
    drawn = [market for market in busiest if counts[market.instrument.key]]
    return drawn[:_MARKETS] or busiest[:1]


def _trades(report: Report, market: RecordedMarket, theme: Theme) -> bytes:
    rounds = [one for one in report.run.rounds if one.instrument.key == market.instrument.key]
    trades = [_trade(one) for one in rounds[-_SHOWN:]]
    played = _played(report, market, trades)
    rows = thinned([played.close], _POINTS)
    run, say = report.run, report.language
    first, last = (date(say, utc(int(played.time_ms[row]))) for row in (0, -1))
    return draw_run_trades(
        Heading(
            title=f"{run.strategy} · {market.instrument.symbol}",
            subtitle=f"{_counted(say, len(trades), len(rounds))} · {first} – {last}",
            drawn_at=report.made_at,
            theme=theme,
        ),
        played.time_ms[rows] + market.finest.ms,
        played.close[rows],
        trades,
        TradeNames(price=say("price"), won=say("won (▲ long, ▼ short)"), lost=say("lost")),
        _digits(float(played.close[-1])),
    )


def _counted(say: ReportLanguage, drawn: int, count: int) -> str:
    if count > drawn:
        return say("Trades on the price, the last {drawn} of {count}", drawn=drawn, count=count)
    return say("Trades on the price, all {count}", count=count)


def _played(report: Report, market: RecordedMarket, trades: Sequence[DrawnTrade]) -> Candles:
    """Candles of the run; where there are trades, from the first of them to the last, and a little around."""
    history, candles = report.history, market.series[market.finest]
    start_ms, stop_ms = history.start_ms, history.stop_ms
    if trades:
        first_ms = min(one.opened_ms for one in trades)
        last_ms = max(one.closed_ms for one in trades)
        room = (last_ms - first_ms) // 20 + _LEAST_BARS * market.finest.ms
        start_ms, stop_ms = max(start_ms, first_ms - room), min(stop_ms, last_ms + room)
    first, last = np.searchsorted(candles.time_ms, (start_ms, stop_ms))
    return candles.rows(int(first), int(last))


def _trade(one: Round) -> DrawnTrade:
    return DrawnTrade(
        opened_ms=round(one.opened_at.timestamp() * 1000),
        entry=float(one.entry_price),
        closed_ms=round(one.closed_at.timestamp() * 1000),
        exit=float(one.exit_price),
        direction=one.direction,
        has_won=one.net > 0,
    )


def _digits(price: float) -> int:
    """Decimals that leave five figures of a price."""
    return max(0, _DIGITS - 1 - int(np.floor(np.log10(price))))
