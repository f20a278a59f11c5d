"""The Gate twin's perpetuals: recorded shapes, both position modes, leverage, funding, the real client."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import ccxt
import pytest

from engines.core.instrument import MarketKind
from sandbox.gate.recall import TEXT_KNOWN_MS, ZERO_FILL_KNOWN_MS
from sandbox.market.synthetic import OPENING_MS
from tests.build.gate_calls import GateCalls
from tests.build.recordings import HOUR
from tests.build.shapes import shape_gaps
from tests.build.venues import Venues

NOW = OPENING_MS + HOUR
HOME = "futures/usdt"
CROSS = {"leverage": "0", "cross_leverage_limit": "5"}
RESTING: dict[str, Any] = {"contract": "BTC_USDT", "size": 100, "price": "50000", "text": "t-rests"}
BOUGHT: dict[str, Any] = {"contract": "BTC_USDT", "size": 100, "price": "0", "tif": "ioc", "text": "t-buys"}
SOLD = {**BOUGHT, "size": -100}
EXPECTED_GAPS = (".finish_time: absent", ".finish_as: absent", ".create_time: float", ".finish_time: float")
STOP: dict[str, Any] = {
    "initial": {**SOLD, "reduce_only": True, "text": "t-stop"},
    "trigger": {"price_type": 0, "price": "80000", "rule": 2, "expiration": 3600},
}


def recorded(shared_data: Path, name: str) -> Any:
    path = shared_data / "fixtures" / "gate_v4" / "futures" / "rest" / f"{name}.json"
    return json.loads(path.read_text())["response"]


def gaps(shared_data: Path, name: str, served: Any) -> list[str]:
    """What the answer lacks. How an order ended is told of ended ones only; seconds may have a fraction."""
    gaps = shape_gaps(recorded(shared_data, name), served)
    return [gap for gap in gaps if not gap.endswith(EXPECTED_GAPS)]


async def test_orders_have_the_shape_that_was_recorded(gate: GateCalls, shared_data: Path) -> None:
    placed = await gate.post(f"{HOME}/orders", RESTING)
    assert gaps(shared_data, "trading_place_order", placed) == []
    assert gaps(shared_data, "trading_get_orders", await gate.get(f"{HOME}/orders", status="open")) == []
    _, changed = await gate.ask("PUT", f"{HOME}/orders/{placed['id']}", {"price": "49000"})
    assert gaps(shared_data, "trading_edit_order", changed) == []
    _, ended = await gate.ask("DELETE", f"{HOME}/orders/{placed['id']}")
    assert gaps(shared_data, "trading_cancel_order", ended) == []
    assert (ended["finish_as"], ended["finish_time"]) == ("cancelled", NOW / 1000)


async def test_accounts_have_the_shape_that_was_recorded(gate: GateCalls, shared_data: Path) -> None:
    await gate.post(f"{HOME}/orders", BOUGHT)
    position = recorded(shared_data, "trading_get_positions")
    position[0]["close_order"] = None  # there is one only while a position is being closed
    assert shape_gaps(position, await gate.get(f"{HOME}/positions")) == []
    for name, path in (
        ("account_get_account", "accounts"),
        ("account_get_ledger", "account_book"),
        ("trading_get_user_trades", "my_trades"),
        ("trading_get_user_trades_by_timestamp", "my_trades_timerange"),
    ):
        assert gaps(shared_data, name, await gate.get(f"{HOME}/{path}")) == [], name
    fees = await gate.get(f"{HOME}/fee")
    assert shape_gaps(recorded(shared_data, "account_get_trading_fee")["AAVE_USDT"], fees["AAVE_USDT"]) == []


async def test_a_sleeping_order_has_the_shape_that_was_recorded(gate: GateCalls, shared_data: Path) -> None:
    await gate.post(f"{HOME}/orders", BOUGHT)
    placed = await gate.post(f"{HOME}/price_orders", STOP)
    assert shape_gaps(recorded(shared_data, "trading_place_trigger_order"), placed) == []
    asked = await gate.get(f"{HOME}/price_orders/{placed['id']}")
    assert gaps(shared_data, "trading_get_trigger_order", asked) == []


async def test_an_order_rests_is_amended_and_cancelled(client: Any) -> None:
    symbol = "BTC/USDT:USDT"
    order = await client.create_order(symbol, "limit", "buy", 100, 50_000, {"clientOrderId": "one"})
    assert (order["status"], order["clientOrderId"], order["amount"]) == ("open", "t-one", "100")
    changed = await client.edit_order(order["id"], symbol, "limit", "buy", 200, 49_000)
    assert (changed["amount"], changed["price"]) == ("200", "49000")
    assert [one["id"] for one in await client.fetch_open_orders(symbol)] == [order["id"]]
    assert (await client.cancel_order(order["id"], symbol))["status"] == "canceled"
    assert await client.fetch_open_orders(symbol) == []


async def test_a_position_is_opened_and_closed_by_size(client: Any) -> None:
    symbol = "BTC/USDT:USDT"
    await client.create_order(symbol, "market", "sell", 100)
    [position] = await client.fetch_positions([symbol])
    assert (position["side"], position["contracts"], position["contractSize"]) == ("short", "100", "0.0001")
    await client.create_order(symbol, "market", "buy", 150, None, {"reduceOnly": True})
    assert (await client.fetch_position(symbol))["contracts"] == "0"
    fills = await client.fetch_my_trades(symbol)
    assert [(one["side"], one["amount"]) for one in fills] == [("sell", "100"), ("buy", "100")]
    assert {one["fee"]["currency"] for one in fills} == {"USDT"}


async def test_money_is_conserved(gate: GateCalls, venues: Venues) -> None:
    for body in (BOUGHT, SOLD):
        await gate.post(f"{HOME}/orders", body)
    book = await gate.get(f"{HOME}/account_book")
    moved = sum((Decimal(row["change"]) for row in book), Decimal(0))
    assert {row["type"] for row in book} == {"fee", "pnl"}
    assert venues.gate.exchange.account("main").balance("spot", "USDT") == 100_000 + moved
    history = (await gate.get(f"{HOME}/accounts"))["history"]
    assert Decimal(history["pnl"]) + Decimal(history["fee"]) == moved


async def test_the_close_flag_closes_the_whole_position(gate: GateCalls) -> None:
    await gate.post(f"{HOME}/orders", BOUGHT)
    closing = {"contract": "BTC_USDT", "size": 0, "close": True, "price": "0", "tif": "ioc"}
    order = await gate.post(f"{HOME}/orders", closing)
    assert (order["size"], order["left"], order["finish_as"]) == (-100, 0, "filled")
    assert await gate.label("POST", f"{HOME}/orders", closing) == "POSITION_EMPTY"


async def test_long_and_short_are_apart_in_dual_mode(client: Any, gate: GateCalls) -> None:
    symbol = "BTC/USDT:USDT"
    await client.set_position_mode(True)
    await client.create_order(symbol, "market", "buy", 100)
    await client.create_order(symbol, "market", "sell", 60)
    await client.create_order(symbol, "market", "sell", 30, None, {"reduceOnly": True})
    await client.create_order(symbol, "market", "buy", 10, None, {"reduceOnly": True})
    held = {one["mode"]: one["size"] for one in await gate.get(f"{HOME}/dual_comp/positions/BTC_USDT")}
    assert held == {"dual_long": 70, "dual_short": -50}
    order = await gate.post(
        f"{HOME}/orders",
        {"contract": "BTC_USDT", "size": 0, "auto_size": "close_short", "price": "0", "tif": "ioc"},
    )
    assert (order["size"], order["is_reduce_only"]) == (50, True)
    [left] = await client.fetch_positions([symbol], {"holding": "true"})
    assert (left["side"], left["contracts"]) == ("long", "70")
    with pytest.raises(ccxt.BadRequest):
        await client.set_position_mode(False)


async def test_each_mode_refuses_what_is_of_the_other(gate: GateCalls) -> None:
    leverage = f"{HOME}/positions/BTC_USDT/leverage"
    assert await gate.label("GET", f"{HOME}/dual_comp/positions/BTC_USDT") == "POSITION_DUAL_MODE"
    closing = {"contract": "BTC_USDT", "size": 0, "auto_size": "close_long", "price": "0", "tif": "ioc"}
    assert await gate.label("POST", f"{HOME}/orders", closing) == "POSITION_DUAL_MODE"
    await gate.post(f"{HOME}/set_position_mode", position_mode="dual")
    assert await gate.label("POST", f"{HOME}/dual_mode", dual_mode="true") == "NO_CHANGE"
    assert await gate.label("GET", f"{HOME}/positions/BTC_USDT") == "POSITION_DUAL_MODE"
    assert await gate.label("POST", leverage, leverage="5") == "POSITION_DUAL_MODE"
    closing = {"contract": "BTC_USDT", "size": 0, "close": True, "price": "0", "tif": "ioc"}
    assert await gate.label("POST", f"{HOME}/orders", closing) == "POSITION_DUAL_MODE"
    assert (
        await gate.label("POST", f"{HOME}/set_position_mode", position_mode="both") == "INVALID_PARAM_VALUE"
    )


async def test_leverage_is_set_and_told(client: Any, gate: GateCalls) -> None:
    await client.set_leverage(7, "BTC/USDT:USDT", {"marginMode": "cross"})
    position = await gate.get(f"{HOME}/positions/BTC_USDT")
    assert (position["leverage"], position["cross_leverage_limit"]) == ("0", "7")
    assert (await gate.get(f"{HOME}/get_leverage/BTC_USDT"))["cross_leverage_limit"] == "7"
    leverage = f"{HOME}/positions/BTC_USDT/leverage"
    assert (await gate.post(leverage, leverage="7"))["cross_leverage_limit"] == "7"
    assert await gate.label("POST", leverage, leverage="101") == "LEVERAGE_TOO_HIGH"
    assert await gate.label("POST", leverage, leverage="0.5") == "LEVERAGE_TOO_LOW"
    await gate.post(f"{HOME}/dual_mode", dual_mode="true")
    both = await gate.post(f"{HOME}/dual_comp/positions/BTC_USDT/leverage", **CROSS)
    assert [one["cross_leverage_limit"] for one in both] == ["5", "5"]


async def test_funding_is_paid_at_the_settlement(client: Any, gate: GateCalls, venues: Venues) -> None:
    await gate.post(f"{HOME}/orders", BOUGHT)
    await venues.clock.advance(9 * 3600)
    [payment] = await client.fetch_funding_history("BTC/USDT:USDT")
    assert payment["timestamp"] == OPENING_MS // (8 * HOUR) * 8 * HOUR + 8 * HOUR
    [rate] = await client.fetch_funding_rate_history("BTC/USDT:USDT", limit=1)
    mark = venues.market.third_perps(payment["timestamp"])["BTCUSDT"].last(payment["timestamp"])
    expected = -Decimal("0.01") * Decimal(str(mark)) * Decimal(rate["fundingRate"])
    assert abs(Decimal(payment["amount"]) - expected) < Decimal("0.00000001")
    assert (await gate.get(f"{HOME}/account_book", type="fund"))[0]["contract"] == "BTC_USDT"
    assert await gate.get(f"{HOME}/account_book", type="fund", **{"from": NOW // 1000 + 10 * 3600}) == []


async def test_a_position_without_margin_is_liquidated(gate: GateCalls, venues: Venues) -> None:
    await gate.post(f"{HOME}/positions/BTC_USDT/leverage", leverage="50")
    size = 200_000  # 20 BTC
    order = await gate.post(f"{HOME}/orders", {**BOUGHT, "size": size})
    assert order["left"] == 0
    venues.market.shock("BTCUSDT", -20)
    await venues.clock.advance(60)
    assert (await gate.get(f"{HOME}/positions/BTC_USDT"))["size"] == 0
    [taken, _] = await gate.get(f"{HOME}/orders", status="finished")
    assert (taken["finish_as"], taken["is_liq"]) == ("liquidated", True)


async def test_a_stop_wakes_and_closes(gate: GateCalls, venues: Venues) -> None:
    await gate.post(f"{HOME}/orders", BOUGHT)
    placed = await gate.post(f"{HOME}/price_orders", STOP)
    assert [row["id"] for row in await gate.get(f"{HOME}/price_orders", status="open")] == [placed["id"]]
    assert await gate.get(f"{HOME}/orders", status="open") == []
    venues.market.shock("BTCUSDT", -10)
    await venues.clock.advance(60)
    woken = await gate.get(f"{HOME}/price_orders/{placed['id']}")
    assert (woken["status"], woken["finish_as"]) == ("finished", "succeeded")
    fired = await gate.get(f"{HOME}/orders/{woken['trade_id']}")
    assert (fired["text"], fired["finish_as"], fired["left"]) == (f"ao-{placed['id']}", "filled", 0)
    assert fired["id"] != placed["id"], "what woke is another order"
    assert (await gate.get(f"{HOME}/positions/BTC_USDT"))["size"] == 0


async def test_a_stop_without_a_position_fails_when_it_wakes(gate: GateCalls, venues: Venues) -> None:
    await gate.post(f"{HOME}/orders", BOUGHT)
    placed = await gate.post(f"{HOME}/price_orders", STOP)
    await gate.post(f"{HOME}/orders", SOLD)
    venues.market.shock("BTCUSDT", -10)
    await venues.clock.advance(60)
    woken = await gate.get(f"{HOME}/price_orders/{placed['id']}")
    assert (woken["status"], woken["finish_as"], woken["reason"]) == ("finished", "failed", "reduce_only")


async def test_sleeping_orders_are_cancelled_one_and_all(gate: GateCalls) -> None:
    await gate.post(f"{HOME}/orders", BOUGHT)
    ids = [(await gate.post(f"{HOME}/price_orders", STOP))["id"] for _ in range(3)]
    _, ended = await gate.ask("DELETE", f"{HOME}/price_orders/{ids[0]}")
    assert ended["finish_as"] == "cancelled"
    _, rest = await gate.ask("DELETE", f"{HOME}/price_orders", contract="BTC_USDT")
    assert [row["id"] for row in rest] == ids[1:]
    assert await gate.label("DELETE", f"{HOME}/price_orders/12") == "ORDER_NOT_FOUND"


async def test_an_order_that_ended_is_forgotten_by_and_by(gate: GateCalls, venues: Venues) -> None:
    filled = await gate.post(f"{HOME}/orders", BOUGHT)
    empty = await gate.post(f"{HOME}/orders", RESTING)
    await gate.ask("DELETE", f"{HOME}/orders/{empty['id']}")
    assert (await gate.get(f"{HOME}/orders/t-rests"))["finish_as"] == "cancelled"

    async def known() -> tuple[set[int], list[int]]:
        at_s = venues.clock.wire_ms() // 1000
        names = {"t-rests": 1, "t-buys": 2, str(empty["id"]): 3, str(filled["id"]): 4}
        found = {
            number
            for name, number in names.items()
            if (await gate.ask("GET", f"{HOME}/orders/{name}", at_s=at_s))[0] == 200
        }
        _, rows = await gate.ask("GET", f"{HOME}/orders", at_s=at_s, status="finished")
        return found, [row["id"] for row in rows]

    assert await known() == ({1, 2, 3, 4}, [empty["id"], filled["id"]])
    venues.wire.pass_ms(TEXT_KNOWN_MS[MarketKind.PERP] + 1)
    assert await known() == ({3, 4}, [empty["id"], filled["id"]])
    venues.wire.pass_ms(ZERO_FILL_KNOWN_MS)
    assert await known() == ({4}, [filled["id"]])


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown contract": ({"contract": "NOPE_USDT"}, "CONTRACT_NOT_FOUND"),
    "no contract": ({"contract": None}, "MISSING_REQUIRED_PARAM"),
    "no size": ({"size": None}, "MISSING_REQUIRED_PARAM"),
    "size of nothing": ({"size": 0}, "INVALID_PARAM_VALUE"),
    "part of a contract": ({"size": "1.5"}, "INVALID_PARAM_VALUE"),
    "off the grid": ({"price": "50000.001"}, "INVALID_PARAM_VALUE"),
    "market that waits": ({"price": "0"}, "INVALID_PARAM_VALUE"),
    "odd patience": ({"tif": "gtd"}, "INVALID_PARAM_VALUE"),
    "would take": ({"price": "99000", "tif": "poc"}, "ORDER_POC_IMMEDIATE"),
    "far from the market": ({"price": "200000"}, "PRICE_TOO_DEVIATED"),
    "more than the margin": ({"size": 1_000_000}, "INSUFFICIENT_AVAILABLE"),
    "nothing to reduce": ({"reduce_only": True}, "REDUCE_EXCEEDED"),
    "odd flag": ({"reduce_only": "perhaps"}, "INVALID_PARAM_VALUE"),
    "close with a size": ({"close": True}, "INVALID_PARAM_VALUE"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_wrong_order_is_refused_and_changes_nothing(
    gate: GateCalls, venues: Venues, case: str
) -> None:
    change, label = REFUSED[case]
    body = {name: value for name, value in {**RESTING, **change}.items() if value is not None}
    assert await gate.label("POST", f"{HOME}/orders", body) == label
    assert not venues.gate.exchange.account("main").orders


async def test_an_order_that_is_over_cannot_be_cancelled(gate: GateCalls) -> None:
    order = await gate.post(f"{HOME}/orders", BOUGHT)
    assert await gate.label("DELETE", f"{HOME}/orders/{order['id']}") == "ORDER_FINISHED"
    assert await gate.label("DELETE", f"{HOME}/orders/12") == "ORDER_NOT_FOUND"


async def test_a_changed_order_keeps_its_side(gate: GateCalls) -> None:
    order = await gate.post(f"{HOME}/orders", RESTING)
    path = f"{HOME}/orders/{order['id']}"
    assert await gate.label("PUT", path, {"size": -50}) == "INVALID_PARAM_VALUE"
    assert await gate.label("PUT", path, {}) == "INVALID_PARAM_VALUE"
    _, changed = await gate.ask("PUT", path, {"size": 50})
    assert (changed["size"], changed["left"]) == (50, 50)


async def test_orders_in_a_batch_stand_each_for_itself(gate: GateCalls) -> None:
    rows = await gate.post(f"{HOME}/batch_orders", [RESTING, {**RESTING, "size": 1_000_000}])
    assert [(row["succeeded"], row.get("label")) for row in rows] == [
        (True, None),
        (False, "INSUFFICIENT_AVAILABLE"),
    ]
    ended = await gate.post(f"{HOME}/batch_cancel_orders", [str(rows[0]["id"]), "12"])
    assert [(row["succeeded"], row["message"]) for row in ended] == [(True, ""), (False, "ORDER_NOT_FOUND")]
    assert await gate.label("POST", f"{HOME}/batch_cancel_orders", {}) == "INVALID_REQUEST_BODY"


async def test_all_orders_of_a_side_are_cancelled(gate: GateCalls) -> None:
    await gate.post(f"{HOME}/orders", RESTING)
    ask = await gate.post(f"{HOME}/orders", {**RESTING, "size": -100, "price": "99000"})
    _, ended = await gate.ask("DELETE", f"{HOME}/orders", contract="BTC_USDT", side="ask")
    assert [row["id"] for row in ended] == [ask["id"]]
    assert len(await gate.get(f"{HOME}/orders", status="open", contract="BTC_USDT")) == 1


async def test_fills_and_orders_come_by_time(gate: GateCalls, venues: Venues) -> None:
    for _ in range(3):
        await gate.post(f"{HOME}/orders", BOUGHT)
        await venues.clock.advance(3600)
    later = {"from": NOW // 1000 + 1}
    assert len(await gate.get(f"{HOME}/my_trades_timerange", **later)) == 2
    assert len(await gate.get(f"{HOME}/my_trades_timerange", to=NOW // 1000)) == 1
    assert len(await gate.get(f"{HOME}/my_trades", limit=2, offset=2)) == 1
    assert len(await gate.get(f"{HOME}/orders_timerange", **later)) == 2
