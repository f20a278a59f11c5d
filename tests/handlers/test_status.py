"""`/status`, the cockpit's view and the desk's own notices."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from handlers.cockpit import MOST, view
from handlers.notices import feed_changed, telegram_returned
from ports.errors import Transient
from ports.health import FeedHealth, JobHealth, RunHealth
from ports.people import Noise, Role
from services.feed_alarm import FeedNews
from tests.build.candles import a_series, some_candles
from tests.build.screens import ANN, TOM, VERA, ScreenDesk, a_screen_desk, data_of, labels


async def test_status_tells_mode_uptime_feeds_jobs_and_people(desk: ScreenDesk) -> None:
    desk.jobs.append(JobHealth(name="outbox", is_running=True, failures=0, last_error=None))
    desk.jobs.append(JobHealth(name="tickers", is_running=False, failures=2, last_error="boom"))
    desk.clock.move(3 * 3600)

    html = (await desk.type("/status")).html

    assert html.startswith("<b>PAPER</b> · running for 3 h · sandbox")
    assert "⚠️ Jobs: 1 of 2 fine\n⚠️ prices · restarted 2 times\n" in html
    assert "✓ delivery of messages\n" in html.partition("<blockquote expandable>")[2]
    assert "3 people" in html
    assert "boom" not in html


async def test_status_tells_how_the_candles_are(desk: ScreenDesk) -> None:
    assert "<b>Candles</b>\n✓ 0 markets · candles: 0 · 0 MB\n" in (await desk.type("/status")).html
    kept = some_candles(1500)
    await desk.candles.upsert(a_series("BTCUSDT"), kept)
    await desk.candles.upsert(a_series("ETHUSDT"), kept)
    assert "candles: 3.00K · 0 MB" in (await desk.type("/status")).html
    await desk.services.people.change(VERA, language="ru")
    assert "<b>Свечи</b>\n✓ 0 рынков · свечей: 3,00" in (await desk.type("/status")).html


async def test_status_goes_on_without_the_store_of_candles(desk: ScreenDesk) -> None:
    desk.candles.failure = Transient("locked", kind="database")
    assert "⚠️ their store does not answer" in (await desk.type("/status")).html


async def test_status_tells_what_ran_by_the_calendar_and_when_it_runs_again(desk: ScreenDesk) -> None:
    now = desk.clock.now()
    hour = timedelta(hours=1)
    usual: dict[str, Any] = {"is_running": False, "has_failed": False, "failures": 0}
    desk.runs += [
        RunHealth(**usual | {"name": "equity", "last_at": now - hour, "next_at": now + hour}),
        RunHealth(**usual | {"name": "<odd>", "last_at": None, "next_at": now + 20 * hour}),
        RunHealth(
            name="retention", is_running=True, has_failed=True, failures=2, last_at=now, next_at=now + hour
        ),
    ]
    await desk.services.people.change(VERA, zone="Europe/Berlin")

    html = (await desk.type("/status")).html

    assert "✓ equity curves · 12:00 → 14:00\n" in html
    assert "✓ &lt;odd&gt; · – → 5 Mar 09:00\n" in html
    assert "⚠️ old candles · runs now → 14:00 · failed 2 times\n" in html
    await desk.services.people.change(VERA, language="ru")
    assert "⚠️ удаление старых свечей · идёт сейчас → 14:00 · 2 сбоя" in (await desk.type("/status")).html


@pytest.mark.parametrize(
    ("code", "words"),
    [("failing", "out of reach"), ("conflict", "another copy of the bot is running"), ("quiet", "silent")],
)
async def test_a_bad_feed_is_marked_in_status_and_cockpit(desk: ScreenDesk, code: str, words: str) -> None:
    desk.roads.append(FeedHealth(name="telegram", is_ok=False, age_s=75.0, code=code))

    status = (await desk.type("/status")).html
    cockpit = view(desk.services, desk.person(VERA)).html

    assert "⚠️ Telegram" in status
    assert words in status
    assert "1 min" in status
    assert "⚠️ Telegram: " in cockpit
    assert words in cockpit


async def test_a_feed_tells_its_breaks_losses_and_delay(desk: ScreenDesk) -> None:
    told = {"count": 50, "messages": 900, "breaks": 2, "lost": 1, "delay_p99_ms": 38.4}
    desk.roads.append(FeedHealth(name="bybit_stream", is_ok=True, age_s=0.0, code="streaming", params=told))

    english = (await desk.type("/status")).html
    await desk.services.people.change(VERA, language="ru")
    russian = (await desk.type("/status")).html

    assert "streaming · 50 markets · broke 2 times · lost 1 · delay up to 38 ms" in english
    assert "50 рынков · 2 обрыва · потеряно 1 · задержка до 38 мс" in russian


async def test_a_queue_for_the_quota_of_a_venue_is_told(desk: ScreenDesk) -> None:
    told = {"queued": 7}
    desk.roads.append(FeedHealth(name="bybit_account", is_ok=True, age_s=None, code="streaming", params=told))

    english = (await desk.type("/status")).html
    await desk.services.people.change(VERA, language="ru")
    russian = (await desk.type("/status")).html

    assert "✓ Account at Bybit · streaming · 7 to send\n" in english
    assert "✓ Счёт на Bybit" in russian
    assert "ждут отправки: 7\n" in russian


async def test_what_is_well_is_one_line_with_its_details_folded(desk: ScreenDesk) -> None:
    desk.jobs += [
        JobHealth(name=name, is_running=True, failures=0, last_error=None)
        for name in ("trades", "alerts", "living")
    ]
    await desk.services.people.change(VERA, language="ru")

    shown, _, folded = (await desk.type("/status")).html.partition("<blockquote expandable>")

    assert "✓ Задачи: 3\n" in shown
    assert "✓ сделки на бумаге\n✓ оповещения\n✓ сообщения о сделках\n" in folded


async def test_a_long_delay_is_said_as_people_say_spans(desk: ScreenDesk) -> None:
    told = {"count": 50, "delay_p99_ms": 37_610_164.0}
    desk.roads.append(FeedHealth(name="bybit_stream", is_ok=True, age_s=3.0, code="streaming", params=told))

    assert "✓ Bybit stream · streaming · 50 markets · delay up to 10 h\n" in (await desk.type("/status")).html


async def test_a_gap_to_the_reference_that_stays_is_named_in_status_and_cockpit(desk: ScreenDesk) -> None:
    wide = {"pair": "BTC/USDT", "gap": Decimal("-0.0123"), "many": 3}
    desk.roads.append(FeedHealth(name="spread", is_ok=False, age_s=1.0, code="spread", params=wide))

    status = (await desk.type("/status")).html.replace("\xa0", " ")
    cockpit = view(desk.services, desk.person(VERA)).html.replace("\xa0", " ")

    assert "⚠️ Gap to Binance · BTC/USDT ▼ −1.2 % · +2" in status
    assert "⚠️ Gap to Binance: BTC/USDT ▼ −1.2 % · +2" in cockpit


async def test_feeds_that_nobody_foresaw_are_shown_by_name(desk: ScreenDesk) -> None:
    desk.roads.append(FeedHealth(name="<gate>", is_ok=False, age_s=None, code="odd&code"))

    assert "&lt;gate&gt; · odd&amp;code" in (await desk.type("/status")).html


async def test_status_works_while_nothing_does() -> None:
    desk = await a_screen_desk(is_primed=False)
    desk.source.failure = Transient("down")

    html = (await desk.type("/status")).html

    assert "waiting for first data" in html
    assert "Prices are on their way" in view(desk.services, desk.person(VERA)).html


async def test_the_cockpit_shows_the_biggest_until_there_is_an_own_list(desk: ScreenDesk) -> None:
    html = view(desk.services, desk.person(VERA)).html
    assert "BTC" in html
    assert "/watch makes this list yours" in html

    await desk.type("/watch doge ton sol xrp bnb ada trx avax link dot")

    html = view(desk.services, desk.person(VERA)).html
    assert "/watch makes" not in html
    assert html.partition("<pre>")[2].partition("</pre>")[0].count("\n") == MOST - 1


async def test_stale_prices_are_starred_in_the_cockpit(desk: ScreenDesk) -> None:
    desk.clock.move(240)

    html = view(desk.services, desk.person(VERA)).html

    assert "* stale, up to 4 min old: do not act on it" in html
    assert "⚠️ Bybit REST: silent" in html
    assert "PAPER" in html


async def test_every_button_of_the_cockpit_works(desk: ScreenDesk) -> None:
    screen = view(desk.services, desk.person(VERA))

    for label in labels(screen):
        answer = await desk.press(data_of(screen, label))
        assert not answer.is_error, label


@pytest.mark.parametrize(("admin_chat", "chats"), [(None, [ANN]), (-100, [-100])])
async def test_admins_hear_how_long_telegram_was_away(admin_chat: int | None, chats: list[int]) -> None:
    desk = await a_screen_desk(admin_chat=admin_chat)

    await telegram_returned(desk.services, 600)
    await desk.services.outbox.deliver()

    assert [sent.chat_id for sent in desk.messenger.sent] == chats
    assert "out of reach for 10 min" in desk.messenger.sent[0].screen.html
    assert desk.messenger.sent[0].is_silent


async def test_only_those_inside_who_asked_for_it_hear_of_a_feed(desk: ScreenDesk) -> None:
    feed = FeedHealth(name="bybit_stream", is_ok=False, age_s=90.0, code="quiet")
    people = desk.services.people
    changes: list[dict[str, Any]] = [
        {},
        {"role": Role.BLOCKED},
        {"is_reachable": False},
        {"noise": Noise.QUIET},
    ]
    for number, fields in enumerate(changes):
        await people.admit(50 + number, "x", Role.VIEWER, "en")
        await people.change(50 + number, is_onboarded=True, **fields)
    news = FeedNews(feed=feed, is_back=False, away_s=120, noise=Noise.NORMAL, since=desk.clock.now())

    await feed_changed(desk.services, news)
    await feed_changed(desk.services, news)
    await desk.services.outbox.deliver()

    assert sorted(sent.chat_id for sent in desk.messenger.sent) == [ANN, TOM, VERA, 50]
    assert "Bybit stream: silent · 2 min" in re.sub("<.*?>", "", desk.messenger.sent[0].screen.html)
