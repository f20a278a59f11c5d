"""Looking at processes from outside, and giving up politely when they fail."""

import os
import subprocess
import sys

import pytest

from benchmarks.control import Person
from benchmarks.frame import Skipped
from benchmarks.process import cpu_s_of, family, pss_mb, started


def test_a_family_is_a_process_with_its_descendants() -> None:
    program = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'input()'])"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE) as child:
        while len(family(child.pid)) < 2:
            pass
        assert set(family(child.pid)) < set(family(os.getpid()))
        child.communicate(b"\n")


def test_memory_and_work_of_a_process_are_told() -> None:
    assert 5 < pss_mb(os.getpid()) < 2000
    assert cpu_s_of(os.getpid()) > 0


def test_a_process_that_ends_at_once_is_told_with_its_words() -> None:
    with started("no-such-command") as process, pytest.raises(Skipped, match="invalid choice"):
        process.wait_until(lambda: None, limit_s=30)


def test_a_process_that_never_gets_ready_is_told() -> None:
    with started("--help") as process, pytest.raises(Skipped, match=r"ended|nothing within"):
        process.wait_until(lambda: None, limit_s=0.01)


def test_a_sandbox_that_is_not_there_is_told() -> None:
    with pytest.raises(Skipped, match="does not answer"):
        Person("http://127.0.0.1:9", 1).say("/start")
