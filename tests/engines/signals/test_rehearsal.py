"""After the rehearsal a decision finds everything compiled."""

from collections.abc import Iterator

from numba.core.dispatcher import Dispatcher

from engines.core.timeframe import Timeframe
from engines.market.aggregation import resample
from engines.signals import entry_rules, gates, judging, levels, rule, trend_rules, weighing
from engines.signals.gates import Params
from engines.signals.history import histories
from engines.signals.rehearsal import rehearse
from engines.signals.study import looks
from tests.build.candles import JANUARY_MS, some_candles


def compiled() -> Iterator[tuple[str, int]]:
    """Every kernel of the rules, and for how many kinds of arguments it was compiled."""
    for module in (rule, trend_rules, entry_rules, weighing, levels, judging, gates):
        for name, each in vars(module).items():
            if isinstance(each, Dispatcher):
                yield f"{module.__name__}.{name}", len(each.signatures)


def test_a_decision_compiles_nothing() -> None:
    rehearse()
    before = dict(compiled())
    assert before["engines.signals.judging.judged"] > 0
    fives = some_candles(25 * 288, Timeframe.M5, seed=5, price=2_000.0)
    history = next(histories("ETHUSDT", resample(fives, Timeframe.H1.ms), fives))
    start_ms = JANUARY_MS + 22 * Timeframe.D1.ms
    whole_numbers = Params(stalest_s=60, least_trend=0, least_triggers=1, least_reward=1, least_confidence=0)
    made = [one.decision.proposal for one in looks(history, start_ms=start_ms, params=whole_numbers)]
    assert any(made)
    assert dict(compiled()) == before
