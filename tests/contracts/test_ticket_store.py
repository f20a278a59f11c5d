"""One battery over every keeper of tickets: in memory, SQLite, PostgreSQL. Tickets come with the books."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import pytest

from adapters.sql.desk import SqlDesk
from engines.orders.order import OrderState
from ports.books import Books, Change, Conflict
from ports.tickets import Ticket, TicketCard, TicketState, TicketStore
from tests.build.books import MemoryBooks
from tests.build.clock import NOON
from tests.build.databases import desk_url
from tests.build.tickets import a_ticket, an_effect
from tests.build.trades import a_trade, an_intent, an_order


class Desk(Protocol):
    """What the battery is run over."""

    @property
    def books(self) -> Books: ...
    @property
    def tickets(self) -> TicketStore: ...


class MemoryKeeper:
    """Books and tickets in memory."""

    def __init__(self) -> None:
        self.books = MemoryBooks()
        self.tickets = self.books.tickets


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    if request.param == "memory":
        yield MemoryKeeper()
        return
    desk = await SqlDesk.open(await desk_url(request, tmp_path), world="live", mode="paper")
    yield desk
    await desk.close()


def asked(*tickets: Ticket) -> Change:
    """Trade 1 begins: its order waits for a person."""
    order = an_order(state=OrderState.AWAITING_APPROVAL)
    return Change(trade=a_trade(), orders=(order,), tickets=tickets)


def decided(version: int, *tickets: Ticket) -> Change:
    """Trade 1 goes on with tickets as they are now."""
    return Change(trade=a_trade(version=version), tickets=tickets)


def over(ticket: Ticket, state: TicketState, *, by: int) -> Ticket:
    return replace(ticket, state=state, decided_by=by, decided_at=NOON)


def a_card(ticket_id: str, chat_id: int, message_id: int | None, version: int) -> TicketCard:
    return TicketCard(ticket_id=ticket_id, chat_id=chat_id, message_id=message_id, version=version)


async def test_a_ticket_comes_back_whole(desk: Desk) -> None:
    effect = an_effect(
        nav_share=None,
        delta_limit=Decimal("1E-10"),
        slippage=Decimal("-0.50"),
        asked=Decimal("900.10"),
        cut_by="per_order",
    )
    ticket = a_ticket(effect=effect, asked_by=5_000_000_000, replaces="6ABC", reason="why <b>")
    await desk.books.commit(asked(ticket))
    assert await desk.tickets.get("7F3K") == ticket
    assert await desk.tickets.by_order("t1-e-0") == ticket
    assert await desk.tickets.get("none") is None
    assert await desk.tickets.by_order("none") is None


async def test_a_ticket_is_decided_once(desk: Desk) -> None:
    ticket = a_ticket()
    await desk.books.commit(asked(ticket))
    await desk.books.commit(decided(2, over(ticket, TicketState.APPROVED, by=7)))
    with pytest.raises(Conflict):
        await desk.books.commit(decided(3, over(ticket, TicketState.SKIPPED, by=8)))
    stored = await desk.tickets.get("7F3K")
    assert stored is not None
    assert (stored.state, stored.decided_by) == (TicketState.APPROVED, 7)
    trade = await desk.books.trade(1)
    assert trade is not None
    assert trade.version == 2, "the whole change was refused"


async def test_of_two_approvers_at_once_one_is_heard(desk: Desk) -> None:
    """Each has read version 1 and then 2 of the trade: only the ticket tells that they collide."""
    ticket = a_ticket()
    await desk.books.commit(asked(ticket))
    taps = [
        decided(2, over(ticket, TicketState.APPROVED, by=7)),
        decided(3, over(ticket, TicketState.SKIPPED, by=8)),
    ]
    results = await asyncio.gather(*(desk.books.commit(one) for one in taps), return_exceptions=True)
    assert results[0] is None
    assert isinstance(results[1], Conflict)


async def test_one_that_takes_the_place_of_another_comes_with_its_end(desk: Desk) -> None:
    first = a_ticket()
    await desk.books.commit(asked(first))
    second = a_ticket("8G4L", replaces="7F3K")
    await desk.books.commit(decided(2, over(first, TicketState.REQUOTED, by=7), second))
    assert list(await desk.tickets.open()) == [second]
    assert await desk.tickets.by_order("t1-e-0") == second, "the newest of that order"
    assert [ticket.id for ticket in await desk.tickets.latest(9)] == ["8G4L", "7F3K"]
    assert [ticket.id for ticket in await desk.tickets.latest(1)] == ["8G4L"]


async def test_a_conflict_stores_no_ticket(desk: Desk) -> None:
    await desk.books.commit(asked())
    with pytest.raises(Conflict):
        await desk.books.commit(decided(7, a_ticket()))
    assert list(await desk.tickets.open()) == []


async def test_tickets_that_wait_come_the_oldest_first(desk: Desk) -> None:
    other = an_order(an_intent("t0-e"))
    await desk.books.commit(asked(a_ticket("Z"), a_ticket("A")))
    await desk.books.commit(
        Change(trade=a_trade(version=2), orders=(other,), tickets=(a_ticket("M", order_id="t0-e-0"),))
    )
    assert [ticket.id for ticket in await desk.tickets.open()] == ["Z", "A", "M"]


async def test_cards_follow_what_they_show(desk: Desk) -> None:
    await desk.books.commit(asked(a_ticket(), a_ticket("8G4L")))
    for card in (a_card("7F3K", 7, None, 0), a_card("7F3K", -100, 5, 1), a_card("7F3K", 7, 6, 2)):
        await desk.tickets.shown(card)
    assert list(await desk.tickets.cards("7F3K")) == [a_card("7F3K", -100, 5, 1), a_card("7F3K", 7, 6, 2)]

    await desk.tickets.move_cards("7F3K", to="8G4L")
    assert list(await desk.tickets.cards("7F3K")) == []
    assert list(await desk.tickets.cards("8G4L")) == [a_card("8G4L", -100, 5, 1), a_card("8G4L", 7, 6, 2)]


async def test_a_chat_that_shows_the_new_ticket_already_keeps_both_cards(desk: Desk) -> None:
    await desk.books.commit(asked(a_ticket(), a_ticket("8G4L")))
    for card in (a_card("7F3K", 7, 5, 1), a_card("8G4L", 7, 6, 1)):
        await desk.tickets.shown(card)
    await desk.tickets.move_cards("7F3K", to="8G4L")
    assert list(await desk.tickets.cards("7F3K")) == [a_card("7F3K", 7, 5, 1)]
    assert list(await desk.tickets.cards("8G4L")) == [a_card("8G4L", 7, 6, 1)]


async def test_what_went_by_itself_is_found_among_any_number_of_others(desk: Desk) -> None:
    """Not what a person approved, what was on paper, or what went before."""
    went = [
        a_ticket("NEW1", state=TicketState.APPROVED),
        a_ticket("OLD1", state=TicketState.APPROVED, created_at=NOON - timedelta(seconds=1)),
        a_ticket("PAP1", state=TicketState.PAPER),
        a_ticket("ASK1", state=TicketState.APPROVED, decided_by=7),
        a_ticket("NEW2", state=TicketState.APPROVED, created_at=NOON + timedelta(seconds=1)),
    ]
    await desk.books.commit(asked(*went))
    assert [ticket.id for ticket in await desk.tickets.automatic(NOON)] == ["NEW1", "NEW2"]
