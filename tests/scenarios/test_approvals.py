"""Tickets over the wire: real money at the venue's twin, a desk that goes away and comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from bot.app import App
from engines.orders.subaccount import EngineName, SubAccount
from ports.tickets import Ticket, TicketState
from sandbox.accounts import TRADING
from sandbox.telegram.chats import ADMIN_CHAT_ID
from tests.build.desk import running_desk
from tests.build.sandbox import ANNA, Message, Sandbox, until

HAND = SubAccount(engine=EngineName.MANUAL, account="bybit")


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those of the twin, where the desk looks for them."""
    monkeypatch.setenv("BYBIT_API_KEY", TRADING.key)
    monkeypatch.setenv("BYBIT_API_SECRET", TRADING.secret)


@asynccontextmanager
async def a_live_desk(sandbox: Sandbox, *, ticket_s: int = 300) -> AsyncIterator[App]:
    """A desk whose hand may trade at Bybit."""
    async with running_desk(sandbox, desk__live_cooling_s=1, desk__ticket_s=ticket_s) as desk:
        policies = desk.services.policies
        if not policies.is_live(HAND.engine):
            await sandbox.say(ANNA, "/live manual on", chat=ADMIN_CHAT_ID)
            await sandbox.say(ANNA, "/live LIVE MANUAL", chat=ADMIN_CHAT_ID)
        await until(lambda: _ready(desk), "the hand to trade real money", within_s=30)
        yield desk


async def _ready(desk: App) -> bool:
    policies = desk.services.policies
    is_open = policies.accounts.is_open("bybit") and not desk.services.latches.all()
    has_money = bool(desk.services.trades.register.balances(HAND.owner))
    return is_open and has_money and policies.is_live(HAND.engine)


async def asked_in(desk: App, sandbox: Sandbox, text: str) -> Message:
    """The card of a ticket, once the desk has written down where it is."""
    said = await sandbox.say(ANNA, text, chat=ADMIN_CHAT_ID)
    card = await sandbox.next_from_bot(ADMIN_CHAT_ID, after=said["id"], having="APPROVE? · LIVE")
    store, ticket = desk.services.tickets.roll.store, await the_ticket(desk)
    await until(lambda: store.cards(ticket.id), "the card in the database")
    return card


async def the_ticket(desk: App, number: int = 0) -> Ticket:
    return desk.services.tickets.latest(5)[number].ticket


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
