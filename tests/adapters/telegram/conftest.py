"""Log lines are caught, not printed."""

from collections.abc import Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """The events logged so far."""
    with capture_logs() as events:
        yield events
