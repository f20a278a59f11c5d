"""What our ccxt clients make of answers, before anybody judges them."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from adapters.venues.answer import NoAnswer, VenueAnswer
from adapters.venues.clients import Client, RawBybit, RawGate, open_client
from adapters.venues.keys import Keys

SETTINGS = {"apiKey": "public-half", "secret": "hush", "options": {"recvWindow": 5000}}


@pytest.fixture
async def bybit() -> AsyncIterator[RawBybit]:
    async with RawBybit(SETTINGS) as raw:
        yield raw


@pytest.fixture
async def gate() -> AsyncIterator[RawGate]:
    async with RawGate(SETTINGS) as raw:
        yield raw


def judged(raw: Any, status: int, body: str, **headers: str) -> VenueAnswer:
    with pytest.raises(VenueAnswer) as answer:
        raw.handle_errors(status, "", "https://…", "POST", headers, body, raw.parse_json(body), {}, "")
    return answer.value


async def test_bybit_names_its_code_and_when_its_quota_is_whole_again(bybit: RawBybit) -> None:
    times = {"X-Bapi-Limit-Reset-Timestamp": "1700000000750", "Timenow": "1700000000500"}
    answer = judged(bybit, 200, '{"retCode":10006,"retMsg":"Too many visits"}', **times)
    assert (answer.code, answer.text, answer.retry_after_s) == ("10006", "Too many visits", 0.25)


async def test_bybit_quotes_what_was_signed_and_we_do_not(bybit: RawBybit) -> None:
    said = '{"retCode":10004,"retMsg":"error sign! origin_string[1700public-half5000]"}'
    assert "public-half" not in str(judged(bybit, 200, said))


async def test_gate_names_its_label_and_when_to_come_back(gate: RawGate) -> None:
    said = '{"label":"TOO_MANY_REQUESTS","message":"Request Rate Limit Exceeded"}'
    answer = judged(gate, 429, said, **{"Retry-After": "2"})
    assert (answer.code, answer.retry_after_s) == ("TOO_MANY_REQUESTS", 2)


async def test_gate_names_the_second_at_which_its_quota_is_whole_again(gate: RawGate) -> None:
    times = {"X-Gate-RateLimit-Reset-Timestamp": "1700000003", "Date": "Tue, 14 Nov 2023 22:13:21 GMT"}
    assert judged(gate, 429, '{"label":"TOO_MANY_REQUESTS"}', **times).retry_after_s == 2
    later = times | {"Date": "Tue, 14 Nov 2023 22:13:29 GMT"}
    assert judged(gate, 429, '{"label":"TOO_MANY_REQUESTS"}', **later).retry_after_s == 0


async def test_an_answer_of_another_shape_names_no_code(bybit: RawBybit, gate: RawGate) -> None:
    assert judged(bybit, 200, "<html>").code == ""
    assert judged(gate, 200, "<html>").code == ""
    assert judged(gate, 502, "<html>Bad Gateway").status == 502


async def test_success_is_not_judged(bybit: RawBybit, gate: RawGate) -> None:
    bybit.handle_errors(200, "", "", "", {}, '{"retCode":0}', {"retCode": "0"}, {}, "")
    gate.handle_errors(201, "", "", "", {}, '{"id":1}', {"id": "1"}, {}, "")
    gate.handle_errors(204, "", "", "", {}, "", None, {}, "")


async def test_gates_acts_end_when_bybits_would(gate: RawGate) -> None:
    acts = gate.sign("orders", ["private", "spot"], "POST", {"text": "t-1"})
    assert 0 < int(acts["headers"]["X-Gate-Exptime"]) - gate.milliseconds() <= 5000
    assert "X-Gate-Exptime" not in gate.sign("accounts", ["private", "spot"], "GET", {})["headers"]


@pytest.mark.parametrize("venue", ["bybit", "gate"])
async def test_what_found_no_connection_was_not_sent(venue: str) -> None:
    client = _client(venue, Keys(key="a", secret="b"))
    with pytest.raises(NoAnswer) as error:
        await client.ask(_ANY_READ[venue], {})
    assert not error.value.was_sent
    await client.close()


async def test_what_cannot_be_signed_was_not_sent() -> None:
    client = _client("bybit", Keys(key="", secret=""))
    with pytest.raises(NoAnswer) as error:
        await client.ask("private_get_v5_account_info", {})
    assert not error.value.was_sent
    await client.close()


_ANY_READ = {"bybit": "public_get_v5_market_time", "gate": "public_spot_get_time"}


def _client(venue: str, keys: Keys) -> Client:
    return open_client(venue, keys, base_url="http://127.0.0.1:9", timeout_ms=500, recv_window_ms=5000)
