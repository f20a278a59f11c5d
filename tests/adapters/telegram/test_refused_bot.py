"""A token that is refused, or a Bot API server that is not one, says nothing about a message or its chat."""

import pytest

from ports.errors import Transient
from tests.adapters.telegram.conftest import Road


@pytest.mark.parametrize("status", [401, 404])
async def test_what_was_said_meanwhile_can_be_said_again(road: Road, status: int) -> None:
    road.desk.faults.merge({"telegram": {"status": status}})
    with pytest.raises(Transient, match="refuses the bot"):
        await road.send("for the admins")
    road.desk.faults.clear()
    await road.send("for the admins")
    assert [message["text"] for message in await road.shown()] == ["for the admins"]
