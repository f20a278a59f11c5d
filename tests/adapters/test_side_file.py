"""The side file of latches: whole or not at all, and never silently empty."""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.side_file import SideFile
from engines.risk.latch import Cause, KillLevel, Latch, Scope
from ports.desk_state import Unreadable
from ports.errors import Transient

AT = datetime(2026, 3, 4, 12, 0, 0, 123456, tzinfo=UTC)
KILL = Latch(
    id="kill", scope=Scope(has_paper=True), cause=Cause.KILL, level=KillLevel.FLAT, by=11, pulled_at=AT
)
PAUSE = Latch(
    id="pause:trend",
    scope=Scope(engine="trend", account="bybit"),
    cause=Cause.PAUSE,
    pulled_at=AT,
    until=AT + timedelta(hours=4),
    detail="тихо «4h»",
)


async def test_there_is_nothing_before_anything_was_written(tmp_path: Path) -> None:
    assert await SideFile(tmp_path / "latches.json").read() == []


async def test_what_was_written_comes_back(tmp_path: Path) -> None:
    file = SideFile(tmp_path / "latches.json")
    await file.write([KILL, PAUSE])

    assert await SideFile(tmp_path / "latches.json").read() == [KILL, PAUSE]


async def test_the_last_write_replaces_those_before(tmp_path: Path) -> None:
    file = SideFile(tmp_path / "latches.json")
    await file.write([KILL, PAUSE])
    await file.write([])

    assert await file.read() == []
    assert [one.name for one in tmp_path.iterdir()] == ["latches.json"]


async def test_a_cancelled_write_never_replaces_a_later_one(tmp_path: Path) -> None:
    """Its thread goes on writing beside the next."""
    file = SideFile(tmp_path / "latches.json")
    for _ in range(20):
        first = asyncio.create_task(file.write([PAUSE] * 2000))
        await asyncio.sleep(0.001)
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first
        await file.write([KILL, PAUSE])
        assert await file.read() == [KILL, PAUSE]

    assert [one.name for one in tmp_path.iterdir()] == ["latches.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b'"kill"',
        b'[{"id": "kill"}]',
        b'[{"id": "kill", "scope": {"planet": 1}, "cause": "kill", "level": 1, "by": null,'
        b' "pulled_at": "2026-03-04T12:00:00+00:00", "until": null, "detail": ""}]',
        b'[{"id": "kill", "scope": {}, "cause": "kill", "level": 9, "by": null,'
        b' "pulled_at": "2026-03-04T12:00:00+00:00", "until": null, "detail": ""}]',
        b'[{"id": "kill", "scope": {}, "cause": "kill", "level": 1, "by": null,'
        b' "pulled_at": "2026-03-04T12:00:00", "until": null, "detail": ""}]',
    ],
)
async def test_a_damaged_file_is_never_taken_for_an_empty_one(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "latches.json").write_bytes(content)

    with pytest.raises(Unreadable, match=r"latches\.json"):
        await SideFile(tmp_path / "latches.json").read()


async def test_a_file_that_cannot_be_opened_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "latches.json").mkdir()

    with pytest.raises(Unreadable):
        await SideFile(tmp_path / "latches.json").read()


async def test_a_folder_that_cannot_be_written_is_transient(tmp_path: Path) -> None:
    (tmp_path / "away").write_text("a file where the folder should be")

    with pytest.raises(Transient):
        await SideFile(tmp_path / "away" / "latches.json").write([KILL])
