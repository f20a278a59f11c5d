"""Promise 17: what people wrote while the desk was away is answered and explained, never executed."""

from tests.build.desk import running_desk
from tests.build.sandbox import VERA, Sandbox, onboard


async def test_commands_with_effects_are_explained_and_offered_again(sandbox: Sandbox) -> None:
    async with running_desk(sandbox):
        await onboard(sandbox, VERA)
    said = await sandbox.say(VERA, "/watch eth")

    async with running_desk(sandbox) as desk:
        answer = await sandbox.next_from_bot(VERA, after=said["id"])
        assert "while I was away" in answer["text"]
        assert "I did not do it" in answer["text"]
        person = desk.services.people.get(VERA)
        assert person is not None
        assert person.watchlist == ()
        assert [button["text"] for row in answer["buttons"] for button in row] == ["Do it now"]


async def test_the_offered_button_does_it_now(sandbox: Sandbox) -> None:
    async with running_desk(sandbox):
        await onboard(sandbox, VERA)
    said = await sandbox.say(VERA, "/watch eth")

    async with running_desk(sandbox) as desk:
        answer = await sandbox.next_from_bot(VERA, after=said["id"])
        await sandbox.tap(VERA, answer, "Do it now")
        await sandbox.edited(answer, "Watch list")
        person = desk.services.people.get(VERA)
        assert person is not None
        assert person.watchlist == ("ETHUSDT",)


async def test_questions_are_answered_as_things_are_now(sandbox: Sandbox) -> None:
    said = await sandbox.say(VERA, "/price btc")

    async with running_desk(sandbox):
        answer = await sandbox.next_from_bot(VERA, after=said["id"])

    assert answer["text"].startswith("BTC/USDT")


async def test_a_pressed_button_with_effects_does_nothing_until_it_is_pressed_again(sandbox: Sandbox) -> None:
    async with running_desk(sandbox):
        await onboard(sandbox, VERA)
        screen = await sandbox.ask(VERA, "/settings")
    await sandbox.tap(VERA, screen, "Bold", wait_s=0)

    async with running_desk(sandbox):
        await sandbox.ask(VERA, "/price btc")
        unchanged = await sandbox.message(screen)
        assert unchanged is not None
        assert "1 % at risk" in unchanged["text"]

        await sandbox.tap(VERA, screen, "Bold")
        await sandbox.edited(screen, "leverage up to 3x")
