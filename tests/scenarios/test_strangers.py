"""Promise 16: silence for strangers, one notice for the admins, and no door that a button opens."""

import asyncio

from bot.app import App
from ports.people import Role
from tests.build.desk import running_desk
from tests.build.sandbox import ADMIN_CHAT, ANNA, SAM, TOM, VERA, Message, Sandbox, until

NOTICE = "Somebody unknown wrote to me"
TWO_ADMINS = f"{ANNA},{TOM}"


async def a_notice(sandbox: Sandbox) -> Message:
    """What the admins see after Sam has written."""
    await sandbox.say(SAM, "hello")
    return await sandbox.next_from_bot(ADMIN_CHAT, having=NOTICE)


async def test_a_stranger_hears_nothing_and_the_admins_hear_once(sandbox: Sandbox, desk: App) -> None:
    for text in ("hello", "/start", "/price btc", "/claim AAAA-BBBB", "<b>x"):
        await sandbox.say(SAM, text)

    notice = await sandbox.next_from_bot(ADMIN_CHAT, having=NOTICE)
    await sandbox.ask(ANNA, "/price btc")
    assert str(SAM) in notice["text"]
    assert [button["text"] for button in notice["buttons"][0]] == ["Viewer", "Trader", "Block"]
    assert len(await sandbox.from_bot(ADMIN_CHAT)) == 1
    assert await sandbox.from_bot(SAM) == []


async def test_an_admin_lets_a_stranger_in_with_one_tap(sandbox: Sandbox, desk: App) -> None:
    notice = await a_notice(sandbox)

    assert await sandbox.tap(ANNA, notice, "Viewer") == {"text": "", "show_alert": False}

    welcome = await sandbox.next_from_bot(SAM, having="Welcome to the desk")
    await sandbox.edited(notice, "Decided by Anna")
    await sandbox.tap(SAM, welcome, "Begin")
    assert role(desk, SAM) is Role.VIEWER
    assert (await sandbox.ask(SAM, "/price btc"))["text"].startswith("BTC/USDT")


async def test_two_admins_who_tap_together_decide_once(sandbox: Sandbox) -> None:
    async with running_desk(sandbox, telegram__admins=TWO_ADMINS) as desk:
        notice = await a_notice(sandbox)

        await asyncio.gather(
            sandbox.tap(ANNA, notice, "Viewer"),
            sandbox.tap(TOM, notice, "Trader"),
            sandbox.tap(ANNA, notice, "Viewer"),
        )

        await sandbox.next_from_bot(SAM, having="Welcome")
        await sandbox.ask(ANNA, "/price btc")
        await sandbox.ask(TOM, "/price btc")
        assert role(desk, SAM) in (Role.VIEWER, Role.TRADER)
        assert len(await sandbox.from_bot(SAM)) == 1


async def test_only_an_admin_can_decide(sandbox: Sandbox, desk: App) -> None:
    notice = await a_notice(sandbox)

    for user in (TOM, VERA):
        toast = await sandbox.tap(user, notice, "Trader")
        assert toast == {"text": "You may not do that.", "show_alert": True}
    assert await sandbox.tap(SAM, notice, "Trader", wait_s=0.5) is None
    assert role(desk, SAM) is None


async def test_a_button_from_somebody_elses_chat_is_refused(sandbox: Sandbox, desk: App) -> None:
    settings = await sandbox.ask(ANNA, "/settings")

    toast = await sandbox.tap(VERA, settings, "Bold")

    assert toast == {"text": "This button is not for you.", "show_alert": True}
    assert await sandbox.tap(SAM, settings, "Bold", wait_s=0.5) is None
    assert "1 % at risk" in (await sandbox.ask(ANNA, "/settings"))["text"]
    assert "1 % at risk" in (await sandbox.ask(VERA, "/settings"))["text"]


async def test_a_member_of_the_admin_group_without_a_role_is_a_stranger(sandbox: Sandbox, desk: App) -> None:
    await sandbox.control("POST", f"chats/{ADMIN_CHAT}/members", {"user": str(SAM), "member": True})

    await sandbox.say(SAM, "/price btc", chat=ADMIN_CHAT)

    await sandbox.next_from_bot(ADMIN_CHAT, having=NOTICE)
    answer = await sandbox.ask(ANNA, "/price btc", chat=ADMIN_CHAT)
    assert answer["text"].startswith("BTC/USDT")
    assert len(await sandbox.from_bot(ADMIN_CHAT)) == 2


async def test_a_blocked_person_hears_nothing_more(sandbox: Sandbox, desk: App) -> None:
    notice = await a_notice(sandbox)
    await sandbox.tap(ANNA, notice, "Block")
    await sandbox.edited(notice, "Decided by Anna")

    await sandbox.say(SAM, "/price btc")
    await sandbox.ask(ANNA, "/price btc")

    assert role(desk, SAM) is Role.BLOCKED
    assert await sandbox.from_bot(SAM) == []
    assert len(await sandbox.from_bot(ADMIN_CHAT)) == 1


async def test_somebody_whose_role_is_taken_is_refused_at_once(sandbox: Sandbox, desk: App) -> None:
    await sandbox.ask(VERA, "/price btc")
    card = await sandbox.ask(ANNA, "/users")
    await sandbox.tap(ANNA, card, f"u:{VERA}")
    card = await sandbox.edited(card, "Known since")
    await sandbox.tap(ANNA, card, "Block")
    await until(lambda: _is_blocked(desk), "Vera is blocked")

    said = await sandbox.say(VERA, "/price btc")
    await sandbox.ask(ANNA, "/price btc")

    assert await sandbox.from_bot(VERA, after=said["id"]) == []


async def _is_blocked(desk: App) -> bool:
    return role(desk, VERA) is Role.BLOCKED


def role(desk: App, user: int) -> Role | None:
    """What somebody may do."""
    person = desk.services.people.get(user)
    return None if person is None else person.role
