"""A tap is answered with another message where Telegram does not let its own be changed."""

from tests.build.conversation import a_conversation
from tests.build.telegram import VERA


async def test_an_answer_that_cannot_be_an_edit_is_a_new_message() -> None:
    async with a_conversation() as at:
        [price] = await at.say(VERA, "btc")
        fault = {"status": 400, "methods": ["editMessageText"]}
        at.telegram.faults.merge({"telegram": fault})

        await at.tap(VERA, price, "Watch")

        assert "Added: BTC" in (await at.heard(VERA))[-1]["text"]
        assert (await at.heard(VERA))[-1]["id"] != price["id"]


async def test_a_tap_of_somebody_who_blocks_us_at_that_moment_is_noted() -> None:
    async with a_conversation() as at:
        [price] = await at.say(VERA, "btc")
        fault = {"status": 403, "methods": ["editMessageText"]}
        at.telegram.faults.merge({"telegram": fault})

        await at.tap(VERA, price, "Refresh")

        assert not at.desk.person(VERA).is_reachable
