"""Acts on a Gate account that take more than one request."""

from typing import Any

import pytest

from adapters.venues.answer import VenueAnswer
from adapters.venues.gate_acts import GateActs
from adapters.venues.gate_reads import GateReads
from ports.errors import Uncertain
from tests.build.clock import HandClock
from tests.build.venue_catalogue import GATE_PERP
from tests.build.venue_gate import FakeGate, calls_to

SPOT, SPOT_ASLEEP = "private_spot_delete_orders", "private_spot_delete_price_orders"
PERPS, PERPS_ASLEEP = "private_futures_delete_settle_orders", "private_futures_delete_settle_price_orders"

RESTING = {
    "id": 1,
    "contract": "BTC_USDT",
    "create_time": 1546569968,
    "size": 10,
    "left": 10,
    "price": "3765",
    "tif": "gtc",
    "status": "open",
    "text": "t-mine",
}


def acts(gate: FakeGate) -> GateActs:
    calls, clock = calls_to(gate), HandClock()
    return GateActs(calls, GateReads(calls, clock))


def deleted(gate: FakeGate) -> list[tuple[str, Any]]:
    return [(method, request.get("contract")) for method, request in gate.asked if "delete" in method]


async def test_everything_is_cancelled_without_looking_first() -> None:
    gate = FakeGate()
    await acts(gate).cancel_all(None)
    assert {method for method, _ in gate.asked} == {SPOT, SPOT_ASLEEP, PERPS, PERPS_ASLEEP}


async def test_where_contracts_must_be_named_those_with_orders_are() -> None:
    def named(request: Any) -> Any:
        return (
            [] if "contract" in request else VenueAnswer(status=400, code="MISSING_REQUIRED_PARAM", text="")
        )

    answers = {PERPS: named, PERPS_ASLEEP: named, "private_futures_get_settle_orders": [RESTING]}
    gate = FakeGate(**answers)
    await acts(gate).cancel_all(None)
    assert (PERPS, "BTC_USDT") in deleted(gate)
    assert (PERPS_ASLEEP, "BTC_USDT") in deleted(gate)


async def test_one_market_that_fails_does_not_keep_the_others_in_the_book() -> None:
    gate = FakeGate(**{SPOT: VenueAnswer(status=502, code="", text="")})
    with pytest.raises(Uncertain):
        await acts(gate).cancel_all(None)
    assert {method for method, _ in gate.asked} == {SPOT, SPOT_ASLEEP, PERPS, PERPS_ASLEEP}


async def test_one_market_alone_is_cancelled_by_its_name() -> None:
    gate = FakeGate()
    await acts(gate).cancel_all(GATE_PERP.instrument)
    assert deleted(gate) == [(PERPS, "BTC_USDT"), (PERPS_ASLEEP, "BTC_USDT")]
