"""What a replay of two years of five-minute bars costs."""

from decimal import Decimal
from typing import Final

from benchmarks.bars import made_up
from benchmarks.frame import Measure, cpu_s, measures
from engines.core.timeframe import Timeframe
from engines.simulate.costs import Fees
from engines.simulate.history import History
from engines.simulate.replay.replay import play
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
    included. Beside it the same run with every bar played and every close asked."""
    history, strategy = made_up(), SmaCross()
    short = made_up(20_000)
    if play(short, strategy, PARAMS, TERMS).run.digest != _slow(short):
        raise RuntimeError("bars that were passed over would have changed the run")
    spent_s = cpu_s(lambda: play(history, strategy, PARAMS, TERMS), runs=5)
    slow_s = cpu_s(lambda: _slow(short), runs=3)
    run = play(history, strategy, PARAMS, TERMS).run
    note = f"{len(run.rounds)} positions; every bar played {20_000 / slow_s:,.0f}/s"
    return Measure(run.bars / spent_s, note=note)


def _slow(history: History) -> str:
    return play(history, SmaCross(), PARAMS, TERMS, is_skipping=False).run.digest
