"""`/move`: shown before it is done, done once, and only where all admins see it."""

from decimal import Decimal

import pytest

from engines.ledger.movement import taken_over
from engines.orders.subaccount import EngineName, SubAccount
from handlers.move import MoveAsked, read_move
from ports.desk_state import Approval
from ports.errors import Refused
from tests.build.clock import NOON
from tests.build.desk_state import a_policy
from tests.build.screens import ANN, TOM, ScreenDesk, a_screen_desk, data_of, labels

ADMIN_CHAT = -100
MANUAL, TREND = EngineName.MANUAL, EngineName.TREND


@pytest.fixture
async def desk() -> ScreenDesk:
    """A thousand lie at Bybit as manual's; trend is live there, too."""
    desk = await a_screen_desk(admin_chat=ADMIN_CHAT)
    for engine in (MANUAL, TREND):
        await desk.stores.policies.put(a_policy(engine=engine, approval=Approval.ASK, account="bybit"))
    await desk.services.policies.load()
    owner = SubAccount(engine=MANUAL, account="bybit").owner
    opening = taken_over(owner, "bybit", {"USDT": Decimal(1000)}, NOON, quote="USDT")
    await desk.services.trades.register.book(owner, opening)
    return desk


def cash(desk: ScreenDesk, engine: EngineName) -> Decimal:
    funds = desk.services.moving.funds(engine)
    return Decimal(0) if funds is None else funds.cash


async def test_it_is_shown_first_and_a_second_tap_moves_nothing_more(desk: ScreenDesk) -> None:
    asked = await desk.type("/move 250 from manual to trend", by=ANN, chat=ADMIN_CHAT)
    assert "Move 250.00 USDT from manual to trend?" in asked.html
    assert cash(desk, TREND) == 0
    tap = data_of(asked, "Move 250.00 USDT")
    for _ in range(2):
        done = await desk.tap(tap, by=ANN, chat=ADMIN_CHAT)
        assert "250.00 USDT moved from manual to trend" in done.html
    assert (cash(desk, MANUAL), cash(desk, TREND)) == (Decimal(750), Decimal(250))


async def test_live_tells_what_each_engine_has(desk: ScreenDesk) -> None:
    shown = await desk.type("/live", by=TOM)
    assert "manual · <b>LIVE · asks</b> · Bybit" in shown.html
    assert "<b>1,000.00 USDT</b>" in shown.html
    assert "/move 500 from manual to trend" in shown.html


async def test_without_words_it_says_how_and_what_there_is(desk: ScreenDesk) -> None:
    shown = await desk.type("/move", by=ANN)
    assert "1,000.00 USDT" in shown.html
    assert not labels(shown)


@pytest.mark.parametrize(("by", "chat"), [(ANN, ANN), (TOM, ADMIN_CHAT), (TOM, TOM)])
async def test_only_admins_and_only_in_the_admin_chat(desk: ScreenDesk, by: int, chat: int) -> None:
    assert (await desk.answer("/move 5 manual trend", by=by, chat=chat)).is_error


async def test_another_may_not_tap_it_and_an_old_one_moves_nothing(desk: ScreenDesk) -> None:
    tap = data_of(await desk.type("/move 5 manual trend", by=ANN, chat=ADMIN_CHAT), "Move 5.00 USDT")
    assert (await desk.press(tap, by=TOM, chat=ADMIN_CHAT)).is_error
    desk.clock.move(301)
    assert (await desk.press(tap, by=ANN, chat=ADMIN_CHAT)).is_error
    assert cash(desk, TREND) == 0


async def test_more_than_is_free_is_refused_with_what_is(desk: ScreenDesk) -> None:
    answer = await desk.answer("/move 1001 manual trend", by=ANN, chat=ADMIN_CHAT)
    assert answer.is_error
    assert answer.screen is not None
    assert "manual can spare 1,000.00 USDT" in answer.screen.html


async def test_a_slip_in_an_engine_is_offered_mended(desk: ScreenDesk) -> None:
    answer = await desk.answer("/move 5 manaul trend", by=ANN, chat=ADMIN_CHAT)
    assert answer.is_error
    assert answer.screen is not None
    assert labels(answer.screen) == ["/move 5 manual trend"]


@pytest.mark.parametrize(
    "typed",
    [
        "500 from manual to trend",
        "from manual to trend 500 usdt",
        "500 to trend from manual",
        "manual trend 500",
        "500 manual -> trend",
        "500$ manual→trend",
        "0.5k manual to trend",
        "500 с manual на trend",
        "500 USDT из вручную в тренд",
        "500 Manual TREND",
    ],
)
def test_it_is_understood_in_any_order(typed: str) -> None:
    assert read_move(typed) == MoveAsked(amount=Decimal(500), source=MANUAL, target=TREND)


def test_all_is_an_amount() -> None:
    assert read_move("всё manual trend").amount is None


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("500", "move_needs"),
        ("500 manual", "move_needs"),
        ("manual trend", "move_needs"),
        ("500 600 manual trend", "move_needs"),
        ("500 manual trend core", "move_needs"),
        ("500 btc manual trend", "unclear_word"),
        ("5% manual trend", "unclear_word"),
    ],
)
def test_what_is_missing_or_unclear_is_said(typed: str, code: str) -> None:
    with pytest.raises(Refused, match=code):
        read_move(typed)
