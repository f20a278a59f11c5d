"""The Gate twin's private channels: who may listen, recorded shapes, the order of reports, the client."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from sandbox.accounts import TRADING, ApiKey
from sandbox.gate.keys import CLASSIC
from sandbox.gate.wire import SIZE_HEADER
from sandbox.market.synthetic import OPENING_MS
from tests.build.gate_calls import GateCalls
from tests.build.recordings import HOUR
from tests.build.shapes import shape_gaps
from tests.build.venues import Venues, gate_client

NOW = OPENING_MS + HOUR
USER = "1000001"
SPOT_ORDER = {"currency_pair": "BTC_USDT", "side": "buy", "amount": "0.01", "price": "50000", "text": "t-a"}
SPOT_TAKER = {**SPOT_ORDER, "type": "market", "time_in_force": "ioc", "amount": "1000"}
PERP_ORDER = {"contract": "BTC_USDT", "size": 100, "price": "50000", "text": "t-b"}
PERP_TAKER = {**PERP_ORDER, "price": "0", "tif": "ioc"}


class PrivateLine:
    """A connection with private channels."""

    def __init__(self, venues: Venues, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._venues = venues
        self._socket = socket

    async def hear(self) -> dict[str, Any]:
        heard: dict[str, Any] = orjson.loads(await self._socket.receive_str())
        return heard

    async def news(self, channel: str) -> Any:
        """The first row of the next push of a channel."""
        while (heard := await self.hear())["channel"] != channel:
            pass
        result = heard["result"]
        return result[0] if isinstance(result, list) else result

    async def ask(self, channel: str, payload: list[str] | None, key: ApiKey = TRADING, **auth: str) -> Any:
        """The answer to a signed subscription."""
        message = GateCalls(self._venues, key).subscription(channel, payload)
        await self._socket.send_json({**message, "auth": {**message["auth"], **auth}})
        return await self.hear()

    async def open(self, *channels: str) -> None:
        for channel in channels:
            payload = ["!all"] if channel.startswith("spot.") else [USER, "!all"]
            assert (await self.ask(channel, payload))["result"] == {"status": "success"}


@pytest.fixture
async def spot(venues: Venues) -> AsyncIterator[PrivateLine]:
    async with venues.http.ws_connect(f"{venues.url}/gate/ws/v4/") as socket:
        yield PrivateLine(venues, socket)


@pytest.fixture
async def futures(venues: Venues) -> AsyncIterator[PrivateLine]:
    headers = {SIZE_HEADER: "1"}
    async with venues.http.ws_connect(f"{venues.url}/gate/v4/ws/usdt", headers=headers) as socket:
        yield PrivateLine(venues, socket)


def recorded(shared_data: Path, kind: str, name: str) -> Any:
    path = shared_data / "fixtures" / "gate_v4" / kind / "ws" / f"subscribe_to_{name}_updates.json"
    result = json.loads(path.read_text())["events"][-1]["message"]["result"]
    return result[0] if isinstance(result, list) else result


@pytest.mark.parametrize(
    ("channel", "name"),
    [("spot.orders", "order"), ("spot.usertrades", "user_trade"), ("spot.balances", "balance")],
)
async def test_spot_reports_have_the_shape_that_was_recorded(
    spot: PrivateLine, gate: GateCalls, shared_data: Path, channel: str, name: str
) -> None:
    await spot.open(channel)
    await gate.post("spot/orders", SPOT_TAKER)
    assert shape_gaps(recorded(shared_data, "spot", name), await spot.news(channel)) == []


@pytest.mark.parametrize(
    ("channel", "name"),
    [
        ("futures.orders", "order"),
        ("futures.usertrades", "user_trade"),
        ("futures.balances", "balance"),
        ("futures.positions", "position"),
    ],
)
async def test_futures_reports_have_the_shape_that_was_recorded(
    futures: PrivateLine, gate: GateCalls, shared_data: Path, channel: str, name: str
) -> None:
    await futures.open(channel)
    await gate.post("futures/usdt/orders", PERP_TAKER)
    recording = recorded(shared_data, "futures", name)
    heard = await futures.news(channel)
    for field in ("cross_leverage_limit", "history_pnl", "last_close_pnl", "liq_price", "margin"):
        recording.pop(field, None)  # whole or not, as the number comes
        heard_is_number = field not in heard or isinstance(heard[field], int | float)
        assert heard_is_number, field
    recording.pop("point_fee", None)
    assert shape_gaps(recording, heard) == []


async def test_sleeping_orders_are_reported_as_recorded(
    spot: PrivateLine, futures: PrivateLine, gate: GateCalls, shared_data: Path
) -> None:
    await spot.open("spot.priceorders")
    await futures.open("futures.autoorders")
    put = {"type": "limit", "side": "buy", "price": "96000", "amount": "0.01"}
    body = {"market": "BTC_USDT", "trigger": {"price": "95000", "rule": ">=", "expiration": 1}, "put": put}
    await gate.post("spot/price_orders", body)
    assert (
        shape_gaps(recorded(shared_data, "spot", "trigger_order"), await spot.news("spot.priceorders")) == []
    )
    body = {"initial": PERP_ORDER, "trigger": {"price": "60000", "rule": 2, "expiration": 1}}
    await gate.post("futures/usdt/price_orders", body)
    recording = recorded(shared_data, "futures", "trigger_order")
    assert shape_gaps(recording, await futures.news("futures.autoorders")) == []


async def test_an_order_is_put_changed_and_ended(spot: PrivateLine, gate: GateCalls) -> None:
    await spot.open("spot.orders")
    order = await gate.post("spot/orders", SPOT_ORDER)
    await gate.ask("PATCH", f"spot/orders/{order['id']}", {"price": "51000"})
    await gate.ask("DELETE", f"spot/orders/{order['id']}")
    told = [await spot.news("spot.orders") for _ in range(3)]
    assert [(one["event"], one["finish_as"]) for one in told] == [
        ("put", "open"),
        ("update", "open"),
        ("finish", "cancelled"),
    ]


async def test_a_fill_is_told_before_the_order_it_ends(futures: PrivateLine, gate: GateCalls) -> None:
    await futures.open("futures.orders", "futures.usertrades", "futures.positions")
    order = await gate.post("futures/usdt/orders", PERP_TAKER)
    told = [await futures.hear() for _ in range(3)]
    assert [one["channel"] for one in told] == ["futures.usertrades", "futures.positions", "futures.orders"]
    fill, position, ended = (one["result"][0] for one in told)
    assert (fill["order_id"], fill["size"]) == (str(order["id"]), "100")
    assert (position["size"], position["mode"]) == ("100", "single")
    assert (ended["id"], ended["finish_as"], ended["left"]) == (order["id"], "filled", "0")


async def test_what_the_market_does_is_reported_without_being_asked(
    spot: PrivateLine, gate: GateCalls, venues: Venues
) -> None:
    await spot.open("spot.orders")
    await gate.post("spot/orders", {**SPOT_ORDER, "price": "80000"})
    assert (await spot.news("spot.orders"))["event"] == "put"
    venues.market.shock("BTCUSDT", -10)
    await venues.clock.advance(60)
    filled = await spot.news("spot.orders")
    assert (filled["event"], filled["finish_as"], filled["filled_amount"]) == ("finish", "filled", "0.010000")


@pytest.mark.parametrize(
    ("auth", "payload", "label"),
    [
        ({"KEY": "nobody"}, ["!all"], "INVALID_KEY"),
        ({"SIGN": "0"}, ["!all"], "INVALID_SIGN"),
    ],
)
async def test_a_stranger_does_not_listen(
    spot: PrivateLine, auth: dict[str, Any], payload: list[str], label: str
) -> None:
    refused = await spot.ask("spot.orders", payload, **auth)
    assert refused["error"]["code"] == 4
    assert json.loads(refused["error"]["message"])["label"] == label


async def test_nobody_listens_to_another_account(futures: PrivateLine, gate: GateCalls) -> None:
    refused = await futures.ask("futures.orders", ["1000002", "!all"])
    assert "invalid user id" in refused["error"]["message"]
    agreed = await futures.ask("futures.orders", ["1000002", "!all"], CLASSIC)
    assert agreed["result"] == {"status": "success"}
    await gate.post("futures/usdt/orders", PERP_TAKER)
    mine = await GateCalls(gate.venues, CLASSIC).post("futures/usdt/orders", PERP_TAKER)
    assert (await futures.news("futures.orders"))["id"] == mine["id"]


async def test_only_the_chosen_markets_are_told(spot: PrivateLine, gate: GateCalls) -> None:
    assert (await spot.ask("spot.orders", ["ETH_USDT"]))["result"] == {"status": "success"}
    await gate.post("spot/orders", SPOT_ORDER)
    await gate.post("spot/orders", {**SPOT_ORDER, "currency_pair": "ETH_USDT", "price": "2000"})
    assert (await spot.news("spot.orders"))["currency_pair"] == "ETH_USDT"


async def test_reports_are_doubled_and_turned_round_by_a_fault(
    spot: PrivateLine, gate: GateCalls, venues: Venues
) -> None:
    await spot.open("spot.orders", "spot.usertrades")
    venues.faults.merge({"gate": {"repeat": True, "shuffle": True}})
    await gate.post("spot/orders", SPOT_TAKER)
    channels = [(await spot.hear())["channel"] for _ in range(4)]
    assert channels == ["spot.orders", "spot.orders", "spot.usertrades", "spot.usertrades"]


async def test_the_client_watches_orders_fills_balances_and_positions(venues: Venues) -> None:
    async with gate_client(venues) as client:
        await client.load_markets()
        watched = [
            asyncio.create_task(one)
            for one in (
                client.watch_orders("BTC/USDT"),
                client.watch_my_trades("BTC/USDT"),
                client.watch_balance({"type": "spot"}),
                client.watch_orders("BTC/USDT:USDT"),
                client.watch_my_trades("BTC/USDT:USDT"),
                client.watch_positions(["BTC/USDT:USDT"], params={"type": "swap"}),
            )
        ]
        await watched[5]  # the snapshot
        watched[5] = asyncio.create_task(client.watch_positions(["BTC/USDT:USDT"]))
        while not all(one.done() for one in watched):  # those that subscribe late hear of the next
            await client.create_market_buy_order_with_cost("BTC/USDT", 1000)
            await client.create_order("BTC/USDT:USDT", "market", "sell", 100)
            await asyncio.wait(watched, timeout=0.05)
        orders, fills, balance, perp_orders, perp_fills, positions = await asyncio.gather(*watched)
    assert (orders[-1]["status"], fills[-1]["symbol"]) == ("closed", "BTC/USDT")
    assert float(balance["BTC"]["total"]) > 1
    assert (perp_orders[-1]["status"], perp_fills[-1]["amount"]) == ("closed", "100")
    assert (positions[-1]["side"], positions[-1]["symbol"]) == ("short", "BTC/USDT:USDT")
