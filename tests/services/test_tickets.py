"""Tickets: one decision each, by those who may, at the price that was shown; across restarts."""

import asyncio
from decimal import Decimal

import pytest

from engines.orders.order import OrderKind, OrderState
from engines.orders.trade import TradeState
from engines.risk.latch import Cause, KillLevel, Latch, Scope
from ports.errors import Refused, Transient
from ports.tickets import TicketState
from tests.build.approval_room import (
    ADMIN_CHAT,
    ANN,
    BEA,
    TOM,
    VERA,
    ApprovalRoom,
    an_approval_room,
)
from tests.build.fake_venue import Trouble


@pytest.fixture
async def room() -> ApprovalRoom:
    return await an_approval_room()


async def test_nothing_is_sent_before_somebody_approves(room: ApprovalRoom) -> None:
    ticket = await room.ask()
    [order] = await room.orders_of(ticket)

    assert order.state is OrderState.AWAITING_APPROVAL
    assert (order.id, order.intent.worst_price) == (ticket.order_id, Decimal("100.6"))
    assert room.venue.submits == []


async def test_an_approved_order_goes_and_its_ticket_says_who(room: ApprovalRoom) -> None:
    ticket = await room.ask()
    await room.proposals.tickets.approve(ticket.id, room.person(ANN))
    await room.hear()

    stored = await room.ticket(ticket.id)
    assert (stored.state, stored.decided_by) == (TicketState.APPROVED, ANN)
    assert room.venue.submits == [ticket.order_id]
    assert (await room.trade_of(ticket)).quantity == 1


async def test_two_taps_are_one_order(room: ApprovalRoom) -> None:
    ticket = await room.ask()
    taps = [room.proposals.tickets.approve(ticket.id, room.person(ANN)) for _ in range(2)]
    outcomes = await asyncio.gather(*taps, return_exceptions=True)

    assert [type(one).__name__ for one in outcomes] == ["Filed", "Refused"]
    assert len(room.venue.submits) == 1


async def test_the_second_of_two_approvers_hears_who_was_faster_without_waiting(room: ApprovalRoom) -> None:
    ticket, room.venue.slow = await room.ask(), asyncio.Event()
    first = asyncio.create_task(room.proposals.tickets.approve(ticket.id, room.person(ANN)))
    await asyncio.sleep(0)

    with pytest.raises(Refused) as caught:
        await room.proposals.tickets.approve(ticket.id, room.person(BEA))
    room.venue.slow.set()
    await first

    assert (caught.value.code, caught.value.params["by"]) == ("ticket_over", "Ann")
    with pytest.raises(Refused) as late:
        await room.proposals.tickets.skip(ticket.id, room.person(BEA))
    assert late.value.params["by"] == "Ann"
    assert len(room.venue.submits) == 1


async def test_another_desk_that_was_faster_is_believed(room: ApprovalRoom) -> None:
    ticket = await room.ask()
    other = await an_approval_room(room)
    await other.proposals.tickets.approve(ticket.id, other.person(BEA))

    with pytest.raises(Refused) as caught:
        await room.proposals.tickets.approve(ticket.id, room.person(ANN))

    assert (caught.value.code, caught.value.params["by"]) == ("ticket_over", "Bea")
    assert len(room.venue.submits) == 1


@pytest.mark.parametrize(("person", "may"), [(ANN, True), (TOM, True), (VERA, False)])
async def test_admins_and_named_traders_approve(room: ApprovalRoom, person: int, may: bool) -> None:
    ticket = await room.ask()
    if may:
        await room.proposals.tickets.approve(ticket.id, room.person(person))
    else:
        with pytest.raises(Refused, match="may_not_approve"):
            await room.proposals.tickets.approve(ticket.id, room.person(person))

    assert len(room.venue.submits) == may


async def test_whose_wish_it_is_may_drop_it_and_others_may_not(room: ApprovalRoom) -> None:
    hers, other = await room.ask("hers", asked_by=VERA), await room.ask("other", asked_by=TOM)

    await room.proposals.tickets.skip(hers.id, room.person(VERA))
    with pytest.raises(Refused, match="may_not_approve"):
        await room.proposals.tickets.skip(other.id, room.person(VERA))

    assert (await room.ticket(hers.id)).state is TicketState.SKIPPED
    [order] = [one for one in await room.orders_of(hers) if one.id == hers.order_id]
    assert (order.state, order.reason) == (OrderState.DENIED, "skipped")


async def test_a_price_out_of_the_band_is_asked_anew_instead_of_filled(room: ApprovalRoom) -> None:
    ticket = await room.ask()
    await room.show()
    room.set("101")
    again = await room.proposals.tickets.approve(ticket.id, room.person(ANN))
    await room.show()

    assert room.venue.submits == []
    assert (await room.ticket(ticket.id)).state is TicketState.REQUOTED
    assert again.ticket.replaces == ticket.id
    assert again.is_open
    assert again.intent.worst_price == Decimal("101.6")
    assert {one.message_id for one in room.messenger.deliveries if one.chat_id == ADMIN_CHAT} == {101}
    assert room.shown(ADMIN_CHAT).startswith(f"{again.ticket.id} open")


async def test_a_better_price_is_no_reason_to_ask_again(room: ApprovalRoom) -> None:
    ticket = await room.ask()
    room.set("97")
    await room.proposals.tickets.approve(ticket.id, room.person(ANN))

    assert room.venue.submits == [ticket.order_id]


async def test_smaller_asks_for_half_in_the_same_message(room: ApprovalRoom) -> None:
    ticket = await room.ask(quantity=Decimal("0.501"))
    half = await room.proposals.tickets.halve(ticket.id, room.person(ANN))
    await room.proposals.tickets.approve(half.ticket.id, room.person(ANN))
    await room.hear()

    assert half.intent.quantity == Decimal("0.25")
    assert (await room.ticket(ticket.id)).state is TicketState.SMALLER
    assert (await room.trade_of(half.ticket)).quantity == Decimal("0.25")
    with pytest.raises(Refused, match="ticket_over"):
        await room.proposals.tickets.approve(ticket.id, room.person(ANN))


async def test_smaller_keeps_the_levels_of_the_position_it_opens(room: ApprovalRoom) -> None:
    ticket = await room.ask(quantity=Decimal("0.5"), stop=Decimal(90), trail_distance=Decimal(10))
    half = await room.proposals.tickets.halve(ticket.id, room.person(ANN))

    trade = await room.trade_of(half.ticket)
    assert (trade.stop, trade.trail_distance) == (Decimal(90), Decimal(10))


async def test_what_is_too_small_to_halve_waits_on(room: ApprovalRoom) -> None:
    ticket = await room.ask(quantity=Decimal("0.06"))
    with pytest.raises(Refused, match="too_small"):
        await room.proposals.tickets.halve(ticket.id, room.person(ANN))

    await room.proposals.tickets.approve(ticket.id, room.person(ANN))
    assert room.venue.submits == [ticket.order_id]


async def test_paper_executes_on_the_engines_paper_account(room: ApprovalRoom) -> None:
    ticket = await room.ask(stop=Decimal(95))
    done = await room.proposals.tickets.send_to_paper(ticket.id, room.person(ANN))

    trade = await room.trade_of(done.ticket)
    assert room.venue.submits == []
    assert (trade.owner, trade.quantity, trade.stop) == (-108, Decimal(1), Decimal(95))
    assert (await room.ticket(ticket.id)).state is TicketState.PAPER
    assert (await room.trade_of(ticket)).state is TradeState.CANCELED


async def test_an_expired_ticket_edits_every_message_and_sends_nothing(room: ApprovalRoom) -> None:
    ticket = await room.ask()
    await room.show()
    await room.pass_time(121)
    await room.show()

    [order] = await room.orders_of(ticket)
    assert order.state is OrderState.EXPIRED
    assert {room.shown(chat) for chat in (ADMIN_CHAT, TOM)} == {f"{ticket.id} expired expired 0"}
    with pytest.raises(Refused, match="ticket_over"):
        await room.proposals.tickets.approve(ticket.id, room.person(ANN))
    assert room.venue.submits == []


async def test_a_tap_in_the_last_moment_before_it_is_looked_at_comes_too_late(room: ApprovalRoom) -> None:
    ticket = await room.ask()
    room.clock.move(120)

    with pytest.raises(Refused, match="ticket_over"):
        await room.proposals.tickets.approve(ticket.id, room.person(ANN))


async def test_a_ticket_survives_a_restart(room: ApprovalRoom) -> None:
    ticket = await room.ask()
    await room.show()
    room.clock.move(60)
    again = await an_approval_room(room)
    await again.show()
    await again.proposals.tickets.approve(ticket.id, again.person(ANN))

    assert again.venue.submits == [ticket.order_id]
    assert again.shown(ADMIN_CHAT) == f"{ticket.id} open awaiting_approval 0 60 s"
    assert [one.is_edit for one in again.messenger.deliveries if one.chat_id == TOM] == [False, True]


async def test_a_ticket_whose_time_ran_out_while_the_desk_was_down_expires_at_the_start(
    room: ApprovalRoom,
) -> None:
    ticket = await room.ask()
    await room.show()
    room.clock.move(3600)
    again = await an_approval_room(room)
    await again.show()

    assert (await again.ticket(ticket.id)).state is TicketState.EXPIRED
    assert again.shown(TOM) == f"{ticket.id} expired expired 0"


async def test_a_latch_takes_entries_back_and_leaves_what_reduces(room: ApprovalRoom) -> None:
    held = await room.ask("first")
    await room.proposals.tickets.approve(held.id, room.person(ANN))
    await room.hear()
    entry = await room.ask("entry")
    exit_ = await room.ask("exit", side=room.venue.orders[held.order_id].side.opposite, reduce_only=True)
    room.latches.append(Latch(id="kill", scope=Scope(), cause=Cause.KILL, pulled_at=room.clock.wire_now()))
    await room.proposals.tickets.look()

    assert (await room.ticket(entry.id)).state is TicketState.WITHDRAWN
    assert (await room.ticket(exit_.id)).state is TicketState.OPEN
    await room.proposals.tickets.approve(exit_.id, room.person(ANN))
    await room.hear()
    assert (await room.trade_of(exit_)).state is TradeState.CLOSED


async def test_a_kill_that_cancels_takes_back_every_ticket_and_says_why(room: ApprovalRoom) -> None:
    held = await room.ask("first")
    await room.proposals.tickets.approve(held.id, room.person(ANN))
    await room.hear()
    entry = await room.ask("entry")
    exit_ = await room.ask("exit", side=room.venue.orders[held.order_id].side.opposite, reduce_only=True)
    await room.show()
    now, level = room.clock.wire_now(), KillLevel.CANCEL
    room.latches.append(Latch(id="kill", scope=Scope(), cause=Cause.KILL, level=level, pulled_at=now))
    await room.proposals.tickets.look()
    await room.show()

    for ticket in (entry, exit_):
        assert (await room.ticket(ticket.id)).state is TicketState.WITHDRAWN
        [order] = [one for one in await room.orders_of(ticket) if one.id == ticket.order_id]
        assert (order.state, order.reason) == (OrderState.DENIED, "kill")
        with pytest.raises(Refused, match="ticket_over"):
            await room.proposals.tickets.approve(ticket.id, room.person(ANN))
    shown = {(one.chat_id, one.message_id): one.screen.html for one in room.messenger.deliveries}
    for chat in (ADMIN_CHAT, TOM):
        texts = [text for (place, _), text in shown.items() if place == chat]
        assert {f"{one.id} withdrawn denied 0" for one in (entry, exit_)} <= set(texts)
    assert room.venue.submits == [held.order_id]


async def test_a_latch_that_ends_by_itself_keeps_tickets_waiting(room: ApprovalRoom) -> None:
    ticket = await room.ask()
    now = room.clock.wire_now()
    room.latches.append(Latch(id="starting:bybit", scope=Scope(), cause=Cause.STARTING, pulled_at=now))
    await room.proposals.tickets.look()

    assert (await room.ticket(ticket.id)).state is TicketState.OPEN


async def test_the_message_that_was_pressed_goes_on_also_when_it_was_sent_twice(room: ApprovalRoom) -> None:
    ticket = await room.ask()
    await room.show()
    cards = room.proposals.tickets.cards
    cards.tapped(ticket.id, ADMIN_CHAT, 55)
    await room.proposals.tickets.approve(ticket.id, room.person(ANN))
    await room.show()

    told = [one.message_id for one in room.messenger.deliveries if one.chat_id == ADMIN_CHAT]
    assert told[-1] == 55
    assert {card.message_id for card in await room.stores.tickets.cards(ticket.id)} >= {55}


async def test_a_database_in_trouble_leaves_the_ticket_open_and_sends_nothing(room: ApprovalRoom) -> None:
    ticket = await room.ask()
    room.books.failure = Transient("locked", kind="database")
    with pytest.raises(Transient):
        await room.proposals.tickets.approve(ticket.id, room.person(ANN))
    room.books.failure = None

    assert room.venue.submits == []
    await room.proposals.tickets.approve(ticket.id, room.person(ANN))
    assert room.venue.submits == [ticket.order_id]


async def test_one_message_follows_the_order_to_the_last_fill(room: ApprovalRoom) -> None:
    ticket = await room.ask(limit_price=Decimal(99), quantity=Decimal(2))
    await room.show()
    await room.proposals.tickets.approve(ticket.id, room.person(ANN))
    await room.hear()
    await room.show()
    room.venue.fill(ticket.order_id, "0.5")
    await room.hear()
    await room.show()
    room.venue.fill(ticket.order_id)
    await room.hear()
    await room.show()

    told = [one.screen.html for one in room.messenger.deliveries if one.chat_id == ADMIN_CHAT]
    assert told == [
        f"{ticket.id} open awaiting_approval 0 120 s",
        f"{ticket.id} approved open 0 Ann",
        f"{ticket.id} approved partially_filled 0.5 Ann",
        f"{ticket.id} approved filled 2 Ann",
    ]
    assert [one.is_edit for one in room.messenger.deliveries if one.chat_id == ADMIN_CHAT] == [
        False,
        True,
        True,
        True,
    ]


async def test_an_unclear_outcome_shows_and_is_not_sent_again(room: ApprovalRoom) -> None:
    ticket = await room.ask()
    room.venue.on_submit.append(Trouble.LOST_AFTER)
    await room.proposals.tickets.approve(ticket.id, room.person(ANN))
    await room.show()
    assert room.shown(ADMIN_CHAT) == f"{ticket.id} approved unknown 0 Ann"

    room.clock.move(1)
    await room.orders.resolver.round("bybit")
    await room.show()
    assert room.shown(ADMIN_CHAT) == f"{ticket.id} approved filled 1 Ann"
    assert len(room.venue.submits) == 1


async def test_nothing_new_is_no_edit_and_the_countdown_is_seldom_one(room: ApprovalRoom) -> None:
    await room.ask()
    for _ in range(5):
        await room.show()
    assert len([one for one in room.messenger.deliveries if one.chat_id == ADMIN_CHAT]) == 1


async def test_what_telegram_did_not_take_is_delivered_later(room: ApprovalRoom) -> None:
    room.messenger.failure = Transient("down")
    ticket = await room.ask()
    await room.show()
    assert room.messenger.deliveries == []
    await room.proposals.tickets.approve(ticket.id, room.person(ANN))
    room.messenger.failure = None
    await room.show()

    assert room.shown(ADMIN_CHAT).startswith(f"{ticket.id} approved")
    assert room.venue.submits == [ticket.order_id]


async def test_what_nobody_saw_before_it_was_over_is_not_shown(room: ApprovalRoom) -> None:
    room.messenger.failure = Transient("down")
    await room.ask()
    await room.show()
    room.messenger.failure = None
    await room.pass_time(121)
    await room.show()

    assert room.messenger.deliveries == []


async def test_the_rest_of_an_order_can_be_taken_back(room: ApprovalRoom) -> None:
    ticket = await room.ask(limit_price=Decimal(99))
    await room.proposals.tickets.approve(ticket.id, room.person(ANN))
    await room.hear()
    await room.proposals.tickets.cancel(ticket.id, room.person(TOM))
    await room.hear()
    room.clock.move(1)
    await room.orders.resolver.round("bybit")

    [order] = await room.orders_of(ticket)
    assert (order.state, order.intent.kind) == (OrderState.CANCELED, OrderKind.LIMIT)
    with pytest.raises(Refused, match="order_over"):
        await room.proposals.tickets.cancel(ticket.id, room.person(TOM))


async def test_without_an_admin_chat_every_admin_is_asked_privately() -> None:
    room = await an_approval_room(admin_chat=None)
    await room.ask()
    await room.show()

    assert {one.chat_id for one in room.messenger.deliveries} == {ANN, BEA, TOM}
