"""One backtest that was asked for: how far it is, and what a restart makes of it."""

from datetime import timedelta
from typing import Any

import pytest

from ports.backtests import Progress, Stage
from ports.errors import Refused, Transient
from services.backtesting.job import Job, State, read, written
from services.backtesting.wish import Wish
from tests.build.clock import NOON
from tests.build.screens import VERA, a_screen_desk


def a_job(**fields: Any) -> Job:
    """Vera's, in her own chat."""
    usual: dict[str, Any] = {
        "id": "ab12cd34",
        "person_id": 13,
        "chat_id": 13,
        "asked": "sma_cross 2y BTCUSDT",
        "title": "SMA cross · BTC · 2 years",
    }
    return Job(**usual | fields)


def test_the_share_only_grows_and_ends_at_all_of_it() -> None:
    job = a_job()
    shares = []
    for stage in (
        Stage.FILLING,
        Stage.READING,
        Stage.FILLING,
        Stage.STARTING,
        Stage.PLAYING,
        Stage.REPORTING,
    ):
        for done in (0, 1, 2):
            job.hear(Progress(stage, done, 2))
            shares.append(job.heard)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


def test_the_time_left_is_told_once_something_is_known() -> None:
    job = a_job(started_at=NOON)
    job.hear(Progress(Stage.READING, 1, 2))
    assert job.left_s(NOON + timedelta(seconds=4)) is None
    job.hear(Progress(Stage.PLAYING, 7, 13))
    assert job.left_s(NOON + timedelta(seconds=10)) == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (State.WAITING, State.INTERRUPTED),
        (State.RUNNING, State.INTERRUPTED),
        (State.DONE, State.DONE),
        (State.CANCELLED, State.CANCELLED),
        (State.INTERRUPTED, State.INTERRUPTED),
    ],
)
def test_what_was_under_way_is_interrupted_by_a_restart(before: State, after: State) -> None:
    job = a_job(state=before, message_id=7)
    (back,) = read(written([job]))
    assert (back.id, back.person_id, back.chat_id, back.message_id) == ("ab12cd34", 13, 13, 7)
    assert (back.asked, back.title, back.state) == (job.asked, job.title, after)


async def test_while_the_machine_is_short_of_breath_nothing_is_begun() -> None:
    desk = await a_screen_desk()
    backtests, person = desk.services.backtests, desk.person()
    wish = Wish(strategy="sma_cross", symbols=("BTCUSDT",))
    backtests.work.shed()
    with pytest.raises(Refused) as refused:
        await backtests.ask(person, VERA, wish, "title")
    assert refused.value.code == "backtest_busy"
    backtests.work.take_up()
    assert (await backtests.ask(person, VERA, wish, "title")).state is State.WAITING


async def test_what_the_store_did_not_take_is_not_under_way() -> None:
    desk = await a_screen_desk()
    backtests, person = desk.services.backtests, desk.person()
    wish = Wish(strategy="sma_cross", symbols=("BTCUSDT",))
    desk.stores.facts.failure = Transient("disk", kind="database")
    with pytest.raises(Transient):
        await backtests.ask(person, VERA, wish, "title")
    assert backtests.of(person.id) is None
    desk.stores.facts.failure = None
    assert (await backtests.ask(person, VERA, wish, "title")).ahead == 0
