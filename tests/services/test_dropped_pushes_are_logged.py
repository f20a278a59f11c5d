"""A push that is given up leaves a line in the log."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from ports.errors import DeskError, Gone, Rejected
from services.outbox import Outbox
from tests.build.clock import NOON, HandClock
from tests.build.messenger import RecordingMessenger
from tests.build.people import a_push
from tests.build.stores import MemoryOutbox


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (Gone("group chat was upgraded"), "group chat was upgraded"),
        (Rejected("not enough rights"), "not enough rights"),
        (None, "expired"),
    ],
)
async def test_a_dropped_push_is_named_with_its_reason(failure: DeskError | None, reason: str) -> None:
    store, clock = MemoryOutbox(), HandClock()
    outbox = Outbox(store, RecordingMessenger(failure=failure), clock)
    await outbox.push(a_push("unknown:5", expires_at=NOON + timedelta(hours=1)))
    if failure is None:
        clock.move(3601)

    with capture_logs() as events:
        assert await outbox.deliver()

    assert [(event["log_level"], event["what"], event["reason"]) for event in events] == [
        ("error", "unknown:5", reason)
    ]
