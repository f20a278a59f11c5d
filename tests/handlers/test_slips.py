"""Slips in commands that move money or stop it: nothing is done, and what was meant is a button."""

import pytest

from tests.build.screens import ANN, ScreenDesk, a_screen_desk, buttons, labels

ADMIN_CHAT = -100


@pytest.fixture
async def desk() -> ScreenDesk:
    """A desk with an admin chat."""
    return await a_screen_desk(admin_chat=ADMIN_CHAT)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("/order btc by 500", ["now:order btc buy 500"]),
        ("/order биток купитть 500", ["now:order биток купить 500"]),
        ("/order btc eth buy 500", []),
        ("/order btc buy 500 stop", []),
        ("/jrder btc buy 500", ["now:order btc buy 500", "now:orders btc buy 500", "now:trade btc buy 500"]),
        ("/kill three", ["now:kill 1", "now:kill 2", "now:kill 3", "now:kill 4"]),
        ("/kil 3", ["now:kill 3"]),
        ("/pause trnd 4h", ["now:pause trend 4h"]),
        ("/pause trend 4", ["now:pause trend 4h"]),
        ("/pause трнд", ["now:pause trend"]),
        ("/pause bybt 1h", ["now:pause bybit 1h"]),
        ("/pause trend funding", []),
        ("/live manul on", ["now:live manual on"]),
        ("/live trend on gate", []),
        ("/reconcile bybt", ["now:reconcile bybit"]),
        ("/reconcile nowhere", []),
    ],
)
async def test_nothing_is_done_and_what_was_meant_is_offered(
    desk: ScreenDesk, typed: str, meant: list[str]
) -> None:
    answer = await desk.answer(typed, by=ANN, chat=ADMIN_CHAT)

    assert answer.screen is not None
    assert [one.data for one in buttons(answer.screen)] == meant
    assert list(desk.services.latches.all()) == []
    assert desk.accounts.opened == []


@pytest.mark.parametrize("typed", ["/лшдд 3", "/kill3", "/лшдд3", "/ЛШДД 3"])
async def test_a_kill_is_understood_on_the_wrong_layout_too(desk: ScreenDesk, typed: str) -> None:
    screen = await desk.type(typed, by=ANN, chat=ADMIN_CHAT)

    assert "KILL L3 — preview" in screen.html


async def test_the_example_is_of_the_command_that_was_typed(desk: ScreenDesk) -> None:
    answer = await desk.answer("/order btc eth buy 500", by=ANN, chat=ADMIN_CHAT)

    assert answer.screen is not None
    assert "/order btc buy 500 stop 5%" in answer.screen.html
    assert labels(answer.screen) == []
