"""The Bybit twin's money: wallet, leverage, mode, funding, the log, transfers; and the recorded shapes."""

import json
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.build.bybit_desk import BybitDesk, a_bybit_desk
from tests.build.shapes import shape_gaps

D = Decimal
LINEAR = {"category": "linear", "symbol": "BTCUSDT"}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[BybitDesk]:
    async with a_bybit_desk(tmp_path) as running:
        yield running


async def coin(desk: BybitDesk, name: str = "USDT") -> dict[str, Any]:
    wallet = await desk.get("/v5/account/wallet-balance", accountType="UNIFIED", coin=name)
    (row,) = wallet["list"][0]["coin"]
    found: dict[str, Any] = row
    return found


async def test_funding_is_paid_at_the_settlement_and_told_everywhere(desk: BybitDesk) -> None:
    await desk.order("Buy", 1)
    await desk.venues.clock.advance(8 * 3600)
    rows = (await desk.get("/v5/execution/list", category="linear", execType="Funding"))["list"]
    (log,) = (
        await desk.get(
            "/v5/account/transaction-log", accountType="UNIFIED", category="linear", type="SETTLEMENT"
        )
    )["list"]
    assert [row["execFee"] for row in rows] == [log["funding"].removeprefix("-")]
    assert D(log["funding"]) == -D(rows[0]["execValue"]) * D("0.0001")
    assert D((await coin(desk))["walletBalance"]) == D(log["cashBalance"])


async def test_the_log_adds_up_to_the_wallet(desk: BybitDesk) -> None:
    await desk.order("Buy", "0.5")
    await desk.order("Sell", "0.5", reduceOnly=True)
    await desk.order("Buy", "0.1", category="spot", marketUnit="baseCoin")
    for name in ("USDT", "BTC"):
        log = await desk.get("/v5/account/transaction-log", accountType="UNIFIED", currency=name, limit=50)
        rows = log["list"]
        assert sum(D(row["change"]) for row in rows) == D((await coin(desk, name))["walletBalance"])
        assert rows[-1]["type"] == "TRANSFER_IN"
        assert {row["type"] for row in rows[:-1]} == {"TRADE"}
        assert [row for row in rows if D(row["change"]) != D(row["cashFlow"]) - D(row["fee"])] == rows[-1:]


async def test_leverage_and_mode(desk: BybitDesk) -> None:
    both = {"buyLeverage": "5", "sellLeverage": "5"}
    assert (await desk.post("/v5/position/set-leverage", **LINEAR, **both))["retCode"] == 0
    assert (await desk.post("/v5/position/set-leverage", **LINEAR, **both))["retCode"] == 110043
    uneven = {"buyLeverage": "5", "sellLeverage": "4"}
    assert (await desk.post("/v5/position/set-leverage", **LINEAR, **uneven))["retCode"] == 10001
    high = {"buyLeverage": "500", "sellLeverage": "500"}
    assert (await desk.post("/v5/position/set-leverage", **LINEAR, **high))["retCode"] == 110013
    (row,) = (await desk.get("/v5/position/list", **LINEAR))["list"]
    assert (row["leverage"], row["size"], row["positionIdx"]) == ("5", "0", 0)

    async def switch(mode: int) -> int:
        answer = await desk.post("/v5/position/switch-mode", category="linear", coin="USDT", mode=mode)
        return int(answer["retCode"])

    assert await switch(0) == 110025
    await desk.order("Buy", price=desk.at("0.95"), orderLinkId="in-the-way")
    assert await switch(3) == 110028
    await desk.post("/v5/order/cancel-all", category="linear", settleCoin="USDT")
    assert await switch(3) == 0
    await desk.order("Buy", "0.2", positionIdx=1)
    await desk.order("Sell", "0.1", positionIdx=2)
    assert await switch(0) == 110024
    rows = (await desk.get("/v5/position/list", **LINEAR))["list"]
    assert [(row["positionIdx"], row["side"], row["size"]) for row in rows] == [
        (1, "Buy", "0.200"),
        (2, "Sell", "0.100"),
    ]


async def test_transfers_happen_once_and_are_listed(desk: BybitDesk) -> None:
    asked = {
        "transferId": "6f0c6c0e-9a0b-4a51-9d5c-000000000001",
        "coin": "USDT",
        "amount": "1000",
        "fromAccountType": "UNIFIED",
        "toAccountType": "FUND",
    }
    path = "/v5/asset/transfer/inter-transfer"
    assert (await desk.post(path, **asked))["result"]["status"] == "SUCCESS"
    assert (await desk.post(path, **asked))["retCode"] == 131214
    dear = {**asked, "transferId": "t-2", "amount": "1000000"}
    assert (await desk.post(path, **dear))["retCode"] == 131212
    assert (await desk.post(path, **{**asked, "transferId": "t-3", "toAccountType": "ATTIC"}))[
        "retCode"
    ] == 131207
    listed = (await desk.get("/v5/asset/transfer/query-inter-transfer-list"))["list"]
    assert [(row["transferId"], row["amount"]) for row in listed] == [(asked["transferId"], "1000")]
    fund = await desk.get("/v5/asset/transfer/query-account-coins-balance", accountType="FUND", coin="USDT")
    assert fund["balance"][0]["walletBalance"] == "51000"
    assert (await coin(desk))["walletBalance"] == "99000"


async def test_deposits_and_withdrawals_are_listed(desk: BybitDesk) -> None:
    venue, at = desk.venues.bybit, desk.venues.bybit.now()
    venue.exchange.treasury.deposit(desk.account, "FUND", "ETH", D(3), at)
    venue.exchange.suspend_withdrawals(desk.account, True, at)
    gone = venue.exchange.treasury.withdraw(desk.account, "FUND", "ETH", D(1), at)
    deposits = (await desk.get("/v5/asset/deposit/query-record", coin="ETH"))["rows"]
    assert [row["amount"] for row in deposits] == ["3", "10"]
    (row,) = (await desk.get("/v5/asset/withdraw/query-record"))["rows"]
    assert (row["withdrawId"], row["status"]) == (gone.id, "Pending")
    coins = (await desk.get("/v5/asset/coin/query-info", coin="ETH"))["rows"]
    assert coins[0]["chains"][0]["chainWithdraw"] == "0"


async def test_a_position_that_does_not_stand_is_taken_over(desk: BybitDesk) -> None:
    venue = desk.venues.bybit
    at = venue.now()
    for asset in ("BTC", "ETH"):
        venue.exchange.treasury.withdraw(
            desk.account, "UNIFIED", asset, desk.account.balance("UNIFIED", asset), at
        )
    await desk.order("Buy", 3)
    (held,) = (await desk.get("/v5/position/list", **LINEAR))["list"]
    assert D(held["liqPrice"]) < D(held["markPrice"])
    desk.venues.market.shock("BTCUSDT", -60)
    await desk.venues.clock.advance(2)
    (held,) = (await desk.get("/v5/position/list", **LINEAR))["list"]
    assert D(held["size"]) == 0
    done = (await desk.get("/v5/execution/list", category="linear"))["list"]
    assert done[0]["execType"] == "BustTrade"
    assert D((await coin(desk))["walletBalance"]) >= 0


SHAPES: dict[str, tuple[str, dict[str, Any]]] = {
    "rest/account_get_balances": ("/v5/account/wallet-balance", {"accountType": "UNIFIED", "coin": "BTC"}),
    "adapter/http_get_wallet_balance": (
        "/v5/account/wallet-balance",
        {"accountType": "UNIFIED", "coin": "BTC"},
    ),
    "rest/account_get_fee_rate": ("/v5/account/fee-rate", {"category": "linear"}),
    "rest/trading_get_orders": ("/v5/order/realtime", {"category": "linear"}),
    "rest/trading_get_user_trades": ("/v5/execution/list", {"category": "linear"}),
    "rest/trading_get_positions": ("/v5/position/list", LINEAR),
    "rest/account_get_transaction_history": (
        "/v5/account/transaction-log",
        {"accountType": "UNIFIED", "category": "linear"},
    ),
    "rest/account_get_withdrawals": ("/v5/asset/withdraw/query-record", {}),
}


@pytest.mark.parametrize("name", SHAPES)
async def test_answers_have_the_shape_that_was_recorded(
    desk: BybitDesk, shared_data: Path, name: str
) -> None:
    await desk.order("Buy", "0.001")
    await desk.order("Buy", price=desk.at("0.95"))
    venue = desk.venues.bybit
    for _ in range(2):
        venue.exchange.treasury.withdraw(desk.account, "FUND", "USDT", D(5), venue.now())
    path, query = SHAPES[name]
    recorded = json.loads((shared_data / "fixtures" / "bybit_v5" / f"{name}.json").read_text())
    recorded = recorded.get("response", recorded)
    rows = recorded["result"].get("list") or recorded["result"]["rows"]
    del rows[1:]
    if "wallet" in name:
        del rows[0]["coin"][1:]
    served = await desk.raw("GET", path, **query)
    assert shape_gaps(recorded, served) == []


POSTED: dict[str, tuple[str, dict[str, Any]]] = {
    "trading_place_order": (
        "/v5/order/create",
        {**LINEAR, "side": "Buy", "orderType": "Market", "qty": "0.001"},
    ),
    "trading_edit_order": ("/v5/order/amend", {**LINEAR, "orderLinkId": "shape-0", "qty": "0.002"}),
    "trading_cancel_order": ("/v5/order/cancel", {**LINEAR, "orderLinkId": "shape-0"}),
    "trading_cancel_all_order": ("/v5/order/cancel-all", LINEAR),
    "account_set_leverage": (
        "/v5/position/set-leverage",
        {**LINEAR, "buyLeverage": "3", "sellLeverage": "3"},
    ),
    "trading_set_trading_stop": ("/v5/position/trading-stop", {**LINEAR, "stopLoss": "1000"}),
}


@pytest.mark.parametrize("name", POSTED)
async def test_deeds_are_answered_in_the_shape_that_was_recorded(
    desk: BybitDesk, shared_data: Path, name: str
) -> None:
    await desk.order("Buy", "0.001")
    for number in range(2):
        await desk.order("Buy", "0.001", price=desk.at("0.95"), orderLinkId=f"shape-{number}")
    path, body = POSTED[name]
    recorded = json.loads((shared_data / "fixtures" / "bybit_v5" / "rest" / f"{name}.json").read_text())
    assert shape_gaps(recorded["response"], await desk.post(path, **body)) == []
