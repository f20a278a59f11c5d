"""What becomes of a request: judged, tried again, or uncertain."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from adapters.venues.answer import Declined, Meaning, NoAnswer, Unsent, VenueAnswer
from adapters.venues.bybit_codes import bybit_meaning
from adapters.venues.calls import Asking, Calls
from adapters.venues.catalogue import Catalogue
from adapters.venues.governor import Governor, Urgency
from engines.orders.order import Expired, OrderEvent
from ports.errors import Rejected, Transient, Uncertain
from tests.build.clock import NOON
from tests.build.venue_catalogue import BYBIT


class FakeVenue:
    """Answers what it was given, one after the other; the last again and again."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.times_set = 0
        self.is_closed = False

    async def ask(self, method: str, request: Any) -> Any:
        self.asked.append(method)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def catalogue(self) -> Catalogue:
        return BYBIT

    async def set_time(self) -> int:
        self.times_set += 1
        return 1234

    def now_ms(self) -> int:
        return 0

    @property
    def key(self) -> str:
        return "key"

    def signed(self, text: str) -> str:
        return text

    async def close(self) -> None:
        self.is_closed = True


def refused(code: str, *, status: int = 200, retry_after_s: float | None = None) -> VenueAnswer:
    return VenueAnswer(status=status, code=code, text="", retry_after_s=retry_after_s)


class Road:
    """Calls over a fake venue, with the pauses that were slept."""

    def __init__(
        self,
        *answers: Any,
        open_client: Callable[[], Any] | None = None,
        per_s: float = 1e6,
        patience_s: float = 0.01,
    ) -> None:
        self.venue = FakeVenue(*answers)
        self.slept: list[float] = []
        self.calls = Calls(
            "bybit",
            open_client or self._open,
            bybit_meaning,
            acts=Governor("acts", per_s=per_s, burst=1.0 if per_s < 1 else per_s),
            reads=Governor("reads", per_s=1e6, burst=1e6),
            patience_s=patience_s,
            sleep=self._sleep,
        )

    async def act(self) -> Any:
        return await self.calls.act("create", {}, Urgency.ENTER)

    async def _open(self) -> Asking:
        return self.venue

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


async def test_an_act_that_may_have_arrived_is_uncertain_and_never_tried_again() -> None:
    for answer in (
        NoAnswer("timeout", was_sent=True),
        refused("10016"),
        refused("", status=502),
        refused("99999"),
    ):
        road = Road(answer)
        with pytest.raises(Uncertain):
            await road.act()
        assert road.venue.asked == ["create"]


async def test_an_act_that_cannot_have_arrived_may_be_sent_again() -> None:
    road = Road(NoAnswer("no connection", was_sent=False))
    with pytest.raises(Transient) as error:
        await road.act()
    assert error.value.kind == "unreachable"


async def test_a_proven_refusal_is_declined_with_its_meaning() -> None:
    with pytest.raises(Declined) as declined:
        await Road(refused("110007")).act()
    assert declined.value.meaning is Meaning.INSUFFICIENT_FUNDS
    assert isinstance(declined.value, Rejected)


async def test_a_rate_limit_is_proven_and_says_when_again() -> None:
    with pytest.raises(Transient) as error:
        await Road(refused("10006", retry_after_s=0.25)).act()
    assert (error.value.kind, error.value.retry_after_s) == ("rate_limited", 0.25)


async def test_a_clock_that_differs_is_set_and_the_act_may_be_sent_again() -> None:
    road = Road(refused("10002"))
    with pytest.raises(Transient):
        await road.act()
    assert road.venue.times_set == 1


async def test_a_turn_that_does_not_come_is_proof_that_nothing_was_sent() -> None:
    road = Road({}, per_s=0.001)
    await road.act()
    with pytest.raises(Transient, match="no turn"):
        await road.act()
    assert road.venue.asked == ["create"]
    await road.calls.close()


async def test_a_read_is_tried_again_after_1_5_and_15_seconds() -> None:
    road = Road(NoAnswer("down", was_sent=True))
    with pytest.raises(Transient):
        await road.calls.read("list")
    assert road.slept == [1, 5, 15]
    assert len(road.venue.asked) == 4


async def test_a_read_that_comes_back_is_the_answer() -> None:
    road = Road(refused("10016"), NoAnswer("down", was_sent=True), {"rows": []})
    assert await road.calls.read("list") == {"rows": []}
    assert road.slept == [1, 5]


async def test_a_read_that_is_refused_is_not_tried_again() -> None:
    road = Road(refused("10003"))
    with pytest.raises(Rejected):
        await road.calls.read("list")
    assert road.slept == []


async def test_nothing_is_opened_before_it_is_asked_and_then_once() -> None:
    opened: list[FakeVenue] = []

    async def open_client() -> Asking:
        opened.append(FakeVenue({}))
        await asyncio.sleep(0)
        return opened[-1]

    road = Road(open_client=open_client)
    assert opened == []
    await asyncio.gather(road.act(), road.act(), road.calls.read("list"))
    assert len(opened) == 1
    await road.calls.close()
    assert opened[0].is_closed


async def test_what_nobody_wants_any_more_when_its_turn_comes_is_not_sent() -> None:
    road, said = Road({}, patience_s=30.0), list[OrderEvent]()
    await road.act()
    road.calls.acts.pause(0.02)
    entry = asyncio.create_task(
        road.calls.act("enter", {}, Urgency.ENTER, last_look=lambda: said[0] if said else None)
    )
    while not road.calls.acts.queued:
        await asyncio.sleep(0)
    exits = asyncio.create_task(road.calls.act("exit", {}, Urgency.REDUCE))
    said.append(Expired(at=NOON))
    with pytest.raises(Unsent) as unsent:
        await entry
    await exits
    assert unsent.value.event == said[0]
    assert road.venue.asked == ["create", "exit"]
