"""kill -9 of a desk with money at work: each trade is there once or not at all, and stops still stop."""

import asyncio
from decimal import Decimal

import pytest

from tests.build.account_files import AccountFiles, exported
from tests.build.desk import desk_process
from tests.build.sandbox import TOM, Message, Sandbox, onboard, until
from tests.build.trading_wire import traded

MOMENTS_S = {"btc": 0.05, "eth": 0.25}
"""When the desk dies after Open was tapped, by coin: orders meet the book after 0.15 s."""


@pytest.mark.timeout(180)
async def test_killed_while_it_opens_each_trade_is_there_once_or_not_at_all(sandbox: Sandbox) -> None:
    async with desk_process(sandbox, market__collected=0) as desk:
        await onboard(sandbox, TOM)
        offers: dict[str, Message] = {}
        for coin, after_s in MOMENTS_S.items():
            offers[coin] = await offered(sandbox, f"/trade {coin} long 100 sl 20% tp 30%")
            tap = asyncio.create_task(sandbox.tap(TOM, offers[coin], "Open", wait_s=0.1))
            await asyncio.sleep(after_s)
            await desk.kill()
            await tap
            await desk.start()

        files = await until(lambda: settled(sandbox), "nothing is on its way any more")
        files.assert_agrees()
        assert len(files.trades) <= len(offers)
        for row in files.trades:
            assert row["state"] in ("open", "canceled")
            is_open = row["state"] == "open"
            assert Decimal(row["entered"]) == (Decimal(row["wanted"]) if is_open else 0)
            coin = row["symbol"].removesuffix("USDT").lower()
            await sandbox.edited(offers[coin], f"#{row['id']}")


@pytest.mark.timeout(180)
async def test_a_stop_that_was_passed_while_the_desk_was_dead_is_found(sandbox: Sandbox) -> None:
    async with desk_process(sandbox, market__collected=0) as desk:
        await onboard(sandbox, TOM)
        living = await traded(sandbox, TOM, "/trade btc long 100 sl 10%")
        await sandbox.advance(120)
        await desk.kill()
        await sandbox.advance(120)
        await shock(sandbox, -20)
        await sandbox.advance(180)
        await shock(sandbox, 25)
        await sandbox.advance(1200)
        await desk.start()

        await sandbox.edited(living, "closed")
        await sandbox.next_from_bot(TOM, having="Stopped out")
        await sandbox.ask(TOM, "/trades")  # by then it is written down that the notice was sent
        await desk.kill()
        await desk.start()

        files = await exported(sandbox, TOM)
        files.assert_agrees()
        assert [row["close_reason"] for row in files.trades] == ["stop"]
        assert [Decimal(row["quantity"]) for row in files.trades] == [0]
        notices = [one for one in await sandbox.from_bot(TOM) if "Stopped out" in one["text"]]
        assert len(notices) == 1


@pytest.mark.timeout(180)
async def test_a_waiting_order_outlives_the_desk(sandbox: Sandbox) -> None:
    async with desk_process(sandbox, market__collected=0) as desk:
        await onboard(sandbox, TOM)
        limit = round(await shock(sandbox, 1) * 0.95)
        await sandbox.advance(60)
        offer = await sandbox.ask(TOM, f"/trade btc long 100 @{limit} sl 30%")
        await sandbox.tap(TOM, offer, "Open")
        living = await sandbox.edited(offer, "#1")
        await desk.kill()
        await desk.start()
        await sandbox.advance(120)
        await shock(sandbox, -30)

        await sandbox.edited(living, "→")

        async def is_filled() -> bool:
            return len((await exported(sandbox, TOM)).fills) == 1

        await until(is_filled, "the limit is filled")
        (await exported(sandbox, TOM)).assert_agrees()


async def settled(sandbox: Sandbox) -> AccountFiles | None:
    """The account once what was on its way is done."""
    files = await exported(sandbox, TOM)
    return None if any(row["state"] == "waiting" for row in files.trades) else files


async def offered(sandbox: Sandbox, sentence: str) -> Message:
    """The confirm step; just after a start the sentence counts as late, and is said again."""

    async def look() -> Message | None:
        answer = await sandbox.ask(TOM, sentence)
        return answer if "At risk" in answer["text"] else None

    return await until(look, "a confirm step")


async def shock(sandbox: Sandbox, percent: float) -> float:
    """Let the price of BTC jump; where it is then."""
    answer = await sandbox.control("POST", "markets/BTCUSDT/shock", {"percent": percent})
    return float(answer["last"])
