"""One market's trouble, or one trade's, leaves the others protected."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from structlog.testing import capture_logs

from engines.core.move import Move
from engines.orders.order import OrderState
from engines.orders.trade import Trade, TradeState
from ports.books import Change
from services.trading import tape
from tests.build.books import MemoryBooks
from tests.build.killing import Countdown, Killed
from tests.build.paper_desk import PERP, PaperDesk, a_paper_desk

ETH = PERP[0], "ETHUSDT"


class PoisonedBooks(MemoryBooks):
    """Cannot store anything about one trade, for a reason that nobody foresaw."""

    poisoned: int | None = None

    async def commit(self, change: Change) -> None:
        if change.trade.id == self.poisoned:
            raise ArithmeticError("a number that cannot be")
        await super().commit(change)


@pytest.fixture(autouse=True)
def logged() -> Iterator[list[Any]]:
    """What was logged, and nothing printed."""
    with capture_logs() as lines:
        yield lines


def events(logged: list[Any]) -> list[str]:
    return [line["event"] for line in logged if line["log_level"] == "error"]


async def running(desk: PaperDesk) -> "asyncio.Task[None]":
    task = asyncio.create_task(desk.trades.run())
    await asyncio.sleep(0.01)
    return task


async def stopped(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def is_closed(desk: PaperDesk, trade: Trade) -> bool:
    async with asyncio.timeout(5):
        while (await desk.see(trade)).state is not TradeState.CLOSED:
            await asyncio.sleep(0.01)
    return True


async def fall(desk: PaperDesk) -> None:
    """Both markets fall through the stops."""
    desk.clock.move(1)
    for symbol, price in (("BTCUSDT", "94"), ("ETHUSDT", "9.4")):
        desk.set(price, symbol)
        await desk.perps.fresh(symbol)


async def test_a_market_whose_line_dies_takes_no_stop_of_another_with_it(logged: list[Any]) -> None:
    books = PoisonedBooks()
    desk = await a_paper_desk(books=books)
    poisoned, healthy = await desk.open(stop="95"), await desk.open("eth", stop="9.5")
    books.poisoned = poisoned.id
    task = await running(desk)
    await fall(desk)
    assert await is_closed(desk, healthy)
    assert (await desk.see(poisoned)).state is TradeState.OPEN
    assert desk.trades.tape.deaths[PERP] == 1
    assert events(logged) == ["tape_died"]
    assert not task.done()
    await stopped(task)


async def test_a_line_that_died_is_taken_up_again_from_where_it_was() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(stop="95")
    seen: list[Move] = []
    whole = desk.trades.tape.apply

    async def apply(move: Move) -> None:
        seen.append(move)
        if len(seen) == 1:
            raise ArithmeticError("once")
        await whole(move)

    desk.trades.tape.apply = apply
    task = await running(desk)
    await fall(desk)
    async with asyncio.timeout(tape.RESTS_S[0] + 5):
        while len(seen) < 1:
            await asyncio.sleep(0.01)
        desk.clock.move(1)
        desk.set("93")
        await desk.perps.fresh("BTCUSDT")
    assert await is_closed(desk, trade)
    assert seen[1].since == seen[0].since
    assert not desk.trades.tape.deaths
    await stopped(task)


async def test_a_trade_that_cannot_be_recovered_holds_back_no_other(logged: list[Any]) -> None:
    books = PoisonedBooks()
    killed = await a_paper_desk(books=books, countdown=Countdown(at=4))
    with pytest.raises(Killed):
        await killed.open(stop="95")  # its order is written down, and nothing more
    [(poisoned, (order,))] = await books.live()
    assert order.state is OrderState.SENT
    desk = await a_paper_desk(books=books)
    desk.keys.extend(killed.keys)
    healthy = await desk.open("eth", stop="9.5")
    books.poisoned = poisoned.id
    task = await running(desk)
    await fall(desk)
    assert await is_closed(desk, healthy)
    assert (await desk.see(poisoned)).state is TradeState.WAITING
    assert "trade_not_recovered" in events(logged)
    await stopped(task)
