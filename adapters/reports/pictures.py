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
from adapters.reports.figures import currency
from adapters.reports.wording import change, date, lasting, number, percent
from engines.core.moment import utc
from engines.metrics.drawdown import under_water
from engines.metrics.thinning import thinned
from engines.simulate.history import RecordedMarket
from engines.simulate.run import Round
from ports.charts import Theme
from ports.reports import Report

_POINTS: Final = 4000
_MARKETS: Final = 6  # whose trades are drawn
_DIGITS: Final = 5  # of a price
_TRADES: Final = TradeNames(price="price", won="won (▲ long, ▼ short)", lost="lost")


def pictures(report: Report, themes: Sequence[Theme]) -> dict[str, bytes]:
    """PNG files by name: `equity_dark.png`, …, one with the trades of each market that was traded, the most
    traded first and at most six; that of the first market where none was."""
    return {f"{name}_{theme}.png": picture for theme in themes for name, picture in _drawn(report, theme)}


def _drawn(report: Report, theme: Theme) -> Iterator[tuple[str, bytes]]:
    yield "equity", _equity(report, _heading(report, theme, "Equity beside holding"))
    yield "drawdown", _drawdown(report, _heading(report, theme, "Below the highest equity"))
    yield "exposure", _exposure(report, _heading(report, theme, "Net position by equity"))
    yield "costs", _costs(report, _heading(report, theme, f"What trading cost, {currency(report)}"))
    for market in _traded(report):
        symbol = market.instrument.symbol
        name = f"trades_{re.sub(r'[^A-Za-z0-9]', '-', symbol)}_{market.instrument.kind}"
        yield name, _trades(report, market, _heading(report, theme, f"Trades on {symbol}"))


def _heading(report: Report, theme: Theme, what: str) -> Heading:
    run = report.run
    return Heading(
        title=f"{run.strategy} · {' '.join(run.symbols)}",
        subtitle=f"{what} · {date(run.start)} – {date(run.stop)}",
        drawn_at=report.made_at,
        theme=theme,
    )


def _equity(report: Report, heading: Heading) -> bytes:
    curve, said = report.run.curve, report.assessment
    lines = [Line(name=report.run.strategy, values=curve.equity)]
    lines += [Line(name=f"holding {one.name}", values=one.equity) for one in said.holdings]
    rows = thinned([line.values for line in lines], _POINTS)
    kept = [Line(name=line.name, values=line.values[rows]) for line in lines]
    return draw_run_equity(heading, curve.time_ms[rows], kept, float(report.run.opening))


def _drawdown(report: Report, heading: Heading) -> bytes:
    curve, deepest = report.run.curve, report.assessment.metrics.drawdown
    below = under_water(curve.equity, float(report.run.opening))
    rows = thinned([below], _POINTS)
    words = "never below the opening" if deepest is None else f"deepest {percent(deepest.depth)}"
    if deepest is not None:
        until = "not recovered" if deepest.recovered_ms is None else f"to {date(utc(deepest.recovered_ms))}"
        words += f", {date(utc(deepest.peak_ms))} {until}, {lasting(deepest.length_ms)}"
    return draw_run_drawdown(heading, curve.time_ms[rows], below[rows], deepest, words)


def _exposure(report: Report, heading: Heading) -> bytes:
    curve = report.run.curve
    net = curve.net / np.where(curve.equity > 0, curve.equity, np.inf)
    return draw_run_exposure(heading, curve.time_ms, net, "long", "short")


def _costs(report: Report, heading: Heading) -> bytes:
    rounds, opening = report.run.rounds, float(report.run.opening)
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
        ("Before costs", net + fees + slippage - funding, False),
        ("Slippage", -slippage, False),
        ("Fees", -fees, False),
        ("Funding", funding, False),
        ("What is left", net, True),
    )
    rows = [
        CostRow(
            name=name,
            amount=amount,
            cells=(
                number(amount, 0),
                change(amount / opening),
                number(amount / len(rounds) if rounds else None),
            ),
            is_total=is_total,
        )
        for name, amount, is_total in lines
    ]
    return draw_run_costs(heading, (currency(report), "of the opening", "a trade"), rows)


def _traded(report: Report) -> list[RecordedMarket]:
    counts = {market.instrument.key: 0 for market in report.history.markets}
    for one in report.run.rounds:
        counts[one.instrument.key] += 1
    busiest = sorted(report.history.markets, key=lambda market: -counts[market.instrument.key])
    drawn = [market for market in busiest if counts[market.instrument.key]]
    return drawn[:_MARKETS] or busiest[:1]


def _trades(report: Report, market: RecordedMarket, heading: Heading) -> bytes:
    history, candles = report.history, market.series[market.finest]
    first, last = np.searchsorted(candles.time_ms, (history.start_ms, history.stop_ms))
    played = candles.rows(int(first), int(last))
    rows = thinned([played.close], _POINTS)
    trades = [_trade(one) for one in report.run.rounds if one.instrument.key == market.instrument.key]
    return draw_run_trades(
        heading,
        played.time_ms[rows] + market.finest.ms,
        played.close[rows],
        trades,
        _TRADES,
        _digits(float(played.close[-1])),
    )


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
