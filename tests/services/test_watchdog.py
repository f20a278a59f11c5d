"""The watchdog over the machine's load: when it warns, sheds and takes up again."""

import asyncio
from dataclasses import dataclass, field

import pytest

from ports.errors import Refused
from ports.load import Load
from services.optional_work import OptionalWork
from services.watchdog import LoadNews, Strain, Watchdog
from tests.build.upkeep import GB, LIMITS, HandGauge


@dataclass
class Room:
    gauge: HandGauge = field(default_factory=HandGauge)
    work: OptionalWork = field(default_factory=OptionalWork)
    told: list[Strain] = field(default_factory=list)

    def __post_init__(self) -> None:
        async def tell(news: LoadNews) -> None:
            self.told.append(news.strain)

        self.watchdog = Watchdog(self.gauge, self.work, LIMITS, tell)

    async def minutes(self, minutes: float, *, cpu: float = 0.1, gb: float = 1) -> None:
        self.gauge.load = Load(cpu=cpu, memory_bytes=int(gb * GB))
        for _ in range(int(minutes * 6)):
            await self.watchdog.look()


@pytest.mark.parametrize("strained", [{"cpu": 0.6}, {"gb": 2.5}])
async def test_it_warns_once_then_sheds_then_takes_up_again(strained: dict[str, float]) -> None:
    room = Room()
    await room.minutes(4.5, **strained)
    assert room.told == []
    await room.minutes(1, **strained)
    assert room.told == [Strain.HIGH]
    assert not room.work.is_shed
    await room.minutes(5, **strained)
    assert room.told == [Strain.HIGH, Strain.SHEDDING]
    assert room.work.is_shed
    await room.minutes(30, **strained)
    assert len(room.told) == 2
    await room.minutes(30)
    assert room.told == [Strain.HIGH, Strain.SHEDDING, Strain.FINE]
    assert not room.work.is_shed


async def test_a_short_burst_is_borne() -> None:
    room = Room()
    for _ in range(10):
        await room.minutes(1, cpu=1.0)
        await room.minutes(5)
    assert room.told == []


async def test_around_the_limit_it_does_not_come_and_go() -> None:
    room = Room()
    await room.minutes(6, cpu=0.6)
    await room.minutes(30, cpu=0.45)
    assert room.told == [Strain.HIGH]
    await room.minutes(30, cpu=0.35)
    assert room.told == [Strain.HIGH, Strain.FINE]


async def test_what_is_shed_waits_and_what_people_ask_for_is_refused() -> None:
    work = OptionalWork()
    work.check()
    await work.turn()
    work.shed()
    waiting = asyncio.create_task(work.turn())
    await asyncio.sleep(0)
    assert not waiting.done()
    with pytest.raises(Refused) as refused:
        work.check()
    assert refused.value.code == "busy"
    work.take_up()
    await waiting
