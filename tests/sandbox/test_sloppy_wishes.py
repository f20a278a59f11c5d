"""What makes no sense is refused in words, and the world goes on."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from sandbox.telegram.keep import SqliteKeep
from sandbox.telegram.people import BOT_TOKEN
from sandbox.world import STATE_FILE, WorldOptions, build_world
from tests.build.sandbox import Sandbox, running_sandbox


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with running_sandbox(tmp_path, WorldOptions(state=tmp_path / "kept")) as running:
        yield running


async def refused(sandbox: Sandbox, path: str, body: dict[str, Any]) -> tuple[int, Any]:
    async with sandbox.http.post(f"{sandbox.url}{path}", json=body) as response:
        return response.status, await response.json()


async def test_numbers_that_nothing_has_are_refused(sandbox: Sandbox) -> None:
    long = "1" * 5000
    for path, body, status in (
        (f"/control/users/{long}/messages", {"text": "x"}, 404),
        ("/control/users/anna/messages", {"text": "x", "chat": long}, 400),
        ("/control/users", {"name": "Eve", "id": 2**64 - 1}, 400),
        ("/control/faults", {"telegram": {"real_limits": "no"}}, 400),
        (f"/bot{BOT_TOKEN}/sendMessage", {"chat_id": "--5", "text": "x"}, 400),
        (f"/bot{BOT_TOKEN}/sendMessage", {"chat_id": long, "text": "x"}, 400),
        (f"/bot{BOT_TOKEN}/deleteMessages", {"chat_id": 1001, "message_ids": [[1]]}, 400),
    ):
        answered, words = await refused(sandbox, path, body)
        assert answered == status, path[:60]
        assert words.keys() & {"error", "description"}


@pytest.mark.parametrize("percent", [1000, -90])
async def test_shocks_end_before_prices_make_no_sense(sandbox: Sandbox, percent: int) -> None:
    answers = [
        await refused(sandbox, "/control/markets/BTCUSDT/shock", {"percent": percent}) for _ in range(9)
    ]
    assert answers[0][0] == 200
    assert answers[-1][0] == 400
    assert "all shocks together" in answers[-1][1]["error"]
    market = sandbox.world.market
    assert float(market.snapshot()[0]["last"]) > 0


@pytest.mark.parametrize(("letter", "lengths"), [("a", [4096, 4]), ("я", [4096, 4]), ("🙂", [2048, 2048, 4])])
async def test_only_texts_beyond_telegrams_length_are_split(
    sandbox: Sandbox, letter: str, lengths: list[int]
) -> None:
    await sandbox.say(1001, letter * sum(lengths))
    shown = await sandbox.control("GET", "chats/1001/messages")
    assert [len(message["text"]) for message in shown] == lengths


def test_a_world_killed_while_it_first_wrote_goes_on(tmp_path: Path) -> None:
    keep = SqliteKeep(tmp_path / STATE_FILE)
    keep.put("world", "clock", {"market_ms": 1_767_571_200_000, "speed": 1.0})
    keep.close()
    build_world(WorldOptions(state=tmp_path)).close()
    build_world(WorldOptions(state=tmp_path)).close()
