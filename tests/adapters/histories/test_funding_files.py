"""Fundings are read in order, each once, and what cannot be one is named by line."""

from pathlib import Path

import pytest

from adapters.histories.funding_files import read_fundings
from engines.market.repair import parsed
from ports.errors import Fatal
from tests.build.recordings import HOUR, JANUARY_MS, write_lines

HEADER = "timestamp_ms,funding_rate"


def line(number: int, rate: str = "0.0001") -> str:
    return f"{JANUARY_MS + number * 8 * HOUR},{rate}"


def a_file(folder: Path, *lines: str, name: str = "funding.csv.gz") -> Path:
    return write_lines(folder / name, [HEADER, *lines])


def test_settlements_come_in_order_of_time(tmp_path: Path) -> None:
    fundings, notes = read_fundings(
        [a_file(tmp_path, line(0), line(1, "-0.00002"), line(2, "0"))], parsed("")
    )
    assert fundings.time_ms.tolist() == [JANUARY_MS + number * 8 * HOUR for number in range(3)]
    assert fundings.rate.tolist() == [0.0001, -0.00002, 0.0]
    assert notes == []


def test_files_of_several_years_that_agree_are_one(tmp_path: Path) -> None:
    paths = [
        a_file(tmp_path, line(2), line(3), name="later.csv"),
        a_file(tmp_path, line(0), line(1), line(2), name="sooner.csv"),
    ]
    fundings, notes = read_fundings(paths, parsed(""))
    assert (len(fundings.rate), notes) == (4, [])


@pytest.mark.parametrize(
    ("lines", "told", "repair", "count", "note"),
    [
        (
            (line(1), line(0)),
            "line 3: is older than a settlement before it",
            "sort",
            2,
            "1 lines put in order",
        ),
        (
            (line(0), line(0, "0.0002")),
            "line 3: the same settlement as",
            "duplicates=last",
            1,
            "1 settlements told twice: the last",
        ),
        ((line(0), line(1, "nan")), "line 3: has a rate that is not a number", "bad=drop", 1, "1 bad lines"),
        ((line(0), line(1, "high")), "line 3: has 'high' for a rate", "bad=drop", 1, "1 bad lines"),
        (
            (line(0), line(1, "1.25")),
            "line 3: has a rate of 1.25 a settlement; a rate is",
            "bad=drop",
            1,
            "1 bad",
        ),
        ((line(0), "1735689600,0.1"), "line 3: has the time '1735689600', which is", "bad=drop", 1, "1 bad"),
        ((line(0), f"{'9' * 30},0.1"), "line 3: has the time '999999", "bad=drop", 1, "1 bad"),
        ((line(0), "0.0001"), "line 3: has 1 values instead of 2", "bad=drop", 1, "1 bad"),
    ],
)
def test_bad_lines_are_refused_or_repaired(
    tmp_path: Path, lines: tuple[str, ...], told: str, repair: str, count: int, note: str
) -> None:
    path = a_file(tmp_path, *lines)
    with pytest.raises(Fatal) as refused:
        read_fundings([path], parsed(""))
    assert str(refused.value).startswith(f"{path}, {told}")
    assert f"--repair {repair.partition('=')[0]}" in str(refused.value)
    fundings, notes = read_fundings([path], parsed(repair))
    assert len(fundings.rate) == count
    assert note in "\n".join(notes)


@pytest.mark.parametrize(("keep", "rate"), [("first", 0.0001), ("last", 0.0002)])
def test_of_two_the_one_asked_for_counts(tmp_path: Path, keep: str, rate: float) -> None:
    path = a_file(tmp_path, line(0), line(0, "0.0002"))
    fundings, _ = read_fundings([path], parsed(f"duplicates={keep}"))
    assert fundings.rate.tolist() == [rate]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the columns must be"),
        (b"time,rate\n1,2\n", "the columns must be"),
        (b"\x1f\x8bnonsense", "cannot be read"),
    ],
)
def test_other_files_are_named(tmp_path: Path, content: bytes, told: str) -> None:
    path = tmp_path / "funding.csv"
    path.write_bytes(content)
    with pytest.raises(Fatal, match=told):
        read_fundings([path], parsed(""))
    with pytest.raises(Fatal, match="has no rows"):
        read_fundings([a_file(tmp_path, name="empty.csv")], parsed(""))


def test_a_file_of_which_nothing_is_left_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match=r"funding\.csv\.gz: no sound settlements"):
        read_fundings([a_file(tmp_path, line(0, "high"))], parsed("bad=drop"))
