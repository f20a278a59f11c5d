"""The one road out: waits asked for are kept, answers survive an outage, pushes are tried once."""

import asyncio
import time
from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest

from ports.errors import Transient
from ports.messages import Priority
from tests.adapters.telegram.conftest import Road
from tests.build.telegram import ANNA, TOM

BROKEN: list[dict[str, Any]] = [{"down": True}, {"status": 502}, {"malformed": True}]


@pytest.mark.parametrize("fault", BROKEN, ids=["down", "502", "malformed"])
async def test_an_answer_is_sent_again_while_telegram_is_out_of_reach(road: Road, fault: Any) -> None:
    road.desk.faults.merge({"telegram": {**fault, "count": 1}})
    await road.send("the answer")
    assert [message["text"] for message in await road.shown()] == ["the answer"]
    assert road.asked("sendMessage") == 2
    assert road.outbound.given_up == 0


@pytest.mark.parametrize("fault", BROKEN, ids=["down", "502", "malformed"])
async def test_a_push_is_tried_once_and_left_to_the_outbox(road: Road, fault: Any) -> None:
    road.desk.faults.merge({"telegram": fault})
    with pytest.raises(Transient):
        await road.send("a push", priority=Priority.SIGNAL)
    assert road.asked("sendMessage") == 1
    assert road.outbound.given_up == 1


async def test_an_answer_is_given_up_when_patience_ends(road: Road) -> None:
    road.outbound.patience_s = 0.6
    road.desk.faults.merge({"telegram": {"status": 500}})
    with pytest.raises(Transient, match="TelegramServerError"):
        await road.send("the answer")
    assert road.asked("sendMessage") == 2


@pytest.mark.parametrize("priority", [Priority.ANSWER, Priority.DIGEST])
async def test_the_wait_that_telegram_asks_for_is_kept(road: Road, priority: Priority) -> None:
    road.desk.faults.merge({"telegram": {"status": 429, "retry_after": 1, "count": 1}})
    started = time.monotonic()
    await road.send("after the wait", priority=priority)
    assert time.monotonic() - started >= 1
    assert road.asked("sendMessage") == 2
    assert len(await road.shown()) == 1


async def test_a_chat_that_has_to_wait_holds_no_other_chat_up(road: Road) -> None:
    await road.desk.say(TOM, "/start")
    road.desk.faults.merge({"telegram": {"status": 429, "retry_after": 3, "count": 1}})
    waiting = asyncio.create_task(road.send("later"))
    while not road.outbound.limiter.paused_s(ANNA):
        await asyncio.sleep(0.01)
    await road.send("at once", chat=TOM)
    assert not waiting.done()
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


@pytest.mark.parametrize("priority", [Priority.ANSWER, Priority.SIGNAL])
async def test_a_wait_beyond_all_patience_is_refused_at_once(road: Road, priority: Priority) -> None:
    road.desk.faults.merge({"telegram": {"status": 429, "retry_after": 3600, "count": 1}})
    for _ in range(2):
        with pytest.raises(Transient) as refused:
            await road.send("too late", priority=priority)
        assert refused.value.kind == "rate_limited"
        assert refused.value.retry_after_s == pytest.approx(3600, abs=5)
    assert road.asked("sendMessage") == 1


async def test_refusals_are_not_tried_again(road: Road) -> None:
    with pytest.raises(TelegramBadRequest):
        await road.desk.bot.send_message(ANNA, "<b>unclosed", parse_mode="HTML")
    assert road.asked("sendMessage") == 1


async def test_what_is_no_message_goes_straight(road: Road) -> None:
    road.outbound.limiter.pause(ANNA, 3600)
    assert (await road.desk.bot.get_me()).username == "perpetuum_sandbox_bot"
    await road.desk.bot.send_chat_action(ANNA, "typing")
    assert road.asked("sendChatAction") == 1
