"""Two workers of a Dask cluster on loopback, one of which is killed in the middle."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from adapters.crews.cluster import ClusterCrew
from ports.errors import Fatal
from services.sweeping.working import worked
from tests.build.sweeping import (
    SECRET,
    FinishedHere,
    a_cluster,
    multiplied,
    own_code,
    pid,
    slowly_multiplied,
    some_code,
)

ITEMS = {f"item {number}": number for number in range(60)}
ALL = {key: {"made": number * SECRET} for key, number in ITEMS.items()}


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with a_cluster(2) as told:
        yield told


def test_a_killed_worker_costs_time_and_no_result(address: str) -> None:
    crew = ClusterCrew(address, SECRET, version=some_code)
    workers = sorted({told for _, told in crew.work(pid, range(8))})
    finished = FinishedHere()
    is_killed = threading.Event()

    def kill_one(done: int, total: int) -> None:
        if done >= 10 and not is_killed.is_set():
            is_killed.set()
            os.kill(workers[0], signal.SIGKILL)

    done = worked(ITEMS, slowly_multiplied, crew, finished, kill_one)
    crew.close()
    assert is_killed.is_set()
    assert done == ALL
    assert sorted(finished.added) == sorted(ITEMS)


def test_it_gives_what_processes_of_this_machine_give_and_takes_several_turns(address: str) -> None:
    crew = ClusterCrew(address, SECRET, version=some_code)
    assert crew.size >= 1
    for _ in range(2):
        assert worked(ITEMS, multiplied, crew, FinishedHere(), lambda *told: None) == ALL
    crew.close()


def test_workers_with_other_code_are_refused(address: str) -> None:
    with pytest.raises(Fatal, match="has other code of Perpetuum"):
        ClusterCrew(address, SECRET, version=own_code)


def test_a_cluster_without_workers_is_refused_with_the_mend() -> None:
    with a_cluster(0) as told, pytest.raises(Fatal, match="no workers; start some with `dask worker tcp://"):
        ClusterCrew(told, SECRET, version=some_code)


def test_an_address_where_nobody_answers_is_refused_with_the_mend() -> None:
    pytest.importorskip("distributed")
    with pytest.raises(Fatal, match="no scheduler answers there; start one with `dask scheduler`"):
        ClusterCrew("tcp://127.0.0.1:9", SECRET, version=some_code, connect_s=0.5)
    with pytest.raises(Fatal, match="no scheduler answers there"):
        ClusterCrew("nonsense", SECRET, version=some_code)
