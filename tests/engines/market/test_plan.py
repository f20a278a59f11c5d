from hypothesis import given
from hypothesis import strategies as st

from engines.core.timeframe import Timeframe
from engines.market.gaps import Span
from engines.market.plan import KEPT, depth, forgotten_before, without
from tests.build.candles import JANUARY_MS

DAY_MS = Timeframe.D1.ms
SPANS = st.builds(lambda start, length: Span(start, start + length), st.integers(0, 60), st.integers(1, 20))


def test_each_timeframe_has_its_depth() -> None:
    now_ms = JANUARY_MS + 123_456
    days = {one: depth(one, now_ms).count(one) * one.ms / DAY_MS for one in KEPT}
    assert days[Timeframe.M5] == 31
    assert days[Timeframe.M15] == 92
    assert days[Timeframe.H1] == 731
    assert days[Timeframe.H4] == 731
    assert days[Timeframe.D1] > 8 * 365
    assert all(depth(one, now_ms).stop_ms == one.floor(now_ms) for one in KEPT)


def test_hours_and_days_are_kept_for_ever() -> None:
    kept = [one for one in KEPT if forgotten_before(one, JANUARY_MS) is None]
    assert kept == [Timeframe.H1, Timeframe.H4, Timeframe.D1]
    assert forgotten_before(Timeframe.M5, JANUARY_MS) == JANUARY_MS - 31 * DAY_MS


@given(st.lists(SPANS, max_size=6), st.lists(SPANS, max_size=6))
def test_what_is_left_are_the_times_that_are_not_known(spans: list[Span], known: list[Span]) -> None:
    taken = {at for one in known for at in range(one.start_ms, one.stop_ms)}
    left = without(spans, known)
    for span in spans:
        wanted = set(range(span.start_ms, span.stop_ms)) - taken
        found = {at for piece in without([span], known) for at in range(piece.start_ms, piece.stop_ms)}
        assert found == wanted
    assert all(piece.start_ms < piece.stop_ms for piece in left)
