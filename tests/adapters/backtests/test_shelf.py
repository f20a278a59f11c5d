"""Reports on the disk: kept whole, the newest of them, under names that nobody can bend."""

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from adapters.backtests.shelf import Shelf, keep
from ports.backtests import BacktestReport, ReportCurve
from tests.build.backtests import a_report
from tests.build.clock import NOON


def kept(shelf: Shelf, report: BacktestReport) -> Path:
    """The place of a report with its files."""
    place = shelf.new(report.id)
    (place / "equity.html").write_bytes(b"<html>")
    (place / "summary.csv").write_bytes(b"metric,value")
    keep(report, place)
    return place


def test_a_report_comes_back_as_it_was(tmp_path: Path) -> None:
    curve = ReportCurve(
        time_ms=np.array([1, 2], np.int64), equity=np.array([1.5, 2.5]), holding=np.array([1.0, 3.0])
    )
    report = a_report(curve=curve, params={"fast": "20"}, halted_at=NOON)
    shelf = Shelf(tmp_path / "backtests")
    kept(shelf, report)
    read = shelf.report(report.id)
    assert read is not None
    plain = [name for name in BacktestReport.__slots__ if name not in ("curve", "symbols", "notes")]
    assert {name: getattr(read, name) for name in plain} == {name: getattr(report, name) for name in plain}
    assert tuple(read.symbols) == report.symbols
    assert read.curve.time_ms.tolist() == [1, 2]
    assert read.curve.holding is not None
    assert read.curve.holding.tolist() == [1.0, 3.0]


def test_its_page_and_an_archive_of_the_rest(tmp_path: Path) -> None:
    shelf, report = Shelf(tmp_path), a_report()
    kept(shelf, report)
    page, archive = shelf.page(report.id), shelf.archive(report.id)
    assert page is not None
    assert archive is not None
    assert (page.name, page.content) == ("sma_cross-BTC-2024-03-04.html", b"<html>")
    names = zipfile.ZipFile(io.BytesIO(archive.content)).namelist()
    assert names == ["sma_cross-BTC-2024-03-04/equity.html", "sma_cross-BTC-2024-03-04/summary.csv"]


@pytest.mark.parametrize("name", ["", "..", "../secrets", "AB12CD34", "ab12cd34/..", "ab12", "zz12cd34"])
def test_a_name_that_is_no_reports_finds_nothing(tmp_path: Path, name: str) -> None:
    shelf = Shelf(tmp_path / "backtests")
    kept(shelf, a_report())
    assert shelf.report(name) is None
    assert shelf.page(name) is None
    assert shelf.archive(name) is None


def test_the_newest_are_kept_and_what_came_to_nothing_goes(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, most=3)
    for number in range(3):
        place = kept(shelf, a_report(id=f"00000{number}"))
        os.utime(place / "report.json", (number, number))
    (tmp_path / "abcdef").mkdir()  # of a process that was killed
    (tmp_path / "not ours").mkdir()
    shelf.new("000009")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["000001", "000002", "000009", "not ours"]


def test_what_was_given_up_is_dropped(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.new("ab12cd34")
    shelf.drop("ab12cd34")
    assert list(tmp_path.iterdir()) == []
