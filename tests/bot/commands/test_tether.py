"""A killed sandbox leaves no desk behind."""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.build.sandbox import until

ROOT = Path(__file__).resolve().parent.parent.parent.parent


def processes_of(group: int) -> list[int]:
    """Processes of a group that are more than a name."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, _, of_group, *_ = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(of_group) == group and state != "Z":
            found.append(int(stat.parent.name))
    return found


async def test_the_desk_ends_when_the_sandbox_is_killed(small_recording: Path, tmp_path: Path) -> None:
    sandbox = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "sandbox", "--port", "0", "--replay", str(small_recording),
        cwd=tmp_path, env={"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)},
        stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        assert sandbox.stdout is not None
        async with asyncio.timeout(60):
            assert (await sandbox.stdout.readline()).startswith(b"ready ")
        assert len(processes_of(sandbox.pid)) >= 2
        sandbox.kill()
        await sandbox.wait()

        async def nobody_is_left() -> bool:
            return not processes_of(sandbox.pid)

        await until(nobody_is_left, "the end of the desk")
    finally:
        if processes_of(sandbox.pid):
            os.killpg(sandbox.pid, signal.SIGKILL)
