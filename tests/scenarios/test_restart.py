"""kill -9 and a new start: what was promised goes on."""

from tests.build.desk import DeskProcess, desk_process
from tests.build.sandbox import ADMIN_CHAT, ANNA, SAM, VERA, Sandbox, onboard, until

NOTICE = "Somebody unknown wrote to me"


async def test_a_killed_desk_goes_on_with_cockpit_settings_and_roles(sandbox: Sandbox) -> None:
    async with desk_process(sandbox, desk__cockpit_every_s=5) as desk:
        cockpit = await onboard(sandbox, VERA)
        await sandbox.ask(VERA, "/watch eth")
        await sandbox.ask(VERA, "/settings zone tokyo")
        await sandbox.say(SAM, "hello?")
        await sandbox.tap(ANNA, await sandbox.next_from_bot(ADMIN_CHAT, having=NOTICE), "Trader")
        await sandbox.next_from_bot(SAM, having="Welcome")
        before = await sandbox.edited(cockpit, "Tokyo")

        await desk.kill()
        await sandbox.control("POST", "markets/ETHUSDT/shock", {"percent": 50})
        await desk.start()

        async def is_edited_again() -> bool:
            now = await sandbox.message(cockpit)
            return now is not None and now["edits"] > before["edits"] and "Tokyo" in now["text"]

        await until(is_edited_again, "the old cockpit is edited by the new process")
        assert (await sandbox.pinned(VERA) or {})["id"] == cockpit["id"]
        price = await sandbox.ask(VERA, "/price eth")
        assert "Unwatch" in [button["text"] for button in price["buttons"][0]]
        assert "PAPER" in (await sandbox.ask(SAM, "/status"))["text"]


async def test_a_push_written_while_telegram_was_down_arrives_once_after_a_kill(sandbox: Sandbox) -> None:
    async with desk_process(sandbox) as desk:
        await sandbox.break_(telegram={"down": True, "methods": ["sendMessage"]})
        await sandbox.say(SAM, "let me in")
        await until(lambda: _has_logged(desk, "telegram_send_failed"), "the notice was tried in vain")

        await desk.kill()
        await sandbox.heal()
        await desk.start()

        await sandbox.next_from_bot(ADMIN_CHAT, having=NOTICE)
        await sandbox.say(SAM, "anybody?")
        await sandbox.ask(ANNA, "/price btc")
        assert len(await sandbox.from_bot(ADMIN_CHAT)) == 1
        assert await sandbox.from_bot(SAM) == []


async def _has_logged(desk: DeskProcess, event: str) -> bool:
    return any(line["event"] == event for line in desk.events())
