"""The folder of a report: everything is there, or named as missing."""

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.reports.folder import missing_artefacts, write_report
from ports.charts import Theme
from tests.build.measured import curve_of
from tests.build.recordings import HOUR
from tests.build.reports import a_quiet_report, a_report, report_of

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of two markets, written once."""
    folder = tmp_path_factory.mktemp("report") / "out"
    write_report(a_report(symbols=("BTCUSDT", "ETHUSDT")), folder)
    return folder


def test_a_report_is_whole(whole: Path) -> None:
    assert missing_artefacts(whole) == []
    pictures = list(whole.glob("*.png"))
    assert len(pictures) == 12
    assert (whole / "trades_ETHUSDT_perp_dark.png") in pictures
    assert all(path.read_bytes().startswith(PNG) for path in pictures)


@pytest.mark.parametrize("name", ["summary.csv", "equity.html", "report.md", "costs_light.png"])
def test_what_is_absent_or_empty_is_missing(whole: Path, tmp_path: Path, name: str) -> None:
    folder = shutil.copytree(whole, tmp_path / "copy")
    (folder / name).write_bytes(b"")
    assert missing_artefacts(folder) == [name]
    (folder / name).unlink()
    assert missing_artefacts(folder) == [name]


def test_the_same_report_is_the_same_bytes(whole: Path, tmp_path: Path) -> None:
    names = write_report(a_report(symbols=("BTCUSDT", "ETHUSDT")), tmp_path, themes=(Theme.DARK,))
    for name in set(names) - {"report.md"}:  # which names the pictures that were drawn
        assert (tmp_path / name).read_bytes() == (whole / name).read_bytes()


def test_the_document_shows_the_pictures_that_are_there(whole: Path) -> None:
    text = (whole / "report.md").read_text()
    shown = [line.rpartition("(")[2].rstrip(")") for line in text.splitlines() if line.startswith("![")]
    assert len(shown) == 6
    assert all((whole / name).is_file() for name in shown)


def test_a_run_without_trades_has_every_file(tmp_path: Path) -> None:
    names = write_report(a_quiet_report(), tmp_path, themes=(Theme.LIGHT,))
    assert all((tmp_path / name).stat().st_size for name in names)
    assert [name for name in missing_artefacts(tmp_path) if "dark" not in name] == []
    assert (tmp_path / "blocked_trades_log.csv").read_text().startswith("time,symbol,market,side,key,")
    assert (tmp_path / "trades.csv").read_text().count("\n") == 1


@pytest.mark.parametrize("equity", [[10_010.0], [9000.0, -100.0], [1e-9, 20_000_000.0]])
def test_odd_accounts_are_reported(tmp_path: Path, equity: list[float]) -> None:
    report = a_quiet_report()
    run = replace(report.run, curve=curve_of(equity, step_ms=HOUR, start_ms=report.history.start_ms))
    names = write_report(report_of(run, report.history), tmp_path, themes=(Theme.DARK,))
    assert all((tmp_path / name).stat().st_size for name in names)
    assert not {"nan", "inf"} & set((tmp_path / "summary.csv").read_text().replace("\n", ",").split(","))


def test_pictures_can_be_left_out_and_are_then_missing(tmp_path: Path) -> None:
    names = write_report(a_report(), tmp_path, themes=())
    assert not any(name.endswith("png") for name in names)
    assert "trades_*_dark.png" in missing_artefacts(tmp_path)
    assert "![" not in (tmp_path / "report.md").read_text()


def test_pictures_of_an_earlier_report_do_not_stay(whole: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(whole, tmp_path / "copy")
    others = {
        "trades.png",
        "my_trades_ETHUSDT_perp_dark.png",
        "trades_mine.csv",
        "trades_ETHUSDT_dark.png.bak",
    }
    for name in others:
        (folder / name).write_text("mine")
    (folder / "trades_of_ours_dark.png").mkdir()
    names = write_report(a_report(symbols=("BTCUSDT",)), folder, themes=(Theme.DARK,))
    assert {path.name for path in folder.iterdir()} == {*names, *others, "trades_of_ours_dark.png"}
    assert "trades_BTCUSDT_perp_dark.png" in names


def test_nothing_is_there_of_a_folder_that_is_not() -> None:
    assert len(missing_artefacts(Path("nowhere"))) == 17
