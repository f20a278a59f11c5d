"""The entrance to the Gate twin's private side: keys, signatures, clocks and rights."""

import orjson
import pytest

from sandbox.accounts import ENDED, OLD, READING, TRADING, UNBOUND, WITHDRAWING, ApiKey
from sandbox.gate.keys import CLASSIC
from tests.build.gate_calls import WIRE_S, GateCalls
from tests.build.venues import Venues

ORDER = {"currency_pair": "BTC_USDT", "side": "buy", "type": "limit", "amount": "0.01", "price": "50000"}


async def test_a_signed_request_is_answered(venues: Venues) -> None:
    assert (await GateCalls(venues).get("account/detail"))["key"] == {"mode": 2}


@pytest.mark.parametrize(
    ("headers", "label"),
    [
        ({}, "MISSING_REQUIRED_HEADER"),
        ({"KEY": TRADING.key, "Timestamp": str(WIRE_S)}, "MISSING_REQUIRED_HEADER"),
        ({"KEY": "nobody", "Timestamp": str(WIRE_S), "SIGN": "0"}, "INVALID_KEY"),
        ({"KEY": TRADING.key, "Timestamp": str(WIRE_S), "SIGN": "0"}, "INVALID_SIGNATURE"),
        ({"KEY": TRADING.key, "Timestamp": "soon", "SIGN": "0"}, "REQUEST_EXPIRED"),
    ],
)
async def test_who_does_not_sign_rightly_is_refused(
    venues: Venues, headers: dict[str, str], label: str
) -> None:
    async with venues.http.get(f"{venues.url}/gate/api/v4/spot/accounts", headers=headers) as response:
        assert response.status in (401, 403)
        assert (await response.json())["label"] == label


async def test_a_signature_is_of_one_request_only(venues: Venues) -> None:
    headers = GateCalls(venues).headers("GET", "spot/accounts", "currency=BTC", b"", WIRE_S)
    url = f"{venues.url}/gate/api/v4/spot/accounts?currency=USDT"
    async with venues.http.get(url, headers=headers) as response:
        assert (await response.json())["label"] == "INVALID_SIGNATURE"


@pytest.mark.parametrize(("off_s", "status"), [(-61, 403), (-59, 200), (59, 200), (61, 403)])
async def test_a_clock_may_be_a_minute_off(venues: Venues, off_s: int, status: int) -> None:
    answered, _ = await GateCalls(venues).ask("GET", "spot/accounts", at_s=WIRE_S + off_s)
    assert answered == status


async def test_a_skewed_venue_refuses_and_says_its_time(venues: Venues) -> None:
    venues.faults.merge({"gate": {"skew_ms": 90_000}})
    assert await GateCalls(venues).label("GET", "spot/accounts") == "REQUEST_EXPIRED"
    said = await venues.get("/gate/api/v4/spot/time")
    assert said["server_time"] == WIRE_S * 1000 + 90_000
    status, _ = await GateCalls(venues).ask("GET", "spot/accounts", at_s=WIRE_S + 90)
    assert status == 200


@pytest.mark.parametrize(("left_ms", "status"), [(1000, 200), (-1, 403)])
async def test_an_order_that_came_too_late_is_not_taken(venues: Venues, left_ms: int, status: int) -> None:
    raw = orjson.dumps(ORDER)
    headers = GateCalls(venues).headers("POST", "spot/orders", "", raw, WIRE_S)
    headers["X-Gate-Exptime"] = str(WIRE_S * 1000 + left_ms)
    async with venues.http.post(
        f"{venues.url}/gate/api/v4/spot/orders", data=raw, headers=headers
    ) as response:
        assert response.status == status
    assert len(venues.gate.exchange.account("main").live) == (status == 200)


async def test_a_key_that_reads_does_not_act(venues: Venues) -> None:
    calls = GateCalls(venues, READING)
    assert await calls.get("spot/accounts")
    assert await calls.label("POST", "spot/orders", ORDER) == "READ_ONLY"


async def test_a_key_that_ended_is_unknown(venues: Venues) -> None:
    assert await GateCalls(venues, ENDED).label("GET", "spot/accounts") == "INVALID_KEY"


@pytest.mark.parametrize("key", [TRADING, READING, WITHDRAWING, UNBOUND, OLD])
async def test_a_key_tells_its_rights(venues: Venues, key: ApiKey) -> None:
    [told] = await GateCalls(venues, key).get("account/main_keys")
    rights = {one["name"]: one["read_only"] for one in told["perms"]}
    assert ("withdraw" in rights) is key.can_withdraw
    assert set(rights.values()) == {not key.can_trade}
    assert bool(told["ip_whitelist"]) is key.is_bound_to_ip
    assert int(told["created_at"]) == WIRE_S - key.age_days * 86_400


async def test_a_classic_account_has_a_wallet_for_each(venues: Venues) -> None:
    calls = GateCalls(venues, CLASSIC)
    assert (await calls.get("unified/unified_mode"))["mode"] == "classic"
    assert (await calls.get("account/detail"))["key"] == {"mode": 1}
    before = (await calls.get("futures/usdt/accounts"))["total"]
    transfer = {"currency": "USDT", "from": "spot", "to": "futures", "amount": "100"}
    assert (await calls.post("wallet/transfers", transfer))["tx_id"]
    assert float((await calls.get("futures/usdt/accounts"))["total"]) == float(before) + 100
    refused = await calls.label("POST", "spot/orders", {**ORDER, "account": "unified"})
    assert refused == "INVALID_PARAM_VALUE"
    assert await GateCalls(venues).label("POST", "wallet/transfers", transfer) == "INVALID_PARAM_VALUE"


async def test_a_body_that_is_not_json_is_refused(venues: Venues) -> None:
    raw = b"{"
    headers = GateCalls(venues).headers("POST", "spot/orders", "", raw, WIRE_S)
    url = f"{venues.url}/gate/api/v4/spot/orders"
    async with venues.http.post(url, data=raw, headers=headers) as response:
        assert (await response.json())["label"] == "INVALID_REQUEST_BODY"
