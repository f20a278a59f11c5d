"""What a venue's answers mean to the road."""

from collections.abc import Sequence
from decimal import Decimal

import pytest

from adapters.venues.answer import Declined, Meaning, Unsent
from adapters.venues.ccxt_venue import CcxtVenue
from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.orders.bracket import SOUND
from engines.orders.order import Acknowledged, Amended, Expired, Order, OrderEvent, Terms, VenueRejected
from ports.errors import DeskError, Rejected, Transient, Uncertain
from ports.trading import LastLook
from ports.venue_books import VenueOrder
from tests.build.clock import NOON, HandClock
from tests.build.orders import an_order


class Scripted:
    """An account whose acts fail with `failure`, and where a look-up answers `found`."""

    sleep = SOUND

    def __init__(self, failure: Exception | None = None, found: VenueOrder | Exception | None = None) -> None:
        self._failure = failure
        self._found = found

    async def submit(self, order: Order, direction: Direction, last_look: LastLook) -> str | None:
        self._act()
        return "venue-7"

    async def cancel(self, order: Order) -> None:
        self._act()

    async def amend(self, order: Order, terms: Terms) -> None:
        self._act()

    async def cancel_all(self, instrument: Instrument | None) -> None:
        self._act()

    async def set_leverage(self, instrument: Instrument, leverage: Decimal) -> None:
        self._act()

    async def set_hedged(self, is_hedged: bool) -> None:
        self._act()

    async def transfer(self, transfer_id: str, asset: str, amount: Decimal, source: str, target: str) -> None:
        self._act()

    async def order(self, client_id: str, instrument: Instrument) -> VenueOrder | None:
        if isinstance(self._found, Exception):
            raise self._found
        return self._found

    def _act(self) -> None:
        if self._failure is not None:
            raise self._failure


def venue(failure: Exception | None = None, found: VenueOrder | Exception | None = None) -> CcxtVenue:
    account = Scripted(failure, found)
    return CcxtVenue("bybit", account, account, HandClock())


def said(meaning: Meaning) -> Declined:
    return Declined(meaning, "as the venue says")


async def submitted(venue: CcxtVenue) -> Sequence[OrderEvent]:
    return await venue.submit(an_order(), Direction.LONG)


async def test_an_accepted_order_is_acknowledged_under_the_venues_id() -> None:
    [event] = await submitted(venue())
    assert isinstance(event, Acknowledged)
    assert event.venue_id == "venue-7"


@pytest.mark.parametrize(
    ("meaning", "reason"),
    [(Meaning.HALTED, "halted"), (Meaning.GONE, "other"), (Meaning.UNCHANGED, "other")],
)
async def test_a_refusal_has_a_reason_that_fits_an_order(meaning: Meaning, reason: str) -> None:
    [event] = await submitted(venue(said(meaning)))
    assert isinstance(event, VenueRejected)
    assert event.reason == reason


async def test_an_order_that_was_not_wanted_any_more_has_ended_unsent() -> None:
    ended = Expired(at=NOON)
    assert await submitted(venue(Unsent(ended))) == [ended]


@pytest.mark.parametrize("found", [None, Transient("down")])
async def test_an_id_that_is_there_and_cannot_be_seen_is_uncertain_and_never_a_refusal(
    found: Exception | None,
) -> None:
    with pytest.raises(Uncertain):
        await submitted(venue(said(Meaning.DUPLICATE_ID), found))


@pytest.mark.parametrize("failure", [Uncertain("?"), Transient("busy")])
async def test_what_is_unclear_or_may_be_sent_again_is_for_the_road_to_decide(failure: DeskError) -> None:
    with pytest.raises(type(failure)):
        await submitted(venue(failure))


def dearer(order: Order) -> Terms:
    return Terms(quantity=order.terms.quantity, kind=order.terms.kind, limit_price=Decimal(101))


async def test_an_amendment_that_changes_nothing_stands() -> None:
    order = an_order()
    [event] = await venue(said(Meaning.UNCHANGED)).amend(order, dearer(order))
    assert isinstance(event, Amended)
    assert await venue(said(Meaning.GONE)).amend(order, dearer(order)) == []


async def test_settings_and_cancelling_everything_may_be_asked_again() -> None:
    unclear = venue(Uncertain("?"))
    with pytest.raises(Transient):
        await unclear.cancel_all()
    with pytest.raises(Transient):
        await unclear.set_hedged(True)
    await venue(said(Meaning.UNCHANGED)).set_hedged(True)
    with pytest.raises(Rejected):
        await venue(said(Meaning.OTHER)).set_hedged(True)
