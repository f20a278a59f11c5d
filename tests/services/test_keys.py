"""Ages of keys: who is reminded of which, and how often."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from ports.venue_books import KeyRights
from services.keys import KeyAge, KeyAges
from tests.build.clock import HandClock
from tests.build.stores import MemoryFacts

DAY_S = 86_400.0


@dataclass
class Room:
    clock: HandClock = field(default_factory=HandClock)
    opened: dict[str, KeyRights] = field(default_factory=dict)
    told: list[KeyAge] = field(default_factory=list)

    def __post_init__(self) -> None:
        async def tell(key: KeyAge) -> None:
            self.told.append(key)

        self.ages = KeyAges(lambda: self.opened, MemoryFacts(), self.clock, tell)

    def open(self, account: str, *, days: int | None, is_bound: bool = True) -> None:
        made_at = None if days is None else self.clock.wire_now() - timedelta(days=days)
        self.opened[account] = KeyRights(
            can_trade=True, can_withdraw=False, is_bound_to_ip=is_bound, made_at=made_at
        )

    async def pass_days(self, days: int) -> None:
        for _ in range(days):
            await self.ages.look()
            self.clock.move(DAY_S)


async def test_of_an_old_key_admins_are_reminded_once_a_week() -> None:
    room = Room()
    room.open("bybit", days=89)
    await room.pass_days(16)
    assert [(key.account, key.age) for key in room.told] == [
        ("bybit", timedelta(days=90)),
        ("bybit", timedelta(days=97)),
        ("bybit", timedelta(days=104)),
    ]


async def test_each_key_is_reminded_of_by_itself_and_young_ones_are_not() -> None:
    room = Room()
    room.open("bybit", days=100)
    room.open("gate", days=89)
    await room.pass_days(1)
    assert [key.account for key in room.told] == ["bybit"]
    await room.pass_days(1)
    assert [key.account for key in room.told] == ["bybit", "gate"]


async def test_a_new_key_ends_the_reminders() -> None:
    room = Room()
    room.open("bybit", days=100)
    await room.pass_days(1)
    room.open("bybit", days=0)
    await room.pass_days(30)
    assert len(room.told) == 1


async def test_where_the_venue_does_not_say_the_age_is_unknown() -> None:
    room = Room()
    room.open("gate", days=None)
    await room.pass_days(2)
    assert room.told == []
    assert room.ages.all() == [KeyAge(account="gate", age=None, is_bound_to_ip=True)]


async def test_of_a_key_that_works_from_anywhere_too() -> None:
    room = Room()
    room.open("gate", days=3, is_bound=False)
    await room.pass_days(8)
    assert [(key.account, key.is_old, key.is_well) for key in room.told] == [("gate", False, False)] * 2


async def test_two_looks_at_once_remind_once() -> None:
    room = Room()
    room.open("bybit", days=100)
    await asyncio.gather(room.ages.look(), room.ages.look())
    assert len(room.told) == 1


async def test_without_an_open_account_there_is_no_key() -> None:
    room = Room()
    await room.pass_days(2)
    assert room.ages.all() == []
