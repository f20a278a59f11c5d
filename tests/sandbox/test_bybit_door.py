"""Who gets in at the Bybit twin: signatures, times, keys and quotas."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import ccxt
import pytest

from sandbox.accounts import ENDED, OLD, READING, TRADING, UNBOUND, WITHDRAWING, ApiKey
from sandbox.bybit.door import signature
from tests.build.bybit_desk import BybitDesk, a_bybit_desk
from tests.build.venues import bybit_client

WALLET = "/v5/account/wallet-balance"


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[BybitDesk]:
    async with a_bybit_desk(tmp_path) as running:
        yield running


async def code_of(desk: BybitDesk, key: ApiKey = TRADING, skew_ms: int = 0) -> int:
    stamp_ms = int(time.time() * 1000) + skew_ms
    answer = await desk.raw("GET", WALLET, key, stamp_ms=stamp_ms, accountType="UNIFIED")
    return int(answer["retCode"])


async def test_a_request_is_signed_with_a_key_that_there_is(desk: BybitDesk) -> None:
    assert await code_of(desk) == 0
    assert await code_of(desk, replace(TRADING, key="NOBODY")) == 10003
    assert await code_of(desk, replace(TRADING, secret=READING.secret)) == 10004
    assert await code_of(desk, ENDED) == 33004


@pytest.mark.parametrize(("skew_ms", "code"), [(-4000, 0), (-6000, 10002), (2500, 10002)])
async def test_a_request_is_neither_old_nor_of_the_future(desk: BybitDesk, skew_ms: int, code: int) -> None:
    assert await code_of(desk, skew_ms=skew_ms) == code


async def test_the_venues_clock_may_be_wrong(desk: BybitDesk) -> None:
    desk.venues.faults.merge({"bybit": {"skew_ms": 60_000}})
    assert await code_of(desk) == 10002
    server = await desk.venues.get("/bybit/v5/market/time")
    assert await code_of(desk, skew_ms=server["time"] - int(time.time() * 1000)) == 0


async def test_the_real_client_is_told_of_a_wrong_clock_and_key(desk: BybitDesk) -> None:
    desk.venues.faults.merge({"bybit": {"skew_ms": -60_000}})
    with pytest.raises(ccxt.InvalidNonce):
        await desk.client.fetch_balance()
    desk.venues.faults.clear()
    async with bybit_client(desk.venues, replace(TRADING, key="NOBODY")) as stranger:
        with pytest.raises(ccxt.AuthenticationError):
            await stranger.fetch_balance()


@pytest.mark.parametrize(
    ("key", "read_only", "withdraws", "ips"),
    [
        (TRADING, 0, False, ["127.0.0.1"]),
        (READING, 1, False, ["127.0.0.1"]),
        (WITHDRAWING, 0, True, ["127.0.0.1"]),
        (UNBOUND, 0, False, ["*"]),
    ],
)
async def test_a_key_tells_its_rights(
    desk: BybitDesk, key: ApiKey, read_only: int, withdraws: bool, ips: list[str]
) -> None:
    told = (await desk.raw("GET", "/v5/user/query-api", key))["result"]
    assert told["readOnly"] == read_only
    assert ("Withdraw" in told["permissions"]["Wallet"]) is withdraws
    assert told["ips"] == ips


async def test_a_key_tells_its_age(desk: BybitDesk) -> None:
    told = (await desk.raw("GET", "/v5/user/query-api", OLD))["result"]
    age = datetime.now(UTC) - datetime.fromisoformat(told["createdAt"])
    assert age.days == 100
    assert (told["expiredAt"], told["deadlineDay"]) == ("", 0)
    told = (await desk.raw("GET", "/v5/user/query-api", TRADING))["result"]
    assert told["deadlineDay"] in (82, 83)


async def test_quotas_hold_when_they_are_switched_on(desk: BybitDesk) -> None:
    async def code() -> int:
        return int((await desk.order("Buy", "0.001", price=desk.at("0.95")))["retCode"])

    assert {await code() for _ in range(25)} == {0}
    desk.venues.faults.merge({"bybit": {"real_limits": True}})
    codes = [await code() for _ in range(25)]
    assert codes[:20] == [0] * 20
    assert 10006 in codes[20:]


@pytest.mark.parametrize("body", ["[1]", "{", '"x"'])
async def test_a_body_that_is_no_object_is_refused(desk: BybitDesk, body: str) -> None:
    stamp = str(int(time.time() * 1000))
    headers = {
        "X-BAPI-API-KEY": TRADING.key,
        "X-BAPI-TIMESTAMP": stamp,
        "X-BAPI-RECV-WINDOW": "5000",
        "X-BAPI-SIGN": signature(TRADING, f"{stamp}{TRADING.key}5000{body}"),
    }
    url = f"{desk.venues.url}/bybit/v5/order/create"
    async with desk.venues.http.post(url, data=body, headers=headers) as response:
        assert (await response.json())["retCode"] == 10001
