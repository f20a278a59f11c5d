"""News of feeds that fall silent and come back."""

from ports.health import FeedHealth
from ports.people import Noise
from services.feed_alarm import FeedAlarm, FeedNews
from tests.build.clock import HandClock


def a_feed(*, is_ok: bool) -> FeedHealth:
    return FeedHealth(name="bybit_stream", is_ok=is_ok, age_s=1.0, code="streaming" if is_ok else "quiet")


class Watched:
    def __init__(self) -> None:
        self.is_ok = True
        self.clock = HandClock()
        self.news: list[FeedNews] = []
        self.alarm = FeedAlarm(lambda: [a_feed(is_ok=self.is_ok)], self.tell, self.clock)

    async def tell(self, news: FeedNews) -> None:
        self.news.append(news)

    async def look_after(self, seconds: float) -> list[FeedNews]:
        self.news.clear()
        self.clock.move(seconds)
        await self.alarm.look()
        return self.news


async def test_a_short_outage_is_nobodys_news() -> None:
    watched = Watched()
    watched.is_ok = False
    await watched.look_after(0)
    assert await watched.look_after(59) == []
    watched.is_ok = True
    assert await watched.look_after(1) == []


async def test_a_long_outage_is_told_once_to_each_level_and_so_is_its_end() -> None:
    watched = Watched()
    watched.is_ok = False
    await watched.look_after(0)
    assert [(one.noise, one.is_back) for one in await watched.look_after(60)] == [(Noise.ALL, False)]
    assert await watched.look_after(10) == []
    assert [(one.noise, one.is_back) for one in await watched.look_after(240)] == [(Noise.NORMAL, False)]
    watched.is_ok = True
    back = await watched.look_after(5)
    assert {one.noise for one in back} == {Noise.ALL, Noise.NORMAL}
    assert all(one.is_back and one.away_s == 315 for one in back)
    assert await watched.look_after(5) == []
