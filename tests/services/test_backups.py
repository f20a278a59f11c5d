"""When backups are made, and which of them stay."""

from dataclasses import dataclass, field
from datetime import timedelta

from services.backups import Backups
from tests.build.clock import HandClock
from tests.build.upkeep import MemoryBackups

HOUR_S = 3600.0


@dataclass
class Room:
    store: MemoryBackups = field(default_factory=MemoryBackups)
    clock: HandClock = field(default_factory=HandClock)
    told: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.backups = self.again()

    def again(self) -> Backups:
        """After a restart."""

        async def tell(problem: str | None) -> None:
            self.told.append(problem)

        return Backups(self.store, self.clock, timedelta(days=7), tell)

    async def pass_hours(self, hours: int) -> None:
        for _ in range(hours):
            await self.backups.look()
            self.clock.move(HOUR_S)


async def test_one_is_made_every_six_hours() -> None:
    room = Room()
    await room.pass_hours(24)
    assert len(room.store.there) == 4
    assert room.backups.latest == room.store.there[-1]
    assert room.backups.age(room.clock.wire_now()) == timedelta(hours=6)


async def test_a_restart_makes_none_before_its_time() -> None:
    room = Room()
    await room.pass_hours(3)
    room.backups = room.again()
    await room.pass_hours(3)
    assert len(room.store.there) == 1


async def test_they_are_kept_for_a_week() -> None:
    room = Room()
    await room.pass_hours(24 * 9)
    now = room.clock.wire_now()
    assert 28 <= len(room.store.there) <= 30
    assert all(now - backup.made_at <= timedelta(days=7, hours=1) for backup in room.store.there)


async def test_the_newest_stays_while_no_newer_one_can_be_made() -> None:
    room = Room()
    await room.backups.look()
    room.store.problem = "no space left"
    await room.pass_hours(24 * 20)
    assert len(room.store.there) == 1


async def test_trouble_and_its_end_are_told_once() -> None:
    room = Room()
    room.store.problem = "no space left"
    await room.pass_hours(5)
    assert room.told == ["no space left"]
    assert room.backups.problem == "no space left"
    room.store.problem = ""
    await room.pass_hours(1)
    assert room.told == ["no space left", None]
    assert room.backups.problem is None
