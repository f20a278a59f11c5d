"""A token opens only the deed that it was made for."""

import pytest

from ports.errors import Refused
from ports.people import Role
from services.actions import Actions
from tests.build.clock import HandClock
from tests.build.stores import MemoryActions


async def test_a_token_behind_the_prefix_of_another_deed_does_nothing_and_stays_good() -> None:
    actions = Actions(MemoryActions(), HandClock(), lambda: "token")
    token = await actions.offer("approve", chat_id=1)
    pressing = {"person_id": 1, "chat_id": 1}

    with pytest.raises(Refused, match="expired"):
        await actions.take("admit", token, **pressing, role=Role.ADMIN, needed=Role.ADMIN)

    taken = await actions.take("approve", token, **pressing, role=Role.ADMIN, needed=Role.ADMIN)
    assert taken.kind == "approve"
