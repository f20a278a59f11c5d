"""Reports of backtests in a folder, a folder each; the newest are kept."""

import io
import re
import shutil
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from adapters.whole_file import replace_whole
from engines.simulate.assessment import Standing
from ports.backtests import BacktestReport, Estimate, ReportCurve
from ports.messages import Document

_ID: Final = re.compile(r"[0-9a-f]{6,32}")
_FIGURES: Final = "report.json"
"""Written last: a folder without it is of a run that came to nothing."""
_PAGE: Final = "equity.html"


class Shelf:
    """The folder. What it is asked for by a name that cannot be its own is not there."""

    def __init__(self, folder: Path, *, most: int = 30) -> None:
        self._folder = folder
        self._most = most

    def new(self, report_id: str) -> Path:
        """An empty place for a report, after the oldest of the others and what came to nothing are gone.
        Raises `OSError`."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._tidy()
        place = self._folder / report_id
        place.mkdir()
        return place

    def drop(self, report_id: str) -> None:
        """Nothing came of it."""
        shutil.rmtree(self._folder / report_id, ignore_errors=True)

    def report(self, report_id: str) -> BacktestReport | None:
        """What a report says."""
        place = self._place(report_id)
        return None if place is None else read(orjson.loads((place / _FIGURES).read_bytes()))

    def page(self, report_id: str) -> Document | None:
        """Its page with the curve."""
        place, report = self._place(report_id), self.report(report_id)
        if place is None or report is None or not (place / _PAGE).is_file():
            return None
        return Document(name=f"{_name(report)}.html", content=(place / _PAGE).read_bytes())

    def archive(self, report_id: str) -> Document | None:
        """All its files as one."""
        place, report = self._place(report_id), self.report(report_id)
        if place is None or report is None:
            return None
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for path in sorted(place.iterdir()):
                if path.name != _FIGURES:
                    archive.write(path, f"{_name(report)}/{path.name}")
        return Document(name=f"{_name(report)}.zip", content=packed.getvalue())

    def _place(self, report_id: str) -> Path | None:
        place = self._folder / report_id
        return place if _ID.fullmatch(report_id) and (place / _FIGURES).is_file() else None

    def _tidy(self) -> None:
        places = [one for one in self._folder.iterdir() if one.is_dir() and _ID.fullmatch(one.name)]
        whole = [one for one in places if (one / _FIGURES).is_file()]
        newest = sorted(whole, key=lambda one: (one / _FIGURES).stat().st_mtime)[-self._most + 1 :]
        for place in places:
            if place not in newest:
                shutil.rmtree(place, ignore_errors=True)


def keep(report: BacktestReport, place: Path) -> None:
    """Write a report into its place."""
    replace_whole(place / _FIGURES, orjson.dumps(report, option=orjson.OPT_SERIALIZE_NUMPY))


def read(kept: dict[str, Any]) -> BacktestReport:
    """What `keep` wrote."""
    curve, halted_at = kept["curve"], kept.get("halted_at")
    holding = curve["holding"]
    return BacktestReport(
        **kept
        | {
            "start": datetime.fromisoformat(kept["start"]),
            "stop": datetime.fromisoformat(kept["stop"]),
            "halted_at": None if halted_at is None else datetime.fromisoformat(halted_at),
            "figures": {name: Estimate(**one) for name, one in kept["figures"].items()},
            "profit": Standing(kept["profit"]),
            "lead": Standing(kept["lead"]),
            "curve": ReportCurve(
                time_ms=np.array(curve["time_ms"], np.int64),
                equity=np.array(curve["equity"], np.float64),
                holding=None if holding is None else np.array(holding, np.float64),
            ),
        }
    )


def _name(report: BacktestReport) -> str:
    """`sma_cross-BTC-2024-11-21`."""
    coins = "-".join(one.removesuffix("USDT") for one in report.symbols[:3])
    return f"{report.strategy}-{coins}-{report.start:%Y-%m-%d}"
