"""What runs by the calendar, on the wire: in market time, through jumps."""

from bot.app import App
from ports.health import RunHealth
from tests.build.sandbox import VERA, Sandbox, until

HOUR_S = 3600


def run_of(desk: App, name: str) -> RunHealth:
    return next(run for run in desk.services.runs() if run.name == name)


async def test_work_by_the_calendar_follows_the_market_clock(sandbox: Sandbox, desk: App) -> None:
    before = run_of(desk, "housekeeping")
    assert before.last_at is None
    assert before.next_at is not None

    await sandbox.advance(26 * HOUR_S)

    async def has_run() -> RunHealth | None:
        run = run_of(desk, "housekeeping")
        return run if run.last_at is not None and not run.is_running else None

    after = await until(has_run, "housekeeping has run")
    assert after.last_at is not None
    assert after.next_at is not None
    assert after.last_at > before.next_at
    assert (after.next_at - after.last_at).total_seconds() <= HOUR_S
    assert (after.has_failed, after.failures) == (False, 0)


async def test_status_shows_it_in_both_languages(sandbox: Sandbox, desk: App) -> None:
    await sandbox.advance(2 * HOUR_S)

    async def has_run() -> bool:
        return run_of(desk, "heartbeat").last_at is not None

    await until(has_run, "a heartbeat")
    status = (await sandbox.ask(VERA, "/status"))["text"]
    assert "✓ heartbeat · " in status
    assert "✓ clean-up · " in status
    await sandbox.ask(VERA, "/language ru")
    assert "По расписанию" in (await sandbox.ask(VERA, "/status"))["text"]
