"""A fresh twin for each test."""

from collections.abc import AsyncIterator

import pytest

from tests.build.telegram import TelegramDesk, telegram_desk


@pytest.fixture
async def desk() -> AsyncIterator[TelegramDesk]:
    async with telegram_desk() as running:
        yield running
