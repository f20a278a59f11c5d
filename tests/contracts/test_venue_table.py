"""The page that tells what venues keep cannot say more than is tested."""

from pathlib import Path

from tests.build.venue_table import PAGE, all_cases, put_in, table
from tests.build.venue_worlds import VENUES

ROOT = Path(__file__).parents[2]


def test_the_reliability_page_lists_exactly_the_cases_that_are_run() -> None:
    """`python -m tests.build.venue_table` writes it anew."""
    page = (ROOT / PAGE).read_text(encoding="utf-8")
    assert page == put_in(page, table(all_cases()))


def test_every_case_says_why_it_leaves_a_venue_out() -> None:
    cases = all_cases()
    assert len(cases) >= 40
    for one in cases:
        assert set(one.not_for) < set(VENUES)
        assert all(len(reason.split()) > 4 for reason in one.not_for.values())
