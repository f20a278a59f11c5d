"""What the soak makes of its samples."""

import pytest

from benchmarks.soak import Sample, Soak, heartbeats


def seen(memory: list[float], tasks: list[int] | None = None) -> Soak:
    samples = [Sample(float(day), size) for day, size in enumerate(memory)]
    return Soak(samples, tasks or [20] * 8)


def test_what_fills_up_at_first_is_no_growth() -> None:
    flat = seen([100, 150, 200, 200, 201, 199, 200, 200])

    assert flat.growth_mb == pytest.approx(0, abs=1)
    assert abs(flat.mb_a_day) < 0.5


def test_a_leak_is_its_slope() -> None:
    leak = seen([100 + 3 * day for day in range(40)], [20 + beat for beat in range(40)])

    assert leak.mb_a_day == pytest.approx(3)
    assert leak.growth_mb == pytest.approx(30)
    assert leak.more_tasks == pytest.approx(10)


def test_heartbeats_are_read_from_the_log() -> None:
    lines = [
        "starting",
        '{"event": "heartbeat", "tasks": 21}',
        '{"event": "desk_ready"}',
        '{"event": "heartbeat", "tasks": 23}',
        '{"event": "heartbeat", "ta',  # still being written
    ]

    assert heartbeats("\n".join(lines)) == [21, 23]
