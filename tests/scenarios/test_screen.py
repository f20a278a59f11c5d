"""The daily screen on the wire: made when first asked for and every midnight, kept over a restart."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.app import App
from sandbox.world import WorldOptions
from tests.build.desk import running_desk
from tests.build.sandbox import VERA, Message, Sandbox, running_sandbox, until

PATIENCE_S = 90.0


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    """A synthetic market of fifty coins at the speed of life."""
    async with running_sandbox(tmp_path, WorldOptions(seed=7)) as running:
        yield running


async def screened(sandbox: Sandbox) -> Message:
    """`/screen`, asked for until it is made."""

    async def look() -> Message | None:
        answer = await sandbox.ask(VERA, "/screen")
        return None if "⏳" in answer["text"] else answer

    return await until(look, "a screen", within_s=PATIENCE_S)


def rows(message: Message) -> list[tuple[int, str, int]]:
    """Place, coin and score of each row."""
    found = re.findall(r"^ ?(\d+) [▲▼•] (\w+) +(\d+) ", message["text"], re.MULTILINE)
    return [(int(place), coin, int(score)) for place, coin, score in found]


async def test_the_ten_best_of_fifty_with_reasons_and_the_same_after_a_restart(sandbox: Sandbox) -> None:
    async with running_desk(sandbox):
        first = await screened(sandbox)
    table = rows(first)
    assert [place for place, _, _ in table] == list(range(1, 11))
    assert [score for _, _, score in table] == sorted((score for _, _, score in table), reverse=True)
    assert "Of 50 pairs against USDT" in first["text"]
    assert "not read 0" in first["text"]
    reasons = first["text"].split("</pre>")[-1]
    assert all(re.search(rf"^{coin} [▲▼•] \S", reasons, re.MULTILINE) for _, coin, _ in table)

    await sandbox.break_(bybit={"status": 500, "methods": ["kline"]})
    async with running_desk(sandbox):
        again = await screened(sandbox)
    assert rows(again) == table
    assert again["text"].split("\n")[0] == first["text"].split("\n")[0]


async def test_it_is_made_anew_after_midnight_without_being_asked(sandbox: Sandbox) -> None:
    async with running_desk(sandbox) as desk:
        await screened(sandbox)
        now = datetime.fromtimestamp(await sandbox.advance(0) / 1000, UTC)
        due = (now + timedelta(days=1)).replace(hour=0, minute=10, second=30)
        await sandbox.advance((due - now).total_seconds())
        await until(lambda: _is_made(desk), "the screen of the next day", within_s=PATIENCE_S)
        made = desk.services.screener.today
        assert made is not None
        assert made.made_at - due < timedelta(minutes=3)


async def _is_made(desk: App) -> bool:
    return desk.services.screener.today is not None


async def test_a_venue_without_candles_is_said_and_tried_again(sandbox: Sandbox) -> None:
    await sandbox.break_(bybit={"status": 500, "methods": ["kline"]})
    async with running_desk(sandbox):

        async def is_said() -> bool:
            answer = await sandbox.ask(VERA, "/screen")
            return "could not be made" in answer["text"]

        await until(is_said, "that it could not be made", within_s=PATIENCE_S)
        await sandbox.heal()
        assert len(rows(await screened(sandbox))) == 10
