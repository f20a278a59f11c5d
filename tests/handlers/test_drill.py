"""`/drill`: the evidence of rehearsals, which leave nothing behind."""

import pytest

from ports.errors import Transient
from tests.build.screens import ANN, ScreenDesk, labels


async def test_it_offers_what_can_be_rehearsed(desk: ScreenDesk) -> None:
    assert labels(await desk.type("/drill", by=ANN)) == ["kill", "silent prices", "restart", "no Telegram"]

    answer = await desk.answer("/drill fire", by=ANN)
    assert answer.is_error


@pytest.mark.parametrize(
    ("name", "title"),
    [("kill", "kill"), ("feed", "silent prices"), ("restart", "restart"), ("telegram", "no Telegram")],
)
async def test_a_rehearsal_passes_and_leaves_nothing_behind(desk: ScreenDesk, name: str, title: str) -> None:
    screen = await desk.type(f"/drill {name}", by=ANN)
    await desk.services.latches.tend()

    assert screen.html.startswith(f"<b>Drill: {title} · PAPER · ✓ passed</b>\n12:00:00 UTC"), screen.html
    assert desk.services.latches.all() == []
    assert [held for held in desk.services.trades.register.live() if held.trade.quantity] == []
    assert desk.stores.outbox.pushes == []


async def test_during_a_kill_what_could_not_be_run_is_no_failure(desk: ScreenDesk) -> None:
    await desk.type("/kill", by=ANN)
    html = (await desk.type("/drill kill", by=ANN)).html

    assert "✓ passed, but for what was not run" in html
    assert "road: not run, because KILL L1 stops entries" in html


async def test_a_rehearsal_that_fails_says_so(desk: ScreenDesk) -> None:
    desk.stores.latches.failure = Transient("locked", kind="database")

    html = (await desk.type("/drill restart", by=ANN)).html

    assert "⚠️ failed" in html
    assert "⚠️ a restart would find the same latches" in html
    assert "✓ a restart would find the same trades" in html
