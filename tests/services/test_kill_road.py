"""What a kill asks of the road itself: nothing that waits for a person holds it up."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engines.orders.naming import first_order
from engines.orders.order import OrderKind
from engines.orders.subaccount import EngineName
from engines.risk.kill import Closing
from ports.books import Change, Conflict
from ports.errors import Transient
from services.stopping.road import OrderRoad
from tests.build.books import MemoryBooks
from tests.build.gates import a_gate_room
from tests.build.live_desk import LiveDesk, a_live_desk, an_entry
from tests.build.paper_desk import a_paper_desk
from tests.build.tickets import a_ticket


def a_road(desk: LiveDesk) -> OrderRoad:
    return OrderRoad(desk.orders, desk.orders.register, desk.venue.quotes, desk.clock)


async def test_a_close_that_waits_for_a_person_holds_up_no_kill() -> None:
    desk = await a_live_desk()
    trade = await desk.place("2")
    asked = an_entry(trade, "ask", "2", is_exit=True)
    await desk.orders.propose(trade, asked, a_ticket(order_id=first_order(asked.id)))

    [leg] = a_road(desk).legs(has_paper=False)
    await a_road(desk).close(Closing(leg=leg, quantity=leg.quantity), tries=0)
    await desk.hear()

    assert (await desk.see(trade)).quantity == 0


async def test_a_close_on_its_way_is_not_sent_again() -> None:
    desk = await a_live_desk()
    trade = await desk.place("2")
    await desk.orders.place(trade, [an_entry(trade, "leave", "2", is_exit=True)])

    [leg] = a_road(desk).legs(has_paper=False)
    await a_road(desk).close(Closing(leg=leg, quantity=leg.quantity), tries=0)

    assert len(desk.venue.submits) == 2


async def test_accounts_are_known_by_the_books_whatever_is_connected() -> None:
    desk = await a_live_desk()
    trade = await desk.place("2")
    desk.orders.books.clear()
    assert a_road(desk).accounts() == {"bybit"}

    closing = an_entry(replace(trade, quantity=Decimal(2)), "leave", "2", is_exit=True)
    await desk.orders.place(trade, [closing])
    desk.orders.books["bybit"] = desk.venue
    await desk.hear()
    assert a_road(desk).accounts() == set()


class Torn(MemoryBooks):
    """Books in which changes of one trade always come too late."""

    torn: int | None = None

    async def commit(self, change: Change) -> None:
        if change.trade.id == self.torn:
            raise Conflict("others were faster")
        await MemoryBooks.commit(self, change)


async def test_one_order_that_cannot_be_canceled_now_keeps_no_other_in_the_book() -> None:
    books = Torn()
    room = await a_gate_room(await a_paper_desk(books=books))
    for engine in (EngineName.MANUAL, EngineName.TREND):
        trade = await room.trade(engine)
        entry = room.entry(trade, "0.5", kind=OrderKind.LIMIT, limit_price=Decimal(90), worst_price=None)
        await room.orders.place(trade, [entry])
    register = room.orders.register
    first, second = register.live()
    books.torn = first.trade.id
    road = OrderRoad(room.orders, register, room.orders.placing.quotes, room.desk.clock)

    with pytest.raises(Transient):
        await road.cancel_paper(has_paper=False)

    assert road.working("paper", has_paper=False) == 1
    assert register.get(second.trade.id) is None
