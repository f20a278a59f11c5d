"""Pushes go to people who have a role, not to everybody who once had one."""

from handlers.notices import feed_changed
from ports.health import FeedHealth
from ports.people import Noise, Role
from services.feed_alarm import FeedNews
from tests.build.clock import NOON
from tests.build.people import a_person
from tests.build.screens import a_screen_desk


async def test_news_of_a_feed_reach_no_blocked_person() -> None:
    blocked = a_person(1, role=Role.BLOCKED, is_onboarded=True)
    viewer = a_person(2, role=Role.VIEWER, is_onboarded=True)
    desk = await a_screen_desk(blocked, viewer)
    feed = FeedHealth(name="bybit_stream", is_ok=False, age_s=400.0, code="quiet")
    news = FeedNews(feed=feed, is_back=False, away_s=400.0, noise=Noise.NORMAL, since=NOON)

    await feed_changed(desk.services, news)

    assert [push.row.message.chat_id for push in desk.stores.outbox.pushes] == [2]
