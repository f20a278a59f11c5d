"""A flood with Telegram's real limits and ours: everything that matters arrives, without a storm of 429."""

import asyncio
import time
from typing import Any

from sandbox.telegram.conversation import say
from sandbox.telegram.errors import ApiError
from sandbox.telegram.limits import Limits
from tests.build.desk import running_desk
from tests.build.sandbox import ADMIN_CHAT, ANNA, TOM, VERA, Sandbox, until

REAL: dict[str, Any] = {
    "telegram__overall_per_s": 30,
    "telegram__chat_per_s": 1,
    "telegram__chat_burst": 5,
    "telegram__group_per_min": 20,
    "telegram__flood_per_s": 3,
    "telegram__flood_burst": 20,
}
QUESTIONS = 9
STRANGERS = 12


class CountedLimits(Limits):
    """Telegram's limits, with a count of what was refused."""

    refused = 0

    def spend(self, chat_id: int) -> None:
        try:
            super().spend(chat_id)
        except ApiError:
            self.refused += 1
            raise


async def test_answers_and_notices_all_arrive_within_the_real_limits(sandbox: Sandbox) -> None:
    strangers = [await sandbox.add_person(f"Stranger{number}") for number in range(STRANGERS)]
    people = (ANNA, TOM, VERA)
    limits = sandbox.world.telegram.limits = CountedLimits(time.monotonic)
    async with running_desk(sandbox, cockpit_every_s=15, **REAL):
        await sandbox.break_(telegram={"real_limits": True})

        for user in (*people * QUESTIONS, *strangers):
            shout(sandbox, user, "/price btc")

        async def is_all_there() -> bool:
            answers = [len(await sandbox.from_bot(user)) for user in people]
            notices = await sandbox.from_bot(ADMIN_CHAT)
            return answers == [QUESTIONS] * 3 and len(notices) == STRANGERS

        await until(is_all_there, "all answers and notices", within_s=40)
        assert limits.refused <= 3 * (len(people) + 1)
        for stranger in strangers:
            assert await sandbox.from_bot(stranger) == []


async def test_who_types_too_fast_is_told_once_and_heard_again_later(sandbox: Sandbox) -> None:
    async with running_desk(sandbox, telegram__flood_per_s=3, telegram__flood_burst=20):
        for _ in range(60):
            shout(sandbox, VERA, "/price btc")

        await sandbox.next_from_bot(VERA, having="That was fast")
        assert (await sandbox.ask(ANNA, "/price btc"))["text"].startswith("BTC/USDT")
        await asyncio.sleep(1.0)
        assert (await sandbox.ask(VERA, "/price eth"))["text"].startswith("ETH/USDT")
        texts = [message["text"] for message in await sandbox.from_bot(VERA)]
        assert sum("That was fast" in text for text in texts) == 1


def shout(sandbox: Sandbox, user: int, text: str) -> None:
    """Write without waiting for anything."""
    person = sandbox.world.telegram.people.get(user)
    assert person is not None
    say(sandbox.world.telegram, person, text)
