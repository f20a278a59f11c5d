"""A desk to type into."""

import pytest

from tests.build.screens import ScreenDesk, a_screen_desk


@pytest.fixture
async def desk() -> ScreenDesk:
    """Ann the admin, Tom the trader and Vera the viewer, over a market of `COINS`."""
    return await a_screen_desk()
