"""What is slow or fails in one lane holds up no other."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from decimal import Decimal

from engines.core.side import Direction
from engines.orders.order import Order, OrderEvent, OrderState, Purpose
from ports.errors import Rejected
from ports.trading import LastLook, still_wanted
from services.ordering import lanes
from services.ordering.lanes import AT_ONCE, Lanes
from tests.build.clock import HandClock
from tests.build.fake_venue import FakeVenue
from tests.build.live_desk import LiveDesk, a_live_desk


@asynccontextmanager
async def running(work: Callable[[str], Awaitable[bool]]) -> AsyncIterator[Lanes[str]]:
    """Lanes at work; an item belongs to the lane of its first letter."""
    made = Lanes(work, lambda item: item[0])
    task = asyncio.create_task(made.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def turns(count: int = 20) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_slow_lane_holds_up_no_other() -> None:
    done, stuck = list[str](), asyncio.Event()

    async def work(item: str) -> bool:
        if item[0] == "a":
            await stuck.wait()
        done.append(item)
        return True

    async with running(work) as made:
        for item in ("a1", "a2", "b1"):
            made.put(item)
        await turns()
        assert done == ["b1"]
        stuck.set()
        await turns()
        assert sorted(done) == ["a1", "a2", "b1"]


async def test_one_that_fails_is_tried_again_and_stops_no_other() -> None:
    tries = Counter[str]()
    again = asyncio.Event()

    async def work(item: str) -> bool:
        tries[item] += 1
        if item == "a1" and tries[item] == 1:
            raise Rejected("no")
        if item == "a1":
            again.set()
        return True

    async with running(work) as made:
        made.put("a1")
        made.put("a2")
        await turns()
        assert tries == {"a1": 1, "a2": 1}
        async with asyncio.timeout(lanes.AGAIN_S * 20):
            await again.wait()


async def test_what_is_put_while_it_is_worked_on_is_done_once_more_and_never_twice_at_once() -> None:
    begun, step = list[str](), asyncio.Semaphore(0)

    async def work(item: str) -> bool:
        begun.append(item)
        await step.acquire()
        return True

    async with running(work) as made:
        made.put("a1")
        await turns()
        for _ in range(3):
            made.put("a1")
        await turns()
        assert begun == ["a1"]
        step.release()
        await turns()
        assert begun == ["a1", "a1"]


async def test_a_lane_is_bounded() -> None:
    begun, never = list[str](), asyncio.Event()

    async def work(item: str) -> bool:
        begun.append(item)
        await never.wait()
        return True

    async with running(work) as made:
        for number in range(3 * AT_ONCE):
            made.put(f"a{number}")
        await turns(200)
        assert len(begun) == AT_ONCE


@dataclass(slots=True, eq=False)
class Hanging(FakeVenue):
    """A venue that does not answer to the stops of longs."""

    async def submit(
        self, order: Order, direction: Direction, last_look: LastLook = still_wanted
    ) -> Sequence[OrderEvent]:
        if order.intent.purpose is Purpose.STOP and direction is Direction.LONG:
            await asyncio.Event().wait()
        return await FakeVenue.submit(self, order, direction, last_look)


async def hedged(desk: LiveDesk) -> None:
    """A long and a short, each with a stop."""
    for direction, stop in ((Direction.LONG, 95), (Direction.SHORT, 105)):
        trade = replace(await desk.trade(direction), stop=Decimal(stop))
        await desk.orders.place(trade, [desk.intent(trade)])
        await desk.hear()


async def test_a_stop_that_hangs_holds_up_no_other_stop() -> None:
    desk = await a_live_desk(venue=Hanging(HandClock()))
    await hedged(desk)
    protecting = asyncio.create_task(desk.orders.brackets.run())
    await turns(200)
    await desk.hear()
    short = desk.orders.register.live()[1]
    protecting.cancel()
    await asyncio.gather(protecting, return_exceptions=True)
    stops = [one for one in short.pending if one.intent.purpose is Purpose.STOP]
    assert [one.state for one in stops] == [OrderState.OPEN]
