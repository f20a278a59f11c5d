"""A report as a folder of files, each whole or not there."""

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Final

from adapters.reports.document import document
from adapters.reports.page import page
from adapters.reports.pictures import pictures
from adapters.reports.sheets import blocked_sheet, days_sheet, fills_sheet, summary_sheet, trades_sheet
from adapters.whole_file import replace_whole
from ports.charts import Theme
from ports.reports import Report

_FILES: Final = (
    "summary.csv",
    "days.csv",
    "trades.csv",
    "fills.csv",
    "blocked_trades_log.csv",
    "equity.html",
    "report.md",
)
_PICTURES: Final = ("equity", "drawdown", "exposure", "costs", "trades_*")


def write_report(report: Report, folder: Path, *, themes: Sequence[Theme] = tuple(Theme)) -> tuple[str, ...]:
    """Write every artefact of `report` into `folder`, which is made; the names of the files. Pictures are
    drawn in `themes`; those that an earlier report left there and this one has not are removed. Raises
    `OSError`: the file that failed is as it was before."""
    drawn = pictures(report, themes)
    files = {
        "summary.csv": summary_sheet(report),
        "days.csv": days_sheet(report),
        "trades.csv": trades_sheet(report),
        "fills.csv": fills_sheet(report),
        "blocked_trades_log.csv": blocked_sheet(report),
        "equity.html": page(report),
        "report.md": document(report, sorted(drawn)),
    } | drawn
    for name, content in files.items():
        replace_whole(folder / name, content)
    _drop_pictures(folder, drawn)
    return tuple(files)


def _drop_pictures(folder: Path, drawn: Collection[str]) -> None:
    """Those of other markets would pass for this run's."""
    for name in _PICTURES:
        for theme in Theme:
            for path in folder.glob(f"{name}_{theme}.png"):
                if path.name not in drawn and path.is_file():
                    path.unlink()


def missing_artefacts(folder: Path) -> list[str]:
    """Names of files that a whole report has and `folder` lacks, or has empty; `trades_*` is one picture or
    more."""
    wanted = [*_FILES, *(f"{name}_{theme}.png" for name in _PICTURES for theme in Theme)]
    return [name for name in wanted if not _is_there(folder, name)]


def _is_there(folder: Path, name: str) -> bool:
    found = list(folder.glob(name))
    return bool(found) and all(path.is_file() and path.stat().st_size > 0 for path in found)
