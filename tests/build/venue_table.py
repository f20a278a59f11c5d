"""The table of the venues' contract in docs/reliability.md.

`python -m tests.build.venue_table` writes it; a test fails when it is not what it should be.
"""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tests.build.venue_cases import Case, cases_of
from tests.build.venue_worlds import VENUES

MODULES: Final = ("orders", "terms", "troubles", "accounts", "streams")
"""Where the cases are: `tests/contracts/test_venue_….py`."""

PAGE: Final = Path("docs/reliability.md")
BEGIN, END = "<!-- venues: begin -->", "<!-- venues: end -->"

_YES = "✓"


def all_cases() -> Sequence[Case]:
    """Every case, in the order of the files."""
    for module in MODULES:
        importlib.import_module(f"tests.contracts.test_venue_{module}")
    return [one for module in MODULES for one in cases_of(module)]


def table(cases: Sequence[Case]) -> str:
    """The table, and why some cases cannot apply."""
    reasons: dict[str, int] = {}
    lines = [f"| case | {' | '.join(VENUES)} |", f"|---|{'---|' * len(VENUES)}"]
    module = ""
    for one in cases:
        if one.module != module:
            module = one.module
            lines.append(f"| **{module}** |{' |' * len(VENUES)}")
        cells = [_cell(one, venue, reasons) for venue in VENUES]
        lines.append(f"| {one.title} | {' | '.join(cells)} |")
    counts = {venue: sum(venue not in one.not_for for one in cases) for venue in VENUES}
    told = ", ".join(f"{venue} {count}" for venue, count in counts.items())
    notes = [f"{number}. {reason}" for reason, number in reasons.items()]
    return "\n".join([f"{len(cases)} cases; they apply to: {told}.", "", *lines, "", *notes])


def put_in(page: str, content: str) -> str:
    """The page with `content` between the marks."""
    before, rest = page.split(BEGIN)
    _, after = rest.split(END)
    return f"{before}{BEGIN}\n{content}\n{END}{after}"


def _cell(one: Case, venue: str, reasons: dict[str, int]) -> str:
    reason = one.not_for.get(venue)
    if reason is None:
        return _YES
    return f"– <sup>{reasons.setdefault(reason, len(reasons) + 1)}</sup>"


if __name__ == "__main__":
    PAGE.write_text(put_in(PAGE.read_text(encoding="utf-8"), table(all_cases())), encoding="utf-8")
