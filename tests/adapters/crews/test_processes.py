"""Processes of this machine as a crew."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from adapters.crews.processes import ProcessCrew
from ports.errors import Transient
from services.sweeping.working import worked
from tests.build.sweeping import SECRET, FinishedHere, killed, multiplied, pid, slowly_multiplied

ROOT = Path(__file__).resolve().parents[3]
KILLED = """
import os, signal
from adapters.crews.processes import ProcessCrew
from tests.build.sweeping import pid
crew = ProcessCrew(0, size=2)
print(len(list(crew.work(pid, range(8)))), flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
ITEMS = {f"item {number}": number for number in range(30)}
ALL = {key: {"made": number * SECRET} for key, number in ITEMS.items()}


def test_the_parcel_is_handed_over_once_and_other_processes_work() -> None:
    crew = ProcessCrew(SECRET, size=2)
    try:
        assert dict(crew.work(multiplied, [(1, 2), (3,)])) == {
            0: [{"made": 7}, {"made": 14}],
            1: [{"made": 21}],
        }
        workers = {told for _, told in crew.work(pid, range(20))}
        assert os.getpid() not in workers
        assert len(workers) <= 2
    finally:
        crew.close()


def test_a_process_that_dies_is_told_with_the_mend_and_its_work_is_gone_on_with() -> None:
    finished = FinishedHere({"item 0": {"made": 0}})
    crew = ProcessCrew(SECRET, size=1)
    with pytest.raises(Transient, match="run the same command again"):
        worked(ITEMS, killed, crew, finished, lambda *told: None)
    crew.close()
    crew = ProcessCrew(SECRET, size=2)
    assert worked(ITEMS, multiplied, crew, finished, lambda *told: None) == ALL
    crew.close()


def test_cancelling_does_not_wait_for_what_has_not_begun() -> None:
    def cancel(done: int, total: int) -> None:
        if done:
            raise KeyboardInterrupt

    crew, finished = ProcessCrew(SECRET, size=1), FinishedHere()
    many = {str(number): number for number in range(400)}
    with pytest.raises(KeyboardInterrupt):
        worked(many, slowly_multiplied, crew, finished, cancel)
    crew.close()
    assert 0 < len(finished.added) < 400


def test_processes_end_with_the_one_that_started_them_however_it_dies() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED], env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE
    )
    shown, _ = process.communicate(timeout=60)  # all who hold the pipe have ended
    assert shown == b"8\n"
