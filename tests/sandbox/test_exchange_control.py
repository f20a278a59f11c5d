"""The accounts of the venues by hand: foreign orders, fills, deposits; and what is kept of them."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sandbox.accounts import MAIN
from sandbox.world import World, WorldOptions, build_world
from tests.build.sandbox import Sandbox, running_sandbox

OPTIONS = WorldOptions(speed=0)
BASE = "exchange/bybit"


@pytest.fixture
async def sandbox(tmp_path: Path) -> AsyncIterator[Sandbox]:
    async with running_sandbox(tmp_path, OPTIONS) as running:
        yield running


async def refused(sandbox: Sandbox, path: str, body: dict[str, Any]) -> tuple[int, str]:
    async with sandbox.http.post(f"{sandbox.url}/control/{path}", json=body) as response:
        return response.status, (await response.json())["error"]


async def test_others_trade_on_the_account(sandbox: Sandbox) -> None:
    order = await sandbox.control(
        "POST", f"{BASE}/orders", {"symbol": "BTCUSDT", "side": "buy", "quantity": 0.5, "price": "80000"}
    )
    assert (order["state"], order["client_id"]) == ("open", "")
    done = await sandbox.control("POST", f"{BASE}/orders/{order['id']}/fill", {"quantity": "0.2"})
    assert (done["state"], done["filled"]) == ("open", "0.2")
    gone = await sandbox.control("POST", f"{BASE}/orders/{order['id']}/cancel", {})
    assert (gone["state"], gone["why"]) == ("canceled", "canceled_by_user")
    late = await sandbox.control("POST", f"{BASE}/orders/{order['id']}/fill", {})
    assert (late["state"], late["filled"]) == ("canceled", "0.5")
    view = await sandbox.control("GET", BASE)
    assert [(one["symbol"], one["size"]) for one in view["positions"]] == [("BTCUSDT", "0.5")]
    assert (view["orders"], view["executions"]) == ([], 2)


async def test_money_comes_and_goes(sandbox: Sandbox) -> None:
    await sandbox.control("POST", f"{BASE}/deposits", {"asset": "USDT", "amount": "250.5"})
    assert (await sandbox.control("POST", f"{BASE}/suspension", {}))["suspended"]
    gone = await sandbox.control("POST", f"{BASE}/withdrawals", {"asset": "BTC", "amount": 0.25})
    assert not gone["is_done"]
    view = await sandbox.control("GET", BASE)
    amounts = {(one["wallet"], one["asset"]): one["amount"] for one in view["balances"]}
    assert (amounts["UNIFIED", "USDT"], amounts["UNIFIED", "BTC"]) == ("100250.5", "0.75")
    assert view["are_withdrawals_suspended"]
    await sandbox.control("POST", f"{BASE}/suspension", {"suspended": False})
    account = sandbox.world.venues["bybit"].exchange.account(MAIN)
    assert account.movements[gone["id"]].is_done


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("exchange/kraken/orders", {}, 404, "no venue kraken"),
        (f"{BASE}/orders", {"symbol": "NOPE", "side": "buy", "quantity": 1}, 404, "no market NOPE"),
        (f"{BASE}/orders", {"symbol": "BTCUSDT", "side": "hold", "quantity": 1}, 400, "one of buy, sell"),
        (f"{BASE}/orders", {"symbol": "BTCUSDT", "side": "buy", "quantity": "x"}, 400, "must be a number"),
        (f"{BASE}/orders", {"symbol": "BTCUSDT", "side": "buy", "quantity": 1e9}, 400, "insufficient"),
        (f"{BASE}/orders/7/cancel", {}, 400, "order_not_found"),
        (f"{BASE}/deposits", {"asset": "USDT", "amount": -1}, 400, "bad_amount"),
        (f"{BASE}/deposits", {"asset": "USDT", "amount": True}, 400, "must be a number"),
        (f"{BASE}/deposits", {"asset": "USDT", "amount": 1, "wallet": "ATTIC"}, 400, "unknown_wallet"),
        ("wire", {"service": "bybit", "number": 0}, 400, "1 or more"),
        ("wire", {"service": "kraken", "number": 1}, 400, "no venue"),
        ("wire", {"service": "bybit", "number": 1, "phase": "amid"}, 400, "before"),
    ],
)
async def test_what_makes_no_sense_is_refused(
    sandbox: Sandbox, path: str, body: dict[str, Any], status: int, words: str
) -> None:
    got, error = await refused(sandbox, path, body)
    assert (got, words in error) == (status, True), error


async def test_the_wire_is_cut_by_request(sandbox: Sandbox) -> None:
    cut = await sandbox.control("POST", "wire", {"service": "gate", "number": 1, "phase": "after"})
    assert cut == await sandbox.control("GET", "wire") == {"bybit": 0, "gate": 0}


# kept


def fingerprint(world: World) -> dict[str, Any]:
    """Everything of an account that must outlive the world."""
    account = world.venues["bybit"].exchange.account(MAIN)
    return {
        "balances": account.balances,
        "locked": {place: amount for place, amount in account.locked.items() if amount},
        "positions": account.positions,
        "orders": account.orders,
        "live": set(account.live),
        "executions": account.executions,
        "changes": account.changes,
        "movements": account.movements,
        "settings": account.settings,
        "waiting": {key: one.notional for key, one in account.waiting.items() if any(one.notional.values())},
    }


async def test_a_kept_world_goes_on_with_its_accounts(tmp_path: Path) -> None:
    options = WorldOptions(speed=0, state=tmp_path / "state", start=datetime(2026, 1, 5, tzinfo=UTC))
    order = {"symbol": "BTCUSDT", "side": "buy", "quantity": "0.5"}
    async with running_sandbox(tmp_path, options) as sandbox:
        await sandbox.control("POST", f"{BASE}/orders", order)
        await sandbox.control("POST", f"{BASE}/orders", {**order, "price": "80000", "client_id": "k-0"})
        await sandbox.control("POST", f"{BASE}/orders", {**order, "side": "sell", "trigger_price": "70000"})
        await sandbox.control("POST", f"{BASE}/orders", {**order, "price": "80000", "kind": "spot"})
        await sandbox.control("POST", f"{BASE}/deposits", {"asset": "ETH", "amount": 1})
        await sandbox.control("POST", f"{BASE}/suspension", {})
        await sandbox.control("POST", "clock", {"advance_s": 3600})
        before = fingerprint(sandbox.world)
        numbers = [one.number for one in sandbox.world.venues["bybit"].exchange.journal.since(0)]
    async with running_sandbox(tmp_path, options) as sandbox:
        assert fingerprint(sandbox.world) == before
        again = await sandbox.control("POST", f"{BASE}/orders", {**order, "price": "79000"})
        assert again["id"] not in before["orders"]
        fresh = sandbox.world.venues["bybit"].exchange.journal.since(0)
        assert min(one.number for one in fresh) > max(numbers)


async def test_a_killed_world_has_kept_every_change(tmp_path: Path) -> None:
    """Nothing is closed: what is on disk at any moment is enough."""
    options = WorldOptions(speed=0, state=tmp_path / "state", start=datetime(2026, 1, 5, tzinfo=UTC))
    order = {"symbol": "BTCUSDT", "side": "buy", "quantity": "0.5"}
    async with running_sandbox(tmp_path, options) as sandbox:
        await sandbox.control("POST", f"{BASE}/orders", order)
        survivor = build_world(options)
        assert fingerprint(survivor) == fingerprint(sandbox.world)
        survivor.keep.close()
