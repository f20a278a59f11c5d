"""CSV files of a report: what they hold, and that a spreadsheet computes nothing in them."""

import csv
import math
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.reports.sheets import blocked_sheet, days_sheet, fills_sheet, summary_sheet, trades_sheet
from engines.orders.order import Purpose
from engines.orders.trade import CloseReason
from tests.build.reports import a_block, a_quiet_report, a_report


def rows_of(sheet: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(sheet.decode().splitlines()))


def summary_of(sheet: bytes) -> dict[str, dict[str, str]]:
    return {row["metric"]: row for row in rows_of(sheet)}


def test_figures_have_units_and_intervals() -> None:
    report = a_report()
    found = summary_of(summary_sheet(report))
    metrics, roi = report.assessment.metrics, report.assessment.intervals.roi
    assert roi is not None
    assert float(found["roi"]["value"]) == pytest.approx(metrics.roi)
    assert float(found["roi"]["low"]) == pytest.approx(roi.low)
    assert (found["roi"]["unit"], found["closing"]["unit"]) == ("fraction", "USDT")
    assert int(found["trades"]["value"]) == metrics.rounds.closed
    assert found["hold_name"]["value"] == "BTCUSDT"


def test_what_is_not_defined_is_an_empty_cell() -> None:
    found = summary_of(summary_sheet(a_quiet_report()))
    assert (found["sharpe"]["value"], found["win_rate"]["value"]) == ("", "")
    assert (found["roi"]["value"], found["roi"]["low"]) == ("0", "")


def test_positions_add_up_to_the_account() -> None:
    report = a_report()
    rows = rows_of(trades_sheet(report))
    assert len(rows) == len(report.run.rounds)
    net = sum(Decimal(row["net"]) for row in rows)
    assert float(report.run.opening + net) == pytest.approx(report.run.curve.equity[-1], abs=0.01)
    first = rows[0]
    parts = Decimal(first["gross"]) - Decimal(first["fees"]) + Decimal(first["funding"])
    assert Decimal(first["net"]) == parts
    assert float(first["r"]) == pytest.approx(float(first["net"]) / float(first["risk"]), rel=1e-9)


def test_what_ended_a_position_is_said_in_words_of_a_run() -> None:
    report = a_report()
    ends = {row["closed_by"] for row in rows_of(trades_sheet(report))}
    assert {"strategy", "stop"} <= ends <= {"strategy", "stop", ""}
    assert {row["purpose"] for row in rows_of(fills_sheet(report))} == {"entry", "close", "stop"}


def test_the_end_of_a_market_is_nobodys_own_price() -> None:
    report = a_report()
    one, fill = report.run.rounds[0], report.run.executions[-1]
    run = replace(
        report.run,
        rounds=(replace(one, reason=CloseReason.MANUAL),),
        executions=(replace(fill, reason=Purpose.MANUAL.value),),
    )
    gone = replace(report, run=run)
    assert rows_of(trades_sheet(gone))[0]["closed_by"] == "delisted"
    assert rows_of(fills_sheet(gone))[0]["purpose"] == "delisted"


def test_days_multiply_up_to_the_whole_also_those_of_holding() -> None:
    report = a_report()
    rows = rows_of(days_sheet(report))
    assert (rows[0]["date"], len(rows)) == ("2025-01-11", 90)
    assert report.assessment.holding is not None
    for column, whole in (
        ("change", report.assessment.metrics.roi),
        ("holding_change", report.assessment.holding.roi),
    ):
        assert math.prod(1 + float(row[column]) for row in rows) == pytest.approx(1 + whole)


def test_fills_belong_to_positions() -> None:
    report = a_report()
    fills = rows_of(fills_sheet(report))
    assert {row["trade"] for row in fills} == {row["number"] for row in rows_of(trades_sheet(report))}
    fees = sum(Decimal(row["fee"]) for row in fills)
    assert fees == sum(Decimal(row["fees"]) for row in rows_of(trades_sheet(report)))


@pytest.mark.parametrize("text", ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_no_text_begins_a_formula(text: str) -> None:
    report = a_report()
    run = replace(report.run, strategy=text, blocked=(a_block(text, key=text),))
    hostile = replace(report, run=run)
    assert rows_of(summary_sheet(hostile))[0]["value"].startswith("'")
    row = rows_of(blocked_sheet(hostile))[0]
    assert row["key"] == row["reason"] == f"'{text.strip()}"


def test_amounts_are_written_plainly() -> None:
    report = a_report()
    small = replace(a_block(), asked=Decimal("0.00000001"), allowed=Decimal("1E+3"))
    row = rows_of(blocked_sheet(replace(report, run=replace(report.run, blocked=(small,)))))[0]
    assert (row["asked"], row["allowed"], row["gate"]) == ("0.00000001", "1000", "per_order")
    assert row["time"] == "2026-01-02T03:04:00+00:00"
