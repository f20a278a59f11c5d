"""`/signal`, `/signals`, `/why`, `/whynot`, `/record` and their buttons, over real signals in a store."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.orders.trade import TradeState
from engines.signals.decision import Decision
from engines.signals.evidence import GateName
from engines.signals.proposal import Proposal
from engines.signals.signal import SignalState
from handlers.ui.signal_look import alert_button, look_screen
from ports.errors import Transient
from ports.messages import Style
from sandbox.telegram.html_reader import read_html
from tests.build.clock import NOON
from tests.build.markets import a_perp_ticker, an_instrument
from tests.build.screens import ANN, COINS, TOM, VERA, ScreenDesk, buttons, data_of, labels
from tests.build.signal_screens import a_full_proposal, all_findings, gates_until, some_courses
from tests.build.signals import a_course

PRICE = Decimal("87210.50")


async def a_stored(
    desk: ScreenDesk, base: str = "BTC", *, state: SignalState = SignalState.NEW, **fields: object
) -> Proposal:
    """A signal of that coin, as if it had been made a moment ago; it has the next number."""
    instrument = await desk.services.markets.resolve(base)
    proposal = a_full_proposal(instrument, PRICE, **fields)
    course = next(one for one in some_courses(proposal) if one.state is state)
    await desk.stores.signals.add(proposal, course, [])
    await desk.services.signals.load()
    return proposal


async def test_a_live_signal_is_its_card_with_its_chart(desk: ScreenDesk) -> None:
    proposal = await a_stored(desk)
    card = await desk.type("/signal btc", by=TOM)

    assert card.html.startswith("<b>▲ BTC/USDT · LONG · 1h</b> · #1")
    assert card.photo is not None
    assert [one.data for one in buttons(card)] == ["sp:1", "sc:1:1h", "sw:1", "sm:BTCUSDT"]
    assert card.keyboard[0][0].style is Style.SUCCESS
    [chart] = desk.charts.drawn
    assert chart.entry_zone == (float(proposal.entry_low), float(proposal.entry_high))
    assert [one.name for one in chart.levels] == ["Stop", "TP1", "TP2", "TP3"]


async def test_without_candles_the_card_is_words(desk: ScreenDesk) -> None:
    await a_stored(desk)
    desk.charts.failure = Transient("no worker")
    card = await desk.type("/signal btc")
    assert card.photo is None
    assert "Confidence" in card.html


async def test_the_message_that_shows_a_live_card_becomes_the_living_one(desk: ScreenDesk) -> None:
    await a_stored(desk)
    request = desk.request("1", by=VERA)
    await desk.services.table.buttons["sg"].handler(request)
    for tell in request.delivered:
        await tell(VERA, 77)

    card = await desk.stores.signals.card(1, VERA)
    assert card is not None
    assert (card.chat_id, card.message_id, card.is_picture) == (VERA, 77, True)


async def test_the_card_of_one_that_is_over_stays_as_it_is(desk: ScreenDesk) -> None:
    await a_stored(desk, state=SignalState.STOPPED)
    request = desk.request("1", by=VERA)
    card = await desk.services.table.buttons["sg"].handler(request)

    assert card is not None
    assert "Stopped at" in card.html
    assert request.delivered == []


@pytest.mark.parametrize(
    "text",
    [
        "/signal 1h btc",
        "signal BTC/USDT 1h",
        "сигнал биток 1 час",
        "анализ btc",
        "/signal",
        "/signal #1",
        "/signal 1h",
    ],
)
async def test_a_signal_is_found_however_it_is_asked_for(desk: ScreenDesk, text: str) -> None:
    await a_stored(desk)
    assert (await desk.type(text)).html.startswith("<b>▲ BTC/USDT · LONG · 1h</b> · #1")


@pytest.mark.parametrize("text", ["/signal btc 4h", "сигнал биток 4 часа", "/signal daily btc"])
async def test_a_frame_without_entries_gets_the_nearest_and_is_told_so(desk: ScreenDesk, text: str) -> None:
    await a_stored(desk)
    html = (await desk.type(text)).html
    assert "entries are looked for on 15m, 1h. This is the nearest." in html
    assert "<b>▲ BTC/USDT · LONG · 1h</b> · #1" in html
    assert "entries are looked for on 15m, 1h" in (await desk.type(text.replace("btc", "sol"))).html


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/signal nosuchcoinatall", "No market “nosuchcoinatall”"),
        ("/signal btc eth", "One coin at a time, please: BTC/USDT or “eth”?"),
        ("/signal btc 7h", "No market “7h”"),
        ("/signal #99", "There is no signal with that number."),
        ("/why #99999999999999999999", "There is no signal with that number."),
        ("/why #<b>", "There is no signal with that number."),
        ("/whynot nosuchcoinatall", "No market"),
    ],
)
async def test_what_cannot_be_found_is_refused_with_its_mend(desk: ScreenDesk, text: str, words: str) -> None:
    answer = await desk.answer(text)
    assert answer.is_error
    assert answer.screen is not None
    assert words in answer.screen.html


async def test_a_market_without_a_signal_says_what_stands_in_the_way(desk: ScreenDesk) -> None:
    screen = await desk.type("/signal sol 1h")

    assert "SOL/USDT" in screen.html
    assert "No signal: gate" in screen.html
    assert labels(screen) == ["Why not?", "Chart", "Alert me"]
    why_not = await desk.tap(data_of(screen, "Why not?"))
    assert "No signal: stopped at gate" in why_not.html
    assert "✗ <b>" in why_not.html
    assert labels(why_not) == ["Alert me", "Chart", "All rules"]
    everything = await desk.tap(data_of(why_not, "All rules"))
    assert everything.html.count("EMA50 and EMA200") == 2
    assert "<b>Gates</b>" in everything.html


def a_decision(blocking: GateName | None, **fields: object) -> Decision:
    """A look at Bitcoin that leans long and is stopped there."""
    instrument = an_instrument("BTC")
    usual = {
        "instrument": instrument,
        "timeframe": Timeframe.H1,
        "at_ms": 0,
        "price": 87_000.0,
        "direction": Direction.LONG,
        "confidence": 0.58,
        "strength": 66.4,
        "findings": all_findings(Direction.LONG),
        "gates": gates_until(blocking),
        "proposal": None if blocking else a_full_proposal(instrument, PRICE),
    }
    return Decision(**{**usual, **fields})  # type: ignore[arg-type] # the fields are those of the class


@pytest.mark.parametrize(
    ("blocking", "data"),
    [
        (GateName.DATA, "als:BTCUSDT"),
        (GateName.TREND, "now:alert BTCUSDT > 88000"),
        (GateName.ENTRY, "now:alert BTCUSDT > 88100"),
        (GateName.REWARD, "now:alert BTCUSDT > 88100"),
        (GateName.VOLATILITY, "als:BTCUSDT"),
        (GateName.COOL_DOWN, "als:BTCUSDT"),
    ],
)
async def test_the_alert_offered_is_for_the_price_that_opens_the_gate(
    desk: ScreenDesk, blocking: GateName, data: str
) -> None:
    assert alert_button(desk.request().say, a_decision(blocking)).data == data


async def test_a_market_that_would_give_a_signal_can_be_traded_but_is_not_followed(desk: ScreenDesk) -> None:
    decision = a_decision(None)
    trader, viewer = look_screen(desk.request(by=TOM), decision), look_screen(desk.request(by=VERA), decision)

    assert "nobody follows it" in trader.html
    assert data_of(trader, "Paper trade") == "sp:BTCUSDT:1h"
    assert "Paper trade" not in labels(viewer)


async def test_a_market_without_a_direction_shows_what_speaks_for_either(desk: ScreenDesk) -> None:
    findings = (*all_findings(Direction.LONG)[:3], *all_findings(Direction.SHORT)[3:6])
    decision = a_decision(GateName.TREND, direction=None, findings=findings, strength=51.0)
    html = look_screen(desk.request(), decision).html

    assert "• BTC/USDT · NEUTRAL · 1h" in html
    assert "Strength 51 of 100" in html
    assert (html.count("\n▲ "), html.count("\n▼ ")) == (2, 2)
    assert "Against" not in html


async def test_paper_trade_opens_the_confirm_step_with_the_signals_levels(desk: ScreenDesk) -> None:
    proposal = await a_stored(desk)
    offer = await desk.tap("sp:1", by=TOM)

    assert offer.html.startswith("<b>PAPER · BTC/USDT long")
    for part in ("85,466.3", "88,954.7", "90,698.9", "92,443.1", "market"):
        assert part in offer.html
    await desk.tap(data_of(offer, "Open"), by=TOM)
    [standing] = desk.services.trades.live(TOM)
    trade = standing.trade
    assert trade.state is TradeState.OPEN
    assert trade.stop == trade.instrument.price(proposal.stop)
    assert abs(trade.entry_cost - 1000 * Decimal(repr(proposal.size))) < 90  # a lot of Bitcoin costs 87


@pytest.mark.parametrize(
    ("price", "limit"), [("88000.0", "87,501.2"), ("86500.0", "86,919.8")], ids=["above", "below"]
)
async def test_outside_the_zone_the_order_waits_at_its_nearer_edge(
    desk: ScreenDesk, price: str, limit: str
) -> None:
    await a_stored(desk)
    desk.source.perp_prices["BTCUSDT"] = a_perp_ticker("BTCUSDT", price, at=desk.clock.now())
    offer = await desk.tap("sp:1", by=TOM)
    assert "limit" in offer.html
    assert limit in offer.html or Decimal(price) < 87_000  # a better price fills at once


async def test_targets_that_were_hit_are_left_out(desk: ScreenDesk) -> None:
    await a_stored(desk, state=SignalState.TP1)
    offer = await desk.tap("sp:1", by=TOM)
    assert "88,954.7" not in offer.html
    assert "90,698.9" in offer.html


async def test_a_signal_that_is_over_cannot_be_traded(desk: ScreenDesk) -> None:
    await a_stored(desk, state=SignalState.STOPPED)
    answer = await desk.press("sp:1", by=TOM)
    assert answer.is_error
    assert answer.screen is not None
    assert "This signal is over" in answer.screen.html
    assert not desk.services.trades.live(TOM)


async def test_a_look_that_no_longer_holds_cannot_be_traded(desk: ScreenDesk) -> None:
    answer = await desk.press("sp:SOLUSDT:1h", by=TOM)
    assert answer.screen is not None
    assert "The gates have shut again: SOL/USDT" in answer.screen.html


async def test_the_route_of_paper_trade_is_for_traders(desk: ScreenDesk) -> None:
    assert desk.services.table.buttons["sp"].role.value == "trader"


async def test_the_chart_of_a_signal_changes_its_frame_in_place(desk: ScreenDesk) -> None:
    await a_stored(desk)
    screen = await desk.tap("sc:1:4h")

    assert screen.photo is not None
    assert "✓ 4h" in labels(screen)
    assert desk.charts.drawn[-1].timeframe_ms == Timeframe.H4.ms
    assert data_of(screen, "15m") == "sc:1:15m"
    assert (await desk.tap(data_of(screen, "Signal"))).html.startswith("<b>▲ BTC/USDT")


async def test_mute_says_until_when_and_goes_back_with_one_tap(desk: ScreenDesk) -> None:
    await desk.services.people.change(VERA, zone="Europe/Berlin")
    screen = await desk.tap("sm:BTCUSDT")

    assert screen.html == "🔕 <b>BTC/USDT</b>: no signals until 4 Mar 17:00."
    assert [one.symbol for one in desk.person().mutes] == ["BTCUSDT"]
    assert "Unmute BTC" in labels(await desk.tap("sf"))
    back = await desk.tap(data_of(screen, "Unmute"))
    assert "signals come again" in back.html
    assert "Unmute BTC" not in labels(await desk.tap("sf"))


async def test_why_tells_every_rule_every_gate_and_the_indicators(desk: ScreenDesk) -> None:
    await a_stored(desk)
    for text in ("/why btc", "/why #1", "/why", "почему биток"):
        screen = await desk.type(text)
        assert "Confidence 78 %: 10 of 20 rules hold." in screen.html.replace("\N{NO-BREAK SPACE}", " ")
        assert "Costs: fee and slippage take about 0.0" in screen.html
        for part in ("<b>1d</b>", "<b>4h</b>", "<b>15m</b>", "✓ data fresh (8 s)", "rsi14"):
            assert part in screen.html
        assert labels(screen) == ["Signal", "Chart"]
        assert len(read_html(screen.html).text) <= 4096


async def test_whynot_of_a_market_with_a_signal_leads_to_it(desk: ScreenDesk) -> None:
    await a_stored(desk, "SOL")
    screen = await desk.type("/whynot sol")
    assert data_of(screen, "Signal") == "sg:1"


async def test_the_list_has_yours_first_then_all_others(desk: ScreenDesk) -> None:
    for base, confidence in (("BTC", 0.55), ("ETH", 0.8), ("SOL", 0.7)):
        await a_stored(desk, base, confidence=confidence)
    screen = await desk.type("/signals")

    assert screen.html.startswith("<b>Signals</b> · 3")
    assert labels(screen)[:3] == ["▲ SOL 1h", "▲ ETH 1h", "▲ BTC 1h"]
    yours, others = screen.html.split("<b>All others</b>")
    assert "SOL" in yours
    assert "BTC" in others
    assert (await desk.tap(data_of(screen, "▲ ETH 1h"))).html.startswith("<b>▲ ETH/USDT")


async def test_a_long_list_is_turned_page_by_page(desk: ScreenDesk) -> None:
    for number in range(20):
        instrument = await desk.services.markets.resolve(COINS[number])
        made = NOON + timedelta(minutes=number)
        proposal = a_full_proposal(instrument, PRICE, created_at=made)
        await desk.stores.signals.add(proposal, a_course(), [])
    await desk.services.signals.load()

    first = await desk.type("/signals")
    assert "page 1 of 3" in first.html
    last = await desk.tap("sv:99")
    assert "page 3 of 3" in last.html
    assert "◀ Back" in labels(last)
    assert "Next ▶" not in labels(last)
    assert (await desk.tap("sv:²")).html == first.html


async def test_an_empty_list_teaches(desk: ScreenDesk) -> None:
    screen = await desk.type("сигналы")
    assert "No signal is followed right now" in screen.html
    assert "<code>/whynot btc</code>" in screen.html
    assert labels(screen) == ["Record", "Filters", "Refresh"]


async def test_a_filter_that_is_off_is_told_on_the_list(desk: ScreenDesk) -> None:
    await a_stored(desk)
    await desk.tap("sf:on:0")
    html = (await desk.type("/signals")).html
    assert "your filter is off" in html
    assert "Through your filter" not in html


async def some_ends(desk: ScreenDesk, results: Sequence[float]) -> None:
    """Signals that came to these results, a week apart."""
    instrument = await desk.services.markets.resolve("BTC")
    for number, result in enumerate(results):
        made = NOON - timedelta(weeks=len(results) - number)
        proposal = a_full_proposal(instrument, PRICE, created_at=made)
        ended = next(one for one in some_courses(proposal) if one.state is SignalState.STOPPED)
        course = replace(ended, result_r=result, ended_at=made + timedelta(hours=5))
        await desk.stores.signals.add(proposal, course, [])


async def test_a_record_of_few_says_that_it_says_little(desk: ScreenDesk) -> None:
    await some_ends(desk, [1.5, -1.0, -1.0])
    screen = await desk.type("/record")

    html = screen.html.replace("\N{NO-BREAK SPACE}", " ")
    assert "<b>Track record</b> · 3 signals" in html
    assert "Won <b>33 %</b> · on average <b>−0.17R</b>" in html
    assert "Fewer than 30 signals: too few" in html
    assert "95 of 100" not in html
    assert "too few" in html.split("<b>By timeframe</b>")[1]


async def test_a_record_of_many_has_its_intervals(desk: ScreenDesk) -> None:
    await some_ends(desk, [1.5, -1.0, 0.4, -1.0] * 10)
    screen = await desk.type("/record")

    html = screen.html.replace("\N{NO-BREAK SPACE}", " ")
    assert "<b>Track record</b> · 40 signals" in html
    assert "Won <b>50 %</b>" in html
    assert "Likely (95 %): won " in html
    assert "too few" not in html
    tab = await desk.tap(data_of(screen, "Coins"))
    assert "<b>By coin</b>" in tab.html
    assert "✓ Coins" in labels(tab)
    assert (await desk.type("/record монеты")).html == tab.html


async def test_a_record_without_ends_teaches(desk: ScreenDesk) -> None:
    screen = await desk.type("/record")
    assert "No signal has come to its end yet" in screen.html
    assert labels(screen) == ["Signals", "Filters"]


@pytest.mark.parametrize("by", [ANN, TOM, VERA])
@pytest.mark.parametrize(
    "data", ["sg:", "sg:x", "sc::", "sc:1", "sw:-1", "sp:", "sm:", "sf:what:ever", "sg:²"]
)
async def test_forged_buttons_are_refused(desk: ScreenDesk, data: str, by: int) -> None:
    answer = await desk.press(data, by=by)
    assert answer.is_error
    assert answer.screen is not None
    assert "Something broke" not in answer.screen.html


async def test_in_a_group_the_card_is_the_same_and_the_own_one_lives_on(desk: ScreenDesk) -> None:
    await a_stored(desk)
    signal = await desk.services.signals.get(1)
    await desk.services.signals.show(desk.person(ANN), signal, ANN, 5, True)
    request = desk.request("1", by=ANN, chat=-100)
    await desk.services.table.buttons["sg"].handler(request)
    for tell in request.delivered:
        await tell(request.chat_id, 9)
    card = await desk.stores.signals.card(1, ANN)
    assert card is not None
    assert (card.chat_id, card.message_id) == (ANN, 5)
