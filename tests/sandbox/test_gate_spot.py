"""The Gate twin's private spot side: recorded shapes, orders and what they cost, and the real client."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from engines.core.instrument import MarketKind
from sandbox.gate.recall import TEXT_KNOWN_MS
from sandbox.market.synthetic import OPENING_MS
from tests.build.gate_calls import GateCalls
from tests.build.recordings import HOUR
from tests.build.shapes import shape_gaps
from tests.build.venues import Venues

NOW = OPENING_MS + HOUR
PAIR: dict[str, Any] = {"currency_pair": "BTC_USDT"}
RESTING = {**PAIR, "side": "buy", "amount": "0.01", "price": "50000", "text": "t-rests"}
BOUGHT = {**PAIR, "side": "buy", "type": "market", "amount": "1000", "time_in_force": "ioc", "text": "t-buys"}


def recorded(shared_data: Path, name: str) -> Any:
    path = shared_data / "fixtures" / "gate_v4" / "spot" / "rest" / f"{name}.json"
    return json.loads(path.read_text())["response"]


async def test_orders_have_the_shape_that_was_recorded(gate: GateCalls, shared_data: Path) -> None:
    placed = await gate.post("spot/orders", RESTING)
    assert shape_gaps(recorded(shared_data, "trading_place_order"), placed) == []
    assert (
        shape_gaps(recorded(shared_data, "trading_get_open_orders"), await gate.get("spot/open_orders")) == []
    )
    asked = await gate.get(f"spot/orders/{placed['id']}", **PAIR)
    assert shape_gaps(recorded(shared_data, "trading_get_order"), asked) == []
    _, ended = await gate.ask("DELETE", "spot/orders", **PAIR)
    assert shape_gaps(recorded(shared_data, "trading_cancel_all_oders"), ended) == []


async def test_books_have_the_shape_that_was_recorded(gate: GateCalls, shared_data: Path) -> None:
    await gate.post("spot/orders", BOUGHT)
    shapes = {
        "trading_get_user_trades": "spot/my_trades",
        "account_get_balances": "spot/accounts",
        "account_get_ledger": "spot/account_book",
        "account_get_deposits": "wallet/deposits",
        "account_get_trading_fee": "wallet/fee",
        "account_get_unified_account_mode": "unified/unified_mode",
    }
    for name, path in shapes.items():
        assert shape_gaps(recorded(shared_data, name), await gate.get(path)) == [], name
    unified = recorded(shared_data, "account_get_unified_account_info")
    unified["balances"] = {"USDT": unified["balances"]["USDT"]}
    assert shape_gaps(unified, await gate.get("unified/accounts")) == []


async def test_a_sleeping_order_has_the_shape_that_was_recorded(gate: GateCalls, shared_data: Path) -> None:
    body = {
        "market": "BTC_USDT",
        "trigger": {"price": "95000", "rule": ">=", "expiration": 3600},
        "put": {"type": "limit", "side": "buy", "price": "96000", "amount": "0.01", "account": "unified"},
    }
    placed = await gate.post("spot/price_orders", body)
    asked = await gate.get(f"spot/price_orders/{placed['id']}")
    assert shape_gaps(recorded(shared_data, "trading_get_trigger_order"), asked) == []


async def test_an_order_rests_is_amended_and_cancelled(client: Any) -> None:
    order = await client.create_order("BTC/USDT", "limit", "buy", 0.01, 50_000, {"clientOrderId": "one"})
    assert (order["status"], order["clientOrderId"]) == ("open", "t-one")
    changed = await client.edit_order(order["id"], "BTC/USDT", "limit", "buy", 0.02, 49_000)
    assert (changed["amount"], changed["price"]) == ("0.02", "49000")
    assert [one["id"] for one in await client.fetch_open_orders("BTC/USDT")] == [order["id"]]
    locked = (await client.fetch_balance())["USDT"]["used"]
    assert Decimal(locked) == Decimal("0.02") * 49_000
    assert (await client.cancel_order(order["id"], "BTC/USDT"))["status"] == "canceled"
    assert [one["status"] for one in await client.fetch_closed_orders("BTC/USDT")] == ["canceled"]


async def test_a_purchase_at_the_market_is_counted_in_what_it_costs(client: Any) -> None:
    order = await client.create_market_buy_order_with_cost("BTC/USDT", 1000)
    assert order["status"] == "closed"
    assert order["cost"] == "1000"
    [fill] = await client.fetch_my_trades("BTC/USDT")
    assert Decimal("999") < Decimal(fill["cost"]) <= 1000
    assert fill["fee"] == {"currency": "BTC", "cost": fill["fee"]["cost"]}
    balance = await client.fetch_balance()
    bought = Decimal(fill["amount"]) - Decimal(fill["fee"]["cost"])
    assert Decimal(balance["BTC"]["total"]) == 1 + bought
    assert Decimal(balance["USDT"]["total"]) == 100_000 - Decimal(fill["cost"])


async def test_a_sale_pays_its_fee_in_quote_currency(client: Any) -> None:
    await client.create_order("BTC/USDT", "market", "sell", 0.01)
    [fill] = await client.fetch_my_trades("BTC/USDT")
    assert (fill["fee"]["currency"], fill["takerOrMaker"]) == ("USDT", "taker")


async def test_fees_are_paid_in_points_where_there_are_some(client: Any, venues: Venues) -> None:
    account = venues.gate.exchange.account("main")
    venues.gate.exchange.treasury.deposit(account, "spot", "POINT", Decimal(100), venues.gate.now())
    account.setup = type(account.setup)(
        name="main", spot_wallet="spot", perp_wallet="spot", pays_in_points=True
    )
    await client.create_order("BTC/USDT", "market", "sell", 0.01)
    [fill] = await client.fetch_my_trades("BTC/USDT")
    assert fill["info"]["fee"] == "0"
    assert Decimal(fill["info"]["point_fee"]) > 0


async def test_a_resting_order_is_filled_when_the_market_comes(client: Any, venues: Venues) -> None:
    order = await client.create_order("BTC/USDT", "limit", "buy", 0.01, 80_000)
    venues.market.shock("BTCUSDT", -10)
    await venues.clock.advance(60)
    filled = await client.fetch_order(order["id"], "BTC/USDT")
    assert (filled["status"], filled["filled"], filled["average"]) == ("closed", "0.01", "80000")
    [fill] = await client.fetch_my_trades("BTC/USDT")
    assert fill["takerOrMaker"] == "maker"


async def test_what_an_immediate_order_does_not_find_is_not_left(gate: GateCalls) -> None:
    body = {**RESTING, "time_in_force": "ioc"}
    order = await gate.post("spot/orders", body)
    assert (order["status"], order["finish_as"], order["filled_amount"]) == ("cancelled", "ioc", "0")


async def test_an_order_is_found_by_its_text_for_a_while(gate: GateCalls, venues: Venues) -> None:
    order = await gate.post("spot/orders", RESTING)
    await gate.ask("DELETE", f"spot/orders/{order['id']}", **PAIR)
    assert (await gate.get("spot/orders/t-rests", **PAIR))["status"] == "cancelled"
    venues.wire.pass_ms(TEXT_KNOWN_MS[MarketKind.SPOT] + 1)
    at_s = venues.clock.wire_ms() // 1000
    status, refused = await gate.ask("GET", "spot/orders/t-rests", at_s=at_s, **PAIR)
    assert (status, refused["label"]) == (404, "ORDER_NOT_FOUND")
    status, found = await gate.ask("GET", f"spot/orders/{order['id']}", at_s=at_s, **PAIR)
    assert (status, found["text"]) == (200, "t-rests")
    status, rows = await gate.ask("GET", "spot/orders", at_s=at_s, status="finished", **PAIR)
    assert [row["text"] for row in rows] == ["t-rests"]


async def test_a_text_is_not_unique(gate: GateCalls) -> None:
    """Gate does not promise to refuse it: nobody may send twice and rely on that."""
    first, second = await gate.post("spot/orders", RESTING), await gate.post("spot/orders", RESTING)
    assert first["id"] != second["id"]


async def test_a_sleeping_order_wakes_and_trades(client: Any, venues: Venues) -> None:
    placed = await client.create_order(
        "BTC/USDT", "limit", "sell", 0.01, 70_000, {"stopLossPrice": 80_000, "clientOrderId": "t-stop"}
    )
    [asleep] = await client.fetch_open_orders("BTC/USDT", params={"trigger": True})
    assert (asleep["id"], asleep["triggerPrice"]) == (placed["id"], "80000")
    assert await client.fetch_open_orders("BTC/USDT") == []
    with pytest.raises(ccxt.OrderNotFound):
        await client.fetch_order(placed["id"], "BTC/USDT")
    venues.market.shock("BTCUSDT", -10)
    await venues.clock.advance(60)
    woken = await client.fetch_order(placed["id"], "BTC/USDT", {"trigger": True})
    fired = await client.fetch_order(str(woken["info"]["fired_order_id"]), "BTC/USDT")
    assert (woken["info"]["status"], fired["status"], fired["filled"]) == ("finish", "closed", "0.01")


async def test_a_sleeping_order_says_for_how_long(gate: GateCalls) -> None:
    body: dict[str, Any] = {
        "market": "BTC_USDT",
        "trigger": {"price": "60000", "rule": "<=", "expiration": 3600},
        "put": {"type": "limit", "side": "sell", "price": "59000", "amount": "0.01"},
    }
    placed = await gate.post("spot/price_orders", body)
    assert (await gate.get(f"spot/price_orders/{placed['id']}"))["trigger"]["expiration"] == 3600
    del body["trigger"]["expiration"]
    assert await gate.label("POST", "spot/price_orders", body) == "MISSING_REQUIRED_PARAM"
    body["trigger"]["expiration"] = -1
    assert await gate.label("POST", "spot/price_orders", body) == "INVALID_PARAM_VALUE"


async def test_sleeping_orders_are_cancelled_one_and_all(gate: GateCalls) -> None:
    body = {
        "market": "BTC_USDT",
        "trigger": {"price": "60000", "rule": "<=", "expiration": 3600},
        "put": {"type": "limit", "side": "sell", "price": "59000", "amount": "0.01"},
    }
    ids = [(await gate.post("spot/price_orders", body))["id"] for _ in range(3)]
    _, ended = await gate.ask("DELETE", f"spot/price_orders/{ids[0]}")
    assert ended["status"] == "cancelled"
    _, rest = await gate.ask("DELETE", "spot/price_orders", market="BTC_USDT")
    assert [row["id"] for row in rest] == ids[1:]
    assert await gate.get("spot/price_orders", status="open") == []
    assert len(await gate.get("spot/price_orders", status="finished", market="BTC_USDT")) == 3


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown pair": ({"currency_pair": "NOPE_USDT"}, "INVALID_CURRENCY_PAIR"),
    "no pair": ({"currency_pair": None}, "MISSING_REQUIRED_PARAM"),
    "no side": ({"side": None}, "MISSING_REQUIRED_PARAM"),
    "odd side": ({"side": "hold"}, "INVALID_PARAM_VALUE"),
    "no amount": ({"amount": None}, "MISSING_REQUIRED_PARAM"),
    "odd amount": ({"amount": "many"}, "INVALID_PARAM_VALUE"),
    "no price": ({"price": None}, "MISSING_REQUIRED_PARAM"),
    "off the price grid": ({"price": "50000.001"}, "INVALID_PRECISION"),
    "off the size grid": ({"amount": "0.0100000001"}, "INVALID_PRECISION"),
    "too small": ({"amount": "0.00001"}, "INVALID_PARAM_VALUE"),
    "too dear": ({"amount": "3"}, "BALANCE_NOT_ENOUGH"),
    "more than there is": ({"side": "sell", "price": "99000", "amount": "2"}, "BALANCE_NOT_ENOUGH"),
    "would take": ({"price": "99000", "time_in_force": "poc"}, "POC_FILL_IMMEDIATELY"),
    "far from the market": ({"price": "200000"}, "PRICE_THRESHOLD_EXCEEDED"),
    "odd text": ({"text": "mine"}, "INVALID_PARAM_VALUE"),
    "long text": ({"text": "t-" + "x" * 29}, "INVALID_PARAM_VALUE"),
    "market that waits": ({"type": "market", "time_in_force": "gtc"}, "INVALID_PARAM_VALUE"),
    "purchase for too little": (
        {"type": "market", "time_in_force": "ioc", "amount": "2"},
        "INVALID_PARAM_VALUE",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_wrong_order_is_refused_and_changes_nothing(
    gate: GateCalls, venues: Venues, case: str
) -> None:
    change, label = REFUSED[case]
    body = {name: value for name, value in {**RESTING, **change}.items() if value is not None}
    assert await gate.label("POST", "spot/orders", body) == label
    account = venues.gate.exchange.account("main")
    assert not account.orders
    assert account.balance("spot", "USDT") == 100_000


async def test_a_too_small_order_is_told_in_gates_words(gate: GateCalls) -> None:
    _, refused = await gate.ask("POST", "spot/orders", {**RESTING, "amount": "0.00001"})
    assert refused["message"] == "Your order size 0.50000 USDT is too small. The minimum is 3 USDT"


async def test_a_halted_pair_takes_no_orders(gate: GateCalls, venues: Venues) -> None:
    venues.faults.merge({"gate": {"halted": ["BTCUSDT"]}})
    assert await gate.label("POST", "spot/orders", RESTING) == "TRADE_RESTRICTED"


async def test_an_order_that_is_over_cannot_be_cancelled_or_changed(gate: GateCalls) -> None:
    filled = await gate.post("spot/orders", BOUGHT)
    ended = await gate.post("spot/orders", RESTING)
    await gate.ask("DELETE", f"spot/orders/{ended['id']}", **PAIR)
    assert await gate.label("DELETE", f"spot/orders/{filled['id']}", **PAIR) == "ORDER_CLOSED"
    assert await gate.label("DELETE", f"spot/orders/{ended['id']}", **PAIR) == "ORDER_CANCELLED"
    assert await gate.label("DELETE", "spot/orders/12", **PAIR) == "ORDER_NOT_FOUND"
    patch = {"price": "51000"}
    assert await gate.label("PATCH", f"spot/orders/{ended['id']}", patch, **PAIR) == "ORDER_CLOSED"


async def test_an_amendment_that_changes_nothing_says_so(gate: GateCalls) -> None:
    order = await gate.post("spot/orders", RESTING)
    path = f"spot/orders/{order['id']}"
    assert await gate.label("PATCH", path, {"price": "50000"}, **PAIR) == "NO_CHANGE"
    assert await gate.label("PATCH", path, {}, **PAIR) == "INVALID_PARAM_VALUE"


async def test_orders_in_a_batch_stand_each_for_itself(gate: GateCalls) -> None:
    rows = await gate.post("spot/batch_orders", [RESTING, {**RESTING, "amount": "9"}])
    assert [(row["succeeded"], row.get("label")) for row in rows] == [
        (True, None),
        (False, "BALANCE_NOT_ENOUGH"),
    ]
    names = [{**PAIR, "id": rows[0]["id"]}, {**PAIR, "id": "12"}]
    ended = await gate.post("spot/cancel_batch_orders", names)
    assert [(row["succeeded"], row["label"]) for row in ended] == [(True, None), (False, "ORDER_NOT_FOUND")]
    assert await gate.label("POST", "spot/batch_orders", [RESTING] * 11) == "TOO_MANY_ORDERS"
    assert await gate.label("POST", "spot/batch_orders", RESTING) == "INVALID_REQUEST_BODY"


async def test_fills_and_orders_come_by_time_and_by_pages(gate: GateCalls, venues: Venues) -> None:
    for _ in range(3):
        await gate.post("spot/orders", BOUGHT)
        await venues.clock.advance(3600)
    start = NOW // 1000
    assert len(await gate.get("spot/my_trades", **PAIR)) == 3
    assert len(await gate.get("spot/my_trades", **{"from": start + 1})) == 2
    assert len(await gate.get("spot/my_trades", to=start)) == 1
    assert len(await gate.get("spot/my_trades", limit=2, page=2)) == 1
    assert len(await gate.get("spot/orders", status="finished", **PAIR, **{"from": start + 1})) == 2
    assert await gate.label("GET", "spot/orders", status="open") == "MISSING_REQUIRED_PARAM"
    assert await gate.label("GET", "spot/orders", status="all") == "INVALID_PARAM_VALUE"
    assert await gate.label("GET", "spot/my_trades", limit=0) == "INVALID_PARAM_VALUE"


async def test_fills_are_shown_week_by_week(gate: GateCalls, venues: Venues) -> None:
    await gate.post("spot/orders", BOUGHT)
    start, day = NOW // 1000, 86_400
    await venues.clock.advance(8 * day)
    assert await gate.get("spot/my_trades") == []
    assert len(await gate.get("spot/my_trades", **{"from": start})) == 1
    assert await gate.get("spot/my_trades", **{"from": start - 8 * day}) == []
    assert len(await gate.get("spot/my_trades", **{"from": start - 8 * day, "to": start + day})) == 1
    assert await gate.label("GET", "spot/my_trades", **{"from": start - 31 * day, "to": start}) == (
        "INVALID_PARAM_VALUE"
    )
