"""The rehearsal of a kill in a whole desk: a position on paper is opened, and closed by the kill itself."""

from datetime import timedelta

from bot.app import App
from engines.orders.subaccount import PAPER, EngineName, SubAccount
from tests.build.sandbox import ANNA, Sandbox, onboard

MANUAL = SubAccount(engine=EngineName.MANUAL, account=PAPER).owner


async def test_a_rehearsed_kill_shows_that_everything_works(sandbox: Sandbox, desk: App) -> None:
    await onboard(sandbox, ANNA)
    evidence = await desk.services.drills.run("kill", by=ANNA)
    since = desk.services.clock.now() - timedelta(days=1)
    orders = await desk.services.trades.register.books.orders_since(since, owner=MANUAL)
    said = [(one.id, one.state, one.reason) for one in orders]
    assert [(step.code, step.detail) for step in evidence.steps if not step.is_kept] == [], said
    assert not desk.services.latches.all()
