"""Tickets over the wire: real money at the venue's twin, a desk that goes away and comes back."""

import asyncio

import pytest

from ports.tickets import TicketState
from sandbox.telegram.chats import ADMIN_CHAT_ID
from tests.build.real_money import HAND, a_live_desk, asked_in, give_keys, the_ticket
from tests.build.sandbox import ANNA, Sandbox


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the twin, where the desk looks for them."""
    give_keys(monkeypatch)


async def test_a_ticket_survives_a_restart_and_a_late_tap_never_approves(sandbox: Sandbox) -> None:
    async with a_live_desk(sandbox) as desk:
        card = await asked_in(desk, sandbox, "/order btc buy 500")
        asked = await the_ticket(desk)
    await sandbox.tap(ANNA, card, "Approve", wait_s=0)

    async with a_live_desk(sandbox) as desk:
        await sandbox.ask(ANNA, "/tickets", chat=ADMIN_CHAT_ID)
        assert (await the_ticket(desk)).state is TicketState.OPEN
        assert (await the_ticket(desk)).id == asked.id
        assert desk.services.trades.register.live(HAND.owner)[0].trade.quantity == 0

        await sandbox.tap(ANNA, card, "Approve")
        filled = await sandbox.edited(card, "FILLED · LIVE")
        assert "Approved by Anna" in filled["text"]
        [held] = desk.services.trades.register.live(HAND.owner)
        assert held.trade.quantity > 0
        assert held.orders[0].id == asked.order_id


async def test_a_ticket_that_ran_out_while_the_desk_was_away_says_so(sandbox: Sandbox) -> None:
    async with a_live_desk(sandbox, ticket_s=15) as desk:
        card = await asked_in(desk, sandbox, "/order btc buy 500")
        ends_at = (await the_ticket(desk)).expires_at
        left_s = (ends_at - desk.services.clock.wire_now()).total_seconds()
    await asyncio.sleep(max(left_s, 0))

    async with a_live_desk(sandbox) as desk:
        shown = await sandbox.edited(card, "EXPIRED · LIVE")
        assert "Nobody decided in time. Nothing was sent." in shown["text"]
        assert desk.services.trades.register.live(HAND.owner) == []
