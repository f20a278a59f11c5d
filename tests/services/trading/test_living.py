"""The living messages: one a trade, edited in place, never forgotten."""

import asyncio

import pytest

from ports.errors import Gone, Rejected, Transient
from ports.messages import Priority
from ports.people import Role
from tests.build.paper_desk import TOM, PaperDesk, a_paper_desk, a_wish
from tests.build.virtual_time import in_virtual_time

GROUP = -1001


async def a_desk_with_a_trade(message_id: int | None = 500) -> PaperDesk:
    desk = await a_paper_desk()
    await desk.tick("100")
    await desk.trades.open(desk.tom, a_wish(stop="95"), key=desk.key(), chat_id=TOM, message_id=message_id)
    return desk


async def test_a_trade_lives_in_the_message_that_opened_it() -> None:
    desk = await a_desk_with_a_trade()
    await desk.refresh()
    await desk.tick("94")
    await desk.refresh()
    assert [edit.message_id for edit in desk.messenger.edits] == [500, 500]
    assert "closed" in desk.messenger.edits[-1].screen.html
    assert desk.messenger.sent == []
    assert list(await desk.books.unshown()) == []


async def test_without_a_message_one_is_sent_and_kept() -> None:
    desk = await a_desk_with_a_trade(message_id=None)
    await desk.refresh()
    [sent] = desk.messenger.sent
    stored = await desk.see(desk.trades.live(TOM)[0].trade)
    assert (stored.chat_id, stored.message_id) == (TOM, sent.message_id)
    await desk.tick("99")
    await desk.refresh()
    assert [edit.message_id for edit in desk.messenger.edits] == [sent.message_id]


async def test_a_deleted_message_is_sent_anew() -> None:
    desk = await a_desk_with_a_trade()
    desk.messenger.missing = {500}
    await desk.refresh()
    await desk.tick("99")
    await desk.refresh()
    [sent] = desk.messenger.sent
    assert [edit.message_id for edit in desk.messenger.edits] == [sent.message_id]


async def test_what_looks_the_same_is_not_edited() -> None:
    desk = await a_desk_with_a_trade()
    for _ in range(3):
        await desk.refresh()
    assert len(desk.messenger.edits) == 1


async def test_what_happened_is_urgent_and_a_price_alone_is_not() -> None:
    desk = await a_desk_with_a_trade()
    await desk.refresh()
    await desk.tick("99")
    await desk.refresh()
    assert [edit.priority for edit in desk.messenger.edits] == [Priority.FILL, Priority.DIGEST]


@pytest.mark.parametrize("failure", [Transient("down"), Rejected("too long")])
async def test_a_failed_edit_is_tried_again(failure: Exception) -> None:
    desk = await a_desk_with_a_trade()
    desk.messenger.failure = failure
    await desk.refresh()
    desk.messenger.failure = None
    await desk.refresh()
    assert [edit.message_id for edit in desk.messenger.edits] == [500]


async def test_who_blocked_the_bot_is_left_alone_and_the_trade_goes_on() -> None:
    desk = await a_desk_with_a_trade()
    desk.messenger.failure = Gone("blocked")
    await desk.refresh()
    assert not desk.tom.is_reachable
    desk.messenger.failure = None
    await desk.tick("94")
    await desk.refresh()
    assert desk.messenger.deliveries == []
    assert desk.trades.live(TOM) == []


async def test_a_trade_of_a_group_that_is_closed_goes_on_in_the_persons_own_chat() -> None:
    desk = await a_paper_desk()
    await desk.tick("100")
    await desk.trades.open(desk.tom, a_wish(stop="95"), key=desk.key(), chat_id=GROUP, message_id=500)
    desk.messenger.closed = {GROUP}
    await desk.refresh()
    await desk.tick("99")
    await desk.refresh()
    [sent] = desk.messenger.sent
    assert sent.chat_id == TOM
    assert [(edit.chat_id, edit.message_id) for edit in desk.messenger.edits] == [(TOM, sent.message_id)]
    assert desk.tom.is_reachable


async def test_who_lost_their_role_hears_nothing_and_the_trade_is_protected() -> None:
    desk = await a_desk_with_a_trade()
    await desk.people.change(TOM, role=Role.BLOCKED)
    await desk.tick("94")
    await desk.refresh()
    assert desk.trades.live(TOM) == []
    assert desk.messenger.deliveries == []
    assert desk.outbox.pushes == []


async def test_an_ended_trade_is_shown_after_a_restart_too() -> None:
    desk = await a_desk_with_a_trade()
    await desk.tick("94")
    again = await a_paper_desk(
        books=desk.books, outbox=desk.outbox, clock=desk.clock, source=desk.source, messenger=desk.messenger
    )
    await again.refresh()
    assert "closed" in desk.messenger.edits[-1].screen.html
    assert again.trades.living.due() == []


def test_prices_of_many_trades_cost_a_chat_no_more_edits_than_one() -> None:
    async def scenario() -> list[int]:
        desk = await a_desk_with_a_trade()
        await desk.trades.open(desk.tom, a_wish("eth"), key=desk.key(), chat_id=TOM, message_id=501)
        running = asyncio.create_task(desk.trades.living.run())
        for price in range(200):
            await desk.tick(str(100 + price))
            await desk.tick(str(10 + price), symbol="ETHUSDT")
            await asyncio.sleep(0.5)
        running.cancel()
        return [edit.message_id for edit in desk.messenger.edits]

    edited = in_virtual_time(scenario)
    assert 18 <= len(edited) <= 24
    assert abs(edited.count(500) - edited.count(501)) <= 1


async def test_the_loop_brings_news_at_once_and_prices_in_their_time() -> None:
    desk = await a_desk_with_a_trade()
    running = asyncio.create_task(desk.trades.living.run())
    try:
        async with asyncio.timeout(5):
            while not desk.messenger.edits:
                await asyncio.sleep(0)
            await desk.tick("99")
            await desk.tick("94")
            while "closed" not in desk.messenger.edits[-1].screen.html:
                await asyncio.sleep(0)
    finally:
        running.cancel()
    assert len(desk.messenger.edits) == 2
