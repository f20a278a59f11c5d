"""Two desks over one database: the second stops itself, and a killed one is followed at once."""

import asyncio
import sys

from tests.build.desk import DeskProcess, desk_process, environment_of
from tests.build.sandbox import VERA, Sandbox


async def a_second_one(sandbox: Sandbox) -> tuple[int, str]:
    """Start another desk with the same settings; its exit code and last words."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run",
        env=environment_of(sandbox),
        cwd=sandbox.folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def test_a_second_desk_stops_itself_and_the_first_goes_on(sandbox: Sandbox) -> None:
    async with desk_process(sandbox) as desk:
        code, said = await a_second_one(sandbox)
        assert code == 1
        assert f"another desk runs on this database: process {desk.pid} on " in said
        assert "BTC" in (await sandbox.ask(VERA, "/price btc"))["text"]


async def test_a_killed_desk_is_followed_at_once(sandbox: Sandbox) -> None:
    async with desk_process(sandbox) as desk:
        await desk.kill()
        await desk.start()
        assert not has_waited(desk)
        assert "BTC" in (await sandbox.ask(VERA, "/price btc"))["text"]


def has_waited(desk: DeskProcess) -> bool:
    return any(line["event"] == "lease_awaited" for line in desk.events())
