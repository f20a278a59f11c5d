"""A small outside world for the commands."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sandbox.world import WorldOptions
from tests.build.recordings import a_recording
from tests.build.sandbox import Sandbox, running_sandbox


@pytest.fixture(scope="session")
def small_recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six days of three coins."""
    return a_recording(tmp_path_factory.mktemp("recording"))


@pytest.fixture
async def sandbox(tmp_path: Path, small_recording: Path) -> AsyncIterator[Sandbox]:
    """The outside world alone, at the speed of life."""
    async with running_sandbox(tmp_path, WorldOptions(replay=small_recording)) as running:
        yield running
