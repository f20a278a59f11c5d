"""The Gate twin in the whole sandbox: what a hand does to the accounts is seen over the wire."""

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.accounts import TRADING
from sandbox.gate.signing import signature
from sandbox.world import WorldOptions
from tests.build.sandbox import Sandbox, running_sandbox

NO_BODY = (
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f"
    "63b931bd47417a81a538327af927da3e"
)


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with running_sandbox(tmp_path, WorldOptions(speed=0)) as running:
        yield running


async def ask(sandbox: Sandbox, path: str, query: str = "", *, method: str = "GET") -> Any:
    """The JSON that a signed request without a body is answered with."""
    now_s = str(int(time.time()))
    text = "\n".join((method, f"/api/v4/{path}", query, NO_BODY, now_s))
    headers = {"KEY": TRADING.key, "Timestamp": now_s, "SIGN": signature(TRADING.secret, text)}
    url = f"{sandbox.url}/gate/api/v4/{path}?{query}"
    async with sandbox.http.request(method, url, headers=headers) as response:
        return await response.json()


async def test_a_foreign_order_is_of_the_venues_grid(sandbox: Sandbox) -> None:
    body = {"symbol": "BTCUSDT", "side": "buy", "quantity": "0.05", "price": "50000", "client_id": "web"}
    await sandbox.control("POST", "exchange/gate/orders", body)
    [order] = await ask(sandbox, "futures/usdt/orders", "status=open")
    assert (order["size"], order["text"], order["contract"]) == (500, "web", "BTC_USDT")
    odd = {**body, "quantity": "0.00005"}
    async with sandbox.http.post(f"{sandbox.url}/control/exchange/gate/orders", json=odd) as response:
        assert response.status == 400


async def test_money_that_came_is_told(sandbox: Sandbox) -> None:
    await sandbox.control("POST", "exchange/gate/deposits", {"asset": "USDT", "amount": "250.5"})
    deposits = await ask(sandbox, "wallet/deposits", "currency=USDT")
    assert (deposits[0]["amount"], deposits[0]["status"]) == ("250.5", "DONE")
    await sandbox.control("POST", "exchange/gate/suspension", {})
    await sandbox.control("POST", "exchange/gate/withdrawals", {"asset": "USDT", "amount": "100"})
    [withdrawal] = await ask(sandbox, "wallet/withdrawals")
    assert (withdrawal["amount"], withdrawal["status"]) == ("100", "PEND")


async def test_the_wire_is_cut_by_hand(sandbox: Sandbox) -> None:
    await sandbox.control("POST", "wire", {"service": "gate", "number": 2, "phase": "after"})
    await ask(sandbox, "futures/usdt/accounts")
    with pytest.raises(aiohttp.ClientError):
        await ask(sandbox, "futures/usdt/dual_mode", "dual_mode=true", method="POST")
    assert (await ask(sandbox, "futures/usdt/accounts"))["in_dual_mode"] is True
