"""`/tickets` and the buttons of tickets, authorised at the tap."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engines.core.side import Side
from engines.orders.order import OrderState
from engines.orders.proposal import Proposal
from engines.orders.subaccount import EngineName
from handlers.ui.ticket_view import ticket_screen
from ports.desk_state import Approval
from ports.messages import Screen, Style
from ports.tickets import TicketState
from services.ticketing.proposal import Outcome
from tests.build.desk_state import a_policy
from tests.build.fake_venue import FakeVenue
from tests.build.screens import ANN, TOM, VERA, ScreenDesk, a_screen_desk, buttons, data_of, labels
from tests.build.ticket_screens import a_desk_intent, a_desk_order, a_ticket_standing
from tests.build.tickets import an_effect

ADMIN_CHAT = -100


async def a_live_desk(admin_chat: int | None = ADMIN_CHAT) -> ScreenDesk:
    """The desk's own hand trades real money, with tickets."""
    desk = await a_screen_desk(admin_chat=admin_chat)
    await desk.stores.policies.put(a_policy(EngineName.MANUAL, approval=Approval.ASK))
    await desk.services.policies.load()
    await desk.accounts.open("bybit")
    venue = FakeVenue(desk.clock)
    venue.set("87210.50")
    await desk.services.trades.orders.open("bybit", venue, venue)
    return desk


async def ask(desk: ScreenDesk, key: str = "wish") -> Outcome:
    """The desk's hand wants to buy a hundredth of a coin."""
    instrument = desk.source.perps_listed[0]
    wish = Proposal(
        key=key,
        engine=EngineName.MANUAL,
        instrument=instrument,
        side=Side.BUY,
        quantity=Decimal("0.01"),
        reason="daily close above SMA200",
        asked_by=TOM,
    )
    outcome = await desk.services.proposals.submit(wish)
    await desk.services.tickets.cards.refresh()
    return outcome


def card(desk: ScreenDesk, chat: int = ADMIN_CHAT) -> Screen:
    """The newest message of a chat."""
    return next(one.screen for one in reversed(desk.messenger.deliveries) if one.chat_id == chat)


async def test_the_card_says_everything_before_the_buttons() -> None:
    desk = await a_live_desk()
    outcome = await ask(desk)
    shown = card(desk)

    assert "<b>APPROVE? · LIVE · manual</b>" in shown.html
    assert "Buy <code>0.010</code> BTC perp" in shown.html
    assert "worst price" in shown.html
    assert "Because: daily close above SMA200" in shown.html
    assert f"Expires in 2:00 · ticket {outcome.ticket.id} · asked by Tom" in shown.html
    assert labels(shown) == ["Approve", "Smaller", "Paper", "Skip"]
    assert buttons(shown)[0].style is Style.SUCCESS


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "⚠️ Asked 9,000.00 USDT, cut to 872.11: size of one order."),
        ("ru", "⚠️ Просили 9 000,00 USDT, урезано до 872,11: размер одной заявки."),
    ],
)
async def test_a_size_that_a_limit_cut_says_so_to_the_last_fill(language: str, says: str) -> None:
    desk = await a_screen_desk()
    say = desk.services.rendering.speech(language, "UTC")
    intent = a_desk_intent(desk.source.perps_listed[0])
    filled = a_desk_order(intent, OrderState.FILLED, filled=intent.quantity, cost=Decimal(13_095))
    effect = an_effect(asked=Decimal(9000), cut_by="per_order")
    for standing in (a_ticket_standing(intent), a_ticket_standing(intent, TicketState.APPROVED, filled)):
        cut = replace(standing, ticket=replace(standing.ticket, effect=effect))
        shown = ticket_screen(say, cut, "", may_approve=False).html.replace("\N{NO-BREAK SPACE}", " ")
        assert says in shown


async def test_a_tap_approves_and_the_card_goes_on() -> None:
    desk = await a_live_desk()
    outcome = await ask(desk)
    answer = await desk.press(data_of(card(desk), "Approve"), by=ANN, chat=ADMIN_CHAT)
    await desk.services.tickets.cards.refresh()

    assert (answer.screen, answer.is_error) == (None, False)
    assert desk.services.tickets.get(outcome.ticket.id).ticket.decided_by == ANN
    assert "Approved by Ann" in card(desk).html
    assert "APPROVE?" not in card(desk).html


async def test_the_second_approver_hears_who_was_faster() -> None:
    desk = await a_live_desk()
    outcome = await ask(desk)
    approve, skip = data_of(card(desk), "Approve"), data_of(card(desk), "Skip")
    await desk.press(approve, by=ANN, chat=ADMIN_CHAT)
    answer = await desk.press(skip, by=ANN, chat=ADMIN_CHAT)

    assert answer.is_error
    assert answer.screen is not None
    assert f"Ann was faster: ticket {outcome.ticket.id} is decided." in answer.screen.html
    again = await desk.press(approve, by=ANN, chat=ADMIN_CHAT)
    assert (again.screen, again.is_error) == (None, False), "a double tap is no news"


@pytest.mark.parametrize(("by", "chat"), [(ANN, ANN), (TOM, ADMIN_CHAT), (VERA, ADMIN_CHAT)])
async def test_a_button_works_only_there_and_for_those_who_may(by: int, chat: int) -> None:
    desk = await a_live_desk()
    outcome = await ask(desk)
    answer = await desk.press(data_of(card(desk), "Approve"), by=by, chat=chat)

    assert answer.is_error
    assert desk.services.tickets.get(outcome.ticket.id).is_open


async def test_a_token_of_something_else_is_no_ticket() -> None:
    desk = await a_live_desk()
    await ask(desk)
    token = await desk.services.actions.offer("admit", chat_id=ADMIN_CHAT)

    assert (await desk.press(f"oa:{token}", by=ANN, chat=ADMIN_CHAT)).is_error
    assert (await desk.press("oa:nonsense", by=ANN, chat=ADMIN_CHAT)).is_error


async def test_smaller_and_paper_and_skip() -> None:
    desk = await a_live_desk()
    await ask(desk)
    await desk.press(data_of(card(desk), "Smaller"), by=ANN, chat=ADMIN_CHAT)
    await desk.services.tickets.cards.refresh()
    smaller = card(desk)
    await desk.press(data_of(smaller, "Paper"), by=ANN, chat=ADMIN_CHAT)
    await desk.services.tickets.cards.refresh()
    on_paper = card(desk)
    other = await ask(desk, "other")
    await desk.press(data_of(card(desk), "Skip"), by=ANN, chat=ADMIN_CHAT)
    await desk.services.tickets.cards.refresh()

    assert "Half of what was asked" in smaller.html
    assert "0.005" in smaller.html
    assert "<b>FILLED · PAPER · manual</b>" in on_paper.html
    assert "<b>SKIPPED · LIVE · manual</b>" in card(desk).html
    assert (await desk.stores.tickets.get(other.ticket.id)) is not None
    stored = await desk.stores.tickets.get(other.ticket.id)
    assert stored is not None
    assert stored.state is TicketState.SKIPPED


async def test_the_list_shows_what_became_of_them() -> None:
    desk = await a_live_desk()
    assert "No tickets yet" in (await desk.type("/tickets", by=TOM)).html
    outcome = await ask(desk)
    await desk.press(data_of(card(desk), "Skip"), by=ANN, chat=ADMIN_CHAT)
    listed = await desk.type("/tickets", by=TOM)
    one = await desk.tap(data_of(listed, outcome.ticket.id), by=TOM)

    assert "<b>SKIPPED</b> · Ann" in listed.html
    assert "Nothing was sent." in one.html
    assert labels(one) == ["Tickets"]
    assert (await desk.answer("/tickets nope", by=TOM)).is_error


async def test_in_russian_too() -> None:
    desk = await a_live_desk(admin_chat=None)
    await desk.services.people.change(ANN, language="ru")
    await ask(desk)

    assert "ОДОБРИТЬ? · LIVE" in card(desk, ANN).html
    assert labels(card(desk, ANN)) == ["Одобрить", "Меньше", "На бумаге", "Пропустить"]
