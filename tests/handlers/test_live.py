"""`/live`: real money is switched on slowly, where all admins see it, and off at once."""

from decimal import Decimal

import pytest

from engines.orders.subaccount import EngineName
from ports.desk_state import Approval
from tests.build.desk_state import a_policy
from tests.build.screens import ANN, TOM, ScreenDesk, a_screen_desk, data_of, labels

ADMIN_CHAT = -100
MANUAL = EngineName.MANUAL


@pytest.fixture
async def desk() -> ScreenDesk:
    """A desk with an admin chat."""
    return await a_screen_desk(admin_chat=ADMIN_CHAT)


async def go_live(desk: ScreenDesk) -> None:
    await desk.type("/live manual on", by=ANN, chat=ADMIN_CHAT)
    await desk.type("/live LIVE MANUAL", by=ANN, chat=ADMIN_CHAT)


async def test_everything_is_on_paper_at_first(desk: ScreenDesk) -> None:
    shown = await desk.type("/live", by=TOM)

    assert shown.html.count("<b>PAPER</b>") == len(EngineName)
    assert "LIVE" not in shown.html
    assert desk.accounts.opened == []


async def test_a_switch_is_asked_typed_and_waits(desk: ScreenDesk) -> None:
    asked = await desk.type("/live manual on", by=ANN, chat=ADMIN_CHAT)
    assert "<code>/live LIVE MANUAL</code>" in asked.html
    assert desk.services.policies.of(MANUAL).approval is Approval.PAPER

    waiting = await desk.type("/live LIVE MANUAL", by=ANN, chat=ADMIN_CHAT)
    assert "LIVE in 10:00" in waiting.html
    assert not desk.services.policies.is_live(MANUAL)

    desk.clock.move(601)
    shown = await desk.type("/live manual", by=ANN, chat=ADMIN_CHAT)
    assert "LIVE · asks" in shown.html
    assert desk.services.policies.is_live(MANUAL)


@pytest.mark.parametrize(
    "typed", ["/live manual", "/live Live Manual", "/live live manual", "/live LIVE TREND"]
)
async def test_only_the_exact_words_confirm(desk: ScreenDesk, typed: str) -> None:
    await desk.type("/live manual on", by=ANN, chat=ADMIN_CHAT)
    await desk.answer(typed, by=ANN, chat=ADMIN_CHAT)

    assert desk.services.policies.of(MANUAL).approval is Approval.PAPER


async def test_plain_words_confirm_in_the_chat_of_an_admin_without_a_group() -> None:
    desk = await a_screen_desk()
    await desk.type("/live manual on", by=ANN)
    await desk.type("LIVE MANUAL", by=ANN)

    assert desk.services.policies.of(MANUAL).approval is Approval.ASK


@pytest.mark.parametrize(("by", "chat"), [(ANN, ANN), (TOM, ADMIN_CHAT), (TOM, TOM)])
@pytest.mark.parametrize("typed", ["/live manual on", "/live LIVE MANUAL", "/live manual auto 200 1000"])
async def test_only_admins_and_only_in_the_admin_chat(
    desk: ScreenDesk, by: int, chat: int, typed: str
) -> None:
    assert (await desk.answer(typed, by=by, chat=chat)).is_error
    assert desk.services.policies.of(MANUAL).approval is Approval.PAPER


async def test_a_key_that_may_withdraw_is_refused_with_the_reason(desk: ScreenDesk) -> None:
    desk.accounts.refusals["bybit"] = "account_key_withdraws"
    answer = await desk.answer("/live manual on", by=ANN, chat=ADMIN_CHAT)

    assert answer.is_error
    assert answer.screen is not None
    assert "may withdraw money" in answer.screen.html


async def test_one_tap_takes_it_back(desk: ScreenDesk) -> None:
    await go_live(desk)
    shown = await desk.type("/live manual", by=ANN, chat=ADMIN_CHAT)
    back = await desk.tap(data_of(shown, "Back to paper"), by=ANN, chat=ADMIN_CHAT)

    assert "<b>manual · PAPER</b>" in back.html
    assert desk.services.policies.of(MANUAL).approval is Approval.PAPER


async def test_off_works_from_anywhere_for_an_admin(desk: ScreenDesk) -> None:
    await go_live(desk)
    await desk.type("/live manual off", by=ANN, chat=ANN)
    assert desk.services.policies.of(MANUAL).approval is Approval.PAPER
    assert (await desk.answer("/live manual off", by=TOM)).is_error


async def test_limits_are_confirmed_once(desk: ScreenDesk) -> None:
    await go_live(desk)
    asked = await desk.type("/live manual auto 200 1k", by=ANN, chat=ADMIN_CHAT)
    assert desk.services.policies.of(MANUAL).approval is Approval.ASK
    set_ = data_of(asked, "Let them go")
    desk.clock.move(601)
    shown = await desk.tap(set_, by=ANN, chat=ADMIN_CHAT)

    policy = desk.services.policies.of(MANUAL)
    assert (policy.approval, policy.most_order, policy.most_day) == (
        Approval.AUTO,
        Decimal(200),
        Decimal(1000),
    )
    assert "Today 0.00 of 1,000.00 USDT." in shown.html
    assert (await desk.press(set_, by=ANN, chat=ADMIN_CHAT)).is_error
    asking = await desk.tap(data_of(shown, "Always ask"), by=ANN, chat=ADMIN_CHAT)
    assert "Every order needs a ticket." in asking.html


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("/live manual auto", "How much may go by itself?"),
        ("/live manual auto 1000 200", "Those limits cannot be."),
        ("/live manual auto -1 5", "Those limits cannot be."),
        ("/live banana on", "banana"),
        ("/live manual banana", "banana"),
        ("/live trend ask", "It is on paper"),
    ],
)
async def test_sloppy_words_get_a_mend_and_change_nothing(desk: ScreenDesk, typed: str, words: str) -> None:
    await go_live(desk)
    before = desk.services.policies.all()
    answer = await desk.answer(typed, by=ANN, chat=ADMIN_CHAT)

    assert answer.is_error
    assert answer.screen is not None
    assert words in answer.screen.html
    assert desk.services.policies.all() == before


async def test_the_admins_are_told_of_every_switch(desk: ScreenDesk) -> None:
    await go_live(desk)
    desk.clock.move(600)
    await desk.services.policies.look()
    await desk.type("/live manual off", by=ANN, chat=ADMIN_CHAT)

    told = [push.row.message for push in desk.stores.outbox.pushes]
    assert [one.chat_id for one in told] == [ADMIN_CHAT] * 2
    assert [
        next(word for word in ("LIVE in", "LIVE · asks", "PAPER") if word in one.screen.html) for one in told
    ] == ["LIVE · asks", "PAPER"]


async def test_buttons_of_an_engine(desk: ScreenDesk) -> None:
    shown = await desk.type("/live", by=ANN, chat=ADMIN_CHAT)
    one = await desk.tap(data_of(shown, "manual"), by=ANN, chat=ADMIN_CHAT)
    asked = await desk.tap(data_of(one, "Real money…"), by=ANN, chat=ADMIN_CHAT)

    assert "LIVE MANUAL" in asked.html
    assert labels(await desk.tap(data_of(shown, "manual"), by=TOM)) == ["Back"]


async def test_what_is_stored_counts_after_a_restart(desk: ScreenDesk) -> None:
    await desk.stores.policies.put(a_policy(MANUAL, approval=Approval.AUTO, most_order=Decimal(5)))
    await desk.services.policies.load()

    assert "LIVE · by itself" in (await desk.type("/live", by=TOM)).html
