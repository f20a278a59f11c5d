"""`report.md`: whether it is honest in its first sentence, and survives hostile words."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from adapters.reports.document import document
from adapters.reports.wording import between, change, number, percent, verdict
from engines.metrics.bootstrap import Interval
from engines.simulate.assessment import Assessment
from ports.report_language import ENGLISH
from ports.reports import Report
from tests.build.reports import a_block, a_quiet_report, a_report


def text_of(report: Report) -> str:
    return document(report, ()).decode()


def said(roi: float, roi_ends: tuple[float, float] | None, excess: tuple[float, float] | None) -> Assessment:
    base = a_report().assessment
    return replace(
        base,
        metrics=replace(base.metrics, roi=roi),
        intervals=replace(
            base.intervals,
            roi=None if roi_ends is None else Interval(low=roi_ends[0], high=roi_ends[1]),
            excess=None if excess is None else Interval(low=excess[0], high=excess[1]),
        ),
    )


@pytest.mark.parametrize(
    ("roi", "roi_ends", "begins"),
    [
        (0.5, (0.1, 0.9), "It earned more than luck alone would likely have made"),
        (0.5, (-0.1, 0.9), "It ended with a gain that luck alone could have made"),
        (-0.1, (-0.4, 0.2), "It ended with a loss that bad luck alone could have made"),
        (-0.4, (-0.6, -0.2), "It lost more than bad luck alone would likely have cost"),
        (0.1, None, "It ended with a gain, over too short a time to say more"),
    ],
)
def test_the_first_sentence_claims_no_more_than_the_interval(
    roi: float, roi_ends: tuple[float, float] | None, begins: str
) -> None:
    assert verdict(ENGLISH, said(roi, roi_ends, None)).startswith(f"**{begins}:**")


@pytest.mark.parametrize(
    ("excess", "words"),
    [
        (
            (0.1, 0.9),
            "it beat holding by more than luck would likely make (+10.0 % … +90.0 % a year against it)",
        ),
        (
            (-0.9, -0.1),
            "it lagged holding by more than luck would likely make (−90.0 % … −10.0 % a year against it)",
        ),
        (
            (-0.2, 0.2),
            "luck alone could explain the difference to holding (−20.0 % … +20.0 % a year against it)",
        ),
    ],
)
def test_holding_is_named_beside_it(excess: tuple[float, float], words: str) -> None:
    assert words in verdict(ENGLISH, said(0.1, (0.05, 0.2), excess)).replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_what_did_not_trade_says_so() -> None:
    assert verdict(ENGLISH, a_quiet_report().assessment).startswith(
        "**It did not trade** in 90 days; holding BTCUSDT"
    )


def test_every_part_is_there() -> None:
    text = text_of(a_report())
    for part in (
        "## Figures",
        "## Deepest drawdowns",
        "## Returns by month",
        "## Costs, in USDT",
        "## What was not let through",
        "## How it was made",
        "## What the figures are, and are not",
    ):
        assert part in text
    assert a_report().run.digest in text
    assert "nan" not in text.lower().replace("finance", "")


def test_what_was_blocked_is_counted_by_gate() -> None:
    report = a_report()
    blocked = (a_block("a | b"), a_block("later"), a_block(gate="daily_loss"))
    text = text_of(replace(report, run=replace(report.run, blocked=blocked)))
    assert "| per_order | deny | 2 | 2026-01-02 BTCUSDT: a \\| b |" in text
    assert "| daily_loss | deny | 1 |" in text


def test_long_numbers_of_a_gate_are_shortened() -> None:
    report = a_report()
    blocked = (a_block("0.9594965512992926466589645714 of 0.45 fraction"),)
    text = text_of(replace(report, run=replace(report.run, blocked=blocked)))
    assert "BTCUSDT: 0.9595 of 0.45 fraction |" in text


def test_a_halt_is_told_first() -> None:
    report = a_report()
    blocked = (a_block("drawdown:trend", gate="latch"),)
    halted_at = datetime(2025, 12, 30, 5, tzinfo=UTC)
    text = text_of(replace(report, run=replace(report.run, blocked=blocked, halted_at=halted_at)))
    told = (
        "The drawdown limit halted the account: from 2025-12-30 on no entry was let through (1 were asked "
        "for), as on the desk, where an admin has to clear it."
    )
    assert text.index(told) < text.index("## Figures")


def test_words_of_others_make_no_tags_and_no_tables() -> None:
    hostile = "<script>alert(1)</script>\n# x | y `z`"
    report = a_report()
    run = replace(report.run, strategy=hostile, params={"name": hostile})
    text = text_of(replace(report, run=run, notes=(hostile,)))
    assert "<script>" not in text.replace("`name=<script>", "")
    assert "\n# x" not in text


def test_numbers_read_well() -> None:
    thin = "\N{NARROW NO-BREAK SPACE}"
    assert number(ENGLISH, -1234.5) == f"−1{thin}234.50"
    assert (number(ENGLISH, -0.001), number(ENGLISH, None)) == ("0.00", "–")
    assert (percent(ENGLISH, 0.1234), change(ENGLISH, 0.1), change(ENGLISH, -0.1)) == (
        f"12.3{thin}%",
        f"+10.0{thin}%",
        f"−10.0{thin}%",
    )
    assert between(ENGLISH, Interval(low=-0.1, high=None)) == f"−10.0{thin}% … –"
