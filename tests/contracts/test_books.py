"""One battery over every keeper of the books: in memory, SQLite, PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.dialects import sqlite

from adapters.sql.desk import SqlDesk
from adapters.sql.types import Money
from engines.core.instrument import MarketKind
from engines.core.side import Direction
from engines.ledger.entry import EntryKind, Posting
from engines.ledger.movement import transfer
from engines.orders.lifecycle import is_final
from engines.orders.order import OrderState, Purpose
from engines.orders.trade import CloseReason, TradeState
from ports.books import Books, Change, Conflict, EquityPoint
from ports.messages import OutboxStore
from tests.build.books import MemoryBooks
from tests.build.clock import NOON
from tests.build.databases import desk_url
from tests.build.markets import an_instrument
from tests.build.people import a_push
from tests.build.stores import MemoryOutbox
from tests.build.trades import a_fill, a_trade, an_entry, an_intent, an_order

HOUR = timedelta(hours=1)


class Desk(Protocol):
    """What the battery is run over."""

    @property
    def books(self) -> Books: ...
    @property
    def outbox(self) -> OutboxStore: ...


class MemoryKeeper:
    """Books and outbox in memory."""

    def __init__(self) -> None:
        self.outbox = MemoryOutbox()
        self.books = MemoryBooks(self.outbox)


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    if request.param == "memory":
        yield MemoryKeeper()
        return
    desk = await SqlDesk.open(await desk_url(request, tmp_path), world="live", mode="paper")
    yield desk
    await desk.close()


@pytest.fixture
def books(desk: Desk) -> Books:
    return desk.books


ODD = an_instrument(
    "PEPE", kind=MarketKind.PERP, tick=Decimal("0.0000000001"), lot=Decimal(100), min_notional=Decimal(5)
)


async def test_numbers_of_trades_are_small_and_never_given_twice(books: Books) -> None:
    given_out = await asyncio.gather(*(books.new_trade_id() for _ in range(6)))
    assert sorted(given_out) == [1, 2, 3, 4, 5, 6]


async def test_a_trade_comes_back_whole(books: Books) -> None:
    trade = a_trade(
        owner=5_000_000_000,
        instrument=ODD,
        direction=Direction.SHORT,
        leverage=Decimal(3),
        state=TradeState.CLOSED,
        wanted=Decimal("123456789012345.000000000001"),
        quantity=Decimal("0.0000000000000000001"),
        entry_cost=Decimal("99999999999999999999.99"),
        exit_proceeds=Decimal("33.333333333333333333333333"),
        realised=Decimal("-0.00000001"),
        funding=Decimal("1E-12"),
        risk=Decimal("10.50"),
        trail_distance=Decimal("0.0000000003"),
        best_price=Decimal("1E+3"),
        close_reason=CloseReason.LIQUIDATED,
        is_manual=True,
        opened_at=NOON + HOUR,
        closed_at=NOON + 2 * HOUR,
        funded_at=NOON + HOUR,
        armed_at=NOON,
        chat_id=-1_001_234_567_890,
        message_id=77,
    )
    await books.commit(Change(trade=trade))
    assert await books.trade(1) == trade
    assert await books.trade(2) is None


async def test_a_key_opens_one_trade_only(books: Books) -> None:
    await books.commit(Change(trade=a_trade(1), key="tap-1"))
    with pytest.raises(Conflict):
        await books.commit(Change(trade=a_trade(2), key="tap-1"))
    assert await books.trade(2) is None


async def test_a_trade_is_found_by_what_was_wanted_of_it(books: Books) -> None:
    await books.commit(Change(trade=a_trade(1), orders=(an_order(), an_order(child=1))))
    assert await books.by_intent(an_order().intent.id) == a_trade(1)
    assert await books.by_intent("other") is None


async def test_only_the_next_version_is_taken(books: Books) -> None:
    await books.commit(Change(trade=a_trade()))
    for version in (1, 3):
        with pytest.raises(Conflict):
            await books.commit(Change(trade=a_trade(version=version)))
    await books.commit(Change(trade=a_trade(version=2, stop=Decimal(1))))
    stored = await books.trade(1)
    assert stored is not None
    assert (stored.version, stored.stop) == (2, Decimal(1))


async def test_of_two_changes_at_once_one_wins(books: Books) -> None:
    await books.commit(Change(trade=a_trade()))
    changes = [Change(trade=a_trade(version=2, stop=Decimal(n))) for n in (1, 2, 3)]
    results = await asyncio.gather(*(books.commit(one) for one in changes), return_exceptions=True)
    assert results.count(None) == 1
    assert sum(isinstance(one, Conflict) for one in results) == 2


async def test_a_change_is_stored_whole_or_not_at_all(desk: Desk) -> None:
    await desk.books.book(11, [an_entry("fee:1")])
    spoilt = Change(
        trade=a_trade(),
        orders=(an_order(),),
        fills=(a_fill(),),
        entries=(an_entry("fee:0"), an_entry("fee:1")),
        pushes=(a_push(),),
    )
    with pytest.raises(Conflict):
        await desk.books.commit(spoilt)
    assert await desk.books.trade(1) is None
    assert list(await desk.books.orders(1)) == []
    assert list(await desk.books.fills(11)) == []
    assert [entry.id for entry in await desk.books.entries(11)] == ["fee:1"]
    assert list(await desk.outbox.unsent()) == []


async def test_orders_fills_entries_and_pushes_come_back_whole(desk: Desk) -> None:
    intent = an_intent(
        limit_price=Decimal("1E-10"),
        worst_price=Decimal("0.00000000020"),
        most_cost=Decimal("872.11"),
        trigger_price=Decimal(7),
        instrument=ODD,
        reduce_only=True,
        purpose=Purpose.STOP,
        reason="stop",
        expires_at=None,
    )
    order = an_order(
        intent,
        state=OrderState.FILLED,
        filled=Decimal("0.01"),
        cost=Decimal("872.1050"),
        fees=Decimal("0.87"),
        fill_ids=("f1",),
        queue_ahead=Decimal("0.5"),
        has_late_fill=True,
        reason="why",
    )
    entry = an_entry("fill:1", kind=EntryKind.SPOT_FILL, trade_id=1)
    change = Change(trade=a_trade(), orders=(order,), fills=(a_fill(),), entries=(entry,), pushes=(a_push(),))
    await desk.books.commit(change)
    assert list(await desk.books.orders(1)) == [order]
    assert list(await desk.books.fills(11)) == [(order, a_fill())]
    assert list(await desk.books.fills(11, trade_id=1)) == [(order, a_fill())]
    assert list(await desk.books.fills(11, trade_id=2)) == []
    assert list(await desk.books.entries(11)) == [entry]
    assert [row.message for row in await desk.outbox.unsent()] == [a_push()]


async def test_an_order_is_replaced_by_id_and_keeps_its_place(books: Books) -> None:
    first, second = an_order(), an_order(child=1)
    await books.commit(Change(trade=a_trade(), orders=(first, second)))
    sent = replace(first, state=OrderState.SENT, updated_at=NOON + HOUR)
    await books.commit(Change(trade=a_trade(version=2), orders=(sent,)))
    assert list(await books.orders(1)) == [sent, second]


async def test_orders_are_found_by_id_by_time_and_while_they_are_not_over(books: Books) -> None:
    """Also those of trades that are over: a stray order must not be forgotten."""
    every = [
        an_order(child=number, state=state, created_at=NOON + number * HOUR)
        for number, state in enumerate(OrderState)
    ]
    await books.commit(Change(trade=a_trade(state=TradeState.CLOSED), orders=tuple(every)))
    theirs = an_order(an_intent("t2-e", trade_id=2, owner=-8), created_at=NOON + HOUR)
    await books.commit(Change(trade=a_trade(2, owner=-8), orders=(theirs,)))

    assert await books.order("t1-e-4") == every[4]
    assert await books.order("t9-e-4") is None
    known = replace(theirs, venue_id="77")
    await books.commit(Change(trade=a_trade(2, owner=-8, version=2), orders=(known,)))
    assert await books.at_venue(known.intent.account, "77") == known
    assert await books.at_venue("elsewhere", "77") is None
    theirs = known
    assert list(await books.unfinished()) == [one for one in every if not is_final(one.state)] + [theirs]
    assert list(await books.orders_since(NOON + 13 * HOUR, owner=11)) == every[13:]
    assert list(await books.orders_since(NOON, owner=-8)) == [theirs]


async def test_a_fill_is_booked_once(books: Books) -> None:
    await books.commit(Change(trade=a_trade(), orders=(an_order(),), fills=(a_fill(),)))
    with pytest.raises(Conflict):
        await books.commit(Change(trade=a_trade(version=2), fills=(a_fill(),)))
    assert len(await books.fills(11)) == 1


async def test_a_push_known_by_its_event_is_no_conflict(desk: Desk) -> None:
    await desk.outbox.add(a_push("same"))
    await desk.books.commit(Change(trade=a_trade(), pushes=(a_push("same"),)))
    assert len(await desk.outbox.unsent()) == 1


async def test_the_living_message_is_not_touched_by_changes(books: Books) -> None:
    await books.commit(Change(trade=a_trade(chat_id=11, message_id=5)))
    await books.shown(1, version=1, chat_id=11, message_id=6)
    await books.commit(Change(trade=a_trade(version=2, chat_id=11, message_id=5)))
    stored = await books.trade(1)
    assert stored is not None
    assert (stored.message_id, stored.shown_version, stored.version) == (6, 1, 2)


async def test_messages_that_are_behind_are_listed(books: Books) -> None:
    for trade_id in (1, 2, 3):
        await books.commit(Change(trade=a_trade(trade_id)))
    await books.shown(2, version=1, chat_id=11, message_id=6)
    assert [trade.id for trade in await books.unshown()] == [1, 3]


async def test_live_trades_come_with_their_orders(books: Books) -> None:
    await books.commit(Change(trade=a_trade(1), orders=(an_order(),)))
    await books.commit(Change(trade=a_trade(2, state=TradeState.OPEN)))
    ended = an_order(an_intent("t3-e", trade_id=3))
    await books.commit(Change(trade=a_trade(3, state=TradeState.CLOSED), orders=(ended,)))
    await books.commit(Change(trade=a_trade(4, state=TradeState.CANCELED)))
    live = [(trade.id, [order.id for order in orders]) for trade, orders in await books.live()]
    assert live == [(1, ["t1-e-0"]), (2, [])]


async def test_trades_of_a_person_are_paged_the_newest_first(books: Books) -> None:
    for trade_id in (1, 2, 3, 12):
        await books.commit(Change(trade=a_trade(trade_id)))
    await books.commit(Change(trade=a_trade(4, owner=12)))
    assert [trade.id for trade in await books.trades(11, limit=2)] == [12, 3]
    assert [trade.id for trade in await books.trades(11, limit=9, offset=2)] == [2, 1]


async def test_what_was_seen_is_kept_without_a_new_version(books: Books) -> None:
    await books.commit(Change(trade=a_trade(1)))
    await books.commit(Change(trade=a_trade(2)))
    await books.commit(Change(trade=a_trade(2, version=2)))
    seen = {"seen_at": NOON + HOUR, "best_price": Decimal(9), "stop": Decimal(8), "funded_at": NOON}
    await books.seen([a_trade(1, **seen), a_trade(2, **seen)])
    await books.seen([])
    assert await books.trade(1) == a_trade(1, **seen)
    assert await books.trade(2) == a_trade(2, version=2)


async def test_entries_of_no_trade_are_booked_once_and_only_their_owners(books: Books) -> None:
    assert await books.book(11, [an_entry()])
    assert not await books.book(11, [an_entry(), an_entry("another")])
    with pytest.raises(ValueError, match="others"):
        await books.book(12, [an_entry("third")])
    assert [entry.id for entry in await books.entries(11)] == ["opening:11"]


async def test_balances_are_added_up_exactly(books: Books) -> None:
    """A float would lose the last digits, and text would be ordered: '9' > '10'."""
    tiny = Decimal("0.000000000000000001")
    for number, amount in enumerate((Decimal("9000000.1"), Decimal("10"), tiny, -tiny * 2, Decimal(-10))):
        lines = (
            Posting(account="cash", asset="USDT", amount=amount),
            Posting(account="profit", asset="USDT", amount=-amount),
        )
        await books.book(11, [an_entry(f"e{number}", postings=lines)])
    total = Decimal("9000000.1") - tiny
    assert await books.balances(11) == {("cash", "USDT"): total, ("profit", "USDT"): -total}
    assert await books.balances(12) == {}


async def test_equity_is_kept_by_time(books: Books) -> None:
    late, early = (EquityPoint(owner=11, at=NOON + n * HOUR, equity=Decimal(n)) for n in (2, 1))
    await books.add_equity([late, early, EquityPoint(owner=12, at=NOON, equity=Decimal(9))])
    again = replace(late, equity=Decimal("2.5"))
    await books.add_equity([again])
    await books.add_equity([])
    assert list(await books.equity(11)) == [early, again]
    assert list(await books.equity(11, since=NOON + 2 * HOUR)) == [again]


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_money_survives_the_text_it_is_on_sqlite(amount: Decimal) -> None:
    column, dialect = Money(), sqlite.dialect()
    text = column.process_bind_param(amount, dialect)
    assert column.process_result_value(text, dialect) == amount


@pytest.mark.parametrize("amount", ["NaN", "Infinity", "-Infinity"])
def test_what_is_no_number_is_refused(amount: str) -> None:
    with pytest.raises(ValueError, match="no amount"):
        Money().process_bind_param(Decimal(amount), sqlite.dialect())


async def test_a_statement_tells_one_moment_while_the_desk_goes_on_booking(books: Books) -> None:
    trades = [a_trade(1, quantity=Decimal(1)), a_trade(2, quantity=Decimal(1))]
    for trade in trades:
        await books.commit(Change(trade=trade))

    async def settle() -> None:
        for number in range(40):
            late = trades[number % 2]
            after = replace(late, version=late.version + 1, funding=late.funding + 1)
            trades[number % 2] = after
            entry = an_entry(f"funding:{number}", kind=EntryKind.FUNDING)
            await books.commit(Change(trade=after, entries=(entry,)))

    booking = asyncio.create_task(settle())
    while not booking.done():
        now = await books.statement(trades[0].owner)
        assert sum(trade.funding for trade in now.trades) == len(now.entries)
        await asyncio.sleep(0)
    await booking
    last = await books.statement(trades[0].owner)
    assert [trade.id for trade in last.trades] == [1, 2]
    assert sum(trade.funding for trade in last.trades) == len(last.entries) == 40


async def test_both_sides_of_a_transfer_are_booked_together_and_once(books: Books) -> None:
    out, into = transfer(-8, -2, "bybit:a", "USDT", Decimal(40), NOON, quote="USDT")
    assert await books.transfer(out, into)
    assert not await books.transfer(out, into)
    assert (await books.entries(-8), await books.entries(-2)) == ([out], [into])
