"""The coverage badge of the README."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BADGE = Path(__file__).resolve().parent.parent / ".ci" / "badge"


def draw(folder: Path, percent: float) -> Path:
    report, svg = folder / "report.json", folder / "badges" / "coverage.svg"
    report.write_text(json.dumps({"totals": {"percent_covered": percent}}))
    subprocess.run([sys.executable, BADGE, report, svg], check=True)
    return svg


@pytest.mark.parametrize(("percent", "shown"), [(92.99, "92 %"), (100.0, "100 %"), (0.0, "0 %")])
def test_the_badge_shows_the_percent_rounded_down(tmp_path: Path, percent: float, shown: str) -> None:
    assert f">{shown}<" in draw(tmp_path, percent).read_text()


def test_the_badge_is_written_only_when_its_percent_changes(tmp_path: Path) -> None:
    before = draw(tmp_path, 93.1).stat().st_mtime_ns
    assert draw(tmp_path, 93.9).stat().st_mtime_ns == before
    assert draw(tmp_path, 94.0).stat().st_mtime_ns > before
