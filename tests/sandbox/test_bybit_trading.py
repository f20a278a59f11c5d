"""The Bybit twin's orders: what a client asks, what the venue answers, in its own codes."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from engines.core.instrument import MarketKind
from sandbox.accounts import READING
from tests.build.bybit_desk import BybitDesk, a_bybit_desk

D = Decimal
SPOT = MarketKind.SPOT


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[BybitDesk]:
    async with a_bybit_desk(tmp_path) as running:
        yield running


async def test_the_real_client_trades_and_reads_its_account(desk: BybitDesk) -> None:
    client = desk.client
    await client.load_markets()
    before = await client.fetch_balance()
    assert (before["USDT"]["total"], before["BTC"]["total"]) == ("100000", "1")
    order = await client.create_order(
        "BTC/USDT:USDT", "market", "buy", 0.1, None, {"clientOrderId": "a-0", "positionIdx": 0}
    )
    trades = await client.fetch_my_trades("BTC/USDT:USDT")
    assert {(trade["order"], trade["takerOrMaker"]) for trade in trades} == {(order["id"], "taker")}
    assert sum(D(trade["amount"]) for trade in trades) == D("0.1")
    (position,) = await client.fetch_positions(["BTC/USDT:USDT"])
    assert (position["side"], D(position["contracts"])) == ("long", D("0.1"))
    closed = await client.fetch_closed_orders("BTC/USDT:USDT")
    assert [(one["clientOrderId"], one["status"]) for one in closed] == [("a-0", "closed")]

    resting = await client.create_order("BTC/USDT", "limit", "buy", 0.5, float(desk.at("0.95", SPOT)))
    (shown,) = await client.fetch_open_orders("BTC/USDT")
    assert shown["id"] == resting["id"]
    free = (await client.fetch_balance())["USDT"]["free"]
    assert D(free) < 100_000 - D("0.5") * 50_000
    await client.cancel_order(resting["id"], "BTC/USDT")
    assert await client.fetch_open_orders("BTC/USDT") == []


async def test_a_resting_order_is_served_when_the_market_goes_there(desk: BybitDesk) -> None:
    await desk.order("Buy", "0.2", price=desk.at("0.99"), orderLinkId="low-0")
    assert (await desk.shown("low-0"))["orderStatus"] == "New"
    desk.venues.market.shock("BTCUSDT", -2)
    await desk.venues.clock.advance(2)
    shown = await desk.shown("low-0")
    assert (shown["orderStatus"], shown["cumExecQty"], shown["leavesQty"]) == ("Filled", "0.200", "0")
    (done,) = (await desk.get("/v5/execution/list", category="linear", orderLinkId="low-0"))["list"]
    assert (done["isMaker"], D(done["execFee"])) == (True, D(done["execValue"]) * D("0.0002"))


async def test_time_gone_through_in_one_leap_or_in_steps_comes_to_the_same(tmp_path: Path) -> None:
    ends = []
    for number, steps in enumerate(([12 * 3600], [7 * 3600 + 11, 600, 90, 5 * 3600 - 701])):
        async with a_bybit_desk(tmp_path / str(number)) as desk:
            await desk.order("Buy", 2, price=desk.at("0.999"), stopLoss=desk.at("0.97"))
            await desk.order("Sell", 1, price=desk.at("1.002"))
            for seconds in steps:
                await desk.venues.clock.advance(seconds)
                await desk.get("/v5/position/list", category="linear", symbol="BTCUSDT")
            ends.append(
                [
                    (done.at, done.side, done.price, done.quantity, done.dealing)
                    for done in desk.account.executions
                ]
            )
    assert ends[0] == ends[1]
    assert len(ends[0]) > 1


REFUSED: list[tuple[dict[str, Any], int]] = [
    ({"symbol": "NOPEUSDT"}, 10001),
    ({"symbol": "NOPEUSDT", "category": "spot"}, 170121),
    ({"side": "Hold"}, 10001),
    ({"orderType": "Iceberg"}, 10001),
    ({"qty": "0.00001"}, 10001),
    ({"qty": "0.0001", "category": "spot", "marketUnit": "baseCoin"}, 170136),
    ({"qty": "0.1005"}, 10001),
    ({"qty": "abc"}, 10001),
    ({"price": "60000.001"}, 10001),
    ({"price": "60000.001", "category": "spot"}, 170134),
    ({"price": "90000"}, 110003),
    ({"qty": "100"}, 110007),
    ({"qty": "100", "category": "spot", "marketUnit": "baseCoin"}, 170131),
    ({"side": "Sell", "qty": "2", "category": "spot"}, 170131),
    ({"reduceOnly": True}, 110017),
    ({"positionIdx": 1}, 10001),
    ({"positionIdx": 7}, 10001),
    ({"triggerPrice": "50000", "triggerDirection": 1}, 110092),
    ({"triggerPrice": "70000", "triggerDirection": 2}, 110093),
    ({"timeInForce": "Soon", "price": "60000"}, 10001),
    ({"orderLinkId": "x" * 37}, 10001),
    ({"category": "margin"}, 10001),
]


@pytest.mark.parametrize(("changes", "code"), REFUSED)
async def test_refusals_carry_the_venues_codes(desk: BybitDesk, changes: dict[str, Any], code: int) -> None:
    answer = await desk.order(**changes)
    assert answer["retCode"] == code, answer
    assert answer["retMsg"]
    assert desk.account.orders == {}


@pytest.mark.parametrize(("category", "code"), [("linear", 110072), ("spot", 170141)])
async def test_a_client_id_is_taken_once(desk: BybitDesk, category: str, code: int) -> None:
    same = {"category": category, "orderLinkId": "once-0", "price": desk.at("0.95")}
    first = await desk.order(**same)
    assert first["result"]["orderLinkId"] == "once-0"
    assert (await desk.order(**same))["retCode"] == code
    assert len(desk.account.orders) == 1


async def test_post_only_is_accepted_and_ends_at_once_when_it_would_take(desk: BybitDesk) -> None:
    answer = await desk.order("Buy", price=desk.at("1.01"), timeInForce="PostOnly", orderLinkId="po-0")
    assert answer["retCode"] == 0
    shown = await desk.shown("po-0")
    assert (shown["orderStatus"], shown["rejectReason"]) == ("Cancelled", "EC_PostOnlyWillTakeLiquidity")


async def test_a_guarded_order_takes_what_there_is_and_goes(desk: BybitDesk) -> None:
    desk.venues.faults.merge({"bybit": {"thin": 0.0}})
    await desk.order("Buy", 1, price=desk.at("1.001"), timeInForce="IOC", orderLinkId="ioc-0")
    shown = await desk.shown("ioc-0")
    assert (shown["orderStatus"], shown["rejectReason"]) == ("Cancelled", "EC_NoImmediateQtyToFill")
    assert 0 < D(shown["cumExecQty"]) < 1


async def test_a_spot_purchase_at_the_market_is_counted_in_quote_unless_it_says_base(
    desk: BybitDesk,
) -> None:
    await desk.order("Buy", "1000", category="spot", orderLinkId="quote-0")
    by_cost = await desk.shown("quote-0", "spot")
    assert by_cost["orderStatus"] == "Filled"
    assert 900 < D(by_cost["cumExecValue"]) <= 1000
    await desk.order("Buy", "0.1", category="spot", marketUnit="baseCoin", orderLinkId="base-0")
    by_size = await desk.shown("base-0", "spot")
    assert (by_size["cumExecQty"], by_size["feeCurrency"]) == ("0.100", "BTC")


async def test_amend_and_cancel(desk: BybitDesk) -> None:
    await desk.order("Buy", price=desk.at("0.95"), orderLinkId="am-0")
    name = {"category": "linear", "symbol": "BTCUSDT", "orderLinkId": "am-0"}
    assert (await desk.post("/v5/order/amend", **name, qty="0.3", price=desk.at("0.94")))["retCode"] == 0
    shown = await desk.shown("am-0")
    assert (shown["qty"], shown["price"]) == ("0.3", desk.at("0.94"))
    assert (await desk.post("/v5/order/amend", **name, qty="0.3"))["retCode"] == 10001
    assert (await desk.post("/v5/order/cancel", **name))["retCode"] == 0
    shown = await desk.shown("am-0")
    assert (shown["orderStatus"], shown["cancelType"]) == ("Cancelled", "CancelByUser")
    for path in ("amend", "cancel"):
        assert (await desk.post(f"/v5/order/{path}", **name, qty="1"))["retCode"] == 110001
    gone = {"category": "spot", "symbol": "BTCUSDT", "orderLinkId": "never-0"}
    assert (await desk.post("/v5/order/cancel", **gone))["retCode"] == 170213
    over = await desk.get("/v5/order/history", category="linear", orderLinkId="am-0")
    assert [row["orderStatus"] for row in over["list"]] == ["Cancelled"]


async def test_cancel_all_means_a_category_or_a_market(desk: BybitDesk) -> None:
    low = {"price": desk.at("0.95")}
    asleep = {"triggerPrice": desk.at("0.9"), "triggerDirection": 2}
    await desk.order(**low, orderLinkId="perp-0")
    await desk.order("Sell", **asleep, orderLinkId="perp-1")
    await desk.order(price=desk.at("0.95", SPOT), category="spot", orderLinkId="spot-0")
    sleeping = {"category": "spot", "orderFilter": "StopOrder", "triggerPrice": desk.at("0.9", SPOT)}
    await desk.order("Sell", **sleeping, orderLinkId="spot-1")
    assert (await desk.post("/v5/order/cancel-all", category="linear"))["retCode"] == 10001

    gone = await desk.post("/v5/order/cancel-all", category="linear", settleCoin="USDT")
    assert [row["orderLinkId"] for row in gone["result"]["list"]] == ["perp-0", "perp-1"]
    gone = await desk.post("/v5/order/cancel-all", category="spot", orderFilter="Order")
    assert [row["orderLinkId"] for row in gone["result"]["list"]] == ["spot-0"]
    left = await desk.get("/v5/order/realtime", category="spot")
    assert [(row["orderLinkId"], row["orderStatus"]) for row in left["list"]] == [("spot-1", "Untriggered")]


async def test_stops_at_the_venue_close_the_position(desk: BybitDesk) -> None:
    await desk.order("Buy", "0.5", stopLoss=desk.at("0.98"), takeProfit=desk.at("1.05"))
    asleep = await desk.get("/v5/order/realtime", category="linear", symbol="BTCUSDT")
    assert {row["stopOrderType"] for row in asleep["list"]} == {"StopLoss", "TakeProfit"}
    (held,) = (await desk.get("/v5/position/list", category="linear", settleCoin="USDT"))["list"]
    assert (held["side"], held["size"], held["stopLoss"]) == ("Buy", "0.500", desk.at("0.98"))
    desk.venues.market.shock("BTCUSDT", -4)
    await desk.venues.clock.advance(2)
    assert (await desk.get("/v5/position/list", category="linear", settleCoin="USDT"))["list"] == []
    assert (await desk.get("/v5/order/realtime", category="linear", symbol="BTCUSDT"))["list"] == []


async def test_stop_and_target_of_a_position_are_set_and_taken_away(desk: BybitDesk) -> None:
    name = {"category": "linear", "symbol": "BTCUSDT", "positionIdx": 0}
    assert (await desk.post("/v5/position/trading-stop", **name, stopLoss="50000"))["retCode"] == 10001
    await desk.order("Buy", "0.5")
    assert (await desk.post("/v5/position/trading-stop", **name, stopLoss="50000"))["retCode"] == 0
    assert [str(order.trigger_price) for order in desk.account.live.values()] == ["50000"]
    assert (await desk.post("/v5/position/trading-stop", **name, stopLoss="0"))["retCode"] == 0
    assert desk.account.live == {}


async def test_lists_come_by_pages_the_newest_first(desk: BybitDesk) -> None:
    for number in range(5):
        await desk.order("Buy", "0.001", orderLinkId=f"p-{number}")
        await desk.venues.clock.advance(1)
    seen, cursor = [], ""
    while True:
        page = await desk.get("/v5/execution/list", category="linear", limit=2, cursor=cursor)
        seen += [row["orderLinkId"] for row in page["list"]]
        cursor = page["nextPageCursor"]
        if not cursor:
            break
    assert seen == ["p-4", "p-3", "p-2", "p-1", "p-0"]
    since = int(desk.venues.clock.now_ms()) - 2500
    late = await desk.get("/v5/execution/list", category="linear", startTime=since)
    assert [row["orderLinkId"] for row in late["list"]] == ["p-4", "p-3"]
    long = await desk.raw("GET", "/v5/execution/list", category="linear", startTime=1, endTime=8 * 86_400_000)
    assert long["retCode"] == 10001


async def test_a_halted_market_takes_no_orders(desk: BybitDesk) -> None:
    desk.venues.faults.merge({"bybit": {"halted": ["BTCUSDT"]}})
    assert (await desk.order())["retCode"] == 110066
    assert (await desk.order(category="spot"))["retCode"] == 170151


async def test_a_reading_key_may_not_trade(tmp_path: Path) -> None:
    async with a_bybit_desk(tmp_path, READING) as desk:
        await desk.client.load_markets()
        assert (await desk.client.fetch_balance())["USDT"]["total"] == "100000"
        with pytest.raises(ccxt.PermissionDenied):
            await desk.client.create_order("BTC/USDT:USDT", "market", "buy", 0.1)
        assert desk.account.orders == {}
