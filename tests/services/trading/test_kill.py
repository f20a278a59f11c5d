"""kill -9 at every step of an order's life: nothing is lost, nothing doubled, the living message goes on."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal

import pytest

from engines.ledger.entry import posted, sums
from engines.orders.lifecycle import is_final
from engines.orders.order import OrderState
from engines.orders.trade import CloseReason, TradeState
from ports.books import Books
from tests.build.books import MemoryBooks
from tests.build.clock import HandClock
from tests.build.killing import Countdown, Killed
from tests.build.messenger import RecordingMessenger
from tests.build.paper_desk import TOM, PaperDesk, a_paper_desk, a_wish
from tests.build.stores import MemoryOutbox

Deed = Callable[[PaperDesk], Awaitable[object]]
Outcome = tuple[object, ...]
MOST_STEPS = 14


async def opening(desk: PaperDesk) -> None:
    wish = a_wish(stop="95", targets=("105", "110"))
    await desk.trades.open(desk.tom, wish, key="tap", chat_id=TOM, message_id=500)


async def waiting(desk: PaperDesk) -> None:
    wish = a_wish(stop="90", limit_price="98")
    await desk.trades.open(desk.tom, wish, key="tap", chat_id=TOM, message_id=500)


async def target(desk: PaperDesk) -> None:
    await desk.tick("106")


async def stopping(desk: PaperDesk) -> None:
    await desk.tick("89")


async def closing(desk: PaperDesk) -> None:
    await desk.trades.close(desk.tom, 1, key="close")


class Life:
    """A desk that can be killed and started again over the same books, market and chat."""

    def __init__(self) -> None:
        self.clock, self.outbox, self.messenger = HandClock(), MemoryOutbox(), RecordingMessenger()
        self.books = MemoryBooks(self.outbox)
        self.desk: PaperDesk | None = None

    async def start(self, countdown: Countdown | None = None) -> PaperDesk:
        self.desk = await a_paper_desk(
            books=self.books,
            outbox=self.outbox,
            clock=self.clock,
            source=self.desk.source if self.desk else None,
            messenger=self.messenger,
            countdown=countdown,
        )
        await self.desk.recover()
        return self.desk

    async def run(self, deeds: Sequence[Deed], *, kill_at: int | None = None) -> bool:
        """Start, do these deeds and bring the messages up to date; whether it got that far."""
        try:
            desk = await self.start(Countdown(kill_at))
            for deed in deeds:
                await deed(desk)
            await desk.refresh()
        except Killed:
            return False
        return True

    async def outcome(self) -> Outcome:
        """What the person has in the end."""
        [trade] = await self.books.trades(TOM, limit=9)
        fills = [(fill.price, fill.quantity, fill.fee) for _, fill in await self.books.fills(TOM)]
        cash = (await self.books.balances(TOM)).get(("cash", "USDT"))
        told = [push.row.message.screen.html for push in self.outbox.pushes]
        return trade.state, trade.quantity, trade.stop, trade.close_reason, trade.net, cash, fills, told


async def check(books: Books) -> None:
    """The books agree with themselves."""
    entries = await books.entries(TOM)
    assert all(total == 0 for entry in entries for total in sums(entry.postings).values())
    balances = posted({}, entries)
    for trade in await books.trades(TOM, limit=99):
        orders = await books.orders(trade.id)
        assert trade.entered - trade.exited == trade.quantity
        assert balances.get((f"margin:{trade.id}", "USDT"), Decimal(0)) == trade.margin
        for intent in {order.intent.id: order.intent for order in orders}.values():
            done = sum((one.filled for one in orders if one.intent.id == intent.id), Decimal(0))
            assert done <= intent.quantity
        assert all(is_final(order.state) for order in orders if not trade.is_live)


@pytest.mark.parametrize("kill_at", range(1, MOST_STEPS))
@pytest.mark.parametrize(
    "deeds",
    [(opening,), (opening, target), (opening, stopping), (opening, target, stopping), (opening, closing)],
    ids=lambda deeds: " ".join(deed.__name__ for deed in deeds),
)
async def test_killed_at_any_step_and_again_while_recovering(deeds: tuple[Deed, ...], kill_at: int) -> None:
    calm, life = Life(), Life()
    for one in (calm, life):
        await one.run(deeds[:-1])
    await calm.run(deeds[-1:])

    if not await life.run(deeds[-1:], kill_at=kill_at):
        await life.run((), kill_at=2)
        # The person taps again, the market goes on from where it is.
        is_over = await life.books.trades(TOM, limit=1) and not (await life.start()).trades.live(TOM)
        assert await life.run(() if is_over else deeds[-1:])
    await check(life.books)
    assert await life.outcome() == await calm.outcome()
    [trade] = await life.books.trades(TOM, limit=1)
    last = life.messenger.deliveries[-1]
    assert trade.shown_version == trade.version
    assert f"v{trade.version} " in last.screen.html
    assert last.message_id == 500


async def test_an_entry_that_was_on_its_way_too_long_is_not_sent_any_more() -> None:
    life = Life()
    await life.run((opening,), kill_at=5)
    [trade] = await life.books.trades(TOM, limit=1)
    assert [order.state for order in await life.books.orders(trade.id)] == [OrderState.SENT]
    life.clock.move(61)
    desk = await life.start()
    ended = await desk.see(trade)
    assert (ended.state, ended.close_reason) == (TradeState.CANCELED, CloseReason.NOT_FILLED)
    assert [push.row.message.screen.html for push in life.outbox.pushes] == ["not_filled #1"]
    await desk.refresh()
    assert life.messenger.deliveries[-1].screen.html.startswith("#1 canceled")


async def test_a_resting_limit_goes_on_resting() -> None:
    life = Life()
    await life.run((waiting,))
    life.clock.move(3600)
    desk = await life.start()
    assert desk.trades.live(TOM)[0].waiting_price == Decimal(98)
    life.clock.move(30)
    desk.minutes(("99", "99", "97", "97"), until=life.clock.now().replace(second=0))
    await desk.tick("97", after_s=10)
    opened = await desk.see(desk.trades.live(TOM)[0].trade)
    assert (opened.state, opened.entry_price) == (TradeState.OPEN, Decimal(98))


async def test_what_the_market_did_while_the_desk_was_down_is_found() -> None:
    life = Life()
    await life.run((opening,))
    life.clock.move(3600)
    desk = await life.start()
    life.clock.move(5)
    desk.minutes(("100", "100", "94", "100"), until=life.clock.now().replace(second=0))
    await desk.tick("100", after_s=5)
    [trade] = await life.books.trades(TOM, limit=1)
    assert (trade.close_reason, trade.exit_price) == (CloseReason.STOP, Decimal(95))
