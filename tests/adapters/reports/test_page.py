"""`equity.html`: one file with everything in it, and nothing of others that a browser would run."""

import base64
import gzip
import json
import re
from dataclasses import replace
from typing import Any

import numpy as np
from plotly.offline import get_plotlyjs

from adapters.reports.page import page
from ports.reports import Report
from tests.build.reports import a_quiet_report, a_report


def curves_of(report: Report) -> dict[str, Any]:
    found = re.search(r'id="curves">(.*?)</script>', page(report).decode())
    assert found is not None
    curves: dict[str, Any] = json.loads(found[1])
    return curves


def test_the_library_is_inside() -> None:
    found = re.search(r'id="library">(.*?)</script>', page(a_report()).decode())
    assert found is not None
    assert gzip.decompress(base64.b64decode(found[1])).decode() == get_plotlyjs()


def test_nothing_is_fetched() -> None:
    text = re.sub(r'id="library">.*?</script>', "", page(a_report()).decode())
    assert re.findall(r"https?:|src=|@import|url\(", text) == []


def test_a_long_run_is_drawn_in_few_points_with_its_extremes() -> None:
    report = a_report(days=400)
    curves, equity = curves_of(report), report.run.curve.equity
    assert len(equity) > 9000
    assert len(curves["time"]) <= 3000
    assert len(curves["time"]) == len(curves["equity"]) == len(curves["drawdown"])
    assert max(curves["equity"]) == float(f"{max(equity.max(), 10_000):.6g}")
    assert min(curves["equity"]) == float(f"{min(equity.min(), 10_000):.6g}")
    lowest = report.assessment.metrics.max_drawdown
    assert abs(min(curves["drawdown"]) + lowest) < 1e-6


def test_words_of_others_are_text() -> None:
    hostile = "</script><script>alert(1)</script>$title"
    report = a_report()
    run = replace(report.run, strategy=hostile, params={"x": hostile}, digest=hostile)
    text = page(replace(report, run=run, notes=(hostile,))).decode()
    assert "<script>alert(1)" not in text


def test_an_account_that_never_moved_is_drawn() -> None:
    curves = curves_of(a_quiet_report())
    assert set(curves["equity"]) == {10_000.0}
    assert curves["scale"] == "linear"


def test_an_account_that_lost_everything_is_drawn() -> None:
    report = a_report()
    ruined = replace(
        report.run.curve, equity=np.where(np.arange(len(report.run.curve.equity)) > 9, -5.0, 100.0)
    )
    curves = curves_of(replace(report, run=replace(report.run, curve=ruined)))
    assert min(curves["equity"]) == -5.0
    assert all(np.isfinite(curves["exposure"]))
