"""What runs by the calendar, on the wire: in market time, through jumps."""

from datetime import UTC, datetime, timedelta

from bot.app import App
from ports.health import RunHealth
from tests.build.desk import DeskProcess, desk_process, running_desk
from tests.build.sandbox import TOM, VERA, Message, Sandbox, onboard, until

HOUR_S = 3600
SUMMARY = "Your day"


async def advance_to(sandbox: Sandbox, hour: int, minute: int = 0) -> datetime:
    """Let the clock jump to that time of day, UTC, today or tomorrow."""
    now = datetime.fromtimestamp(await sandbox.advance(0) / 1000, UTC)
    then = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
    then += timedelta(days=1) if then <= now else timedelta()
    await sandbox.advance((then - now).total_seconds())
    return then


async def summaries(sandbox: Sandbox, user: int) -> list[Message]:
    return [message for message in await sandbox.from_bot(user) if SUMMARY in message["text"]]


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


async def test_the_summary_comes_at_the_hour_of_each_and_once(sandbox: Sandbox, desk: App) -> None:
    await onboard(sandbox, VERA)
    await onboard(sandbox, TOM)
    await sandbox.ask(TOM, "/settings zone berlin")
    await sandbox.ask(TOM, "/digest 18:30")
    await advance_to(sandbox, 17)
    assert await summaries(sandbox, TOM) == []

    await advance_to(sandbox, 17, 31)
    await sandbox.next_from_bot(TOM, having=SUMMARY)
    await advance_to(sandbox, 21, 1)
    await sandbox.next_from_bot(VERA, having=SUMMARY)
    await sandbox.ask(TOM, "/digest 23:30")  # had one today
    await advance_to(sandbox, 22, 45)
    await advance_to(sandbox, 12)

    async def has_settled() -> bool:
        run = run_of(desk, "summaries")
        return not run.is_running and not await desk.services.outbox.store.unsent()

    await until(has_settled, "everything is sent")
    assert (len(await summaries(sandbox, TOM)), len(await summaries(sandbox, VERA))) == (1, 1)


async def test_who_switches_it_off_hears_no_more(sandbox: Sandbox, desk: App) -> None:
    await onboard(sandbox, VERA)
    settings = await sandbox.ask(VERA, "/settings")
    await sandbox.tap(VERA, settings, "sum")
    await until(lambda: _says(sandbox, settings, "21:00"), "the hours to choose from")
    await sandbox.tap(VERA, settings, "sum:off")
    await until(lambda: _says(sandbox, settings, "does not come"), "the answer")

    await advance_to(sandbox, 21, 1)
    await sandbox.ask(VERA, "/status")

    assert await summaries(sandbox, VERA) == []
    assert all(run.name != "summaries" for run in desk.services.runs())


async def _says(sandbox: Sandbox, message: Message, text: str) -> bool:
    now = await sandbox.message(message)
    return now is not None and text in str(now)


async def test_one_missed_while_the_desk_was_dead_comes_late_and_once(sandbox: Sandbox) -> None:
    async with desk_process(sandbox) as desk:
        await onboard(sandbox, VERA)
        await advance_to(sandbox, 20, 50)
        await until(lambda: _has_beaten(desk), "a heartbeat")
        await desk.kill()
    await advance_to(sandbox, 2, 30)

    async with running_desk(sandbox):
        late = await sandbox.next_from_bot(VERA, having=SUMMARY)
        assert "4 Jan" in late["text"]
        # Writers of the desk's database take turns: after this one, the delivery is written down too
        await sandbox.ask(VERA, "/watch eth")
    async with running_desk(sandbox):
        await sandbox.ask(VERA, "/watch sol")

    assert len(await summaries(sandbox, VERA)) == 1


async def test_one_that_was_due_long_ago_is_let_go(sandbox: Sandbox) -> None:
    async with running_desk(sandbox) as desk:
        await onboard(sandbox, VERA)
        await advance_to(sandbox, 20, 50)

        async def has_beaten() -> bool:
            run = run_of(desk, "heartbeat")
            return run.last_at is not None and not run.is_running

        await until(has_beaten, "a heartbeat")
    await advance_to(sandbox, 3, 1)

    async with running_desk(sandbox):
        await sandbox.ask(VERA, "/watch eth")

    assert await summaries(sandbox, VERA) == []


async def _has_beaten(desk: DeskProcess) -> bool:
    return any(event["event"] == "heartbeat" for event in desk.events())
