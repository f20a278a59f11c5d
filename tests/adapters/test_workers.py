"""Worker processes: answers, deaths, time limits and clean ends."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path
from pickle import dumps
from typing import Any

import pytest

from adapters.worker import ANSWER, JOB, Kind, serve
from adapters.workers import JobFailed, TookTooLong, Workers
from ports.errors import Transient

JOBS = "tests.adapters.worker_jobs"
Make = Callable[..., Workers]


@pytest.fixture
async def make() -> AsyncIterator[Make]:
    made: list[Workers] = []

    def workers(**options: Any) -> Workers:
        made.append(Workers(warm=f"{JOBS}:warm", **options))
        return made[-1]

    yield workers
    for each in made:
        await each.close()


def is_alive(pid: int) -> bool:
    """Whether the process exists; a zombie counts."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def pid_of(workers: Workers) -> int:
    return int(await workers.run(f"{JOBS}:pid"))


async def test_returns_what_the_function_returned(make: Make) -> None:
    data = bytes(range(256)) * 2000
    assert await make().run(f"{JOBS}:echo", data) == data


async def test_works_in_another_process_that_stays(make: Make) -> None:
    workers = make()
    first = await pid_of(workers)
    assert first != os.getpid()
    assert await pid_of(workers) == first


async def test_as_many_jobs_at_once_as_wanted_by_few_processes(make: Make) -> None:
    workers = make(size=2)
    workers.start()
    answers = await asyncio.gather(*(workers.run(f"{JOBS}:pid") for _ in range(20)))
    assert 1 <= len(set(answers)) <= 2


async def test_words_printed_by_a_job_do_not_disturb_its_answer(make: Make) -> None:
    workers = make()
    assert await workers.run(f"{JOBS}:chatter") == b"answer"
    assert await workers.run(f"{JOBS}:echo", b"next") == b"next"


async def test_a_raising_job_tells_its_error_and_spares_the_process(make: Make) -> None:
    workers = make()
    before = await pid_of(workers)
    with pytest.raises(JobFailed, match="no such thing"):
        await workers.run(f"{JOBS}:fail", "no such thing")
    assert await pid_of(workers) == before


async def test_an_unknown_job_is_an_error_of_the_job(make: Make) -> None:
    with pytest.raises(JobFailed, match="AttributeError"):
        await make().run(f"{JOBS}:nothing")


async def test_a_job_whose_process_dies_is_tried_once_more(make: Make, tmp_path: Path) -> None:
    assert await make().run(f"{JOBS}:die_once", tmp_path / "died") == b"alive"


async def test_a_job_that_kills_two_processes_is_given_up(make: Make) -> None:
    workers = make()
    with pytest.raises(Transient, match="died"):
        await workers.run(f"{JOBS}:die")
    assert await workers.run(f"{JOBS}:echo", b"again") == b"again"


async def test_a_process_killed_while_idle_is_replaced(make: Make) -> None:
    workers = make()
    before = await pid_of(workers)
    os.kill(before, signal.SIGKILL)
    assert await pid_of(workers) != before


async def test_a_job_over_its_time_limit_is_ended(make: Make) -> None:
    workers = make(limit_s=0.5)
    before = await pid_of(workers)
    with pytest.raises(TookTooLong, match=r"longer than 0\.5 s"):
        await workers.run(f"{JOBS}:sleep")
    assert not is_alive(before)
    assert await pid_of(workers) != before


async def test_a_caller_who_leaves_does_not_spoil_the_next_answer(make: Make) -> None:
    workers = make()
    before = await pid_of(workers)
    job = asyncio.create_task(workers.run(f"{JOBS}:sleep"))
    await asyncio.sleep(0.05)
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert not is_alive(before)
    assert await workers.run(f"{JOBS}:echo", b"mine") == b"mine"


async def test_processes_are_replaced_after_so_many_jobs(make: Make) -> None:
    workers = make(recycle_after=3)  # warming is the first
    pids = [await pid_of(workers) for _ in range(6)]
    assert len(set(pids)) == 3
    assert not is_alive(pids[0])


async def test_close_lets_the_running_job_finish_and_leaves_no_process(make: Make) -> None:
    workers = make()
    pid = await pid_of(workers)
    job = asyncio.create_task(workers.run(f"{JOBS}:echo", b"last"))
    await asyncio.sleep(0)
    await workers.close()
    assert not is_alive(pid)
    assert (await asyncio.gather(job, return_exceptions=True))[0] == b"last"
    with pytest.raises(Transient, match="closed"):
        await workers.run(f"{JOBS}:echo", b"late")


async def test_close_ends_a_process_that_will_not_stop(make: Make) -> None:
    workers = make(grace_s=0.1)
    pid = await pid_of(workers)
    job = asyncio.create_task(workers.run(f"{JOBS}:sleep"))
    await asyncio.sleep(0.05)
    await workers.close()
    assert not is_alive(pid)
    with pytest.raises(Transient):
        await job


async def test_close_while_processes_come_up(make: Make) -> None:
    workers = make(size=2)
    workers.start()
    await asyncio.sleep(0)
    await workers.close()
    with pytest.raises(Transient, match="closed"):
        await workers.run(f"{JOBS}:echo", b"late")


async def test_a_bad_warming_job_is_told_to_the_first_caller() -> None:
    workers = Workers(warm=f"{JOBS}:nothing")
    workers.start()
    await asyncio.sleep(0)
    with pytest.raises(JobFailed, match="nothing"):
        await workers.run(f"{JOBS}:fail", "nothing")
    await workers.close()


async def test_workers_see_no_secrets(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", "secret")
    assert b"TELEGRAM" not in await make().run(f"{JOBS}:environment")


async def test_a_bare_worker_loads_none_of_the_heavy_libraries(make: Make) -> None:
    loaded = set((await make().run(f"{JOBS}:modules")).decode().split())
    assert not loaded & {"aiogram", "ccxt", "sqlalchemy", "aiohttp", "asyncio", "matplotlib", "numpy"}


async def test_what_a_job_tells_is_heard_before_its_answer(make: Make) -> None:
    workers, heard = make(), list[bytes]()
    assert await workers.run(f"{JOBS}:count", 3, hear=heard.append) == b"counted"
    assert heard == [b"0", b"1", b"2"]
    assert await workers.run(f"{JOBS}:echo", b"next") == b"next"


async def test_what_was_told_is_heard_while_the_job_goes_on(make: Make) -> None:
    workers, heard = make(), asyncio.Event()
    job = asyncio.create_task(workers.run(f"{JOBS}:tell_and_sleep", hear=lambda told: heard.set()))
    await heard.wait()
    assert not job.done()
    job.cancel()
    with pytest.raises(asyncio.CancelledError):
        await job
    assert await workers.run(f"{JOBS}:echo", b"mine") == b"mine"


async def test_a_job_that_is_tried_once_is_given_up_when_its_process_dies(make: Make, tmp_path: Path) -> None:
    workers = make(tries=1)
    with pytest.raises(Transient, match="died"):
        await workers.run(f"{JOBS}:die_once", tmp_path / "died")
    assert await workers.run(f"{JOBS}:die_once", tmp_path / "died") == b"alive"


def frame(job: str, *arguments: object, is_heard: bool = False) -> bytes:
    body = dumps((f"{JOBS}:{job}", arguments, is_heard))
    return JOB.pack(len(body)) + body


def frames(answers: BytesIO) -> list[tuple[Kind, bytes]]:
    """Everything that was answered."""
    found = []
    answers.seek(0)
    while head := answers.read(ANSWER.size):
        kind, size = ANSWER.unpack(head)
        found.append((Kind(kind), answers.read(size)))
    return found


def test_serving_answers_each_job_until_the_end_of_input() -> None:
    answers = BytesIO()
    serve(BytesIO(frame("echo", b"one") + frame("fail", "why") + b"\0"), answers)
    (done, content), (failed, why) = frames(answers)
    assert (done, content, failed) == (Kind.DONE, b"one", Kind.FAILED)
    assert "ValueError: why" in why.decode()


def test_serving_sends_what_a_job_tells_before_its_answer() -> None:
    answers = BytesIO()
    serve(BytesIO(frame("count", 2, is_heard=True)), answers)
    assert frames(answers) == [(Kind.TOLD, b"0"), (Kind.TOLD, b"1"), (Kind.DONE, b"counted")]
