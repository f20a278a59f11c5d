"""Buttons that do something once."""

import asyncio
import itertools
from datetime import timedelta

import pytest

from ports.errors import Refused
from ports.people import Action, Role
from services.actions import KEPT, Actions
from tests.build.clock import HandClock
from tests.build.stores import MemoryActions

CHAT, ANN, EVE = -100, 11, 66


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def actions(clock: HandClock) -> Actions:
    numbers = itertools.count()
    return Actions(MemoryActions(), clock, lambda: f"token-{next(numbers)}")


async def take(
    actions: Actions, token: str, *, by: int = ANN, chat: int = CHAT, role: Role = Role.ADMIN
) -> Action:
    return await actions.take("admit", token, person_id=by, chat_id=chat, role=role, needed=Role.ADMIN)


async def test_a_deed_is_taken_once(actions: Actions) -> None:
    token = await actions.offer("admit", chat_id=CHAT, params={"id": 5})

    action = await take(actions, token)

    assert (action.kind, action.params) == ("admit", {"id": 5})
    with pytest.raises(Refused, match="done"):
        await take(actions, token)


async def test_of_two_who_tap_at_once_one_gets_it(actions: Actions) -> None:
    token = await actions.offer("admit", chat_id=CHAT)

    results = await asyncio.gather(take(actions, token), take(actions, token, by=EVE), return_exceptions=True)

    assert sorted(type(result).__name__ for result in results) == ["Action", "Refused"]


@pytest.mark.parametrize(
    ("by", "chat", "role"),
    [(EVE, CHAT, Role.ADMIN), (ANN, 999, Role.ADMIN), (ANN, CHAT, Role.TRADER), (ANN, CHAT, Role.BLOCKED)],
)
async def test_another_person_chat_or_role_is_refused_and_does_not_use_it_up(
    actions: Actions, by: int, chat: int, role: Role
) -> None:
    token = await actions.offer("admit", chat_id=CHAT, person_id=ANN)

    with pytest.raises(Refused, match="not_yours"):
        await take(actions, token, by=by, chat=chat, role=role)
    assert await take(actions, token)


async def test_an_expired_or_unknown_deed_is_refused(actions: Actions, clock: HandClock) -> None:
    token = await actions.offer("admit", chat_id=CHAT, lasts=timedelta(hours=1))
    clock.move(3600)

    for gone in (token, "no-such-token", ""):
        with pytest.raises(Refused, match="expired"):
            await take(actions, gone)


async def test_only_what_expired_long_ago_is_forgotten(actions: Actions, clock: HandClock) -> None:
    await actions.offer("admit", chat_id=CHAT, lasts=timedelta(hours=1))
    clock.move(3600 + KEPT.total_seconds() - 1)
    assert await actions.forget_old() == 0
    clock.move(2)
    assert await actions.forget_old() == 1


async def test_looking_at_a_deed_leaves_it_to_be_taken(actions: Actions, clock: HandClock) -> None:
    token = await actions.offer("admit", chat_id=CHAT, person_id=ANN, params={"id": 5})
    seen = await look(actions, token)
    assert (seen.params, seen.done_at) == ({"id": 5}, None)
    await take(actions, token)
    assert (await look(actions, token)).done_at is not None
    for by, kind in ((EVE, "admit"), (ANN, "other")):
        with pytest.raises(Refused):
            await look(actions, token, by=by, kind=kind)


async def look(actions: Actions, token: str, *, by: int = ANN, kind: str = "admit") -> Action:
    return await actions.look(kind, token, person_id=by, chat_id=CHAT, role=Role.ADMIN, needed=Role.ADMIN)
