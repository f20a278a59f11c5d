"""Orders with real money while the venue, its prices or Telegram are in trouble: nothing is lost or doubled,
what cannot be done is said, and afterwards books and venue agree to the last digit."""

import asyncio
import re
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.app import App
from engines.orders.order import OrderState
from engines.orders.subaccount import EngineName
from engines.risk.latch import Cause, Latch, Scope
from ports.tickets import TicketState
from sandbox.telegram.chats import ADMIN_CHAT_ID
from tests.build.real_money import (
    HAND,
    a_live_desk,
    a_resting_order,
    an_order,
    approved,
    asked_in,
    assert_agrees,
    give_keys,
    last_price,
    the_account,
    the_ticket,
    the_trade,
)
from tests.build.sandbox import ANNA, Sandbox, until

D = Decimal
BURST = 12


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the twin, where the desk looks for them."""
    give_keys(monkeypatch)


async def test_what_rests_outlives_a_halt_of_its_market(sandbox: Sandbox) -> None:
    async with a_live_desk(sandbox) as desk:
        order = await a_resting_order(desk, sandbox, "rests")
        await until(lambda: _is(desk, order.id, OrderState.OPEN), "the order in the book")
        card = await asked_in(desk, sandbox, "/order btc buy 500")

        await sandbox.break_(bybit={"halted": ["BTCUSDT"]})
        await sandbox.tap(ANNA, card, "Approve")
        refused = await sandbox.edited(card, "REFUSED BY THE VENUE")

        assert "The venue has halted this market" in refused["text"]
        assert await _is(desk, order.id, OrderState.OPEN)
        await sandbox.heal()
        await served(sandbox, order.id)
        await until(lambda: _is(desk, order.id, OrderState.FILLED), "the fill after the halt")
        await assert_agrees(desk, sandbox)


async def test_a_clock_that_differs_by_half_a_minute_loses_no_order(sandbox: Sandbox) -> None:
    async with a_live_desk(sandbox) as desk:
        with capture_logs() as logs:
            for skew_ms in (30_000, -30_000):
                await sandbox.break_(bybit={"skew_ms": skew_ms})
                await approved(desk, sandbox, "/order btc buy 500", "FILLED · LIVE")
        learnt = [round(line["off_ms"], -4) for line in logs if line["event"] == "venue_time_differs"]
        assert sorted(map(abs, learnt)) == [30_000, 30_000]
        assert (await the_trade(desk)).quantity > 0
        assert not desk.services.latches.all()
        await assert_agrees(desk, sandbox)


@pytest.mark.parametrize(
    "fault", [{"status": 429, "retry_after": 1}, {"code": "10006"}], ids=["by status", "by code"]
)
async def test_a_burst_into_a_rate_limit_waits_says_so_and_arrives_whole(
    sandbox: Sandbox, fault: dict[str, Any]
) -> None:
    async with a_live_desk(sandbox) as desk:
        with capture_logs() as logs:
            await sandbox.break_(bybit={**fault, "count": 3, "methods": ["/order/create"]})
            placed = [a_resting_order(desk, sandbox, f"burst {number}") for number in range(BURST)]
            burst = asyncio.gather(*placed)
            await until(lambda: _says_what_waits(sandbox), "orders that wait, in /status")
            orders = await burst
            await until(lambda: _all_rest(desk, sandbox), "every order in the book")
        assert len(orders) == BURST
        assert any((line["event"], line.get("quota")) == ("venue_queue", "bybit orders") for line in logs)
        await assert_agrees(desk, sandbox)


async def test_without_prices_nothing_enters_and_what_is_held_can_be_closed(sandbox: Sandbox) -> None:
    async with a_live_desk(sandbox, market__stale_after_s=5) as desk:
        await approved(desk, sandbox, "/order btc buy 500", "FILLED · LIVE")
        held = (await the_trade(desk)).quantity
        await sandbox.break_(bybit={"silent": True, "status": 503, "methods": ["/v5/market", "/v5/public"]})
        await until(lambda: _is_latched(desk), "the latch of the feed")

        told = await sandbox.next_from_bot(ADMIN_CHAT_ID, having="No fresh prices")
        assert "no new entries; orders that reduce a position go on" in told["text"]
        await sandbox.say(ANNA, "/order btc buy 500", chat=ADMIN_CHAT_ID)
        await sandbox.next_from_bot(ADMIN_CHAT_ID, having="does not answer right now", after=told["id"])
        entry = await an_order(desk, "enters", quantity=str(held))
        assert (entry.state, entry.reason) == (OrderState.DENIED, "latch")
        leave = await an_order(desk, "leaves", quantity=str(held / 2), is_exit=True)
        await until(lambda: _is(desk, leave.id, OrderState.FILLED), "half of it closed")

        seen = await sandbox.ask(ANNA, "/close all", chat=ADMIN_CHAT_ID)
        assert "slippage is not known: a price is missing" in seen["text"]
        await sandbox.tap(ANNA, seen, "CLOSE ALL")
        await until(lambda: _is_flat(desk), "the rest of it closed")
        await assert_agrees(desk, sandbox)


async def test_a_day_without_telegram_costs_no_fill_and_no_message(sandbox: Sandbox) -> None:
    async with a_live_desk(sandbox, tell_after_s=1.0) as desk:
        price = f"{last_price(sandbox) * D('0.95'):.0f}"
        rests = await approved(desk, sandbox, f"/order btc buy 500 limit {price}", "IN THE BOOK · LIVE")
        order_id = (await the_ticket(desk)).order_id
        desk.services.tickets.waits = timedelta(seconds=2)
        waits = await asked_in(desk, sandbox, "/order btc buy 500")
        await sandbox.break_(telegram={"down": True})

        for number in range(3):
            await desk.services.latches.pull(a_finding(number, desk.services.clock.wire_now()))
        await served(sandbox, order_id)
        await until(lambda: _is(desk, order_id, OrderState.FILLED), "the fill in the books")
        await sandbox.advance(86_400)
        await until(lambda: _is_expired(desk), "the end of the ticket")
        await sandbox.heal()

        await sandbox.edited(waits, "EXPIRED · LIVE")
        await sandbox.edited(rests, "FILLED · LIVE")
        await sandbox.next_from_bot(ADMIN_CHAT_ID, after=waits["id"], having="Telegram was out of reach")
        await sandbox.next_from_bot(ADMIN_CHAT_ID, after=waits["id"], having="finding 2")
        later = [one["text"] for one in await sandbox.from_bot(ADMIN_CHAT_ID, after=waits["id"])]
        assert [text[-1] for text in later if "finding" in text] == ["0", "1", "2"]
        assert len(set(later)) == len(later)
        assert not [text for text in later if "ticket" in text]
        await until(lambda: _has_paid_funding(desk), "the nightly comparison")
        await assert_agrees(desk, sandbox)


def a_finding(number: int, at: datetime) -> Latch:
    """Something that admins are told of."""
    scope = Scope(engine=EngineName.TREND, account="gate")
    return Latch(
        id=f"invariant:{number}",
        scope=scope,
        cause=Cause.INVARIANT,
        pulled_at=at,
        detail=f"finding {number}",
    )


async def served(sandbox: Sandbox, order_id: str) -> None:
    """Somebody takes all of what rests there."""
    account = the_account(sandbox)
    theirs = account.by_client_id[order_id]
    await sandbox.control("POST", f"exchange/bybit/orders/{theirs}/fill", {})


async def _is(desk: App, order_id: str, state: OrderState) -> bool:
    order = await desk.services.trades.register.books.order(order_id)
    return order is not None and order.state is state


async def _says_what_waits(sandbox: Sandbox) -> bool:
    said = (await sandbox.ask(ANNA, "/status"))["text"]
    return re.search(r"Account at Bybit · streaming · \d+ to send", said) is not None


async def _all_rest(desk: App, sandbox: Sandbox) -> bool:
    """Each intent has one order that rests, in the books and at the venue."""
    resting = desk.services.trades.register.working(HAND.account)
    intents = {one.intent.id for one in resting if one.state is OrderState.OPEN}
    there = {one.wish.client_id for one in the_account(sandbox).live_in()}
    return len(intents) == BURST and {one.id for one in resting} == there and len(there) == BURST


async def _is_latched(desk: App) -> bool:
    return any(latch.cause is Cause.FEED for latch in desk.services.latches.all())


async def _is_flat(desk: App) -> bool:
    return not any(held.trade.quantity for held in desk.services.trades.register.live(HAND.owner))


async def _has_paid_funding(desk: App) -> bool:
    return (await the_trade(desk)).funding != 0


async def _is_expired(desk: App) -> bool:
    return (await the_ticket(desk)).state is TicketState.EXPIRED
