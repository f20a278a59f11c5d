"""The kill ladder in the whole desk: with the database locked by another process, killed -9 and restarted."""

import json
import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from sandbox.telegram.people import BOT_TOKEN
from tests.build.desk import desk_process
from tests.build.locks import locked_by_another_process
from tests.build.real_money import (
    HAND,
    a_live_desk,
    a_resting_order,
    an_order,
    assert_agrees,
    give_keys,
    last_price,
    the_account,
)
from tests.build.sandbox import ADMIN_CHAT, ANNA, Sandbox, until


def latched(sandbox: Sandbox) -> list[str]:
    """What the side file says, wherever the desk keeps it."""
    files = list(Path(sandbox.folder).rglob("latches.json"))
    return [one["id"] for path in files for one in json.loads(path.read_text())]


async def is_written_down(database: Path) -> bool:
    """Whether the kill stands in the database."""
    with closing(sqlite3.connect(database)) as reader:
        return reader.execute("SELECT id FROM latches").fetchall() == [("kill",)]


async def test_a_kill_works_with_the_database_locked_and_outlives_the_process(sandbox: Sandbox) -> None:
    async with desk_process(sandbox) as desk:
        await sandbox.ask(ANNA, "/status")  # she is known from now on
        (database,) = Path(sandbox.folder).rglob("desk.sqlite3")
        with closing(sqlite3.connect(database, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            stopped = await sandbox.ask(ANNA, "/kill", chat=ADMIN_CHAT)
            assert stopped["text"].startswith("🛑 KILL L1 · no new entries since")
            assert latched(sandbox) == ["kill"]
            await sandbox.tap(ANNA, stopped, "L4 flat")
            seen = await sandbox.edited(stopped, "KILL L4 — preview")
            await sandbox.tap(ANNA, seen, "SELL EVERYTHING")
            await sandbox.edited(stopped, "FLAT")
            other.execute("ROLLBACK")

        await until(lambda: is_written_down(database), "the latch is a row, too")
        await desk.kill()
        await desk.start()

        assert (await sandbox.ask(ANNA, "/status"))["text"].startswith("🛑 KILL L4 · all engines")
        assert latched(sandbox) == ["kill"]
        asked = await sandbox.ask(ANNA, "/resume kill")
        assert "/resume kill confirm" in asked["text"]
        cleared = await sandbox.ask(ANNA, "/resume kill confirm")
        assert "Nothing is stopped any more." in cleared["text"]

        async def is_clear() -> bool:
            return latched(sandbox) == []

        await until(is_clear, "the side file is empty")
        await desk.kill()
        await desk.start()
        assert "KILL" not in (await sandbox.ask(ANNA, "/status"))["text"]
        assert BOT_TOKEN not in desk.output()


@pytest.mark.timeout(120)
async def test_real_money_is_closed_with_the_database_locked_by_another_process(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_keys(monkeypatch)
    async with a_live_desk(sandbox) as desk:
        register = desk.services.trades.register
        account = the_account(sandbox)
        above = last_price(sandbox) * Decimal("1.01")
        assert (await an_order(desk, "held", quantity="0.002", price=above)).reason == ""
        assert (await a_resting_order(desk, sandbox, "rests")).reason == ""
        assert (len(list(account.held())), len(list(account.live_in()))) == (1, 1)
        (database,) = Path(sandbox.folder).rglob("desk.sqlite3")
        waiting = database.with_name("desk.sqlite3-waiting.jsonl")
        async with locked_by_another_process(database):
            asked = await sandbox.ask(ANNA, "/kill 3", chat=ADMIN_CHAT)
            await sandbox.tap(ANNA, asked, "CLOSE PERPS")
            done = await sandbox.edited(asked, "FLAT (perpetuals)")
            assert latched(sandbox) == ["kill"]
            assert (list(account.held()), list(account.live_in())) == ([], [])
            assert register.live(HAND.owner) == []
            await assert_agrees(desk, sandbox)
            assert waiting.read_bytes(), "the close is beside the database"
        assert "0 open orders" in done["text"]

        async def is_moved() -> bool:
            return waiting.read_bytes() == b""

        await until(is_moved, "what waited is in the database")
        await assert_agrees(desk, sandbox)
