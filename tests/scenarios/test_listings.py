"""New markets on the wire: silence at first, one push with a price, and none again after a restart."""

from pathlib import Path
from typing import Any

from bot.app import App
from tests.build.desk import DeskProcess, desk_process, running_desk
from tests.build.sandbox import TOM, VERA, Message, Sandbox, onboard, until

LOOKS_S = 130
NEWS = "new on Bybit"


async def list_coin(sandbox: Sandbox, coin: str, **terms: float) -> dict[str, Any]:
    """Let the venue list a coin; its row."""
    return dict(await sandbox.control("POST", "markets", {"symbol": coin, **terms}))


async def news(sandbox: Sandbox, user: int) -> list[Message]:
    return [message for message in await sandbox.from_bot(user) if "★" in message["text"]]


async def looked(sandbox: Sandbox, desk: App) -> None:
    """Let the desk look at the list of markets once more, to the end."""
    before = await desk.services.outbox.store.unsent()
    assert before == []
    await until(lambda: _is_scheduled(desk), "the look is scheduled")
    started = _run(desk)
    await sandbox.advance(LOOKS_S)

    async def has_run() -> bool:
        run = _run(desk)
        return run[0] != started[0] and not run[1] and not await desk.services.outbox.store.unsent()

    await until(has_run, "the list of markets is read")


async def _is_scheduled(desk: App) -> bool:
    return any(one.name == "listings" for one in desk.services.runs())


def _run(desk: App) -> tuple[object, bool]:
    run = next(one for one in desk.services.runs() if one.name == "listings")
    assert run.failures == 0
    return run.last_at, run.is_running


async def test_a_listing_is_told_once_with_its_first_price(sandbox: Sandbox, desk: App) -> None:
    await onboard(sandbox, VERA)
    await onboard(sandbox, TOM)
    await looked(sandbox, desk)
    await looked(sandbox, desk)
    assert await news(sandbox, VERA) == []

    await list_coin(sandbox, "NEWC", price=2.5, turnover=30e6)
    await looked(sandbox, desk)

    (told,) = await news(sandbox, VERA)
    assert told["text"].startswith("★ NEWC/USDT · new on Bybit\n")
    assert "first price seen · volume so far" in told["text"]
    assert [button["text"] for row in told["buttons"] for button in row] == ["Chart", "Watch"]
    assert "NEWC/USDT" in (await sandbox.ask(VERA, "/price newc"))["text"]
    await looked(sandbox, desk)
    assert len(await news(sandbox, VERA)) == len(await news(sandbox, TOM)) == 1


async def test_its_buttons_watch_and_trade_it(sandbox: Sandbox, desk: App) -> None:
    await onboard(sandbox, TOM)
    await onboard(sandbox, VERA)
    await looked(sandbox, desk)
    await list_coin(sandbox, "NEWC")
    await looked(sandbox, desk)

    (told,) = await news(sandbox, VERA)
    await sandbox.tap(VERA, told, "Watch")
    await until(lambda: _watches(desk, VERA), "it is watched")
    (told,) = await news(sandbox, TOM)
    await sandbox.tap(TOM, told, "Trade")
    await sandbox.edited(told, "NEWC")


async def _watches(desk: App, person_id: int) -> bool:
    person = desk.services.people.get(person_id)
    return person is not None and "NEWCUSDT" in person.watchlist


async def test_a_market_that_is_halted_for_a_day_is_no_news(sandbox: Sandbox, desk: App) -> None:
    await onboard(sandbox, VERA)
    await looked(sandbox, desk)
    await sandbox.break_(bybit={"halted": ["ETHUSDT"]})
    await looked(sandbox, desk)
    await sandbox.heal()
    await looked(sandbox, desk)
    assert await news(sandbox, VERA) == []


async def test_a_kill_and_restarts_tell_nothing_twice(sandbox: Sandbox) -> None:
    async with desk_process(sandbox) as process:
        await onboard(sandbox, VERA)
        await until(lambda: _has_looked(sandbox, process), "a first look")
        await list_coin(sandbox, "NEWC", price=2.5)
        await sandbox.advance(LOOKS_S)
        await sandbox.next_from_bot(VERA, having=NEWS)
        # Writers of the desk's database take turns: after this one, the delivery is written down too
        await sandbox.ask(VERA, "/watch eth")
        await process.kill()
        await list_coin(sandbox, "LATER", price=0.004)
        await process.start()
        await sandbox.advance(LOOKS_S)
        await sandbox.next_from_bot(VERA, having="LATER/USDT")
        await sandbox.ask(VERA, "/watch sol")  # as above
        assert await process.stop() == 0

    async with running_desk(sandbox) as desk:
        await looked(sandbox, desk)

    told = [message["text"].split()[1] for message in await news(sandbox, VERA)]
    assert sorted(told) == ["LATER/USDT", "NEWC/USDT"]


async def _has_looked(sandbox: Sandbox, process: DeskProcess) -> bool:
    """Whether what is known is written down."""
    await sandbox.advance(LOOKS_S)
    return b"listings_looked_at" in b"".join(_files(sandbox.folder))


def _files(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in folder.rglob("desk*.sqlite3*") if path.is_file()]
