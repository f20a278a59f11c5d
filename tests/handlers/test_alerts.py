"""`/alert` and `/alerts`."""

from datetime import timedelta

import pytest

from ports.messages import Screen
from services.formats import NBSP
from tests.build.markets import a_ticker, an_instrument
from tests.build.screens import ANN, TOM, VERA, ScreenDesk, buttons, data_of, labels


def waiting(desk: ScreenDesk, by: int = VERA) -> list[str]:
    """What the person's alerts wait for, in numbers."""
    return [str(one.reading) for one in desk.services.alerts.list(desk.person(by))]


async def reach(desk: ScreenDesk, price: str, symbol: str = "BTCUSDT") -> list[Screen]:
    """Let the market be at that price; what is pushed."""
    desk.source.prices[symbol] = a_ticker(symbol, price, at=desk.clock.now())
    desk.clock.move(11)  # a price that old is asked for anew
    desk.source.prices[symbol] = a_ticker(symbol, price, at=desk.clock.now())
    await desk.services.markets.quote(symbol)
    before = len(desk.stores.outbox.pushes)
    await desk.services.alerts.settle()
    return [push.row.message.screen for push in desk.stores.outbox.pushes[before:]]


async def test_without_words_it_teaches_and_offers_coins(desk: ScreenDesk) -> None:
    screen = await desk.type("/alert")

    assert "/alert btc &gt; 100k" in screen.html
    assert labels(screen)[:3] == ["BTC", "ETH", "SOL"]
    coin = await desk.tap(data_of(screen, "ETH"))
    assert coin.html.startswith("<b>ETH/USDT</b>")


async def test_the_watch_list_is_offered_first(desk: ScreenDesk) -> None:
    await desk.type("/watch doge sol")

    assert labels(await desk.type("/alert"))[:2] == ["DOGE", "SOL"]


@pytest.mark.parametrize("text", ["/alert btc", "алерт биток", "als:BTCUSDT"])
async def test_a_coin_alone_gets_levels_that_work_at_one_tap(desk: ScreenDesk, text: str) -> None:
    screen = await (desk.tap(text) if ":" in text else desk.type(text))

    assert labels(screen)[:4] == ["▲ 88,950.00", "▲ 91,570.00", "▼ 85,470.00", "▼ 82,850.00"]
    armed = await desk.tap(data_of(screen, "▼ 85,470.00"))
    assert "at 85,470 or below" in armed.html
    assert "▼ −2.0 % away" in armed.html.replace(NBSP, " ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("/alert btc > 100k", "at 100,000 or above"),
        ("/alert btc above 100000", "at 100,000 or above"),
        ("/alert 100 000 btc", "at 100,000 or above"),
        ("alert btc 60k", "at 60,000 or below"),
        ("алерт биток ниже 60к", "at 60,000 or below"),
        ("/alert eth -5% 1h", "down 5 % within 1 h"),
        ("/alert eth +3% in 15m", "up 3 % within 15 min"),
        ("оповести эфир упадёт на 5% за час", "down 5 % within 1 h"),
        ("/alert eth ±2,5% 4h", "2.5 % either way within 4 h"),
        ("/alert shib > 0.00002", "at 0.00002 or above"),
    ],
)
async def test_a_sentence_arms_at_once_and_says_what_it_understood(
    desk: ScreenDesk, text: str, said: str
) -> None:
    screen = await desk.type(text)

    assert said in screen.html
    assert "Once." in screen.html
    assert labels(screen) == ["Undo", "Chart", "Alerts"]


async def test_undo_takes_it_away_and_undo_again_brings_it_back(desk: ScreenDesk) -> None:
    armed = await desk.type("/alert btc > 100k")

    deleted = await desk.tap(data_of(armed, "Undo"))
    assert "deleted" in deleted.html
    assert waiting(desk) == []
    back = await desk.tap(data_of(deleted, "Undo"))

    assert "armed" in back.html
    assert waiting(desk) == ["100000.00"]


async def test_the_same_twice_says_so(desk: ScreenDesk) -> None:
    await desk.type("/alert btc > 100k")

    again = await desk.type("alert btc 100000")

    assert "armed already" in again.html
    assert len(waiting(desk)) == 1


async def test_a_repeating_one_that_ends_says_both(desk: ScreenDesk) -> None:
    screen = await desk.type("/alert btc > 100k every 4h for 3d")

    assert "not more often than every 4 h" in screen.html
    assert "Until 7 Mar 12:00" in screen.html


@pytest.mark.parametrize(
    ("text", "said", "form"),
    [
        ("/alert bct > 100k", "No market “bct”", "now:alert BTCUSDT > 100k"),
        ("/alert btc > 50k", "beyond that price already", "now:alert BTCUSDT < 50000"),
        ("/alert btc 87210.50", "at that price now", "now:alert BTCUSDT +5%"),
        ("/alert btc 5%", "Up or down?", "now:alert BTCUSDT +5%"),
        ("/alert btc > nan", "did not understand", "now:alert BTCUSDT +5%"),
        ("/alert btc 0", "will not see that price", None),
        ("/alert btc -5", "will not see that price", None),
        ("/alert btc 1e99", "will not see that price", None),
        ("/alert eth -5% 3d", "1 minute to 24 hours", None),
        ("/alert eth -0% 1h", "no move to wait for", None),
        ("/alert sol high 2000d", "1 to 365 days", None),
        ("/alert sol high 30d", "no daily candles yet", None),
        ("/alert btc > 100k every 1s", "rest from 1 minute", None),
        ("/alert btc > 100k for 9 years", "last from 1 minute", None),
    ],
)
async def test_what_cannot_be_is_refused_with_the_mend_and_changes_nothing(
    desk: ScreenDesk, text: str, said: str, form: str | None
) -> None:
    screen = await desk.type(text)

    assert said in screen.html
    assert waiting(desk) == []
    if form is not None:
        assert form in [one.data for one in buttons(screen)]
        await desk.tap(form)
        assert len(waiting(desk)) == 1


async def test_free_text_is_offered_and_armed_by_a_tap(desk: ScreenDesk) -> None:
    screen = await desk.type("btc above 100000")
    assert "<b>BTC/USDT</b> · shall I tell you?\n\nat 100,000 or above\nOnce." in screen.html
    assert waiting(desk) == []

    await desk.tap(data_of(screen, "Tell me"))

    assert waiting(desk) == ["100000.00"]


async def test_free_text_is_offered_in_the_words_of_the_person(desk: ScreenDesk) -> None:
    await desk.services.people.change(VERA, language="ru")

    screen = await desk.type("биток выше 100к каждые 4 часа на 3 дня")

    assert "сообщить?\n\n100\xa0000 или выше\nПовторяется, не чаще раза в 4 ч.\nДо " in screen.html


async def test_free_text_that_cannot_be_armed_gets_the_mend_at_once(desk: ScreenDesk) -> None:
    screen = await desk.type("btc above 50k")

    assert "beyond that price already" in screen.html
    assert waiting(desk) == []


@pytest.mark.parametrize("text", ["btc", "btc 4h", "eth 240", "what is the price of btc?", "the sky is high"])
async def test_other_sentences_are_not_taken_for_alerts(desk: ScreenDesk, text: str) -> None:
    screen = await desk.type(text)

    assert "🔔" not in "".join(labels(screen))


async def test_an_empty_list_teaches(desk: ScreenDesk) -> None:
    screen = await desk.type("/alerts")

    assert "No alerts yet" in screen.html
    assert labels(screen) == ["New"]


async def test_the_list_says_how_far_each_is(desk: ScreenDesk) -> None:
    for text in ("/alert btc > 100k every 1h", "/alert eth -5% 1h"):
        await desk.type(text)

    screen = await desk.type("алерты")

    assert "#1 <b>BTC</b> at 100,000 or above · ▲ +14.7 % away ↻" in screen.html.replace(NBSP, " ")
    assert "#2 <b>ETH</b> down 5 % within 1 h" in screen.html
    assert labels(screen) == ["#1 BTC", "#2 ETH", "New", "Delete all"]


async def test_a_stale_price_is_said_so_in_the_list(desk: ScreenDesk) -> None:
    await desk.type("/alert btc > 100k")
    desk.clock.move(120)

    assert "stale 2 min" in (await desk.type("/alerts")).html


async def test_a_long_list_has_pages(desk: ScreenDesk) -> None:
    for number in range(20):
        await desk.type(f"/alert btc > {100_000 + number}")

    first = await desk.type("/alerts")
    assert "page 1 of 3" in first.html
    last = await desk.tap(data_of(await desk.tap(data_of(first, "Next ▶")), "Next ▶"))

    assert "page 3 of 3" in last.html
    assert labels(last) == ["#19 BTC", "#20 BTC", "◀ Back", "New", "Delete all"]
    assert "page 3 of 3" in (await desk.tap("al:99")).html


async def test_the_list_of_one_coin_and_one_by_its_number(desk: ScreenDesk) -> None:
    await desk.type("/alert btc > 100k")
    await desk.type("/alert eth 100k")

    assert "BTC" not in (await desk.type("/alerts eth")).html
    assert "<b>BTC/USDT</b>" in (await desk.type("/alerts #1")).html
    assert "gone" in (await desk.type("/alerts 77")).html


async def test_mute_and_unmute(desk: ScreenDesk) -> None:
    await desk.type("/alert btc > 100k")
    one = await desk.tap("al1:1")

    muted = await desk.tap(data_of(one, "Mute"))
    assert "muted" in muted.html
    assert await reach(desk, "100000") == []
    loud = await desk.tap(data_of(muted, "Unmute"))

    assert "It is there already" in loud.html
    assert await reach(desk, "99000") == []
    assert len(await reach(desk, "100000")) == 1


async def test_delete_all_asks_first_and_spares_the_newer(desk: ScreenDesk) -> None:
    for number in range(3):
        await desk.type(f"/alert btc > {100_000 + number}")
    question = await desk.tap(data_of(await desk.type("/alerts"), "Delete all"))
    assert "Delete 3 alerts?" in question.html
    await desk.type("/alert btc > 200k")

    done = await desk.tap(data_of(question, "Delete all"))

    assert "3 alerts deleted" in done.html
    assert waiting(desk) == ["200000.00"]


async def test_what_fired_says_what_price_and_when(desk: ScreenDesk) -> None:
    await desk.type("/alert btc > 100k")

    (told,) = await reach(desk, "100050.50")

    assert "<b>BTC/USDT</b> · at 100,000 or above" in told.html
    assert "<code>100,050.50</code>" in told.html
    assert "4 Mar 12:00:11" in told.html
    assert labels(told) == ["Chart", "Again"]


async def test_again_waits_for_the_way_back(desk: ScreenDesk) -> None:
    await desk.type("/alert btc > 100k")
    (told,) = await reach(desk, "100050.50")

    screen = await desk.tap(data_of(told, "Again"))

    assert "Fired 1 time so far" in screen.html
    assert "I wait until it goes back" in screen.html
    await reach(desk, "99000")
    assert len(await reach(desk, "100000")) == 1


async def test_a_repeating_one_is_muted_from_its_message(desk: ScreenDesk) -> None:
    await desk.type("/alert btc > 100k every 2h")

    (told,) = await reach(desk, "100050.50")

    assert "in 2 h at the earliest" in told.html
    assert "muted" in (await desk.tap(data_of(told, "Mute"))).html


async def test_a_trader_can_trade_on_it(desk: ScreenDesk) -> None:
    await desk.type("/alert btc > 100k", by=TOM)

    (told,) = await reach(desk, "100050.50")

    assert labels(told) == ["Chart", "Again", "Trade"]


async def test_everybody_is_told_in_their_own_language(desk: ScreenDesk) -> None:
    await desk.services.people.change(VERA, language="ru", zone="Europe/Moscow")
    for by in (VERA, ANN):
        await desk.type("/alert btc > 100k", by=by)

    russian, english = await reach(desk, "100050.50")

    assert "или выше" in russian.html
    assert "15:00:11" in russian.html
    assert "or above" in english.html


async def test_nobody_presses_the_buttons_of_others(desk: ScreenDesk) -> None:
    await desk.type("/alert btc > 100k")

    for prefix in ("al1", "alm", "alu", "ald", "alr"):
        assert "not for you" in (await desk.tap(f"{prefix}:1", by=ANN)).html
        assert "gone" in (await desk.tap(f"{prefix}:x", by=ANN)).html
        assert "gone" in (await desk.tap(f"{prefix}:{'9' * 40}", by=ANN)).html
    assert waiting(desk) == ["100000.00"]


async def test_an_alert_from_a_group_is_told_in_the_persons_own_chat(desk: ScreenDesk) -> None:
    await desk.type("/alert btc > 100k", chat=-100500)
    await reach(desk, "100050.50")

    assert [push.row.message.chat_id for push in desk.stores.outbox.pushes] == [VERA]


async def test_the_longest_coin_fits_its_buttons(desk: ScreenDesk) -> None:
    base = "1000000BABYDOGEELON"
    desk.source.listed.append(an_instrument(base))
    desk.source.prices[f"{base}USDT"] = a_ticker(f"{base}USDT", "0.01234567", at=desk.clock.now())
    await desk.services.markets._load_universe()
    desk.clock.move(timedelta(seconds=11).total_seconds())
    desk.source.prices[f"{base}USDT"] = a_ticker(f"{base}USDT", "1234567.89", at=desk.clock.now())

    screen = await desk.type(f"/alert {base}")

    assert len(buttons(screen)) == 8
    assert all(len((one.data or "").encode()) <= 64 for one in buttons(screen))
