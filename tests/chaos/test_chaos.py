"""The order road is killed in the middle of what it says to its venues, twice a round and with trouble there;
afterwards venue, ledger and journal are the same. `make chaos` plays 500 such rounds."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.build.chaos import ROOT, Outcome, rounds

FIRST_SEED = 1
ROUNDS = 10
LANES = 5
_TELEGRAM_AND_CHARTS = ("aiogram", "pandas", "matplotlib", "mplfinance", "jinja2")
_STARTS_ALONE = """
import sys
import tests.build.chaos_life
print(*(name for name in sys.argv[1:] if name in sys.modules))
"""


@pytest.mark.timeout(180)
async def test_killed_anywhere_on_the_wire_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    seeds = range(FIRST_SEED, FIRST_SEED + ROUNDS)
    outcomes = [outcome async for outcome in rounds(seeds, LANES, tmp_path)]
    assert [one for one in outcomes if one.problems] == list[Outcome]()
    assert len(outcomes) == ROUNDS
    assert sum(one.orders for one in outcomes) > ROUNDS
    assert sum(kill.startswith(("before", "after")) for one in outcomes for kill in one.kills) > ROUNDS


def test_the_order_road_needs_neither_telegram_nor_charts() -> None:
    asked = [sys.executable, "-c", _STARTS_ALONE, *_TELEGRAM_AND_CHARTS]
    answer = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []
