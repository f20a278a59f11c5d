"""A database of each kind that the desk can be kept in."""

from pathlib import Path

import pytest


async def desk_url(request: pytest.FixtureRequest, folder: Path) -> str:
    """A new database of the kind that a fixture is parametrised with: `sqlite` or `postgresql`."""
    if request.param == "sqlite":
        return f"sqlite:///{folder}/desk.sqlite"
    return str(await request.getfixturevalue("postgres_server").create_database())
