"""Finished results in a file: whole lines survive, a torn one is written anew."""

from pathlib import Path

import pytest

from adapters.finished_lines import FinishedLines
from ports.errors import Fatal
from ports.finished import Kept
from tests.build.sweeping import lines_of

RESULTS: dict[str, Kept] = {"a": {"roi": 0.1, "sharpe": None}, "b": {"roi": 1 / 3, "sharpe": -2e-17}}


def a_file(path: Path, *, job: str = "job 1") -> Path:
    finished = FinishedLines(path, job)
    finished.add(RESULTS.items())
    finished.close()
    return path


def kept(path: Path) -> dict[str, object]:
    finished = FinishedLines(path, "job 1")
    finished.close()
    return dict(finished.read())


def test_what_was_kept_is_read_again_to_the_last_bit(tmp_path: Path) -> None:
    path = a_file(tmp_path / "new folder" / "points.jsonl")
    assert kept(path) == RESULTS
    finished = FinishedLines(path, "job 1")
    finished.add([("c", {"roi": 2.0})])
    finished.close()
    assert kept(path) == RESULTS | {"c": {"roi": 2.0}}


@pytest.mark.parametrize("torn", range(1, 40, 6))
def test_a_torn_last_line_is_left_out_and_cut_off(tmp_path: Path, torn: int) -> None:
    path = a_file(tmp_path / "points.jsonl")
    path.write_bytes(path.read_bytes()[:-torn])
    assert kept(path) == {"a": RESULTS["a"]}
    a_file(path)
    assert kept(path) == RESULTS


def test_a_file_torn_in_its_first_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "points.jsonl"
    path.write_bytes(b'{"jo')
    assert kept(a_file(path)) == RESULTS
    assert lines_of(path)[0] == '{"job": "job 1"}'


def test_the_file_of_another_job_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = a_file(tmp_path / "points.jsonl", job="job 2")
    before = path.read_bytes()
    with pytest.raises(Fatal, match="choose another --out, or delete that file"):
        FinishedLines(path, "job 1")
    assert path.read_bytes() == before


@pytest.mark.parametrize("damaged", ["nonsense", '{"roi": 1}', "[]"])
def test_a_damaged_line_is_named(tmp_path: Path, damaged: str) -> None:
    path = a_file(tmp_path / "points.jsonl")
    path.write_text("\n".join([*lines_of(path), damaged, ""]))
    with pytest.raises(Fatal, match=r"points\.jsonl, line 4: damaged"):
        FinishedLines(path, "job 1")


def test_two_runs_do_not_write_the_same_file(tmp_path: Path) -> None:
    first = FinishedLines(tmp_path / "points.jsonl", "job 1")
    with pytest.raises(Fatal, match="another run is writing there"):
        FinishedLines(tmp_path / "points.jsonl", "job 1")
    first.close()
    FinishedLines(tmp_path / "points.jsonl", "job 1").close()


def test_it_is_synced_now_and_then(tmp_path: Path) -> None:
    now = [0.0]
    finished = FinishedLines(tmp_path / "points.jsonl", "job 1", clock=lambda: now[0])
    finished.add(RESULTS.items())
    now[0] = 5.0
    finished.add([("c", {"roi": 1.0})])
    assert len(lines_of(tmp_path / "points.jsonl")) == 4  # there for others before the end, too
    finished.close()


def test_numbers_that_are_none_are_refused(tmp_path: Path) -> None:
    finished = FinishedLines(tmp_path / "points.jsonl", "job 1")
    with pytest.raises(ValueError, match="not JSON compliant"):
        finished.add([("c", {"roi": float("nan")})])
    finished.close()
