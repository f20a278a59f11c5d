from hypothesis import given
from hypothesis import strategies as st

from engines.core.timeframe import Timeframe
from engines.market.gaps import Span
from services.collect.track import Track

STEP = Timeframe.M5.ms


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(0, 50))
def test_what_is_missing_is_what_never_came(arrivals: list[int], stop: int) -> None:
    track = Track(Timeframe.M5, 0)
    for step in arrivals:
        track.close([step * STEP])
    absent = sorted(set(range(stop)) - set(arrivals))
    found = [
        at // STEP for span in track.missing(stop * STEP) for at in range(span.start_ms, span.stop_ms, STEP)
    ]
    assert found == absent
    assert track.next_ms == STEP * min(set(range(42)) - set(arrivals))
    assert track.has_holes == any(step * STEP > track.next_ms for step in arrivals)


def test_what_is_known_to_be_absent_is_passed_over() -> None:
    track = Track(Timeframe.M5, 10 * STEP)
    track.close([12 * STEP])
    track.skip([Span(0, 12 * STEP)])
    assert track.next_ms == 13 * STEP
    assert not track.has_holes
    assert track.missing(13 * STEP) == []
