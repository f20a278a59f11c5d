"""One battery over every keeper of the desk: in memory, SQLite, PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime, time, timedelta, timezone
from pathlib import Path
from typing import Protocol

import pytest

from adapters.sql.desk import SqlDesk
from ports.charts import Theme
from ports.messages import Button, OutboxStore, Priority, Screen, Style
from ports.people import ActionStore, Facts, Noise, PeopleStore, RiskProfile, Role
from tests.build.databases import desk_url
from tests.build.people import NOON, a_person, a_push, an_action
from tests.build.stores import MemoryDesk

HOUR = timedelta(hours=1)


class Desk(Protocol):
    """What the battery is run over."""

    @property
    def people(self) -> PeopleStore: ...
    @property
    def actions(self) -> ActionStore: ...
    @property
    def outbox(self) -> OutboxStore: ...
    @property
    def facts(self) -> Facts: ...


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    if request.param == "memory":
        yield MemoryDesk()
        return
    desk = await SqlDesk.open(await desk_url(request, tmp_path), world="live", mode="paper")
    yield desk
    await desk.close()


class TestPeople:
    async def test_nobody_is_known_at_first(self, desk: Desk) -> None:
        assert await desk.people.get(11) is None
        assert list(await desk.people.all()) == []

    async def test_a_person_comes_back_whole(self, desk: Desk) -> None:
        person = a_person(
            5_000_000_000,
            name="Аня <b>& co</b> 🙂",
            role=Role.ADMIN,
            language="ru",
            zone="Europe/Moscow",
            noise=Noise.QUIET,
            theme=Theme.LIGHT,
            risk=RiskProfile.BOLD,
            summary_at=time(8, 30),
            is_onboarded=True,
            watchlist=("BTC/USDT", "ETH/USDT"),
            cockpit_message_id=42,
            is_reachable=False,
        )
        assert await desk.people.add(person) == person
        assert await desk.people.get(person.id) == person

    async def test_a_daily_summary_can_be_moved_and_switched_off(self, desk: Desk) -> None:
        await desk.people.add(a_person())
        for at in (time(0), time(23, 59), None):
            changed = await desk.people.change(11, summary_at=at)
            assert changed == a_person(summary_at=at) == await desk.people.get(11)

    async def test_adding_a_known_person_changes_nothing(self, desk: Desk) -> None:
        first = await desk.people.add(a_person(role=Role.ADMIN))
        assert await desk.people.add(a_person(role=Role.VIEWER)) == first
        assert await desk.people.get(11) == first

    async def test_two_first_hellos_at_once_make_one_person(self, desk: Desk) -> None:
        hellos = [a_person(name=name) for name in ("a", "b", "c", "d")]
        answers = await asyncio.gather(*(desk.people.add(hello) for hello in hellos))
        assert list(await desk.people.all()) == [answers[0]]
        assert len(set(answers)) == 1

    async def test_everybody_is_listed_by_the_time_they_joined(self, desk: Desk) -> None:
        for person_id, age in ((3, 0), (1, 2), (2, 1)):
            await desk.people.add(a_person(person_id, created_at=NOON - age * HOUR))
        assert [person.id for person in await desk.people.all()] == [1, 2, 3]

    async def test_changing_sets_only_the_named_fields(self, desk: Desk) -> None:
        before = await desk.people.add(a_person(zone="Asia/Tokyo"))
        changed = await desk.people.change(
            11, role=Role.TRADER, watchlist=("SOL/USDT",), cockpit_message_id=7
        )
        assert changed == a_person(
            role=Role.TRADER, watchlist=("SOL/USDT",), cockpit_message_id=7, zone=before.zone
        )
        assert await desk.people.get(11) == changed

    async def test_a_field_can_be_cleared(self, desk: Desk) -> None:
        await desk.people.add(a_person(cockpit_message_id=7))
        changed = await desk.people.change(11, cockpit_message_id=None)
        assert changed is not None
        assert changed.cockpit_message_id is None

    async def test_changing_nothing_returns_the_person(self, desk: Desk) -> None:
        person = await desk.people.add(a_person())
        assert await desk.people.change(11) == person

    async def test_changing_a_stranger_is_none(self, desk: Desk) -> None:
        assert await desk.people.change(99, role=Role.ADMIN) is None

    @pytest.mark.parametrize("fields", [{"id": 12}, {"colour": "red"}, {"role": Role.ADMIN, "rank": 1}])
    async def test_changing_the_id_or_an_unknown_field_is_our_mistake(
        self, desk: Desk, fields: dict[str, object]
    ) -> None:
        person = await desk.people.add(a_person())
        with pytest.raises(TypeError):
            await desk.people.change(11, **fields)
        assert await desk.people.get(11) == person

    async def test_changes_of_different_fields_at_once_are_all_kept(self, desk: Desk) -> None:
        await desk.people.add(a_person())
        await asyncio.gather(
            desk.people.change(11, zone="Asia/Tokyo"),
            desk.people.change(11, language="ru"),
            desk.people.change(11, theme=Theme.LIGHT),
            desk.people.change(11, noise=Noise.ALL),
        )
        assert await desk.people.get(11) == a_person(
            zone="Asia/Tokyo", language="ru", theme=Theme.LIGHT, noise=Noise.ALL
        )


class TestActions:
    async def test_actions_come_back_whole(self, desk: Desk) -> None:
        bound = an_action("bound", params={"symbol": "BTC/USDT", "steps": [1, 2.5, None]}, message_id=8)
        free = an_action("free", person_id=None, chat_id=-1_001_234_567_890)
        await desk.actions.add([bound, free])
        assert await desk.actions.get("bound") == bound
        assert await desk.actions.get("free") == free

    async def test_adding_none_is_fine(self, desk: Desk) -> None:
        await desk.actions.add([])

    async def test_an_unknown_token_is_none_and_cannot_be_taken(self, desk: Desk) -> None:
        assert await desk.actions.get("nope") is None
        assert not await desk.actions.take("nope", person_id=11, at=NOON)

    async def test_taking_records_who_and_when(self, desk: Desk) -> None:
        await desk.actions.add([an_action()])
        assert await desk.actions.take("t0ken", person_id=12, at=NOON)
        assert await desk.actions.get("t0ken") == an_action(done_at=NOON, done_by=12)

    async def test_exactly_one_of_many_taps_at_once_takes_it(self, desk: Desk) -> None:
        await desk.actions.add([an_action()])
        taps = [desk.actions.take("t0ken", person_id=person_id, at=NOON) for person_id in range(10)]
        won = await asyncio.gather(*taps)
        assert won.count(True) == 1
        done = await desk.actions.get("t0ken")
        assert done is not None
        assert done.done_by == won.index(True)

    async def test_only_expired_actions_are_forgotten(self, desk: Desk) -> None:
        await desk.actions.add([an_action("old", expires_at=NOON), an_action("new", expires_at=NOON + HOUR)])
        assert await desk.actions.forget_before(NOON) == 0
        assert await desk.actions.forget_before(NOON + HOUR) == 1
        assert await desk.actions.get("old") is None
        assert await desk.actions.get("new") is not None


class TestOutbox:
    async def test_a_push_comes_back_whole_but_for_its_picture(self, desk: Desk) -> None:
        keyboard = (
            (
                Button(text="Купить", data="a:1", style=Style.SUCCESS),
                Button(text="Site", url="https://x.test"),
            ),
            (Button(text="Copy", copy="0.5"),),
        )
        push = a_push(
            screen=Screen(html="<b>Привет</b> 🙂", keyboard=keyboard), expires_at=NOON + HOUR, is_silent=True
        )
        pictured = a_push("pictured", screen=Screen(html="see", photo=b"png"))
        assert await desk.outbox.add(push)
        assert await desk.outbox.add(pictured)
        messages = [row.message for row in await desk.outbox.unsent()]
        assert messages == [push, a_push("pictured", screen=Screen(html="see"))]

    async def test_a_known_event_is_not_stored_again(self, desk: Desk) -> None:
        assert await desk.outbox.add(a_push("same"))
        assert not await desk.outbox.add(a_push("same", chat_id=12))
        (row,) = await desk.outbox.unsent()
        await desk.outbox.sent(row.id, message_id=1, at=NOON)
        assert not await desk.outbox.add(a_push("same"))

    async def test_one_event_told_many_times_at_once_is_stored_once(self, desk: Desk) -> None:
        stored = await asyncio.gather(*(desk.outbox.add(a_push("same")) for _ in range(5)))
        assert stored.count(True) == 1

    async def test_urgent_first_then_oldest(self, desk: Desk) -> None:
        for name, priority, age in (
            ("digest", Priority.DIGEST, 3),
            ("young", Priority.SIGNAL, 1),
            ("old", Priority.SIGNAL, 2),
            ("kill", Priority.KILL, 0),
        ):
            await desk.outbox.add(a_push(name, priority=priority, created_at=NOON - age * HOUR))
        assert [row.message.dedupe for row in await desk.outbox.unsent()] == [
            "kill",
            "old",
            "young",
            "digest",
        ]
        assert [row.message.dedupe for row in await desk.outbox.unsent(limit=1)] == ["kill"]

    async def test_a_failed_try_is_counted_and_the_push_stays(self, desk: Desk) -> None:
        await desk.outbox.add(a_push())
        (row,) = await desk.outbox.unsent()
        assert row.tries == 0
        await desk.outbox.failed(row.id, reason="timeout")
        await desk.outbox.failed(row.id, reason="timeout")
        (row,) = await desk.outbox.unsent()
        assert row.tries == 2

    async def test_sent_and_dropped_pushes_leave_the_queue(self, desk: Desk) -> None:
        for name in ("sent", "dropped", "waiting"):
            await desk.outbox.add(a_push(name))
        sent, dropped, waiting = await desk.outbox.unsent()
        await desk.outbox.sent(sent.id, message_id=5, at=NOON)
        await desk.outbox.dropped(dropped.id, reason="blocked", at=NOON)
        assert await desk.outbox.unsent() == [waiting]

    async def test_only_settled_pushes_are_forgotten(self, desk: Desk) -> None:
        for name in ("sent", "dropped", "late", "waiting"):
            await desk.outbox.add(a_push(name))
        sent, dropped, late, waiting = await desk.outbox.unsent()
        await desk.outbox.sent(sent.id, message_id=5, at=NOON)
        await desk.outbox.dropped(dropped.id, reason="blocked", at=NOON)
        await desk.outbox.sent(late.id, message_id=6, at=NOON + HOUR)
        assert await desk.outbox.forget_before(NOON) == 0
        assert await desk.outbox.forget_before(NOON + HOUR) == 2
        assert not await desk.outbox.add(a_push("late"))
        assert await desk.outbox.unsent() == [waiting]


class TestFacts:
    async def test_a_fact_is_kept_replaced_and_deleted(self, desk: Desk) -> None:
        assert await desk.facts.get("claim") is None
        await desk.facts.put("claim", "one")
        await desk.facts.put("claim", "два")
        assert await desk.facts.get("claim") == "два"
        await desk.facts.delete("claim")
        await desk.facts.delete("claim")
        assert await desk.facts.get("claim") is None

    async def test_only_the_first_of_many_claims_at_once_is_stored(self, desk: Desk) -> None:
        stored = await asyncio.gather(*(desk.facts.put_if_absent("claim", str(n)) for n in range(5)))
        assert stored.count(True) == 1
        assert await desk.facts.get("claim") == str(stored.index(True))


async def test_times_come_back_as_the_same_instant_in_utc(desk: Desk) -> None:
    tokyo = timezone(9 * HOUR)
    joined = datetime(2026, 3, 4, 21, 0, 0, 123456, tzinfo=tokyo)
    await desk.people.add(a_person(created_at=joined))
    stored = await desk.people.get(11)
    assert stored is not None
    assert stored.created_at == joined
