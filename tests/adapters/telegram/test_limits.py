"""The sending limits, in time that passes by itself."""

import asyncio
from itertools import pairwise

import pytest

from adapters.telegram.limits import Limiter, Rates
from ports.messages import Priority
from tests.build.virtual_time import elapsed, in_virtual_time

ANSWER, SIGNAL, DIGEST, KILL = Priority.ANSWER, Priority.SIGNAL, Priority.DIGEST, Priority.KILL
GROUP = -100


class Sender:
    """Asks for turns and notes when each was granted."""

    def __init__(self, rates: Rates | None = None, *, most_chats: int = 10_000) -> None:
        loop = asyncio.get_running_loop()
        self.limiter = Limiter(rates or Rates(), monotonic=loop.time, most_chats=most_chats)
        self.granted: list[tuple[float, str]] = []

    async def send(self, chat_id: int, priority: Priority, name: str = "") -> None:
        await self.limiter.turn(chat_id, priority)
        self.granted.append((round(elapsed(), 3), name or str(chat_id)))

    def later(self, chat_id: int, priority: Priority, name: str = "") -> "asyncio.Task[None]":
        return asyncio.create_task(self.send(chat_id, priority, name))

    @property
    def times(self) -> list[float]:
        return [at for at, _ in self.granted]

    @property
    def names(self) -> list[str]:
        return [name for _, name in self.granted]


def test_answers_to_one_person_may_burst_then_go_one_a_second() -> None:
    async def scenario() -> None:
        sender = Sender(Rates(chat_burst=3))
        await asyncio.gather(*(sender.send(1, ANSWER) for _ in range(6)))
        assert sender.times == pytest.approx([0, 0, 0, 1, 2, 3])

    in_virtual_time(scenario)


def test_pushes_to_one_person_take_no_part_in_the_burst() -> None:
    async def scenario() -> None:
        sender = Sender(Rates(chat_burst=3))
        await asyncio.gather(*(sender.send(1, SIGNAL) for _ in range(4)))
        assert sender.times == pytest.approx([0, 1, 2, 3])
        answering = sender.later(1, ANSWER)
        await asyncio.sleep(0)
        assert answering.done()  # the rest of the burst was left for it

    in_virtual_time(scenario)


def test_a_push_waits_until_the_burst_of_answers_has_come_back() -> None:
    async def scenario() -> None:
        sender = Sender(Rates(chat_burst=3))
        await asyncio.gather(*(sender.send(1, ANSWER) for _ in range(3)), sender.send(1, DIGEST, "push"))
        assert sender.granted[-1] == (3, "push")

    in_virtual_time(scenario)


def test_a_group_gets_no_more_than_its_limit_in_any_minute() -> None:
    async def scenario() -> None:
        sender = Sender()
        await asyncio.gather(*(sender.send(GROUP, SIGNAL) for _ in range(45)))
        assert sender.times == pytest.approx([*range(20), *range(60, 80), *range(120, 125)])

    in_virtual_time(scenario)


def test_all_chats_together_get_no_more_than_the_limit_in_any_second() -> None:
    async def scenario() -> None:
        sender = Sender(Rates(overall_per_s=30))
        await asyncio.gather(*(sender.send(chat, ANSWER) for chat in range(1, 101)))
        assert sender.times == pytest.approx([0] * 30 + [1] * 30 + [2] * 30 + [3] * 10)

    in_virtual_time(scenario)


def test_the_most_urgent_goes_first_whoever_asked_first() -> None:
    async def scenario() -> None:
        sender = Sender(Rates(overall_per_s=1))
        await sender.send(1, ANSWER, "first")
        urgencies = [DIGEST, SIGNAL, ANSWER, Priority.APPROVAL, Priority.FILL, KILL]
        await asyncio.gather(*(sender.send(n + 2, each, each.name) for n, each in enumerate(urgencies)))
        assert sender.names == ["first", "KILL", "FILL", "APPROVAL", "ANSWER", "SIGNAL", "DIGEST"]
        assert all(b - a >= 0.999 for a, b in pairwise(sender.times))

    in_virtual_time(scenario)


def test_equally_urgent_messages_to_a_chat_keep_their_order() -> None:
    async def scenario() -> None:
        sender = Sender(Rates(chat_burst=1))
        await asyncio.gather(*(sender.send(1, ANSWER, str(n)) for n in range(6)))
        assert sender.names == list("012345")

    in_virtual_time(scenario)


def test_a_chat_that_has_to_wait_holds_no_other_up() -> None:
    async def scenario() -> None:
        sender = Sender(Rates(chat_burst=1))
        sender.limiter.pause(1, 30)
        waiting = sender.later(1, KILL, "paused")
        await asyncio.sleep(0.1)
        await sender.send(2, DIGEST, "other")
        await waiting
        assert sender.granted == [(0.1, "other"), (30, "paused")]

    in_virtual_time(scenario)


def test_a_pause_asked_for_while_waiting_is_kept() -> None:
    async def scenario() -> None:
        sender = Sender(Rates(chat_burst=1))
        await sender.send(1, ANSWER)
        waiting = sender.later(1, ANSWER)
        await asyncio.sleep(0.5)
        sender.limiter.pause(1, 20)
        assert sender.limiter.paused_s(1) == pytest.approx(20)
        await waiting
        assert sender.times[-1] == pytest.approx(20.5)
        assert sender.limiter.paused_s(1) == 0

    in_virtual_time(scenario)


def test_a_cancelled_waiter_takes_no_turn_and_leaves_the_queue() -> None:
    async def scenario() -> None:
        sender = Sender(Rates(chat_burst=1))
        await sender.send(1, ANSWER)
        given_up, next_one = sender.later(1, ANSWER, "given up"), sender.later(1, ANSWER, "next")
        await asyncio.sleep(0.5)
        assert sender.limiter.queued == 2
        given_up.cancel()
        await next_one
        assert sender.granted[1:] == [(1, "next")]
        assert sender.limiter.queued == 0

    in_virtual_time(scenario)


def test_someone_urgent_who_comes_later_overtakes_those_who_wait() -> None:
    async def scenario() -> None:
        sender = Sender(Rates(overall_per_s=1))
        await sender.send(9, ANSWER)
        waiting = [sender.later(n, DIGEST, f"digest {n}") for n in range(1, 4)]
        await asyncio.sleep(1.5)
        await sender.send(8, KILL, "kill")
        await asyncio.gather(*waiting)
        assert sender.names[1:3] == ["digest 1", "kill"]

    in_virtual_time(scenario)


def test_no_more_chats_are_remembered_than_allowed() -> None:
    async def scenario() -> None:
        sender = Sender(Rates(overall_per_s=1e5), most_chats=10)
        for chat in range(1, 100):
            await sender.send(chat, ANSWER)
            await sender.send(-chat, ANSWER)
        assert len(sender.limiter._chats) + len(sender.limiter._groups) <= 10

    in_virtual_time(scenario)
