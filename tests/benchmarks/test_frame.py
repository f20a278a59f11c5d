"""The frame of the benchmarks: names are known rows, lines have the promised shape."""

import json
import subprocess
import sys
from collections.abc import Callable

import pytest

from benchmarks.frame import Line, Measure, Skipped, cpu_s, line, measures, wall_s
from benchmarks.rows import ROWS, Row


def test_a_line_has_the_promised_shape() -> None:
    shown = line("chart.render_ms", lambda: Measure(123.456, 246.912, "CPU"))
    assert list(shown) == ["name", "value", "unit", "reference", "ratio", "note"]
    assert shown["value"] == 123.5
    assert shown["ratio"] == 2.0
    assert shown["note"].startswith("floor 700 met, goal 200 met; CPU; others:")
    assert json.loads(json.dumps(shown)) == shown


def test_a_missed_floor_is_said() -> None:
    assert "floor 700 MISSED, goal 200 MISSED" in line("chart.render_ms", lambda: Measure(900))["note"]


def test_more_is_better_where_the_row_says_so() -> None:
    shown = line("telegram.updates_per_s", lambda: Measure(1000, 500))
    assert shown["ratio"] == 2.0
    assert "floor 600 met, goal 1500 MISSED" in shown["note"]


def test_a_skipped_row_has_no_value_and_says_why() -> None:
    def benchmark() -> Measure:
        raise Skipped("not built yet")

    expected = Line(
        name="cli.help_s", value=None, unit="s", reference=None, ratio=None, note="skipped: not built yet"
    )
    assert line("cli.help_s", benchmark) == expected


def test_a_name_without_a_row_cannot_be_registered() -> None:
    with pytest.raises(KeyError, match="no row"):
        measures("chart.of_nothing")


def test_floors_are_no_harder_than_goals() -> None:
    for row in ROWS.values():
        assert row.verdict(row.goal).count(" met") == 2
        assert isinstance(row, Row)


@pytest.mark.parametrize("clock", [cpu_s, wall_s])
def test_work_is_warmed_up_and_repeated(clock: Callable[..., float]) -> None:
    calls: list[int] = []
    assert clock(lambda: calls.append(1), runs=3) >= 0
    assert len(calls) > 3


def printed(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_command_prints_one_object_a_line() -> None:
    result = printed("chart")
    assert result.returncode == 0
    lines = [json.loads(each) for each in result.stdout.splitlines()]
    assert [each["name"] for each in lines] == ["chart.render_ms"]
    assert set(lines[0]) == set(Line.__annotations__)


def test_an_unknown_prefix_is_an_error() -> None:
    result = printed("nothing.at.all")
    assert result.returncode == 2
    assert "nothing.at.all" in result.stderr
