"""The order road is killed in the middle of what it says to its venues and of what it writes down, twice a
round and with trouble there; afterwards venue, ledger and journal are the same. `make chaos` plays 500 such
rounds, `make week` whole weeks of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.build.chaos import BY_ITSELF, ROOT, Outcome, rounds
from tests.build.chaos_plan import a_money_plan, a_week

FIRST_SEED = 1
ROUNDS = 10
LANES = 5
LOCKED_ROUNDS = 3
STAGES = 2
"""Of the week; `make week` plays more."""
_TELEGRAM_AND_CHARTS = ("aiogram", "pandas", "matplotlib", "mplfinance", "jinja2")
_STARTS_ALONE = """
import sys
import tests.build.chaos_script
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


@pytest.mark.timeout(180)
async def test_killed_while_the_database_is_locked_again_and_again_nothing_is_lost_or_doubled(
    tmp_path: Path,
) -> None:
    seeds = range(FIRST_SEED, FIRST_SEED + LOCKED_ROUNDS)
    outcomes = [outcome async for outcome in rounds(seeds, LOCKED_ROUNDS, tmp_path, is_locked=True)]
    assert [one for one in outcomes if one.problems] == list[Outcome]()
    assert any("changes_wait_for_database" in one.log for one in outcomes)


@pytest.mark.timeout(180)
async def test_a_week_of_kills_faults_and_funding_agrees_to_the_last_digit(tmp_path: Path) -> None:
    seeds = range(FIRST_SEED, FIRST_SEED + 1)
    [week] = [one async for one in rounds(seeds, 1, tmp_path, lambda seed: a_week(seed, STAGES))]
    assert week.problems == ()
    assert week.days >= 7
    assert len(week.kills) == 2 * STAGES
    assert week.fundings > 0


@pytest.mark.timeout(180)
async def test_killed_while_money_moves_and_is_booked_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    [seed] = seeds = range(FIRST_SEED, FIRST_SEED + 1)
    [outcome] = [one async for one in rounds(seeds, 1, tmp_path, lambda seed: [a_money_plan(seed)])]
    assert outcome.problems == ()
    assert outcome.fundings > 0
    assert len(outcome.kills) == len(a_money_plan(seed).kills)
    assert [one for one in outcome.kills if one.startswith(BY_ITSELF)] == []


def test_the_order_road_needs_neither_telegram_nor_charts() -> None:
    asked = [sys.executable, "-c", _STARTS_ALONE, *_TELEGRAM_AND_CHARTS]
    answer = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True)
    assert answer.stdout.split() == []
