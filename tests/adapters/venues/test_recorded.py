"""What Bybit and Gate really said of accounts, read by our own hands."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from adapters.venues import bybit_rows, gate_rows
from engines.core.side import Direction, Side
from engines.orders.order import Liquidity, OrderKind
from ports.venue_books import MovementKind, VenueOrderState
from tests.build.venue_catalogue import BYBIT, GATE

D = Decimal
Record = Callable[[str], Any]


@pytest.fixture
def recorded(shared_data: Path) -> Record:
    """The answer, or the last message of the stream, of that name."""

    def read(name: str) -> Any:
        record = json.loads((shared_data / "fixtures" / f"{name}.json").read_text(), parse_float=str)
        return record["response"] if "response" in record else record["events"][-1]["message"]

    return read


def test_bybit_order(recorded: Record) -> None:
    [row] = recorded("bybit_v5/rest/trading_get_orders")["result"]["list"]
    order = bybit_rows.order_of(row, "linear", BYBIT)
    assert order is not None
    assert (order.client_id, order.side, order.kind) == ("test-000005", Side.BUY, OrderKind.LIMIT)
    assert (order.quantity, order.filled, order.limit_price) == (D("0.10"), D(0), D(1600))
    assert (order.state, order.trigger_price, order.reason) == (VenueOrderState.OPEN, None, "")
    assert order.created_at == datetime(2023, 5, 22, 6, 55, 40, 559000, tzinfo=UTC)


def test_bybit_execution_over_rest_and_stream(recorded: Record) -> None:
    [row] = recorded("bybit_v5/rest/trading_get_user_trades")["result"]["list"]
    assert bybit_rows.fill_of(row, "linear", BYBIT) is None  # ETHPERP is not settled in USDT
    [row] = recorded("bybit_v5/ws/private_user_trades")["data"]
    fill = bybit_rows.fill_of(row, "linear", BYBIT)
    assert fill is not None
    assert (fill.side, fill.price, fill.quantity) == (Side.SELL, D("0.3374"), D(25))
    assert (fill.fee, fill.fee_asset, fill.liquidity) == (D("0.005061"), "USDT", Liquidity.TAKER)


def test_bybit_position_wallet_and_funding(recorded: Record) -> None:
    [row] = recorded("bybit_v5/ws/private_position")["data"]
    position = bybit_rows.position_of(row, BYBIT)
    assert position is not None
    assert (position.direction, position.quantity, position.leverage) == (Direction.SHORT, D(0), D(10))
    assert position.liquidation_price is None
    [wallet] = recorded("bybit_v5/ws/private_balance")["data"]
    balance = bybit_rows.balance_of(wallet["coin"][0])
    assert (balance.asset, balance.total, balance.free) == ("BTC", D("0.00102964"), D("0.00102964"))
    row = recorded("bybit_v5/rest/account_get_transaction_history")["result"]["list"][0]
    funding = bybit_rows.funding_of(row, BYBIT)
    assert funding is not None
    assert (funding.amount, funding.asset) == (D("-0.003676"), "USDT")


def test_gate_spot_order_over_rest_and_stream(recorded: Record) -> None:
    order = gate_rows.spot_order_of(recorded("gate_v4/spot/rest/trading_place_order"), GATE)
    assert order is not None
    assert (order.client_id, order.venue_id) == ("abc123", "1852454420")
    assert (order.quantity, order.filled, order.state) == (D("0.001"), D("0.001"), VenueOrderState.FILLED)
    [row] = recorded("gate_v4/spot/ws/subscribe_to_order_updates")["result"]
    told = gate_rows.spot_order_of(row, GATE)
    assert told is not None
    assert (told.state, told.filled, told.client_id) == (VenueOrderState.OPEN, D(0), "testtext")
    assert told.created_at == datetime(2023, 9, 14, 1, 33, 45, 315000, tzinfo=UTC)


def test_gate_futures_order_over_rest_and_stream(recorded: Record) -> None:
    order = gate_rows.futures_order_of(recorded("gate_v4/futures/rest/trading_place_order"), GATE)
    assert order is not None
    assert (order.client_id, order.side, order.quantity) == ("my-custom-id", Side.BUY, D("0.6024"))
    assert (order.state, order.filled, order.limit_price) == (VenueOrderState.CANCELED, D(0), D(3765))
    [row] = recorded("gate_v4/futures/ws/subscribe_to_order_updates")["result"]
    told = gate_rows.futures_order_of(row, GATE)
    assert told is not None
    assert (told.quantity, told.filled, told.client_id) == (D("0.75"), D("0.50"), "")
    assert (told.limit_price, told.state) == (D("40000.4"), VenueOrderState.FILLED)


def test_gate_executions_over_rest_and_stream(recorded: Record) -> None:
    [row] = recorded("gate_v4/futures/rest/trading_get_user_trades")
    fill = gate_rows.futures_fill_of(row, GATE)
    assert fill is not None
    assert (fill.quantity, fill.price, fill.fee, fill.fee_asset) == (
        D("0.0100"),
        D("100.123"),
        D("0.01"),
        "USDT",
    )
    assert fill.at == datetime(2018, 1, 1, 0, 0, 0, 123000, tzinfo=UTC)
    [row] = recorded("gate_v4/spot/ws/subscribe_to_user_trade_updates")["result"]
    told = gate_rows.spot_fill_of(row, GATE)
    assert told is not None
    assert (told.fee, told.fee_asset, told.client_id) == (D("0.002"), "USDT", "")
    assert told.at == datetime(2020, 11, 12, 10, 25, 41, 123456, tzinfo=UTC)


def test_gate_points_and_its_own_coin_pay_fees(recorded: Record) -> None:
    [row] = recorded("gate_v4/futures/rest/trading_get_user_trades")
    in_points = gate_rows.futures_fill_of(row | {"fee": "0", "point_fee": "0.5"}, GATE)
    assert in_points is not None
    assert (in_points.fee, in_points.fee_asset) == (D("0.5"), "POINT")
    in_coin = gate_rows.futures_fill_of(row | {"fee": "0", "gt_fee": "0.25"}, GATE)
    assert in_coin is not None
    assert (in_coin.fee, in_coin.fee_asset) == (D("0.25"), "GT")


def test_gate_positions(recorded: Record) -> None:
    [row] = recorded("gate_v4/futures/rest/trading_get_positions")
    position = gate_rows.position_of(row, GATE)
    assert position is not None
    assert (position.direction, position.quantity) == (Direction.SHORT, D("0.9440"))
    assert (position.mark, position.liquidation_price) == (D("3780.32"), None)
    dual = gate_rows.position_of(row | {"size": 0, "mode": "dual_long", "cross_leverage_limit": "5"}, GATE)
    assert dual is not None
    assert (dual.direction, dual.quantity, dual.leverage) == (Direction.LONG, D(0), D(5))


def test_gate_account_and_movements(recorded: Record) -> None:
    balances = gate_rows.balances_of(recorded("gate_v4/spot/rest/account_get_unified_account_info"))
    assert {one.asset for one in balances} == {"ETH", "POINT", "USDT"}
    [row] = recorded("gate_v4/spot/rest/account_get_withdrawals")
    gone = gate_rows.movement_of(row, MovementKind.WITHDRAWAL)
    assert gone is not None
    assert (gone.amount, gone.is_done) == (D("-222.62"), True)
    assert gate_rows.movement_of(row | {"status": "CANCEL"}, MovementKind.WITHDRAWAL) is None
    [row] = recorded("gate_v4/spot/rest/account_get_deposits")
    came = gate_rows.movement_of(row, MovementKind.DEPOSIT)
    assert came is not None
    assert came.amount == D("222.61")


def test_gate_orders_that_sleep(recorded: Record) -> None:
    [row] = recorded("gate_v4/futures/rest/trading_get_trigger_orders")
    slept = gate_rows.sleeping_futures_order_of(row, GATE)
    assert slept is not None
    assert (slept.trigger_price, slept.limit_price) == (D(3000), D("5.03"))
    assert slept.state is VenueOrderState.CANCELED
    [row] = recorded("gate_v4/spot/rest/trading_get_trigger_orders")
    assert gate_rows.sleeping_spot_order_of(row, GATE) is None  # GT is not in this catalogue
    told = gate_rows.sleeping_spot_order_of(row | {"market": "BTC_USDT"}, GATE)
    assert told is not None
    assert (told.trigger_price, told.state) == (D(100), VenueOrderState.OPEN)
