"""What goes wrong between a client and the Bybit twin once money moves; afterwards the truth can be read."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from sandbox.wiretap import Phase, Tap, WireEvent
from tests.build.bybit_desk import BybitDesk, a_bybit_desk

CREATE = ["order/create"]


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[BybitDesk]:
    async with a_bybit_desk(tmp_path) as running:
        yield running


async def lose(desk: BybitDesk, link_id: str = "lost-0") -> None:
    with pytest.raises(aiohttp.ClientError):
        await desk.order("Buy", "0.01", orderLinkId=link_id)


@pytest.mark.parametrize(("after", "count"), [(False, 0), (True, 1)])
async def test_an_answer_is_lost_before_or_after_the_order_was_taken(
    desk: BybitDesk, after: bool, count: int
) -> None:
    desk.venues.faults.merge({"bybit": {"down": True, "after": after, "methods": CREATE, "count": 1}})
    await lose(desk)
    assert len(desk.account.orders) == count
    assert (await desk.order("Buy", "0.01"))["retCode"] == 0


@pytest.mark.parametrize(("after", "count"), [(False, 0), (True, 1)])
async def test_a_gateway_fails_before_or_after_the_order_was_taken(
    desk: BybitDesk, after: bool, count: int
) -> None:
    desk.venues.faults.merge({"bybit": {"status": 502, "after": after, "methods": CREATE}})
    with pytest.raises(aiohttp.ContentTypeError):
        await desk.order("Buy", "0.01")
    assert len(desk.account.orders) == count


async def test_an_answer_comes_too_late_for_who_waits(desk: BybitDesk) -> None:
    desk.venues.faults.merge({"bybit": {"delay_s": 5, "after": True, "methods": CREATE}})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await desk.order("Buy", "0.01", orderLinkId="slow-0")
    assert (await desk.shown("slow-0"))["orderStatus"] == "Filled"


@pytest.mark.parametrize(("after", "count"), [(False, 0), (True, 1)])
async def test_an_unclear_code_proves_nothing(desk: BybitDesk, after: bool, count: int) -> None:
    desk.venues.faults.merge({"bybit": {"code": "10016", "after": after, "methods": CREATE}})
    assert (await desk.order("Buy", "0.01"))["retCode"] == 10016
    assert len(desk.account.orders) == count


async def test_a_rate_limit_is_told_with_its_code(desk: BybitDesk) -> None:
    desk.venues.faults.merge({"bybit": {"code": "10006", "methods": CREATE, "count": 1}})
    assert [(await desk.order("Buy", "0.01"))["retCode"] for _ in range(2)] == [10006, 0]


async def test_a_cancel_is_lost(desk: BybitDesk) -> None:
    await desk.order("Buy", price=desk.at("0.95"), orderLinkId="stays-0")
    desk.venues.faults.merge({"bybit": {"lost_cancel": True}})
    name = {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "stays-0"}
    assert (await desk.post("/v5/order/cancel", **name))["retCode"] == 0
    assert (await desk.shown("stays-0"))["orderStatus"] == "New"
    desk.venues.faults.clear()
    assert (await desk.post("/v5/order/cancel", **name))["retCode"] == 0
    assert (await desk.shown("stays-0"))["orderStatus"] == "Cancelled"


async def test_a_fill_is_told_after_the_cancel(desk: BybitDesk) -> None:
    await desk.order("Buy", "0.4", price=desk.at("0.95"), orderLinkId="late-0")
    desk.venues.faults.merge({"bybit": {"late_fill_s": 0.2}})
    name = {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "late-0"}
    await desk.post("/v5/order/cancel", **name)
    assert (await desk.shown("late-0"))["cumExecQty"] == "0"

    async with asyncio.timeout(10):
        while not desk.account.executions:
            await asyncio.sleep(0.05)
    shown = await desk.shown("late-0")
    assert (shown["orderStatus"], shown["cumExecQty"]) == ("Cancelled", "0.200")


# the n-th event of the wire


def a_strike(events: list[WireEvent], what: str, phase: Phase) -> Tap:
    def tap(event: WireEvent) -> bool:
        events.append(event)
        return event.what.endswith(what) and event.phase is phase

    return tap


@pytest.mark.parametrize(("phase", "count"), [(Phase.BEFORE, 0), (Phase.AFTER, 1)])
async def test_a_test_may_strike_before_and_after_every_request(
    desk: BybitDesk, phase: Phase, count: int
) -> None:
    events: list[WireEvent] = []
    end = desk.venues.wiretap.listen(a_strike(events, "order/create", phase))
    await desk.get("/v5/account/info")
    await lose(desk)
    end()
    assert len(desk.account.orders) == count
    assert [(event.number, event.what, event.phase) for event in events][:2] == [
        (1, "GET /bybit/v5/account/info", Phase.BEFORE),
        (1, "GET /bybit/v5/account/info", Phase.AFTER),
    ]
    assert events[-1].number == 2


async def test_the_wire_is_cut_at_the_nth_event_from_now_once(desk: BybitDesk) -> None:
    await desk.get("/v5/account/info")
    desk.venues.wiretap.cut("bybit", 2, Phase.AFTER)
    assert (await desk.order("Buy", "0.01"))["retCode"] == 0
    await lose(desk)
    assert (await desk.order("Buy", "0.01"))["retCode"] == 0
    assert len(desk.account.orders) == 3
    assert desk.venues.wiretap.view() == {"bybit": 4, "gate": 0}
