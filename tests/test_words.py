"""Words and templates: everything is translated, and nothing that people write can break a screen."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from jinja2.ext import babel_extract

from adapters.telegram import text as telegram_text
from bot.container import build_table
from engines.alerts.alert import NewExtreme, PercentMove, Way
from engines.alerts.edges import History
from engines.core.instrument import Instrument, MarketKind
from handlers.top import Lean
from handlers.ui.table import Command
from ports.health import FeedHealth, JobHealth
from sandbox.telegram.html_reader import read_html
from services.alerting.standing import Standing, Told
from services.market.quote import Quote
from services.speech import LANGUAGES
from tests.build.alerts import SOME_FORMULAS, an_alert
from tests.build.backtests import backtest_values
from tests.build.clock import NOON
from tests.build.findings import a_finding
from tests.build.latch_screens import latch_values
from tests.build.markets import a_ticker, an_instrument
from tests.build.people import a_person
from tests.build.reconcile_screens import reconcile_values
from tests.build.screening import screen_values
from tests.build.screens import a_screen_desk, buttons, the_rendering
from tests.build.signal_screens import signal_values
from tests.build.ticket_screens import ticket_values
from tests.build.trade_screens import (
    a_closed_trade,
    a_portfolio,
    a_preview,
    a_stale_standing,
    a_standing,
    an_open_trade,
    trade_values,
)

ROOT = Path(__file__).resolve().parent.parent
SPEAKING = ("bot", "handlers", "services", "adapters/reports", "adapters/backtests")
KEYWORDS = {"say": None, "speech": None, "self": None, "_": None, "plural": (1, 2)}
UNITS = ("{n} s", "{n} min", "{n} h", "{n} d")
"""Message ids that `Speech.age` picks at run time."""

HOSTILE = {
    "tags": "<b>bold</b></code></pre><script>alert(1)</script><a href='x'>",
    "open": "</b><pre><i",
    "quotes": "\"'`&quot;&#39;&amp;&nosuch;",
    "braces": "{{7*7}}{% raw %}{name}{0}",
    "percents": "%s%d%(name)s%%100%",
    "directions": "\u202eevil\u2066\u200f\u061c",
    "controls": "a\0b\x07\x1b[31m\r\n\t",
    "emoji": "🙂👩‍👩‍👧‍👦🏴",
    "long": "x" * 4096,
    "long tags": "x" * 3584 + "<&>" * 171,  # a message ends among the tags
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as templates see it."""

    shown: int
    wanted: int = 120


@cache
def catalogue(language: str) -> Catalog:
    path = ROOT / "locales" / language / "LC_MESSAGES" / "perpetuum.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


TRANSLATED = [language for language in LANGUAGES if language != "en"]


@cache
def ids_in_templates() -> list[tuple[str, str, str | tuple[str, ...]]]:
    """(place, function, message id or ids) of every template."""
    return list(_ids_in_templates())


def _ids_in_templates() -> Iterator[tuple[str, str, str | tuple[str, ...]]]:
    for path in sorted((ROOT / "templates").rglob("*.html")):
        with path.open("rb") as file:
            options = {"newstyle_gettext": "false", "trim_blocks": "true", "lstrip_blocks": "true"}
            for line, function, message, _ in babel_extract(file, ("_", "gettext", "ngettext"), (), options):
                place = f"{path.relative_to(ROOT)}:{line}"
                if isinstance(message, str):
                    yield place, function, message
                elif message is not None:  # `_(command.summary)` has no id before it runs
                    ids = tuple(one for one in message if one)
                    yield place, function, ids if len(ids) > 1 else ids[0]


def ids_in_python() -> Iterator[tuple[str, str | tuple[str, ...]]]:
    """(place, message id) of every `say("…")`, ids of every `say.plural("…", "…", …)`."""
    for path in sorted(one for folder in SPEAKING for one in (ROOT / folder).rglob("*.py")):
        with path.open("rb") as file:
            for line, message, _, _ in extract("python", file, keywords=KEYWORDS):
                if isinstance(message, str):
                    yield f"{path.relative_to(ROOT)}:{line}", message
                elif message is not None and all(isinstance(one, str) for one in message):
                    yield f"{path.relative_to(ROOT)}:{line}", tuple(str(one) for one in message)


@cache
def used() -> dict[str, str]:
    """Message id (of a plural, its singular) -> where it is used."""
    ids = dict.fromkeys(UNITS, "services/speech.py")
    ids |= {command.summary: f"the summary of /{command.name}" for command in build_table().order}
    ids |= {one if isinstance(one, str) else one[0]: place for place, one in ids_in_python()}
    ids |= {one if isinstance(one, str) else one[0]: place for place, _, one in ids_in_templates()}
    return ids


def translations(language: str, message_id: str) -> list[str]:
    """What a message id is in that language, one entry a plural form."""
    message = catalogue(language).get(message_id)
    if message is None or message.fuzzy:
        return []
    return [message.string] if isinstance(message.string, str) else list(message.string or ())


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated(language: str) -> None:
    missing = [
        f"{message!r} ({place})"
        for message, place in used().items()
        if not all(translations(language, message)) or not translations(language, message)
    ]

    assert missing == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_plurals_have_every_form_of_the_language(language: str) -> None:
    forms = catalogue(language).num_plurals
    incomplete = [
        ids
        for ids in [*(one for _, _, one in ids_in_templates()), *(one for _, one in ids_in_python())]
        if isinstance(ids, tuple) and len(translations(language, ids[0])) != forms
    ]

    assert forms == {"ru": 3}[language]
    assert incomplete == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_have_the_placeholders_and_tags_of_their_message(language: str) -> None:
    parts = re.compile(r"%\(\w+\)[sd]|\{\w*\}|</?[a-z][^<>]*>")
    different = [
        (message, translated)
        for message in used()
        for translated in translations(language, message)
        if sorted(parts.findall(message)) != sorted(parts.findall(translated))
    ]

    assert different == []


@pytest.mark.parametrize("language", ["en", *TRANSLATED])
def test_templates_fill_every_message_without_a_slip(language: str) -> None:
    """In a `{% trans %}` with variables a lone percent sign would be read as a placeholder."""
    for _, function, ids in ids_in_templates():
        if function == "_":
            continue
        one_or_more = [ids] if isinstance(ids, str) else list(ids)
        texts = one_or_more if language == "en" else translations(language, one_or_more[0])
        names = {name: "7" for message in one_or_more for name in re.findall(r"%\((\w+)\)", message)}
        for text in texts:
            assert "%(" not in (text % names if names else text)


@cache
def context(hostile: str, *, is_bad: bool) -> dict[str, Any]:
    """Values for every template at once, not to be changed; `is_bad` is the state in which everything is
    wrong."""
    instrument = an_instrument(hostile, symbol="XUSDT")
    quote = quote_of(instrument, is_bad=is_bad)
    person = a_person(7, name=hostile, is_reachable=not is_bad)
    quotes = [quote, quote]
    texts = (
        "role by code text pair zone typed age away since id name username what title mode world market_now "
        "uptime now timeframe command day_of venue found said"
    )
    return {
        **dict.fromkeys(texts.split(), hostile),
        **_upkeep(hostile, is_bad=is_bad),
        "person": person,
        "instrument": instrument,
        "picture": Shown(3 if is_bad else 120),
        "quote": quote,
        "quotes": [] if is_bad else quotes,
        "tick": instrument.tick,
        "kind": "database" if is_bad else "timeout",
        "is_old": True,
        "is_own_list": not is_bad,
        "is_back": is_bad,
        **health_values(hostile, is_bad=is_bad),
        "candles": candle_values(hostile, is_bad=is_bad),
        "signals": None if is_bad else {"live": 3, "markets": 100, "last": hostile},
        "at": None if is_bad else "08:30",
        "speed": 60.0 if is_bad else 1.0,
        "people": 2,
        "commands": [_command(hostile)],
        "languages": LANGUAGES,
        "letter": "v",
        "rows": [(person, hostile)],
        "names": [] if is_bad else [hostile],
        "near": (),
        "left": 2,
        "is_hedged": True,
        "most": 10,
        "seconds": 3,
        "count": 2,
        "added": [hostile],
        "removed": [hostile],
        **(alert_values(instrument, quote, is_bad=is_bad) | param_values(hostile, is_bad=is_bad)),
        **trade_values(instrument, is_bad=is_bad),
        **signal_values(the_rendering().speech("en"), instrument, is_bad=is_bad),
        "has_curve": not is_bad,
        "has_chart": not is_bad,
        "instruments": [instrument, instrument],
        "leans": [] if is_bad else [Lean(quote, "▲", Decimal(84), Decimal("0.74"))],
        "is_unknown": is_bad,
        "is_partial": not is_bad,
        "left_s": 600,
        "picks": [] if is_bad else [(hostile, None)],
        **screen_values(hostile, quote, is_bad=is_bad),
        **ticket_values(hostile, instrument, is_bad=is_bad),
        **(latch_values(hostile, is_bad=is_bad) | reconcile_values(hostile, is_bad=is_bad)),
        "finding": a_finding("unprotected" if is_bad else "foreign_order", hostile),
    }


def param_values(hostile: str, *, is_bad: bool) -> dict[str, Any]:
    """A parameter that cannot be."""
    names = ("name", "text", "other", "limit", "least", "most")
    return {
        "problem": "not_below" if is_bad else "out_of_bounds",
        "given": dict.fromkeys(names, hostile),
    }


def quote_of(instrument: Instrument, *, is_bad: bool) -> Quote:
    """A price with everything known, or a stale one about which little is."""
    change = None if is_bad else Decimal("0.01")
    return Quote(
        instrument=instrument,
        ticker=a_ticker("XUSDT", bid=None if is_bad else Decimal(1), change_24h=change),
        age_s=500.0 if is_bad else 1.0,
        is_stale=is_bad,
        reference_price=None if is_bad else Decimal(87_000),
        reference_gap=None if is_bad else Decimal("0.001"),
    )


def health_values(hostile: str, *, is_bad: bool) -> dict[str, Any]:
    """Feeds, tasks and jobs as `/status` and notices show them."""
    feed = FeedHealth(name=hostile, is_ok=not is_bad, age_s=None if is_bad else 3.0, code=hostile)
    job = JobHealth(name=hostile, is_running=not is_bad, failures=2 if is_bad else 0, last_error=hostile)
    return {
        "broken": [feed] if is_bad else [],
        "feed": feed,
        "feeds": [feed],
        "jobs": [job],
        "runs": [run_values(hostile, is_bad=is_bad)],
    }


def run_values(hostile: str, *, is_bad: bool) -> dict[str, Any]:
    """A scheduled job as `/status` shows it."""
    return {
        "name": hostile,
        "is_ok": not is_bad,
        "is_running": False,
        "failures": 2 if is_bad else 0,
        "last": None if is_bad else "12:00",
        "next": "12:05",
    }


def candle_values(hostile: str, *, is_bad: bool) -> dict[str, Any]:
    """The candles as `/status` shows them."""
    return {
        "markets": 100,
        "count": hostile,
        "size_mb": hostile,
        "missing": 3 if is_bad else 0,
        "differing": 2 if is_bad else 0,
        "is_filling": is_bad,
        "done": 320,
        "series": 500,
        "left": hostile if is_bad else None,
    }


def alert_values(instrument: Instrument, quote: Quote, *, is_bad: bool) -> dict[str, Any]:
    """What screens about alerts show; a bad one waits, rests, is found out late and has no price."""
    rest = timedelta(hours=1) if is_bad else None
    alert = an_alert(instrument=instrument, rest=rest, is_armed=not is_bad, count=3)
    others = [
        an_alert(condition=condition, instrument=instrument, rest=rest)
        for condition in (
            PercentMove(None, Decimal("0.05"), timedelta(hours=1)),
            PercentMove(Way.DOWN, Decimal("0.05"), timedelta(minutes=15)),
            NewExtreme(Way.UP, 30),
            *SOME_FORMULAS,
        )
    ]
    shown = None if is_bad else quote
    reading = None if is_bad else Decimal("0.02")
    standings = [Standing(alert=one, quote=shown, reading=reading) for one in (alert, *others)]
    told = Told(
        alert=alert, price=Decimal(100), at=NOON, age_s=100, is_late=is_bad, move=reading, quote=quote
    )
    return {
        "alert": alert,
        "standing": standings[0],
        "standings": standings,
        "told": told,
        "news": "armed",
        "until": "4 Mar" if is_bad else None,
        "is_resting": is_bad,
        "when": "12:00",
        "has_age": True,
        "figures": lambda formula, readings, tick: ["41.2", "2,914 / 2,860"],
        "compared": ["41.2", "2,914 / 2,860"],
        "alert_history": History(is_true=None if is_bad else True, turned_true=int(not is_bad), closes=500),
        "closes_of": "1h",
        "page": 1,
        "pages": 2,
    }


def _upkeep(hostile: str, *, is_bad: bool) -> dict[str, Any]:
    key = {"account": hostile, "days": None if is_bad else 3, "is_ok": not is_bad, "is_bound": not is_bad}
    key["is_monitoring"] = is_bad
    load = {"cpu": 60, "memory_mb": 3000, "strain": "shedding" if is_bad else "fine"}
    backup = {"backup": None if is_bad else hostile, "is_backup_ok": not is_bad}
    unwatched = {hostile: "account_unreachable"} if is_bad else {}
    news = {"days": 91, "is_bound": not is_bad, "problem": hostile}
    return {"upkeep": {**backup, **load, "keys": [key], "unwatched": unwatched}, **load, **news}


def _command(hostile: str) -> Command:
    known = build_table().order[0]
    return Command(
        name="x", handler=known.handler, topic=known.topic, summary=hostile, example=hostile, words=(hostile,)
    )


_ALL = sorted(
    path.relative_to(ROOT / "templates").as_posix() for path in (ROOT / "templates").rglob("*.html")
)
RICH_TEMPLATES = [name for name in _ALL if name.startswith("rich/")]
"""Those of rich messages; `test_rich_words.py` tries them."""
TEMPLATES = [name for name in _ALL if name not in RICH_TEMPLATES]


def rendered(template: str, language: str, hostile: str, *, is_bad: bool) -> str:
    values = dict(context(hostile, is_bad=is_bad))
    if template == "help_command.html":
        values["command"] = _command(hostile)
    if template.startswith("backtest"):
        values |= backtest_values(the_rendering().speech(language), hostile, is_bad=is_bad)
    return the_rendering().speech(language, "Europe/Berlin").render(template, **values)


@pytest.mark.parametrize("is_bad", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("template", TEMPLATES)
def test_a_template_shows_hostile_text_as_text(template: str, language: str, is_bad: bool) -> None:
    kinds = [
        entity.kind for entity in read_html(rendered(template, language, "mild", is_bad=is_bad)).entities
    ]
    for name, hostile in HOSTILE.items():
        html = rendered(template, language, hostile, is_bad=is_bad)

        shown = read_html(html)
        found = [entity.kind for entity in shown.entities]
        assert found == kinds or name == "controls", f"{name} changed the markup"
        assert "49" not in shown.text or name != "braces"
        for part in telegram_text.split(html):
            read_html(part)
            assert telegram_text.length(part) <= telegram_text.TEXT_LIMIT


PLAYED = {"days": 3, "bars": 5, "fetch": "perpetuum backfill"}
"""What refusals of backtests name beside."""

REFUSALS = [
    code
    for path in sorted((ROOT / "templates" / "errors").glob("*refused.html"))
    for code in re.findall(r'code == "(\w+)"', path.read_text())
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("code", [*REFUSALS, "something_new"])
def test_every_refusal_is_worded_around_hostile_text(code: str, language: str) -> None:
    for hostile in HOSTILE.values():
        for near in ((), (hostile,)):
            values = context(hostile, is_bad=False) | {"code": code, "near": near, **PLAYED}
            html = the_rendering().speech(language).render("errors/refused.html", **values)
            assert read_html(html).text


def test_every_code_that_is_raised_is_worded() -> None:
    raised = {
        code
        for folder in SPEAKING
        for path in (ROOT / folder).rglob("*.py")
        for code in re.findall(r'Refused\(\s*"(\w+)"', path.read_text())
    }

    assert raised - {*REFUSALS, "expired", "done", "unknown_choice"} == set()


NAMES = ("BTC", "SHIB", "1000PEPE", "10000SATS", "1000000BABYDOGE")
TABLES = {"prices.html": 3, "top.html": 4, "cockpit.html": 3, "watch.html": 3}
"""Templates with a table of markets -> columns of a row."""
PRICES = (
    ("87210.50", "0.01"),
    ("0.00001234", "0.00000001"),
    ("0.0000001234", "0.0000000001"),
    ("123456.789", "0.001"),
    ("1234567.1", "0.1"),
)
CHANGES = (None, "0", "0.012", "-0.0355", "1.234", "-0.999", "12.3456", "123.456")
TURNOVERS = (None, "0", "999.99", "999999", "1234567", "98765432", "999999999", "12345678901")


def a_quote(name: str, price: tuple[str, str], number: int, *, is_stale: bool) -> Quote:
    last, tick = price
    change, turnover = CHANGES[number % len(CHANGES)], TURNOVERS[number % len(TURNOVERS)]
    return Quote(
        instrument=an_instrument(name, tick=Decimal(tick)),
        ticker=a_ticker(
            f"{name}USDT",
            last,
            change_24h=None if change is None else Decimal(change),
            turnover_24h=None if turnover is None else Decimal(turnover),
        ),
        age_s=100.0,
        is_stale=is_stale,
        reference_price=Decimal(last) * 2,
        reference_gap=Decimal("-0.5"),
    )


def preformatted(html: str) -> list[str]:
    """Lines of the table of a screen."""
    inside = re.search(r"<pre>(.*)</pre>", html, re.DOTALL)
    assert inside is not None
    return inside[1].strip("\n").split("\n")


@pytest.mark.parametrize("is_stale", [False, True])
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("letter", ["v", "u"])
def test_rows_of_tables_fit_a_phone_and_keep_their_gaps(language: str, letter: str, is_stale: bool) -> None:
    speech = the_rendering().speech(language)
    for name in NAMES:
        for price in PRICES:
            quotes = [a_quote(name, price, number, is_stale=is_stale) for number in range(8)]
            for template, columns in (
                ("prices.html", 3),
                ("top.html", 4),
                ("cockpit.html", 3),
                ("watch.html", 3),
            ):
                values = context("x", is_bad=False) | {"quotes": quotes, "letter": letter, "leans": []}
                for line in preformatted(speech.render(template, **values)):
                    assert len(line) <= 34, line
                    assert len([part for part in line.split(" ") if part]) == columns, line


@pytest.mark.parametrize("language", LANGUAGES)
def test_rows_of_strength_and_of_the_daily_screen_fit_a_phone(language: str) -> None:
    speech = the_rendering().speech(language)
    for name, price, number in itertools.product(NAMES, PRICES, range(8)):
        quote = a_quote(name, price, number, is_stale=False)
        full = Lean(quote, "▼", Decimal(100), Decimal(1))
        for template, values in (
            ("top.html", {"leans": [full], "letter": "s", "quotes": [quote]}),
            ("screen.html", screen_values(name, quote, is_bad=False)),
        ):
            for line in preformatted(speech.render(template, **context("x", is_bad=False) | values)):
                assert len(line) == 34, line
                assert speech.price(quote.ticker.last, quote.instrument.tick) in line


@pytest.mark.parametrize("language", LANGUAGES)
def test_lines_of_the_price_screen_fit_a_phone(language: str) -> None:
    speech = the_rendering().speech(language)
    for name in NAMES:
        for price in PRICES:
            for number in range(8):
                quote = a_quote(name, price, number, is_stale=False)
                values = {"quote": quote, "tick": quote.instrument.tick, "is_old": False}
                for line in preformatted(speech.render("price.html", **values)):
                    assert len(line) <= 34, line
                    assert re.search(r"\S  ?", line), line


async def test_the_buttons_of_the_longest_coin_fit_sixty_four_bytes() -> None:
    desk = await a_screen_desk(is_primed=False)
    base = "1000000BABYDOGEELON"
    desk.source.listed.append(an_instrument(base))
    desk.source.prices[f"{base}USDT"] = a_ticker(
        f"{base}USDT", turnover_24h=Decimal(10**12), change_24h=Decimal(9)
    )
    await desk.services.markets.quote("BTCUSDT")

    for text in (base, f"/chart {base}", f"/watch {base}", f"/watch -{base}", "/top", f"/price {base} btc"):
        screen = await desk.type(text)
        assert "Something broke" not in screen.html
        assert any(base in (one.data or "") for one in buttons(screen)), text
        assert all(len((one.data or "").encode()) <= 64 for one in buttons(screen))


NUMBERS = (
    ("87210.50", "0.01"),
    ("0.00001234", "0.00000001"),
    ("0.0000001234", "0.0000000001"),
    ("1234567.1", "0.1"),
    ("1", "0.0001"),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_of_trades_fit_a_phone(language: str) -> None:
    speech = the_rendering().speech(language)
    for name in NAMES:
        for (price, tick), notional in itertools.product(NUMBERS, ("0.01", "100", "123456.78", "98765432.1")):
            instrument = an_instrument(name, tick=Decimal(tick), kind=MarketKind.PERP)
            trade = an_open_trade(99_999, Decimal(price), instrument=instrument, realised=Decimal(notional))
            standing = a_standing(trade)
            values = context("x", is_bad=False) | {
                "preview": a_preview(instrument, Decimal(price), notional=Decimal(notional)),
                "trade": trade,
                "position": standing,
                "tick": instrument.tick,
                "live": (standing, a_stale_standing(trade)),
                "closed": [(a_closed_trade(trade), Decimal("-123.4"))],
                "shown": (standing,),
            }
            for template in ("trade.html", "trade_offer.html", "trades.html", "portfolio.html"):
                tables = re.findall(r"<pre>(.*?)\n?</pre>", speech.render(template, **values), re.DOTALL)
                lines = [line for table in tables for line in table.split("\n")]
                assert lines
                for line in lines:
                    assert len(line) <= 34, (template, line)
                    assert len(line.split(" ")) > 1, line


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_portfolio_of_many_positions_fits_under_its_picture(language: str) -> None:
    standings = tuple(a_standing(an_open_trade(number)) for number in range(9_990, 9_998))
    values = context("x", is_bad=False) | {
        "account": a_portfolio(*standings, closed=12),
        "shown": standings,
    }
    html = the_rendering().speech(language).render("portfolio.html", **values)
    assert telegram_text.fits(html, telegram_text.CAPTION_LIMIT)
