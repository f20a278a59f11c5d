"""What a replay of two years of five-minute bars costs."""

from datetime import datetime
from decimal import Decimal
from typing import Final

from benchmarks.bars import made_up
from benchmarks.frame import Measure, Skipped, cpu_s, measures
from benchmarks.peers import PeerTrade, peer, shared
from engines.core.timeframe import Timeframe
from engines.orders.trade import CloseReason
from engines.simulate.costs import Fees
from engines.simulate.history import History
from engines.simulate.replay.replay import play
from engines.simulate.run import Run
from engines.simulate.terms import OPEN_LIMITS, Terms
from engines.strategies.sma_cross import SmaCross, SmaCrossParams

_RATE: Final = Decimal("0.0006")
PARAMS: Final = SmaCrossParams(timeframe=Timeframe.M5, notional=Decimal(10_000))
TERMS: Final = Terms(
    opening=Decimal(1_000_000),
    fees=Fees(spot=_RATE, maker=_RATE, taker=_RATE),
    slippage=Decimal(0),
    limits=OPEN_LIMITS,
)


@measures("replay.bars_per_s")
def bars_per_s() -> Measure:
    """SMA 50/200, ADX and a stop of three ATR on the road of the desk; indicators, journal and books
    included. Told beside it: the same run with every bar played and every close asked. The reference is
    backtesting.py, indicators given, once its trades are found to be the same."""
    history, strategy = made_up(), SmaCross()
    short = made_up(20_000)
    if play(short, strategy, PARAMS, TERMS).run.digest != _slow(short):
        raise RuntimeError("bars that were passed over would have changed the run")
    spent_s = cpu_s(lambda: play(history, strategy, PARAMS, TERMS), runs=5)
    slow_s = cpu_s(lambda: _slow(short), runs=3)
    run = play(history, strategy, PARAMS, TERMS).run
    note = f"{len(run.rounds)} positions; every bar played {20_000 / slow_s:,.0f}/s"
    try:
        other = peer("backtesting.py", history.markets[0].series[Timeframe.M5])
    except Skipped as reason:
        return Measure(run.bars / spent_s, note=f"{note}; {reason}")
    ours = _trades(history, run)
    if (same := shared(ours, other.trades)) < len(ours):
        raise RuntimeError(f"{other.name} has {same} of {len(ours)} trades")
    note += f"; beside {other.name}, its indicators given, with the same trades"
    return Measure(run.bars / spent_s, run.bars / other.run_s, note)


def _trades(history: History, run: Run) -> list[PeerTrade]:
    """Positions that are over, as others tell them: in rows of bars."""
    return [
        PeerTrade(
            entry_row=_row(history, one.opened_at),
            # what the desk closes is filled at an open, a stop inside the bar that ends then
            exit_row=_row(history, one.closed_at) - (one.reason is not CloseReason.PERSON),
            entry_price=float(one.entry_price),
            exit_price=float(one.exit_price),
            sign=one.direction.sign,
        )
        for one in run.rounds
        if one.reason is not None
    ]


def _row(history: History, at: datetime) -> int:
    return (round(at.timestamp() * 1000) - history.start_ms) // Timeframe.M5.ms


def _slow(history: History) -> str:
    return play(history, SmaCross(), PARAMS, TERMS, is_skipping=False).run.digest
