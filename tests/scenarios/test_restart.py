"""kill -9 and a new start: what was promised goes on."""

from sandbox.telegram.people import BOT_TOKEN
from tests.build.desk import DeskProcess, desk_process
from tests.build.sandbox import ADMIN_CHAT, ANNA, SAM, VERA, Sandbox, onboard, until

NOTICE = "Somebody unknown wrote to me"


async def test_a_killed_desk_keeps_cockpit_settings_roles_and_what_it_had_to_say(sandbox: Sandbox) -> None:
    async with desk_process(sandbox, desk__cockpit_every_s=5) as desk:
        cockpit = await onboard(sandbox, VERA)
        await sandbox.ask(VERA, "/watch eth")
        await sandbox.ask(VERA, "/settings zone tokyo")
        await sandbox.say(SAM, "hello?")
        await sandbox.tap(ANNA, await sandbox.next_from_bot(ADMIN_CHAT, having=NOTICE), "Trader")
        await sandbox.next_from_bot(SAM, having="Welcome")
        before = await sandbox.edited(cockpit, "Tokyo")
        stranger = await sandbox.add_person("Nobody")
        await sandbox.break_(telegram={"down": True, "methods": ["sendMessage"]})
        await sandbox.say(stranger, "let me in")
        await until(lambda: _has_logged(desk, "telegram_send_failed"), "the notice was tried in vain")

        await desk.kill()
        await sandbox.heal()
        await sandbox.control("POST", "markets/ETHUSDT/shock", {"percent": 50})
        await desk.start()

        await sandbox.next_from_bot(ADMIN_CHAT, having="Nobody")
        await sandbox.say(stranger, "anybody?")
        assert "PAPER" in (await sandbox.ask(SAM, "/status"))["text"]
        price = await sandbox.ask(VERA, "/price eth")
        assert "Unwatch" in [button["text"] for button in price["buttons"][0]]

        async def is_edited_again() -> bool:
            now = await sandbox.message(cockpit)
            return now is not None and now["edits"] > before["edits"] and "Tokyo" in now["text"]

        await until(is_edited_again, "the old cockpit is edited by the new process")
        assert (await sandbox.pinned(VERA) or {})["id"] == cockpit["id"]
        assert len([one for one in await sandbox.from_bot(ADMIN_CHAT) if "Nobody" in one["text"]]) == 1
        assert await sandbox.from_bot(stranger) == []
        assert BOT_TOKEN not in desk.output()


async def _has_logged(desk: DeskProcess, event: str) -> bool:
    return any(line["event"] == event for line in desk.events())
