"""The load of this process, as the operating system tells it."""

import time

from adapters.process_load import ProcessLoad


def test_it_tells_memory_and_the_share_of_all_cores() -> None:
    gauge = ProcessLoad()
    first = gauge.read()
    assert first.cpu == 0
    assert first.memory_bytes > 10_000_000
    used, busy_until = time.process_time(), time.process_time() + 0.05
    while time.process_time() < busy_until:
        used += 1
    second = gauge.read()
    assert 0 < second.cpu <= 1.05
