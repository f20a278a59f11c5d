"""Paper trades while the venue or the desk's own database cannot be had: nothing is made up, nothing lost."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from decimal import Decimal
from typing import Any

import pytest

from tests.build.account_files import exported, ledger_in, moment
from tests.build.desk import running_desk
from tests.build.sandbox import ANNA, TOM, Sandbox, until
from tests.build.trading_wire import bybit, market_ms, traded

FAULTS: dict[str, dict[str, Any]] = {
    "down": {"down": True},
    "failing": {"status": 503, "silent": True},
    "slow": {"delay_s": 20, "silent": True},
}
NO_PRICE = "no fresh price"
UNREACHED = "The exchange does not answer right now"
LOCKED_S = 6
"""Longer than a writer waits for another."""


async def shock(sandbox: Sandbox, percent: float) -> None:
    """Let the price of BTC jump."""
    await sandbox.control("POST", "markets/BTCUSDT/shock", {"percent": percent})


@asynccontextmanager
async def locked(sandbox: Sandbox) -> AsyncIterator[None]:
    """Another process keeps the desk's database from being written to."""
    with closing(sqlite3.connect(sandbox.folder / "desk" / "desk.sqlite3", isolation_level=None)) as other:
        other.execute("PRAGMA busy_timeout=0")

        async def is_ours() -> bool:
            try:
                other.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                return False
            return True

        await until(is_ours, "a lock on the database")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_without_prices_nothing_is_traded_and_what_was_missed_comes_from_candles(
    sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    await sandbox.set_speed(0)
    async with running_desk(sandbox, market__collected=0):
        living = await traded(sandbox, TOM, "/trade btc long 100 sl 10% tp 30%")
        offer = await sandbox.ask(ANNA, "/trade eth long 100")
        await sandbox.break_(bybit=fault)
        await sandbox.advance(300)
        began_ms = await market_ms(sandbox)
        await shock(sandbox, -20)
        await sandbox.advance(120)
        await shock(sandbox, 25)
        await sandbox.advance(600)

        assert UNREACHED in (await sandbox.ask(ANNA, "/trade btc long 100"))["text"]
        await sandbox.tap(ANNA, offer, "Open")
        await sandbox.next_from_bot(ANNA, having="fresh price of ETH")
        assert (await sandbox.ask(ANNA, "/trades"))["text"].count("\n#") == 0
        await sandbox.edited(living, NO_PRICE)
        assert len((await exported(sandbox, TOM)).fills) == 1
        await sandbox.heal()

        await sandbox.edited(living, " · closed")
        files = await exported(sandbox, TOM)
        files.assert_agrees()
        _, stopped = files.fills
        assert Decimal(stopped["price"]) == Decimal(files.trades[0]["stop"])
        assert 0 <= moment(stopped["at"]).timestamp() - began_ms / 1000 <= 121


async def test_a_halted_market_is_not_traded(sandbox: Sandbox) -> None:
    await sandbox.set_speed(0)
    async with running_desk(sandbox, market__collected=0):
        offer = await sandbox.ask(TOM, "/trade btc long 100")
        await sandbox.break_(bybit={"halted": ["BTCUSDT"]})
        await bybit(sandbox, "tickers", "BTCUSDT")  # the halt begins when somebody sees it
        await sandbox.advance(300)

        assert NO_PRICE in (await sandbox.ask(TOM, "/trade btc long 100"))["text"].lower()
        await sandbox.tap(TOM, offer, "Open")
        assert list((await exported(sandbox, TOM)).trades) == []

        await sandbox.heal()
        await sandbox.advance(60)
        await traded(sandbox, TOM, "/trade btc long 100")


async def test_a_fill_is_booked_once_when_the_database_lets_it(sandbox: Sandbox) -> None:
    async with running_desk(sandbox, market__collected=0, paper__latency_ms=1500):
        await sandbox.ask(ANNA, "/price eth")
        offer = await sandbox.ask(TOM, "/trade btc long 100 sl 20% tp 30%")
        tapping = asyncio.create_task(sandbox.tap(TOM, offer, "Open", wait_s=15))
        await until(lambda: is_sent(sandbox), "the order is written down and under way")
        async with locked(sandbox):
            refused = await sandbox.ask(ANNA, "/trade eth long 100")
            assert "database does not answer" in refused["text"]
            assert (await sandbox.message(offer) or {})["text"].count("→") == 0
        await tapping
        await sandbox.edited(offer, "→")

        files = await exported(sandbox, TOM)
        files.assert_agrees()
        assert [row["purpose"] for row in files.fills] == ["entry"]
        assert ledger_in(sandbox.folder, TOM) == (files.sums(), len(files.ledger))
        await traded(sandbox, ANNA, "/trade eth long 100")


async def test_a_stop_that_meets_a_locked_database_fires_once_when_it_opens(sandbox: Sandbox) -> None:
    await sandbox.set_speed(0)
    async with running_desk(sandbox, market__collected=0):
        living = await traded(sandbox, TOM, "/trade btc long 100 sl 10% tp 30%")
        await sandbox.advance(120)
        async with locked(sandbox):
            await shock(sandbox, -20)
            await sandbox.advance(65)
            await asyncio.sleep(LOCKED_S)
            assert " · closed" not in (await sandbox.message(living) or {})["text"]
        await sandbox.edited(living, " · closed")
        files = await exported(sandbox, TOM)
        files.assert_agrees()
        assert [row["purpose"] for row in files.fills] == ["entry", "stop"]
        await sandbox.next_from_bot(TOM, having="Stopped out")


async def is_sent(sandbox: Sandbox) -> bool:
    """Whether an order is under way, by the database."""
    file = f"file:{sandbox.folder / 'desk' / 'desk.sqlite3'}?mode=ro"
    with closing(sqlite3.connect(file, uri=True)) as reader:
        return bool(reader.execute("SELECT count(*) FROM orders WHERE state = 'sent'").fetchone()[0])
