"""`/reconcile`: what differs from a venue, and the buttons that set it right, each once and confirmed."""

from decimal import Decimal

import pytest

from engines.core.side import Direction, Side
from engines.orders.order import OrderKind
from engines.risk.latch import Cause
from ports.people import Role
from ports.venue_books import VenueOrder, VenueOrderState, VenuePosition
from tests.build.fake_venue import FakeVenue
from tests.build.orders import NOW, PERP
from tests.build.screens import ANN, ScreenDesk, data_of, labels

D = Decimal


@pytest.fixture
async def venue(desk: ScreenDesk) -> FakeVenue:
    """Bybit with a thousand dollars, opened and taken over."""
    venue = FakeVenue(desk.clock)
    venue.money["USDT"] = D(1000)
    orders = desk.services.trades.orders
    await orders.open(venue.account, venue, venue)
    await desk.services.reconciliation.conclude(venue.account)
    desk.clock.move(1)
    return venue


async def test_no_account_is_open(desk: ScreenDesk) -> None:
    screen = await desk.type("/reconcile", by=ANN)
    assert "No venue account is open" in screen.html


async def test_it_is_for_admins(desk: ScreenDesk) -> None:
    table = desk.services.table
    assert table.commands["reconcile"].role is Role.ADMIN
    assert {table.buttons[prefix].role for prefix in ("ra", "rd", "rq", "rx")} == {Role.ADMIN}


async def test_books_and_venue_agree(desk: ScreenDesk, venue: FakeVenue) -> None:
    screen = await desk.type("/reconcile", by=ANN)
    assert "<b>Bybit</b>" in screen.html
    assert "Books and venue agree" in screen.html
    assert "✓ USDT 1,000" in screen.html
    assert labels(screen) == ["Refresh"]


async def test_money_that_nobody_knows_is_adopted_once(desk: ScreenDesk, venue: FakeVenue) -> None:
    venue.money["USDT"] = D("1005.5")
    card = await desk.type("/reconcile bybit", by=ANN)
    assert "⚠️ USDT: ours 1,000 · venue 1,005.5 · <b>+5.5</b>" in card.html
    one = await desk.tap(data_of(card, "USDT"), by=ANN)
    assert labels(one) == ["Adopt", "Ignore", "Back"]
    question = await desk.tap(data_of(one, "Adopt"), by=ANN)
    assert "Book +5.5 as a difference?" in question.html
    done = await desk.tap(data_of(question, "Adopt"), by=ANN)
    assert "Books and venue agree" in done.html
    again = await desk.press(data_of(question, "Adopt"), by=ANN)
    assert again.is_error
    assert "agree" in (await desk.type("/reconcile", by=ANN)).html


async def test_what_has_changed_meanwhile_is_not_adopted(desk: ScreenDesk, venue: FakeVenue) -> None:
    venue.money["USDT"] = D(1005)
    card = await desk.type("/reconcile", by=ANN)
    question = await desk.tap(data_of(await desk.tap(data_of(card, "USDT"), by=ANN), "Adopt"), by=ANN)
    venue.money["USDT"] = D(1010)
    answer = await desk.press(data_of(question, "Adopt"), by=ANN)
    assert answer.outcome == "difference_changed"


async def test_a_foreign_position_becomes_a_trade(desk: ScreenDesk, venue: FakeVenue) -> None:
    venue.held.append(a_position())
    await desk.services.reconciliation.conclude(venue.account)
    latch = desk.services.latches.get("mismatch:bybit")
    assert latch is not None
    assert latch.cause is Cause.MISMATCH
    card = await desk.type("/reconcile", by=ANN)
    one = await desk.tap(data_of(card, "BTCUSDT"), by=ANN)
    assert labels(one) == ["Adopt", "Close it", "Ignore", "Back"]
    question = await desk.tap(data_of(one, "Adopt"), by=ANN)
    done = await desk.tap(data_of(question, "Adopt"), by=ANN)
    assert "Books and venue agree" in done.html
    assert "Clear Bybit…" in labels(done)
    [held] = desk.services.trades.register.live()
    assert (held.trade.quantity, held.trade.entry_price) == (D("0.5"), D(90))


async def test_a_foreign_order_is_cancelled(desk: ScreenDesk, venue: FakeVenue) -> None:
    venue.orders[""] = an_order()
    card = await desk.type("/reconcile", by=ANN)
    one = await desk.tap(data_of(card, "BTCUSDT buy 1 @ 80"), by=ANN)
    assert labels(one) == ["Cancel it", "Ignore", "Back"]
    question = await desk.tap(data_of(one, "Cancel it"), by=ANN)
    done = await desk.tap(data_of(question, "Cancel it"), by=ANN)
    assert "Books and venue agree" in done.html


async def test_what_is_ignored_stays_so_until_it_changes(desk: ScreenDesk, venue: FakeVenue) -> None:
    venue.money["BTC"] = D("0.1")
    card = await desk.type("/reconcile", by=ANN)
    question = await desk.tap(data_of(await desk.tap(data_of(card, "BTC"), by=ANN), "Ignore"), by=ANN)
    done = await desk.tap(data_of(question, "Ignore"), by=ANN)
    assert "○ BTC" in done.html
    venue.money["BTC"] = D("0.2")
    assert "⚠️ BTC" in (await desk.type("/reconcile", by=ANN)).html


def a_position() -> VenuePosition:
    return VenuePosition(
        instrument=PERP,
        direction=Direction.LONG,
        quantity=D("0.5"),
        entry_price=D(90),
        mark=D(100),
        leverage=D(1),
    )


def an_order() -> VenueOrder:
    return VenueOrder(
        client_id="",
        venue_id="v7",
        instrument=PERP,
        side=Side.BUY,
        kind=OrderKind.LIMIT,
        quantity=D(1),
        filled=D(0),
        limit_price=D(80),
        state=VenueOrderState.OPEN,
        created_at=NOW,
        updated_at=NOW,
    )
