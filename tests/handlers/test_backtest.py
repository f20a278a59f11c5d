"""`/backtest`: asked for in words and by buttons, watched, cancelled, and what came of it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta

import pytest

from engines.simulate.assessment import Standing
from handlers.ui.backtest_view import verdict
from ports.backtests import Estimate, Stage
from ports.errors import Gone, Refused, Transient
from ports.messages import Screen
from services.backtesting.wish import Wish
from services.backtests import FACT, MOST_WAITING
from tests.build.backtests import FIGURES, a_report, fill
from tests.build.clock import NOON
from tests.build.messenger import Sent
from tests.build.people import a_person
from tests.build.screens import ANN, TOM, VERA, ScreenDesk, a_screen_desk, data_of, labels

NOW_MS = int(NOON.timestamp() * 1000)
MESSAGE = 55


@asynccontextmanager
async def at_work(desk: ScreenDesk) -> AsyncIterator[None]:
    """Backtests are played and their messages kept."""
    task = asyncio.create_task(desk.services.backtests.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(look: Callable[[], object]) -> None:
    """Let everything go on until `look` is true."""
    async with asyncio.timeout(3):
        while not look():
            await asyncio.sleep(0.001)


async def remembered(desk: ScreenDesk, having: str) -> str:
    """What outlives a restart, once it has these words."""
    async with asyncio.timeout(3):
        while having not in (kept := await desk.stores.facts.get(FACT) or ""):
            await asyncio.sleep(0.001)
    return kept


async def asked(desk: ScreenDesk, text: str, *, by: int = VERA, message: int = MESSAGE) -> Screen:
    """The answer to a command, delivered as that message."""
    request = desk.request(text, by=by)
    screen = await desk.services.table.commands["backtest"].handler(request)
    assert screen is not None
    for tell in request.delivered:
        await tell(by, message)
    return screen


def shown(desk: ScreenDesk, message: int = MESSAGE) -> list[Sent]:
    return [one for one in desk.messenger.edits if one.message_id == message]


def said(desk: ScreenDesk, message: int = MESSAGE) -> str:
    """What the message says now."""
    edits = shown(desk, message)
    return edits[-1].screen.html if edits else ""


@pytest.fixture
async def desk() -> ScreenDesk:
    made = await a_screen_desk()
    for coin in ("BTC", "ETH"):
        await fill(made.candles, f"{coin}USDT", 800, until_ms=NOW_MS)
    return made


async def test_alone_it_explains_and_offers_strategies_over_sensible_periods(desk: ScreenDesk) -> None:
    screen = await desk.type("/backtest")
    assert "How a strategy would have done on past prices" in screen.html
    assert "SMA cross" in screen.html
    assert labels(screen)[:3] == ["SMA 6 mo", "SMA 1 y", "SMA 2 y"]
    assert data_of(screen, "SMA 2 y") == "bt:n:sma_cross:2y"
    assert labels(screen)[3:] == ["TA 1 mo", "TA 2 mo", "TA 3 mo"]


@pytest.mark.parametrize("text", ["бэктест", "backtest", "прогон", "/backtests", "/ифслеуые"])
async def test_words_open_it(desk: ScreenDesk, text: str) -> None:
    assert "/backtest sma 2y btc eth" in (await desk.type(text)).html


async def test_coins_without_a_strategy_ask_for_one_and_keep_the_words(desk: ScreenDesk) -> None:
    screen = await desk.type("/backtest btc 1y")
    assert data_of(screen, "SMA") == "now:backtest sma_cross btc 1y"


async def test_a_mistyped_strategy_is_offered_as_it_is_spelled(desk: ScreenDesk) -> None:
    screen = await desk.type("/backtest smaa_cross 1y eth")
    assert "No strategy “smaa_cross”." in screen.html
    assert data_of(screen, "sma_cross") == "now:backtest sma_cross 1y eth"
    unknown = await desk.type("/backtest momentumstrat")
    assert "sma_cross" in labels(unknown)


async def test_a_mistyped_coin_and_a_parameter_that_cannot_be_are_refused(desk: ScreenDesk) -> None:
    coin = await desk.type("/backtest sma 1y btcc")
    assert "No market “btcc”." in coin.html
    assert "now:backtest sma 1y BTCUSDT" in [one.data for row in coin.keyboard for one in row]
    params = await desk.type("/backtest sma fast=300")
    assert "<code>fast=300</code> has to be below <code>slow=200</code>." in params.html
    assert desk.backtester.played == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("fast=300", "<code>fast=300</code> должно быть меньше, чем <code>slow=200</code>."),
        ("fast=9000", "<code>fast=9000</code>: нужно значение от 1 до 5000."),
        ("fast=x", "<code>fast=x</code>: это не число."),
        ("fast=2.5", "<code>fast=2.5</code>: нужно целое число."),
        ("fats=20", "Параметра <code>fats</code> нет. Возможно, <code>fast</code>?"),
        ("colour=20", "Параметра <code>colour</code> нет. Есть такие: <code>fast, slow,"),
        ("side=up", "<code>side=up</code>: возможны значения <code>both, long, short</code>"),
    ],
)
async def test_parameters_that_cannot_be_are_told_in_russian(desk: ScreenDesk, words: str, said: str) -> None:
    await desk.services.people.change(VERA, language="ru")
    screen = await desk.type(f"/backtest sma {words}")
    assert said in screen.html


@pytest.mark.parametrize("language", ["en", "ru"])
async def test_a_report_is_written_in_the_language_of_whoever_asks(desk: ScreenDesk, language: str) -> None:
    await desk.services.people.change(VERA, language=language)
    async with at_work(desk):
        await asked(desk, "sma 2y btc")
        await until(lambda: len(desk.messenger.sent) == 2)
    (task,) = desk.backtester.played
    assert (task.language.code, task.language("Pictures")) == {
        "en": ("en", "Pictures"),
        "ru": ("ru", "Графики"),
    }[language]


async def test_from_the_words_to_the_picture_the_figures_and_the_file(desk: ScreenDesk) -> None:
    async with at_work(desk):
        begun = await asked(desk, "sma 2y btc eth fast=20")
        assert "SMA cross · BTC ETH · 2 years" in begun.html
        await until(lambda: len(desk.messenger.sent) == 2)
    (task,) = desk.backtester.played
    assert (task.strategy, task.params) == ("sma_cross", {"fast": "20"})
    assert [one.instrument.symbol for one in task.history.markets] == ["BTCUSDT", "ETHUSDT"]
    picture, page = (one.screen for one in desk.messenger.sent)
    assert picture.photo is not None
    assert "+12.3" in picture.html
    assert "It earned, but luck could have done that. Holding would have brought more." in picture.html
    assert "The limits stopped or cut 4 orders." in picture.html
    assert labels(picture) == ["Details", "Files", "Other period", "Other strategy"]
    assert page.document is not None
    assert page.document.name.endswith(".html")
    assert said(desk).startswith("✓")
    assert await desk.stores.facts.get(FACT) == "[]"
    (card,) = desk.painter.drawn
    assert [one.name for one in card.figures] == ["Return", "A year", "Drawdown", "Trades", "Holding"]
    assert card.figures[0].is_good is True


async def test_rows_of_figures_fit_a_phone_in_both_languages(desk: ScreenDesk) -> None:
    for language in ("en", "ru"):
        desk.backtester.kept["ab12cd34"] = a_report()
        await desk.services.people.change(VERA, language=language)
        for prefix in ("bt:d:",):
            screen = await desk.tap(f"{prefix}ab12cd34")
            tables = [part.partition("</pre>")[0] for part in screen.html.split("<pre>")[1:]]
            rows = [row for table in tables for row in table.splitlines()]
            assert rows
            assert max(map(len, rows)) <= 34, max(rows, key=len)
            assert all(row[10] == " " or len(row.split()[0]) <= 11 for row in rows)


async def test_progress_is_told_in_one_message_every_five_seconds(desk: ScreenDesk) -> None:
    desk.backtester.is_slow = True
    async with at_work(desk):
        await asked(desk, "sma 2y btc")
        await until(lambda: desk.backtester.played)
        desk.clock.move(6)
        await until(lambda: "Making ready" in said(desk))
        desk.backtester.tell(Stage.PLAYING, 1, 2)
        edits = len(shown(desk))
        await asyncio.sleep(0.02)
        assert len(shown(desk)) == edits
        desk.clock.move(6)
        await until(lambda: "Playing it bar by bar" in said(desk))
        assert "47 %" in said(desk).replace("\u00a0", " ")
        assert "about 15 s left" in said(desk)
        assert labels(shown(desk)[-1].screen) == ["Cancel"]
        desk.backtester.finish()
        await until(lambda: len(desk.messenger.sent) == 2)


async def test_it_is_cancelled_at_any_time(desk: ScreenDesk) -> None:
    desk.backtester.is_slow = True
    async with at_work(desk):
        screen = await asked(desk, "sma 2y btc")
        await until(lambda: desk.backtester.played)
        cancelled = await desk.tap(data_of(screen, "Cancel"), message=MESSAGE)
        assert "Cancelled." in cancelled.html
        assert labels(cancelled) == ["Run again", "Strategies"]
        await until(lambda: desk.backtester.left)
        again = await desk.press(data_of(screen, "Cancel"))
        assert again.screen is not None
        assert "That backtest is over already." in again.screen.html
        await asked(desk, "sma 1y btc")
        await until(lambda: len(desk.backtester.played) == 2)
    assert desk.messenger.sent == []


async def test_one_that_waits_is_cancelled_without_having_begun(desk: ScreenDesk) -> None:
    desk.backtester.is_slow = True
    async with at_work(desk):
        await asked(desk, "sma 2y btc")
        await until(lambda: desk.backtester.played)
        waiting = await asked(desk, "sma 1y eth", by=TOM, message=66)
        assert "In the queue, 1 before it." in waiting.html
        await desk.tap(data_of(waiting, "Cancel"), by=TOM)
        await until(lambda: "Cancelled." in said(desk, 66))
        desk.backtester.finish()
        await until(lambda: len(desk.messenger.sent) == 2)
    assert len(desk.backtester.played) == 1


async def test_one_at_a_time_for_each_person(desk: ScreenDesk) -> None:
    desk.backtester.is_slow = True
    async with at_work(desk):
        await asked(desk, "sma 2y btc")
        await until(lambda: desk.backtester.played)
        second = await desk.type("/backtest sma 1y eth")
        assert "One backtest at a time" in second.html
        assert "SMA cross · BTC · 2 years" in second.html
        await desk.tap(data_of(second, "Cancel"))
        await until(lambda: desk.backtester.left)
        await asked(desk, "sma 1y eth")


async def test_those_who_wait_move_up(desk: ScreenDesk) -> None:
    desk.backtester.is_slow = True
    async with at_work(desk):
        await asked(desk, "sma 2y btc")
        await until(lambda: desk.backtester.played)
        await asked(desk, "sma 1y eth", by=TOM, message=66)
        last = await asked(desk, "sma 1y btc", by=ANN, message=77)
        assert "In the queue, 2 before it." in last.html
        desk.backtester.finish()
        await until(lambda: len(desk.backtester.played) == 2)
        desk.clock.move(6)
        await until(lambda: "In the queue, 1 before it." in said(desk, 77))


async def test_a_full_queue_is_said(desk: ScreenDesk) -> None:
    backtests = desk.services.backtests
    for number in range(MOST_WAITING):
        person = a_person(100 + number, name="Crowd", is_onboarded=True)
        await backtests.ask(person, person.id, Wish(strategy="sma_cross", symbols=("BTCUSDT",)), "crowd")
    full = await desk.type("/backtest sma 1y")
    assert f"The queue is full: {MOST_WAITING} backtests are waiting." in full.html


async def test_somebody_else_may_not_cancel_it_but_an_admin_may(desk: ScreenDesk) -> None:
    desk.backtester.is_slow = True
    async with at_work(desk):
        screen = await asked(desk, "sma 2y btc")
        await until(lambda: desk.backtester.played)
        cancel = data_of(screen, "Cancel")
        denied = await desk.press(cancel, by=TOM)
        assert denied.screen is not None
        assert "This button is not for you." in denied.screen.html
        assert "Cancelled." in (await desk.tap(cancel, by=ANN)).html


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        (Refused("backtest_too_long"), "more time than a backtest may"),
        (Refused("backtest_too_big"), "more memory than a backtest may"),
        (Transient("disk", kind="database"), "could not be read right now"),
        (RuntimeError("a slip of ours"), "Something broke on my side"),
    ],
)
async def test_what_goes_wrong_is_said_in_its_message(
    desk: ScreenDesk, failure: Exception, words: str
) -> None:
    desk.backtester.failure = failure
    async with at_work(desk):
        await asked(desk, "sma 2y btc")
        await until(lambda: words in said(desk))
        assert labels(shown(desk)[-1].screen) == ["Run again", "Strategies"]
        desk.backtester.failure = None
        await asked(desk, "sma 1y btc")
        await until(lambda: len(desk.messenger.sent) == 2)


async def test_too_little_history_names_the_way_to_more(desk: ScreenDesk) -> None:
    async with at_work(desk):
        await asked(desk, "sma 2y sol")
        await until(lambda: "Too little history" in said(desk))
    assert "perpetuum backfill SOLUSDT --days 730 --timeframe 1h" in said(desk)


async def test_one_that_died_with_the_desk_is_told_of_as_interrupted(desk: ScreenDesk) -> None:
    desk.backtester.is_slow = True
    async with at_work(desk):
        await asked(desk, "sma 2y btc")
        await until(lambda: desk.backtester.played)
        await asked(desk, "sma 1y eth", by=TOM, message=66)
    kept = await desk.stores.facts.get(FACT)
    assert kept is not None

    after = await a_screen_desk()
    await after.stores.facts.put(FACT, kept)
    await after.services.backtests.load()
    async with at_work(after):
        await until(lambda: "Interrupted" in said(after) and "Interrupted" in said(after, 66))
        (edit,) = shown(after)
        assert data_of(edit.screen, "Run again") == "now:backtest sma_cross 2y BTCUSDT"
        assert await remembered(after, "[]") == "[]"
    assert after.backtester.played == []
    assert after.services.backtests.of(VERA) is None


async def test_one_whose_loop_died_is_told_of_and_the_next_one_runs(desk: ScreenDesk) -> None:
    desk.backtester.is_slow = True
    async with at_work(desk):
        await asked(desk, "sma 2y btc")
        await until(lambda: desk.backtester.played)
    async with at_work(desk):
        await until(lambda: "Interrupted" in said(desk))
        await asked(desk, "sma 1y btc")
        await until(lambda: len(desk.backtester.played) == 2)


async def test_a_report_without_its_page_comes_without_it(desk: ScreenDesk) -> None:
    desk.backtester.has_files = False
    async with at_work(desk):
        await asked(desk, "sma 2y btc")
        await until(lambda: desk.messenger.sent and remembered_none(desk))
    (picture,) = desk.messenger.sent
    assert picture.screen.photo is not None


def remembered_none(desk: ScreenDesk) -> bool:
    """Whether nothing is left to be told."""
    return desk.services.backtests.get("ab12cd01") is None


async def test_a_result_that_was_not_handed_over_comes_after_the_restart(desk: ScreenDesk) -> None:
    async with at_work(desk):
        desk.messenger.failure = Transient("Telegram is away")
        await asked(desk, "sma 2y btc")
        kept = await remembered(desk, "done")
    after = await a_screen_desk()
    await after.stores.facts.put(FACT, kept)
    after.backtester.kept.update(desk.backtester.kept)
    await after.services.backtests.load()
    async with at_work(after):
        await until(lambda: len(after.messenger.sent) == 2)


async def test_while_telegram_is_away_the_result_waits(desk: ScreenDesk) -> None:
    async with at_work(desk):
        await asked(desk, "sma 2y btc")
        desk.messenger.failure = Transient("Telegram is away")
        await until(lambda: desk.services.backtests.of(VERA) is None)
        await asyncio.sleep(0.01)
        assert desk.messenger.sent == []
        desk.messenger.failure = None
        desk.clock.move(30)
        await until(lambda: len(desk.messenger.sent) == 2)


async def test_a_store_in_trouble_keeps_no_result_from_its_person(desk: ScreenDesk) -> None:
    desk.backtester.is_slow = True
    async with at_work(desk):
        await asked(desk, "sma 2y btc")
        await until(lambda: desk.backtester.played)
        desk.stores.facts.failure = Transient("disk", kind="database")
        desk.backtester.finish()
        await until(lambda: len(desk.messenger.sent) == 2)


async def test_somebody_who_blocked_the_bot_is_left_alone(desk: ScreenDesk) -> None:
    async with at_work(desk):
        desk.messenger.failure = Gone("blocked")
        await asked(desk, "sma 2y btc")
        assert await remembered(desk, "[]") == "[]"
    assert desk.messenger.sent == []


async def test_a_deleted_message_is_sent_anew(desk: ScreenDesk) -> None:
    desk.backtester.is_slow = True
    async with at_work(desk):
        desk.messenger.missing.add(MESSAGE)
        await asked(desk, "sma 2y btc")
        desk.clock.move(6)
        await until(lambda: desk.messenger.sent)
        assert "SMA cross" in desk.messenger.sent[0].screen.html


async def test_words_alone_come_where_no_picture_can_be_drawn(desk: ScreenDesk) -> None:
    desk.painter.is_broken = True
    async with at_work(desk):
        await asked(desk, "sma 2y btc")
        await until(lambda: len(desk.messenger.sent) == 2)
    result = desk.messenger.sent[0].screen
    assert result.photo is None
    assert "+12.3" in result.html


async def test_figures_files_and_other_ways_are_a_tap_away(desk: ScreenDesk) -> None:
    desk.backtester.kept["ab12cd34"] = a_report(wish="sma_cross 2y BTCUSDT fast=20")
    details = await desk.tap("bt:d:ab12cd34")
    assert "Profit f." in details.html
    assert "exposure to one asset 3, loss of the day 1" in details.html
    assert "The perpetual is played on spot prices." in details.html
    assert labels(details) == ["Files", "Without limits", "Other period", "Other strategy"]
    files = await desk.tap("bt:f:ab12cd34")
    assert files.document is not None
    assert files.document.name.endswith(".zip")
    periods = await desk.tap("bt:p:ab12cd34")
    assert labels(periods) == ["1 mo", "3 mo", "6 mo", "1 y", "All there is"]
    desk.backtester.is_slow = True
    async with at_work(desk):
        begun = await desk.tap(data_of(periods, "1 y"))
        assert "SMA cross · BTC · 1 year" in begun.html
        await until(lambda: desk.backtester.played)
    (task,) = desk.backtester.played
    assert task.params == {"fast": "20"}


async def test_a_drawdown_that_halted_it_is_dated(desk: ScreenDesk) -> None:
    await desk.services.people.change(VERA, sees_rich=True)
    halted_at = datetime(2025, 3, 9, 14, tzinfo=UTC)
    halt = (
        "Its drawdown halted it on 9 Mar 2025: from then on it entered nothing."
        " On the desk an admin would have to clear that."
    )
    for report, is_told in ((a_report(halted_at=halted_at), True), (a_report(), False)):
        desk.backtester.kept["ab12cd34"] = report
        result = await desk.tap(data_of(await desk.tap("bt:d:ab12cd34"), "Back"))
        assert result.rich is not None
        assert (halt in result.html, halt in result.rich.html) == (is_told, is_told)


async def test_the_same_without_the_limits_of_the_desk(desk: ScreenDesk) -> None:
    desk.backtester.kept["ab12cd34"] = a_report()
    async with at_work(desk):
        await desk.tap("bt:l:ab12cd34")
        await until(lambda: desk.backtester.played)
    (task,) = desk.backtester.played
    assert task.wish == "sma_cross 2y BTCUSDT limits=open"
    assert task.terms.limits.order_usd > 100_000_000


async def test_another_strategy_over_the_same_time(desk: ScreenDesk) -> None:
    desk.backtester.kept["ab12cd34"] = a_report(wish="sma_cross 1y ETHUSDT fast=20")
    ways = await desk.tap("bt:s:ab12cd34")
    assert labels(ways)[-1] == "All of them"
    assert "SMA" not in labels(ways)
    assert "How a strategy" in (await desk.tap(data_of(ways, "All of them"))).html


@pytest.mark.parametrize("data", ["bt:d:ab12cd34", "bt:f:ab12cd34", "bt:p:ab12cd34", "bt:l:../../etc"])
async def test_a_report_that_is_not_kept_any_more_says_so(desk: ScreenDesk, data: str) -> None:
    answer = await desk.press(data)
    assert answer.screen is not None
    assert "That report is not kept any more." in answer.screen.html


@pytest.mark.parametrize("data", ["bt:", "bt:z", "bt:g:ab12cd34:9999y", "bt:w:ab12cd34:nothing", "bt:n:x:1y"])
async def test_a_button_that_nobody_made_is_refused(desk: ScreenDesk, data: str) -> None:
    desk.backtester.kept["ab12cd34"] = a_report()
    answer = await desk.press(data)
    assert answer.is_error
    assert desk.backtester.played == []


async def test_tables_for_those_who_see_them(desk: ScreenDesk) -> None:
    await desk.services.people.change(VERA, sees_rich=True)
    async with at_work(desk):
        await asked(desk, "sma 2y btc")
        await until(lambda: len(desk.messenger.sent) == 2)
    form = desk.messenger.sent[0].screen.rich
    assert form is not None
    assert 'src="tg://photo?id=card"' in form.html
    assert set(form.photos) == {"card"}
    details = await desk.tap(f"bt:d:{desk.backtester.played[0].id}")
    assert details.rich is not None
    back = await desk.tap(data_of(details, "Back"))
    assert back.rich is not None
    assert "It earned" in back.rich.html


@pytest.mark.parametrize(
    ("roi", "profit", "closed", "code"),
    [
        (0.1, Standing.ABOVE, 40, "earned_surely"),
        (0.1, Standing.UNCLEAR, 40, "earned"),
        (0.1, Standing.UNKNOWN, 40, "earned_unknown"),
        (-0.1, Standing.UNCLEAR, 40, "lost"),
        (-0.1, Standing.BELOW, 40, "lost_surely"),
        (0.0, Standing.UNKNOWN, 0, "idle"),
    ],
)
def test_the_sentence_claims_no_more_than_is_known(
    roi: float, profit: Standing, closed: int, code: str
) -> None:
    figures = {**FIGURES, "roi": Estimate(value=roi), "closed": Estimate(value=closed)}
    figures["still_open"] = Estimate(value=0)
    assert verdict(a_report(figures=figures, profit=profit)) == code


async def test_a_short_run_shows_sharpe_where_there_is_no_growth_a_year(desk: ScreenDesk) -> None:
    figures = {name: one for name, one in FIGURES.items() if name != "cagr"}
    desk.backtester.kept["ab12cd34"] = a_report(figures=figures, start=NOON - timedelta(days=20))
    desk.backtester.report_of = lambda task: a_report(id=task.id, figures=figures)
    async with at_work(desk):
        await asked(desk, "sma 1m btc")
        await until(lambda: len(desk.messenger.sent) == 2)
    assert "Sharpe" in desk.messenger.sent[0].screen.html
