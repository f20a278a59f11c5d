"""News of a feed while the database that keeps them is away."""

import pytest

from ports.errors import Transient
from ports.health import FeedHealth
from services.feed_alarm import FeedAlarm, FeedNews
from tests.build.clock import HandClock


class Desk:
    """A feed, and a desk that can be told of it only while its database is there."""

    def __init__(self) -> None:
        self.is_ok = False
        self.is_away = False
        self.clock = HandClock()
        self.news: list[FeedNews] = []
        self.alarm = FeedAlarm(self.feeds, self.tell, self.clock)

    def feeds(self) -> list[FeedHealth]:
        return [FeedHealth(name="bybit_stream", is_ok=self.is_ok, age_s=1.0, code="quiet")]

    async def tell(self, news: FeedNews) -> None:
        if self.is_away:
            raise Transient("desk database is out of reach")
        self.news.append(news)

    async def look(self) -> list[bool]:
        """What was told: whether the feed is back."""
        self.news.clear()
        await self.alarm.look()
        return [one.is_back for one in self.news]


async def test_what_could_not_be_told_is_told_at_the_next_look() -> None:
    desk = Desk()
    await desk.look()
    desk.clock.move(60)
    desk.is_away = True
    with pytest.raises(Transient):
        await desk.look()
    desk.is_away = False
    assert await desk.look() == [False]
    assert await desk.look() == []

    desk.is_ok, desk.is_away = True, True
    with pytest.raises(Transient):
        await desk.look()
    desk.is_away = False
    assert await desk.look() == [True]
    assert await desk.look() == []
