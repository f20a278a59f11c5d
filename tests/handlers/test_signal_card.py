"""The card of a signal: its words, its width and its length, in every state and language."""

import re
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.telegram import text as telegram_text
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.indicators.columns import HOT
from engines.signals.entry_rules import ENTRY_RULES
from engines.signals.evidence import GateName
from engines.signals.signal import Signal
from engines.signals.trend_rules import TREND_RULES
from handlers.ui.signal_card import card_html, card_keyboard, levels_of, zone_of
from handlers.ui.signal_figures import snapshot
from handlers.ui.signal_words import Line, barriers_of, lines_of
from services.speech import LANGUAGES
from tests.build.markets import an_instrument
from tests.build.screens import the_rendering
from tests.build.signal_screens import (
    a_full_proposal,
    all_findings,
    gates_until,
    numbers_of,
    some_courses,
)
from tests.build.signals import a_signal

MARKETS = (
    ("BTC", "87210.50", "0.01"),
    ("PEPE", "0.00001234", "0.00000001"),
    ("1000000BABYDOGE", "0.0000001234", "0.0000000001"),
    ("YFI", "1234567.1", "0.1"),
)
LONGEST_NOTE = 120


def signals() -> list[Signal]:
    """A signal of each market in each state."""
    found = []
    for base, price, tick in MARKETS:
        instrument = an_instrument(base, tick=Decimal(tick))
        for confidence in (0.55, 0.78):
            proposal = a_full_proposal(instrument, Decimal(price), confidence=confidence)
            found += [a_signal(proposal=proposal, course=course) for course in some_courses(proposal)]
    return found


def spaced(html: str) -> str:
    """With plain spaces, as one reads it."""
    return html.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_card_of_any_market_in_any_state_fits_under_its_picture(language: str) -> None:
    say = the_rendering().speech(language, "America/Los_Angeles")
    for signal in signals():
        html = card_html(say, signal)
        assert telegram_text.fits(html, telegram_text.CAPTION_LIMIT - LONGEST_NOTE), html
        for line in re.findall(r"<pre>(.*?)</pre>", html, re.DOTALL)[0].split("\n"):
            assert len(line) <= 34, line
            assert len(re.split(r" +", line)) > 1, line


@pytest.mark.parametrize(
    ("place", "words"),
    [
        (0, "Waits for the price to come into the entry zone"),
        (1, "Entered at <code>87,501.20</code>, 13:00"),
        (2, "TP1 hit at 14:00 · stop at entry"),
        (3, "TP2 hit at 15:00 · stop at entry"),
        (4, "All targets hit, 5 Mar 12:00 · <b>+1.6R net</b>"),
        (5, "Stopped at <code>85,466.29</code>, 5 Mar 12:00 · <b>−1.0R net</b>"),
        (6, "TP1 hit, the rest stopped at entry, 5 Mar 12:00 · <b>+0.4R net</b>"),
        (7, "Expired 5 Mar 12:00: the price never came into the zone"),
        (8, "Time is up: out at <code>87,501.20</code>, 5 Mar 12:00 · <b>−0.1R net</b>"),
    ],
)
def test_a_card_says_how_it_goes(place: int, words: str) -> None:
    proposal = a_full_proposal(an_instrument("BTC"), Decimal("87210.50"))
    signal = a_signal(12, proposal=proposal, course=some_courses(proposal)[place])
    html = card_html(the_rendering().speech("en"), signal)

    assert html.split("\n")[1].endswith(words)
    assert ("until 5 Mar 12:00" in html) is signal.is_live


def test_a_card_says_what_why_how_sure_and_how_much_at_risk() -> None:
    proposal = a_full_proposal(an_instrument("BTC"), Decimal("87210.50"))
    html = spaced(card_html(the_rendering().speech("en"), a_signal(12, proposal=proposal)))

    assert html.startswith("<b>▲ BTC/USDT · LONG · 1h</b> · #12")
    for part in (
        "Confidence <b>78 %</b>, strong · R:R <b>2.0</b>",
        "Entry 86,919.80 – 87,501.20",
        "Stop     85,466.29   −2.0 %  −1.0R",
        "TP3      92,443.13   +6.0 %  +3.0R",
        "Costs               −0.15 % −0.08R",
        "Size <b>25 %</b> of capital · at risk <b>1.0 %</b>",
        "<blockquote expandable>Against: ",
        "Made 4 Mar 12:00, from data 8 s old",
    ):
        assert part in html
    assert html.count("\n• ") == 3


def test_a_short_is_drawn_downward_and_its_targets_are_gains() -> None:
    price = Decimal("87210.50")
    proposal = a_full_proposal(
        an_instrument("BTC"),
        price,
        direction=Direction.SHORT,
        stop=price + 1000,
        targets=(price - 1000, price - 2000, price - 3000),
    )
    html = spaced(card_html(the_rendering().speech("en"), a_signal(proposal=proposal)))

    assert html.startswith("<b>▼ BTC/USDT · SHORT · 1h</b>")
    assert "Stop     88,210.50   +1.1 %  −1.0R" in html
    assert "TP1      86,210.50   −1.1 %  +1.0R" in html


@pytest.mark.parametrize(("confidence", "is_said"), [(0.55, True), (0.65, False), (0.9, False)])
def test_a_weak_one_says_so(confidence: float, is_said: bool) -> None:
    proposal = a_full_proposal(an_instrument("BTC"), Decimal(87_000), confidence=confidence)
    html = card_html(the_rendering().speech("en"), a_signal(proposal=proposal))
    assert ("Weak: sent only to those" in html) is is_said


def test_only_a_live_one_can_be_traded_and_only_by_those_who_may() -> None:
    say = the_rendering().speech("en")
    proposal = a_full_proposal(an_instrument("BTC"), Decimal(87_000))
    live, over = a_signal(12, proposal=proposal), some_courses(proposal)[5]

    def data(signal: Signal, *, may_trade: bool) -> list[str | None]:
        return [one.data for row in card_keyboard(say, signal, may_trade) for one in row]

    assert data(live, may_trade=True) == ["sp:12", "sc:12:1h", "sw:12", "sm:BTCUSDT"]
    assert data(live, may_trade=False) == ["sc:12:1h", "sw:12", "sm:BTCUSDT"]
    assert data(a_signal(12, proposal=proposal, course=over), may_trade=True) == ["sc:12:1h", "sw:12", "sr"]


def test_the_chart_has_the_zone_and_the_levels_that_still_count() -> None:
    say = the_rendering().speech("en")
    proposal = a_full_proposal(an_instrument("BTC"), Decimal("87210.50"))
    courses = some_courses(proposal)

    def names(place: int) -> list[str]:
        return [one.name for one in levels_of(say, a_signal(proposal=proposal, course=courses[place]))]

    assert zone_of(proposal) == (float(proposal.entry_low), float(proposal.entry_high))
    assert names(0) == ["Stop", "TP1", "TP2", "TP3"]
    assert names(1) == ["Stop", "TP1", "TP2", "TP3", "Entry"]
    assert names(3) == ["Stop", "TP3"]  # the stop lies at the entry
    assert names(5) == ["Stop", "TP1", "TP2", "TP3", "Entry"]
    assert names(6) == names(5)  # the stop that it was made with is shown, not the one at the entry
    assert names(4) == names(5)


def test_the_chart_has_the_exit_where_no_other_level_is() -> None:
    proposal = a_full_proposal(an_instrument("BTC"), Decimal("87210.50"))
    stopped = some_courses(proposal)[5]
    gap = replace(stopped, exit_price=stopped.stop - 100)
    levels = levels_of(the_rendering().speech("en"), a_signal(proposal=proposal, course=gap))
    assert [(one.name, one.price) for one in levels][-1] == ("Exit", stopped.stop - 100)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("speaks_for", [Direction.LONG, Direction.SHORT, None])
def test_every_rule_has_words_of_its_own(language: str, speaks_for: Direction | None) -> None:
    found = lines(speaks_for)
    said = [words_of(line, language) for line in found]

    assert len(set(said)) == len(said) == len(TREND_RULES) * 2 + len(ENTRY_RULES)
    unworded = [line.rule for line, one in zip(found, said, strict=True) if f": {line.rule} (" in f"{one} ("]
    assert unworded == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("speaks_for", [Direction.LONG, Direction.SHORT, None])
def test_a_rule_is_worded_also_while_an_indicator_warms_up(
    language: str, speaks_for: Direction | None
) -> None:
    for line in lines(speaks_for):
        for lacking in line.numbers:
            known = {name: value for name, value in line.numbers.items() if name != lacking}
            assert words_of(replace(line, numbers=known), language)
        unknown = words_of(replace(line, numbers={}), language).replace("(OBV)", "")
        is_empty = speaks_for is None and line.rule in ("ema50_ema200", "price_ema200", "ema9_ema21", "vwap")
        assert ("(" in unknown) is is_empty


def test_a_rule_without_its_figures_says_so() -> None:
    line = next(one for one in lines(None) if one.rule == "ema50_ema200")
    assert "EMA50 and EMA200 (too little history)" in words_of(replace(line, numbers={}), "en")


def lines(speaks_for: Direction | None) -> Sequence[Line]:
    """Every rule saying that, as templates get it."""
    return lines_of(all_findings(speaks_for), Direction.LONG, Decimal("0.01"))


def words_of(line: Line, language: str) -> str:
    """A finding in words."""
    speech = the_rendering().speech(language)
    module = speech.environment.get_template("signal_words.html").module
    return str(module.finding(speech, line))  # type: ignore[attr-defined] # a macro of the template


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("blocking", [None, *GateName])
def test_every_gate_has_words_and_says_what_would_open_it(language: str, blocking: GateName | None) -> None:
    speech = the_rendering().speech(language)
    module = speech.environment.get_template("signal_words.html").module
    gates = barriers_of(gates_until(blocking), Decimal("0.01"))
    said = [str(module.gate(speech, one)).strip() for one in gates]  # type: ignore[attr-defined] # a macro

    assert all(said)
    assert len(set(said)) == len(GateName)
    for gate in gates:
        opens = str(module.opens(speech, gate)).strip()  # type: ignore[attr-defined] # a macro
        assert bool(opens) is (gate.name is blocking)
    assert not any("cool_down" in one for one in said)


def test_the_snapshot_of_every_indicator_is_short_enough_for_one_message() -> None:
    say = the_rendering().speech("ru")
    values = dict.fromkeys(HOT, 123_456.789)
    frames = dict.fromkeys((Timeframe.M15, Timeframe.H4, Timeframe.D1), values)
    found = snapshot(say, frames, Decimal("0.001"))

    assert [frame for frame, _ in found] == ["15m", "4h", "1d"]
    text = sum(len(f"{name} {value} · ") for _, each in found for name, value in each)
    assert text <= 2000
    assert dict(found[0][1])["support_strength"] == "123 457".replace(" ", "\N{NO-BREAK SPACE}")


def test_numbers_of_findings_come_with_their_digits() -> None:
    assert numbers_of(0.00001)["ema9"] == 0.00001
    [line] = lines_of(all_findings(Direction.LONG, 0.00001234)[:1], Direction.LONG, Decimal("0.00000001"))
    assert line.numbers["ema50"] == Decimal(repr(numbers_of(0.00001234)["ema50"]))
