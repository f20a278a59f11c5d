"""Money of one engine becomes another's: once, whole, and never what positions or orders need."""

import asyncio
from decimal import Decimal

import pytest

from engines.ledger import booking
from engines.ledger.entry import Entry, posted, sums
from engines.ledger.movement import taken_over, venue_totals
from engines.orders.subaccount import EngineName, SubAccount
from ports.desk_state import Approval
from ports.errors import Refused, Transient
from services.moving import Moving
from services.policies import Policies
from services.trading.ledger import QUOTE
from tests.build.accounts import FakeAccounts
from tests.build.books import MemoryBooks
from tests.build.clock import NOON
from tests.build.desk_state import MemoryPolicies, a_policy
from tests.build.gates import GateRoom, a_gate_room
from tests.build.killing import Countdown, Killed
from tests.build.paper_desk import a_paper_desk

D = Decimal
MANUAL, TREND, NEUTRAL, CORE = EngineName.MANUAL, EngineName.TREND, EngineName.NEUTRAL, EngineName.CORE


def owner(engine: EngineName) -> int:
    return SubAccount(engine=engine, account="live").owner


async def a_move_room(
    books: MemoryBooks | None = None, countdown: Countdown | None = None
) -> tuple[GateRoom, Moving]:
    """A thousand lie at Bybit, as manual's; trend is live there and neutral at Gate; core is on paper."""
    room = await a_gate_room(await a_paper_desk(books=books, countdown=countdown))
    live = {MANUAL: "bybit", TREND: "bybit", NEUTRAL: "gate"}
    store = MemoryPolicies(
        *(a_policy(engine=one, approval=Approval.ASK, account=at) for one, at in live.items())
    )

    async def untold(policy: object) -> None:
        """Nobody."""

    policies = Policies(store=store, accounts=FakeAccounts(), clock=room.desk.clock, tell=untold)
    await policies.load()
    opening = taken_over(owner(MANUAL), "bybit", {QUOTE: D(1000)}, NOON, quote=QUOTE)
    await room.orders.register.book(owner(MANUAL), opening)
    return room, Moving(room.viewing, lambda: policies, room.desk.clock)


def cash(room: GateRoom, engine: EngineName) -> Decimal:
    return booking.free(room.orders.register.balances(owner(engine)), QUOTE)


async def stored(room: GateRoom) -> list[Entry]:
    books = room.desk.books
    return [entry for engine in (MANUAL, TREND) for entry in await books.entries(owner(engine))]


async def test_what_is_moved_is_the_others_and_the_venue_total_stays() -> None:
    room, moving = await a_move_room()
    moved = await moving.move(MANUAL, TREND, D("250.5"), name="a")
    assert (moved.source.cash, moved.target.cash) == (D("749.5"), D("250.5"))
    entries = await stored(room)
    assert all(total == 0 for entry in entries for total in sums(entry.postings).values())
    assert venue_totals([posted({}, entries)]) == {QUOTE: D(1000)}
    assert room.viewing.worth().equity(owner(TREND)) == D("250.5")


async def test_the_same_wish_moves_once_however_often_and_at_once() -> None:
    room, moving = await a_move_room()
    await asyncio.gather(*(moving.move(MANUAL, TREND, D(700), name="a") for _ in range(3)))
    assert (cash(room, MANUAL), cash(room, TREND)) == (D(300), D(700))


async def test_two_wishes_at_once_do_not_take_the_same_money() -> None:
    room, moving = await a_move_room()
    done = await asyncio.gather(
        *(moving.move(MANUAL, TREND, D(700), name=name) for name in "ab"), return_exceptions=True
    )
    assert sum(isinstance(one, Refused) for one in done) == 1
    assert (cash(room, MANUAL), cash(room, TREND)) == (D(300), D(700))


@pytest.mark.parametrize("step", [1, 2])
async def test_a_desk_that_is_killed_on_the_way_has_moved_all_or_nothing_and_goes_on(step: int) -> None:
    books, countdown = MemoryBooks(), Countdown(1_000)
    _, moving = await a_move_room(books, countdown)
    countdown.at = countdown.steps + step
    with pytest.raises(Killed):
        await moving.move(MANUAL, TREND, D(700), name="a")
    again = await a_gate_room(await a_paper_desk(books=books))
    moving.viewing = again.viewing
    moved = await moving.move(MANUAL, TREND, D(700), name="a")
    assert (moved.source.cash, moved.target.cash) == (D(300), D(700))


class SlowBooks(MemoryBooks):
    """A transfer takes until it `may`."""

    may: asyncio.Event | None = None
    is_down = False

    async def transfer(self, out: Entry, into: Entry) -> bool:
        if self.may is not None:
            await self.may.wait()
        if self.is_down:
            raise Transient("locked", kind="database")
        return await MemoryBooks.transfer(self, out, into)


async def test_what_is_about_to_leave_is_not_free_meanwhile() -> None:
    books = SlowBooks()
    _, moving = await a_move_room(books)
    books.may = asyncio.Event()
    task = asyncio.create_task(moving.move(MANUAL, TREND, D(700), name="a"))
    for _ in range(9):
        await asyncio.sleep(0)
    funds = moving.funds(MANUAL)
    assert funds is not None
    assert (funds.cash, funds.free) == (D(1000), D(300))
    books.is_down = True
    books.may.set()
    with pytest.raises(Transient):
        await task
    funds = moving.funds(MANUAL)
    assert funds is not None
    assert (funds.cash, funds.free) == (D(1000), D(1000))


@pytest.mark.parametrize(
    ("source", "target", "amount", "code"),
    [
        (MANUAL, TREND, "1000.01", "move_too_much"),
        (TREND, MANUAL, "1", "move_too_much"),
        (MANUAL, MANUAL, "1", "same_engine"),
        (MANUAL, NEUTRAL, "1", "engines_apart"),
        (MANUAL, CORE, "1", "target_on_paper"),
        (MANUAL, TREND, "0", "bad_amount"),
        (MANUAL, TREND, "-5", "bad_amount"),
        (MANUAL, TREND, "0.001", "bad_amount"),
        (MANUAL, TREND, "NaN", "bad_amount"),
        (MANUAL, TREND, "1e40", "bad_amount"),
    ],
)
async def test_what_cannot_be_is_refused_and_changes_nothing(
    source: EngineName, target: EngineName, amount: str, code: str
) -> None:
    room, moving = await a_move_room()
    with pytest.raises(Refused, match=code):
        await moving.move(source, target, D(amount), name="a")
    assert (cash(room, MANUAL), cash(room, TREND)) == (D(1000), D(0))


async def test_all_that_is_free_can_be_asked_for() -> None:
    _, moving = await a_move_room()
    assert (await moving.plan(MANUAL, TREND, None)).amount == D(1000)
