"""The Gate twin's private side under faults: what was carried out, and what the client hears of it."""

import asyncio
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from engines.simulate.exchange.account import Account
from sandbox.gate.quota import PER_SECOND
from sandbox.wiretap import Phase, WireEvent
from tests.build.gate_calls import GateCalls
from tests.build.venues import Venues

PATH = "futures/usdt/orders"
ORDER: dict[str, Any] = {"contract": "BTC_USDT", "size": 100, "price": "50000", "text": "t-one"}
TAKER: dict[str, Any] = {**ORDER, "price": "0", "tif": "ioc"}


@pytest.fixture
def account(venues: Venues) -> Account:
    return venues.gate.exchange.account("main")


def texts(account: Account) -> list[str]:
    return [order.wish.client_id for order in account.live.values()]


@pytest.mark.parametrize(("after", "left"), [(True, ["t-one"]), (False, [])])
async def test_an_answer_is_lost_before_or_after_the_deed(
    venues: Venues, gate: GateCalls, account: Account, after: bool, left: list[str]
) -> None:
    venues.faults.merge({"gate": {"down": True, "after": after, "methods": ["orders"], "count": 1}})
    with pytest.raises(aiohttp.ClientError):
        await gate.post(PATH, ORDER)
    assert texts(account) == left
    status, _ = await gate.ask("GET", f"{PATH}/t-one")
    assert status == (200 if after else 404)


async def test_a_gateway_fails_after_the_deed(venues: Venues, gate: GateCalls, account: Account) -> None:
    venues.faults.merge({"gate": {"status": 502, "after": True, "count": 1}})
    with pytest.raises(aiohttp.ContentTypeError):
        await gate.ask("POST", PATH, ORDER)
    assert texts(account) == ["t-one"]


async def test_a_label_may_be_chosen(venues: Venues, gate: GateCalls, account: Account) -> None:
    venues.faults.merge({"gate": {"code": "SERVER_ERROR", "count": 1}})
    assert await gate.label("POST", PATH, ORDER) == "SERVER_ERROR"
    assert texts(account) == []


async def test_too_many_requests_are_refused_in_gates_words(venues: Venues, gate: GateCalls) -> None:
    venues.faults.merge({"gate": {"status": 429, "count": 1}})
    assert await gate.label("POST", PATH, ORDER) == "TOO_MANY_REQUESTS"


async def test_quotas_hold_when_they_are_switched_on(venues: Venues, gate: GateCalls) -> None:
    venues.faults.merge({"gate": {"real_limits": True}})
    order = {"currency_pair": "BTC_USDT", "side": "buy", "amount": "0.001", "price": "50000"}
    for _ in range(PER_SECOND["spot"]):
        await gate.post("spot/orders", order)
    status, refused = await gate.ask("POST", "spot/orders", order)
    assert (status, refused["label"]) == (429, "TOO_MANY_REQUESTS")
    assert await gate.get("spot/open_orders")
    await gate.post(PATH, ORDER)
    venues.wire.pass_ms(1000)
    status, _ = await gate.ask("POST", "spot/orders", order, at_s=venues.clock.wire_ms() // 1000)
    assert status == 200


async def test_a_cancel_is_lost(venues: Venues, gate: GateCalls, account: Account) -> None:
    order = await gate.post(PATH, ORDER)
    venues.faults.merge({"gate": {"lost_cancel": True}})
    _, told = await gate.ask("DELETE", f"{PATH}/{order['id']}")
    assert told["finish_as"] == "cancelled"
    assert texts(account) == ["t-one"]


async def test_a_cancelled_order_turns_out_to_be_filled(venues: Venues, gate: GateCalls) -> None:
    order = await gate.post(PATH, ORDER)
    venues.faults.merge({"gate": {"late_fill_s": 0}})
    _, told = await gate.ask("DELETE", f"{PATH}/{order['id']}")
    assert (told["finish_as"], told["left"]) == ("cancelled", 100)
    while not await gate.get("futures/usdt/my_trades"):
        await asyncio.sleep(0.01)
    found = await gate.get(f"{PATH}/{order['id']}")
    assert (found["finish_as"], found["left"]) == ("cancelled", 50)


async def test_a_thin_book_fills_in_part(venues: Venues, gate: GateCalls) -> None:
    venues.faults.merge({"gate": {"thin": 0}})
    order = await gate.post(PATH, {**TAKER, "size": 1000})
    assert 0 < order["left"] < 1000
    assert order["finish_as"] == "ioc"


@pytest.mark.parametrize(("phase", "left"), [(Phase.BEFORE, []), (Phase.AFTER, ["t-one"])])
async def test_the_wire_is_cut_at_the_nth_request(
    venues: Venues, gate: GateCalls, account: Account, phase: Phase, left: list[str]
) -> None:
    venues.wiretap.cut("gate", 2, phase)
    await gate.get("futures/usdt/accounts")
    with pytest.raises(aiohttp.ClientError):
        await gate.post(PATH, ORDER)
    assert texts(account) == left
    await gate.get("futures/usdt/accounts")


class Listener:
    """A connection that hears of futures: of orders and fills, unless it is told otherwise."""

    def __init__(self, venues: Venues, *channels: str) -> None:
        self._venues = venues
        self._channels = channels or ("futures.orders", "futures.usertrades")
        self.socket: aiohttp.ClientWebSocketResponse

    async def __aenter__(self) -> "Listener":
        self.socket = await self._venues.http.ws_connect(f"{self._venues.url}/gate/v4/ws/usdt")
        for channel in self._channels:
            await self.socket.send_json(GateCalls(self._venues).subscription(channel, ["1000001", "!all"]))
            assert (await self.socket.receive_json())["result"] == {"status": "success"}
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.socket.close()

    async def channels(self, count: int) -> list[str]:
        return [(await self.socket.receive_json())["channel"] for _ in range(count)]


async def test_requests_and_reports_are_counted_as_they_happen(venues: Venues, gate: GateCalls) -> None:
    heard: list[WireEvent] = []

    def tap(event: WireEvent) -> bool:
        heard.append(event)
        return False

    async with Listener(venues) as listener:
        venues.wiretap.listen(tap)
        await gate.post(PATH, TAKER)
        await listener.channels(2)
    # a report may go out before the answer does
    assert {event.what for event in heard} == {
        f"POST /gate/api/v4/{PATH}",
        "stream futures.usertrades",
        "stream futures.orders",
    }
    assert {event.number for event in heard} == {1, 2, 3}


async def test_a_private_line_is_cut_after_so_many_reports(venues: Venues, gate: GateCalls) -> None:
    async with Listener(venues) as listener:
        venues.faults.merge({"gate": {"cut_after": 1}})
        await gate.post(PATH, TAKER)
        assert await listener.channels(1) == ["futures.usertrades"]
        assert (await listener.socket.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


async def test_a_private_line_is_cut_at_the_nth_report(venues: Venues, gate: GateCalls) -> None:
    async with Listener(venues) as listener:
        venues.wiretap.cut("gate", 3, Phase.BEFORE)
        await gate.post(PATH, TAKER)
        assert await listener.channels(1) == ["futures.usertrades"]
        assert (await listener.socket.receive()).type in (aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)


async def test_old_reports_are_told_again_to_who_subscribes(venues: Venues, gate: GateCalls) -> None:
    await gate.post(PATH, TAKER)
    venues.faults.merge({"gate": {"replay": 100}})
    async with Listener(venues, "futures.usertrades") as listener:
        assert await listener.channels(1) == ["futures.usertrades"]


async def test_only_one_line_is_silent(venues: Venues, gate: GateCalls) -> None:
    async with Listener(venues) as listener:
        venues.faults.merge({"gate": {"silent": True, "methods": ["/ws/v4"]}})
        await gate.post(PATH, TAKER)
        assert await listener.channels(2) == ["futures.usertrades", "futures.orders"]
        venues.faults.merge({"gate": {"methods": ["/ws/usdt"]}})
        await gate.post(PATH, TAKER)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await listener.channels(1)


async def test_fees_come_out_of_the_balance_to_the_last_digit(gate: GateCalls, account: Account) -> None:
    await gate.post(PATH, TAKER)
    [fill] = await gate.get("futures/usdt/my_trades")
    paid = Decimal(fill["fee"])
    assert account.balance("spot", "USDT") == 100_000 - paid
    assert paid == Decimal(fill["price"]) * Decimal("0.01") * Decimal("0.0005")
