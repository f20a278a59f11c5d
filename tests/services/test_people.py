"""Who may do what."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from ports.errors import Refused
from ports.people import Person, Role
from services.people import CLAIM_FACT, MOST_CLAIM_TRIES, NOTICE_LASTS, People, shown_name
from tests.build.clock import HandClock
from tests.build.people import a_person
from tests.build.stores import MemoryFacts, MemoryPeople


class SlowPeople(MemoryPeople):
    """Takes a turn of the loop for every change, as a database does."""

    async def change(self, person_id: int, **fields: Any) -> Person | None:
        await asyncio.sleep(0)
        return await super().change(person_id, **fields)


async def people(
    *known: Person, appointed: dict[int, Role] | None = None, facts: MemoryFacts | None = None
) -> People:
    made = People(
        SlowPeople(*known), facts or MemoryFacts(), HandClock(), lambda: "ABCD-2345", appointed or {}
    )
    await made.load()
    return made


async def test_a_stranger_is_nobody() -> None:
    desk = await people()

    assert await desk.arrive(5, "Sam", "en") is None
    assert desk.get(5) is None


async def test_somebody_appointed_is_welcomed_with_their_role_and_language() -> None:
    desk = await people(appointed={5: Role.TRADER})

    person = await desk.arrive(5, "Sam", "ru")

    assert person is not None
    assert (person.role, person.language, person.name) == (Role.TRADER, "ru", "Sam")
    assert desk.get(5) == person == await desk.store.get(5)


@pytest.mark.parametrize(
    ("was", "appointed", "now"),
    [
        (Role.VIEWER, Role.ADMIN, Role.ADMIN),
        (Role.ADMIN, Role.VIEWER, Role.ADMIN),
        (Role.BLOCKED, Role.VIEWER, Role.BLOCKED),
        (Role.BLOCKED, Role.ADMIN, Role.ADMIN),
    ],
)
async def test_settings_raise_a_role_and_never_lower_it(was: Role, appointed: Role, now: Role) -> None:
    desk = await people(a_person(5, role=was), appointed={5: appointed})

    person = desk.get(5)
    assert person is not None
    assert person.role is now


async def test_admitting_a_known_person_changes_only_the_role() -> None:
    desk = await people(a_person(5, name="Sam", language="ru"))

    person = await desk.admit(5, "Impostor", Role.TRADER, "en")

    assert (person.role, person.name, person.language) == (Role.TRADER, "Sam", "ru")


async def test_somebody_in_the_store_but_not_in_memory_is_not_doubled() -> None:
    desk = await people()
    await desk.store.add(a_person(5, name="Sam", role=Role.VIEWER))

    person = await desk.admit(5, "Sam", Role.TRADER, "en")

    assert person.role is Role.TRADER
    assert len(await desk.store.all()) == 1


async def test_people_are_listed_admins_first_then_by_name() -> None:
    desk = await people(
        a_person(1, name="zoe"), a_person(2, name="Abe"), a_person(3, name="Yan", role=Role.ADMIN)
    )

    assert [person.name for person in desk.all()] == ["Yan", "Abe", "zoe"]
    assert [person.id for person in desk.admins()] == [3]


async def test_changing_nobody_is_refused() -> None:
    with pytest.raises(Refused, match="unknown_person"):
        await (await people()).change(5, language="ru")


async def test_the_last_admin_stays() -> None:
    desk = await people(a_person(5, role=Role.ADMIN))

    with pytest.raises(Refused, match="last_admin"):
        await desk.change(5, role=Role.VIEWER)


async def test_two_admins_who_dismiss_each_other_at_once_do_not_both_go() -> None:
    desk = await people(a_person(5, role=Role.ADMIN), a_person(6, role=Role.ADMIN))

    results = await asyncio.gather(
        desk.change(5, role=Role.VIEWER), desk.change(6, role=Role.VIEWER), return_exceptions=True
    )

    assert sum(isinstance(result, Refused) for result in results) == 1
    assert len(desk.admins()) == 1


async def test_a_person_whose_row_is_gone_is_written_anew() -> None:
    desk = await people(a_person(5))
    desk.store = MemoryPeople()

    person = await desk.change(5, language="ru")

    assert await desk.store.get(5) == person


async def test_a_stranger_is_announced_once_also_after_a_restart() -> None:
    facts = MemoryFacts()
    desk = await people(facts=facts)

    assert [await desk.notice(9), await desk.notice(9), await desk.notice(8)] == [True, False, True]
    assert not await (await people(facts=facts)).notice(9)


async def test_a_stranger_who_writes_again_after_the_notice_expired_is_announced_again() -> None:
    facts, clock = MemoryFacts(), HandClock()
    desk = People(MemoryPeople(), facts, clock, lambda: "code")
    assert await desk.notice(9)

    clock.move((NOTICE_LASTS + timedelta(seconds=1)).total_seconds())

    assert [await desk.notice(9), await desk.notice(9)] == [True, False]


async def test_a_claim_makes_the_first_admin_once() -> None:
    desk = await people()
    code = await desk.open_claim()
    assert code is not None

    person = await desk.claim(5, "Ann", "en", f" {code.lower()} ")

    assert person is not None
    assert person.role is Role.ADMIN
    assert await desk.claim(6, "Eve", "en", code) is None
    assert await desk.open_claim() is None


async def test_only_a_hash_of_the_code_is_kept() -> None:
    desk = await people()
    code = await desk.open_claim()

    kept = await desk.facts.get(CLAIM_FACT)

    assert kept is not None
    assert code is not None
    assert code not in kept


async def test_wrong_codes_are_counted_down_and_then_the_right_one_is_refused_too() -> None:
    desk = await people()
    code = await desk.open_claim() or ""

    left = []
    for _ in range(MOST_CLAIM_TRIES):
        with pytest.raises(Refused) as refused:
            await desk.claim(5, "Eve", "en", "WRONG")
        left.append(refused.value.params["left"])

    assert left == [4, 3, 2, 1, 0]
    with pytest.raises(Refused, match="claim_closed"):
        await desk.claim(5, "Eve", "en", code)
    assert await desk.claim(6, "Ann", "en", code) is not None


async def test_no_claim_is_open_while_an_admin_is_appointed() -> None:
    desk = await people(appointed={5: Role.ADMIN})

    assert await desk.open_claim() is None
    assert await desk.claim(6, "Eve", "en", "ABCD-2345") is None


@pytest.mark.parametrize(
    ("given", "shown"),
    [("Ann", "Ann"), ("\u202eevil\u200b\x00", "evil"), ("  ", "9"), ("\u2066", "9"), ("x" * 100, "x" * 64)],
)
def test_names_lose_what_cannot_be_seen(given: str, shown: str) -> None:
    assert shown_name(given, 9) == shown
