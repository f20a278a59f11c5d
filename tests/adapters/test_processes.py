"""Processes are known by name, and their numbers may come again."""

import asyncio
import sys

from adapters.processes import SystemProcesses

ASK = "import adapters.processes as a; print(a.SystemProcesses().own_name(), flush=True); input()"


async def test_this_process_runs_and_has_another_name_every_time() -> None:
    processes = SystemProcesses()
    names = {processes.own_name() for _ in range(3)}
    assert len(names) == 3
    assert all(processes.is_running(name) for name in names)


async def test_one_of_another_machine_is_not_known() -> None:
    _, rest = SystemProcesses().own_name().split("/", maxsplit=1)
    assert SystemProcesses().is_running(f"elsewhere/{rest}") is None


async def test_a_number_that_came_again_is_another_process() -> None:
    host, number, started, token = SystemProcesses().own_name().rsplit("/", maxsplit=3)
    assert not SystemProcesses().is_running(f"{host}/{number}/{float(started) - 1:.2f}/{token}")


async def test_a_killed_process_runs_no_more() -> None:
    processes = SystemProcesses()
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ASK, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdout is not None
    name = (await child.stdout.readline()).decode().strip()
    assert processes.is_running(name)
    child.kill()
    await child.wait()
    assert processes.is_running(name) is False
