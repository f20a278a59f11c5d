"""Both databases for the tests of the SQL adapter."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.sql.database import Database, open_database
from adapters.sql.place import Place, locate
from adapters.sql.schema import upgrade


@pytest.fixture(params=["sqlite", "postgresql"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/desk.sqlite"
    created: str = await request.getfixturevalue("postgres_server").create_database()
    return created


@pytest.fixture
def schema() -> str:
    """Which of our databases."""
    return "desk"


@pytest.fixture
def place(url: str, schema: str) -> Place:
    """An empty database."""
    return locate(url, schema=schema)


@pytest.fixture
async def database(place: Place) -> AsyncIterator[Database]:
    """A database with its tables in it."""
    await upgrade(place)
    opened = open_database(place, is_durable=True)
    yield opened
    await opened.close()
