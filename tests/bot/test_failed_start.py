"""A start that fails half-way ends everything it had begun."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from adapters.sql.people import SqlPeople
from bot.app import App
from bot.outside import open_outside
from bot.settings import load
from ports.errors import Transient
from ports.people import Person


class PeopleOutOfReach(SqlPeople):
    """A database that went away between its opening and the first read."""

    def __init__(self) -> None:
        """Without a database."""

    async def all(self) -> Sequence[Person]:
        raise Transient("desk database is out of reach")


async def test_a_database_lost_while_starting_stops_the_desk_in_order(
    tmp_path: Path, logged: list[Any]
) -> None:
    environ = {
        "TELEGRAM_BOT_TOKEN": "7000000001:nobody-will-be-asked-with-this-one",
        "PERPETUUM_DESK__DATA_DIR": str(tmp_path / "desk"),
        "PERPETUUM_TELEGRAM__API_URL": "http://127.0.0.1:9",
    }
    settings = load(environ=environ, dotenv=tmp_path / "none", toml=tmp_path / "none")
    outside = await open_outside(settings)
    try:
        outside.desk.people = PeopleOutOfReach()
        with pytest.raises(Transient, match="out of reach"):
            await App(settings, outside).run(asyncio.Event())
    finally:
        await outside.close()
    assert logged[-1]["event"] == "desk_stopped"
