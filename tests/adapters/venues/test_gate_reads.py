"""What Gate is asked when the first answer is not enough."""

from datetime import timedelta
from typing import Any

import pytest

from adapters.venues import gate_rows
from adapters.venues.answer import Declined, Meaning, VenueAnswer
from adapters.venues.ccxt_books import CcxtBooks
from adapters.venues.gate_reads import GateReads
from engines.core.side import Side
from ports.errors import Transient
from ports.venue_books import VenueOrderState
from tests.build.clock import NOON, HandClock
from tests.build.venue_catalogue import GATE, GATE_PERP, GATE_SPOT
from tests.build.venue_gate import FakeGate, calls_to

SPOT_ORDER = {
    "id": "77",
    "text": "ao-5",
    "create_time": "1710488334",
    "update_time": "1710488335",
    "status": "closed",
    "currency_pair": "BTC_USDT",
    "type": "limit",
    "side": "sell",
    "amount": "0.01",
    "price": "100",
    "time_in_force": "ioc",
    "left": "0",
    "finish_as": "filled",
}
ASLEEP: dict[str, Any] = {
    "id": 5,
    "market": "BTC_USDT",
    "trigger": {"price": "90", "rule": "<="},
    "put": {
        "type": "limit",
        "side": "sell",
        "price": "85",
        "amount": "0.01",
        "time_in_force": "ioc",
        "text": "t-mine",
    },
    "ctime": 1616397800,
    "ftime": 1616397801,
    "status": "finish",
}
NOT_THERE = VenueAnswer(status=404, code="ORDER_NOT_FOUND", text="Order not found")


def reads(gate: FakeGate) -> GateReads:
    return GateReads(calls_to(gate), HandClock())


async def test_an_order_whose_id_gate_forgot_is_found_among_the_finished() -> None:
    finished = [SPOT_ORDER | {"text": "t-other"}, SPOT_ORDER | {"text": "t-mine"}]
    gate = FakeGate(private_spot_get_orders_order_id=NOT_THERE, private_spot_get_orders=finished)
    told = await reads(gate).order("mine", GATE_SPOT.instrument)
    assert told is not None
    assert (told.client_id, told.state) == ("mine", VenueOrderState.FILLED)


async def test_an_order_that_woke_is_looked_up_by_its_new_id_and_told_under_the_old_one() -> None:
    def by_id(request: Any) -> Any:
        return SPOT_ORDER if request["order_id"] == "77" else NOT_THERE

    gate = FakeGate(
        private_spot_get_orders_order_id=by_id,
        private_spot_get_price_orders=lambda request: (
            [ASLEEP | {"fired_order_id": 77}] if request["status"] == "finished" else []
        ),
    )
    told = await reads(gate).order("mine", GATE_SPOT.instrument)
    assert told is not None
    assert (told.client_id, told.venue_id, told.state) == ("mine", "5", VenueOrderState.FILLED)


async def test_an_order_that_sleeps_without_its_name_is_found_by_the_venues_id() -> None:
    nameless = ASLEEP | {"status": "open", "put": ASLEEP["put"] | {"text": "api"}}
    gate = FakeGate(
        private_spot_get_orders_order_id=NOT_THERE, private_spot_get_price_orders_order_id=nameless
    )
    told = await reads(gate).order("mine", GATE_SPOT.instrument, "5")
    assert told is not None
    assert (told.client_id, told.venue_id, told.state) == ("mine", "5", VenueOrderState.OPEN)


async def test_an_order_of_another_name_under_that_id_is_not_ours() -> None:
    other = ASLEEP | {"put": ASLEEP["put"] | {"text": "t-other"}}
    gate = FakeGate(private_spot_get_orders_order_id=NOT_THERE, private_spot_get_price_orders_order_id=other)
    assert await reads(gate).order("mine", GATE_SPOT.instrument, "5") is None


async def test_what_is_nowhere_is_not_there_and_every_place_was_looked_at() -> None:
    gate = FakeGate(private_futures_get_settle_orders_order_id=NOT_THERE)
    assert await reads(gate).order("mine", GATE_PERP.instrument) is None
    statuses = [(method, request.get("status")) for method, request in gate.asked[1:]]
    assert statuses == [
        ("private_futures_get_settle_orders", "finished"),
        ("private_futures_get_settle_price_orders", "open"),
        ("private_futures_get_settle_price_orders", "finished"),
    ]


async def test_a_refusal_is_no_proof_of_absence() -> None:
    gate = FakeGate(
        private_spot_get_orders_order_id=VenueAnswer(status=400, code="INVALID_PARAM_VALUE", text="")
    )
    with pytest.raises(Declined):
        await reads(gate).order("mine", GATE_SPOT.instrument)


async def test_an_order_that_does_not_sleep_is_gone() -> None:
    with pytest.raises(Declined) as declined:
        await reads(FakeGate()).sleeping_id("mine", GATE_SPOT)
    assert declined.value.meaning is Meaning.GONE


async def test_without_an_offer_the_last_price_is_the_touch() -> None:
    gate = FakeGate(public_spot_get_tickers=[{"last": "100", "lowest_ask": "", "highest_bid": "99"}])
    assert await reads(gate).touch(GATE_SPOT, Side.BUY) == 100
    assert await reads(gate).touch(GATE_SPOT, Side.SELL) == 99


async def test_long_times_are_read_month_by_month_and_page_by_page() -> None:
    page = [{"time": 1616397800, "change": "-1", "contract": "BTC_USDT"}] * 100
    gate = FakeGate(private_futures_get_settle_account_book=lambda request: [] if request["offset"] else page)
    await reads(gate).fundings(NOON - timedelta(days=45))
    spans = [(request["from"], request["offset"]) for _, request in gate.asked]
    assert [offset for _, offset in spans] == [0, 100, 0, 100]
    assert spans[2][0] - spans[0][0] == 30 * 86_400


async def test_an_answer_of_another_shape_is_no_answer() -> None:
    gate = FakeGate(private_unified_get_accounts={"balances": {"BTC": {"available": "a lot"}}})
    with pytest.raises(Transient) as error:
        await reads(gate).balances()
    assert error.value.kind == "nonsense"


def test_executions_of_an_order_that_woke_are_told_under_the_id_that_it_slept_under() -> None:
    row = {"id": "30908769", "currency_pair": "BTC_USDT", "side": "sell", "role": "taker"}
    row |= {"amount": "0.01", "price": "90", "order_id": "77", "fee": "0", "text": "ao-5"}
    told = gate_rows.spot_fill_of(row | {"create_time": "1710488334"}, GATE)
    assert told is not None
    assert (told.client_id, told.venue_order_id) == ("", "5")
    perp = {"id": "9", "contract": "BTC_USDT", "size": -1, "price": "90", "order_id": "78", "role": "taker"}
    futures = gate_rows.futures_fill_of(perp | {"create_time": 1710488334, "text": "ao-6"}, GATE)
    assert futures is not None
    assert futures.venue_order_id == "6"


async def test_open_orders_beyond_the_first_page_are_read_too() -> None:
    rows = [
        SPOT_ORDER | {"id": str(number), "text": "web", "status": "open", "finish_as": "open"}
        for number in range(130)
    ]
    asleep = [ASLEEP | {"id": 1000 + number, "status": "open"} for number in range(130)]

    def on_spot(request: Any) -> Any:
        first = (request["page"] - 1) * request["limit"]
        return [{"currency_pair": "BTC_USDT", "orders": rows[first : first + request["limit"]]}]

    def sleeping(request: Any) -> Any:
        return asleep[request["offset"] : request["offset"] + request["limit"]]

    gate = FakeGate(private_spot_get_open_orders=on_spot, private_spot_get_price_orders=sleeping)
    there = await reads(gate).open_orders()
    assert len({order.venue_id for order in there}) == 260 == len(there)


class Silent:
    """A private stream that tells nothing."""

    async def watch(self, tell: Any) -> None:
        """Never."""

    async def close(self) -> None:
        """Nothing is open."""


async def test_both_sides_of_a_trade_of_ours_with_ourselves_are_told() -> None:
    row = {"id": "30908769", "currency_pair": "BTC_USDT", "amount": "0.01", "price": "90", "fee": "0"}
    row["create_time"] = str(int(NOON.timestamp()))
    taken = row | {"side": "sell", "role": "taker", "order_id": "77"}
    made = row | {"side": "buy", "role": "maker", "order_id": "78"}
    gate = FakeGate(private_spot_get_my_trades=[taken, made, taken])
    books = CcxtBooks(calls_to(gate), reads(gate), Silent())
    told = await books.fills(NOON - timedelta(hours=1), GATE_SPOT.instrument)
    assert sorted(fill.venue_order_id for fill in told) == ["77", "78"]


async def test_funding_of_a_long_and_a_short_of_one_moment_are_two() -> None:
    line = {"time": NOON.timestamp(), "type": "fund", "contract": "BTC_USDT", "text": "BTC_USDT"}
    rows = [line | {"change": "-1.5"}, line | {"change": "1.2"}, line | {"change": "-1.5"}]
    gate = FakeGate(private_futures_get_settle_account_book=rows)
    books = CcxtBooks(calls_to(gate), reads(gate), Silent())
    paid = await books.fundings(NOON - timedelta(hours=1))
    assert sorted(str(one.amount) for one in paid) == ["-1.5", "1.2"]


def test_a_key_that_may_withdraw_is_known_by_any_of_its_names() -> None:
    for name in ("withdraw", "withdrawal"):
        rights = gate_rows.rights_of({"perms": [{"name": name, "read_only": False}, {"name": "spot"}]})
        assert rights.can_withdraw
    assert not gate_rows.rights_of({"perms": [{"name": "withdraw", "read_only": True}]}).can_withdraw
