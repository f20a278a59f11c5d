"""Reports in the language of their reader: no English is left, and words of others stay harmless."""

import html
import pickle
import re
from dataclasses import replace
from decimal import Decimal
from functools import cache

import pytest

from adapters.backtests.playing import _notes
from adapters.reports.document import document
from adapters.reports.page import page
from adapters.reports.sheets import summary_sheet
from adapters.reports.wording import date, days, number, span, verdict
from engines.metrics.bootstrap import Interval
from engines.risk.verdict import Ruling
from engines.simulate.assessment import Standing
from ports.report_language import ENGLISH, ReportLanguage
from ports.reports import Report
from tests.build.reports import a_block, a_quiet_report, a_report
from tests.build.screens import the_rendering

HOSTILE = "</script><script>alert(1)</script>\n# x | y `z` {name} $title ** &"
LIBRARY = re.compile(r'id="library">.*?</script>', re.S)
RUN_OF_ENGLISH = re.compile(r"[A-Za-z]{2,}(?:[ ,]+[a-z]{2,})+")
"""Two words in a row, the second of them small: a sentence has them, a name has not."""


def russian() -> ReportLanguage:
    return the_rendering().report_language("ru")


def in_russian(report: Report) -> Report:
    return replace(report, language=russian(), command="/backtest sma_cross 2y", notes=())


def full() -> Report:
    """A report in which every part has something to say."""
    report = a_report(days=400, symbols=("BTCUSDT", "ETHUSDT"))
    blocked = (
        a_block("drawdown:trend", gate="latch"),
        a_block("0.9594965512992926 of 0.45 fraction"),
        replace(a_block("1300.5 of 1000 usd"), ruling=Ruling.SHRINK),
    )
    terms = replace(report.terms, participation=Decimal("0.1"))
    return in_russian(replace(report, run=replace(report.run, blocked=blocked), terms=terms))


@cache
def english_ids() -> frozenset[str]:
    """Every text that is translated and reads otherwise in Russian, as far as one could meet it."""
    words = russian().words.items()
    return frozenset(
        one for one, said in words if said != one and len(one) > 3 and " " in one and "{" not in one
    )


def pages(report: Report) -> dict[str, str]:
    """What a reader sees, without scripts."""
    whole = LIBRARY.sub("</script>", page(report).decode())
    seen = html.unescape(re.sub(r"<(style|script).*?</\1>|<[^>]+>", "\n", whole, flags=re.S))
    texts = {"report.md": document(report, ["equity_light.png"]).decode(), "equity.html": seen}
    return {name: _without_code(text) for name, text in texts.items()}


def _without_code(text: str) -> str:
    """What is typed or a file's name stays what it is."""
    return re.sub(r"`[^`]*`|^    .*$|\w+=[^,\n]*", "", text, flags=re.M)


@pytest.mark.parametrize("is_quiet", [False, True])
def test_no_english_is_left_in_a_russian_report(*, is_quiet: bool) -> None:
    report = in_russian(a_quiet_report()) if is_quiet else full()
    for name, plain in pages(report).items():
        assert [one for one in english_ids() if one in plain] == [], name
        assert RUN_OF_ENGLISH.findall(plain) == [], name
        assert re.search("[а-я]{5}", plain), name


def test_what_the_curves_say_is_russian_as_well() -> None:
    text = page(full()).decode()
    assert '<html lang="ru">' in text
    for words in ("Просадка", "Экспозиция", "6 мес", "удержание", "%d.%m.%Y %H:%M", '"decimal":","'):
        assert words in text.encode().decode("unicode_escape", "ignore") or _escaped(words) in text


def _escaped(words: str) -> str:
    """As the curves are written: without a letter beyond ASCII."""
    return "".join(one if one.isascii() else f"\\u{ord(one):04x}" for one in words)


def test_first_sentences_are_russian() -> None:
    base, say = a_report().assessment, russian()
    ends = [None, (0.1, 0.9), (-0.9, -0.1), (-0.5, 0.5)]
    for roi in (0.1, -0.1):
        for drawn in ends:
            interval = None if drawn is None else Interval(low=drawn[0], high=drawn[1])
            said = replace(
                base,
                metrics=replace(base.metrics, roi=roi),
                intervals=replace(base.intervals, roi=interval, excess=interval),
            )
            words = verdict(say, said)
            assert re.findall("[A-Za-z]+", words.replace("BTCUSDT", "")) == []
            assert said.profit is not Standing.ABOVE or "удач" in words


def test_numbers_dates_and_plurals_are_those_of_the_language() -> None:
    say, nbsp = russian(), "\N{NO-BREAK SPACE}"
    assert number(say, -1234.5) == f"−1{nbsp}234,50"
    assert date(say, a_report().made_at) == "02.01.2026"
    counted = {1: "1 день", 2: "2 дня", 5: "5 дней", 11: "11 дней", 21: "21 день", 112: "112 дней"}
    assert {count: days(say, count) for count in counted} == counted
    assert days(say, 1001) == f"1{nbsp}001 день"
    assert (days(say, 3.5, 1), span(say, 2.0)) == ("3,5 дня", "2,0 года")
    assert [days(ENGLISH, count) for count in (1, 2, 101)] == ["1 day", "2 days", "101 days"]


def test_english_of_the_chat_has_the_numbers_of_the_chat() -> None:
    say = the_rendering().report_language("en")
    assert number(say, 1234.5) == "1,234.50"
    assert verdict(say, a_quiet_report().assessment).startswith("**It did not trade** in 90 days")
    assert the_rendering().report_language("xx") == say


def test_a_language_goes_into_another_process() -> None:
    assert pickle.loads(pickle.dumps(russian())) == russian()  # noqa: S301 - our own bytes


def test_notes_of_the_history_are_russian_and_unknown_ones_are_left_out() -> None:
    notes = list(_notes(russian(), ["no_funding", "some_funding", "spot_prices", "shorter", "what"]))
    assert len(notes) == 4
    assert all(re.search("[а-я]{5}", one) for one in notes)


def test_words_of_others_are_harmless_in_every_file() -> None:
    report = full()
    run = replace(
        report.run, strategy=HOSTILE, symbols=(HOSTILE,), params={"x": HOSTILE}, blocked=(a_block(HOSTILE),)
    )
    assessment = replace(
        report.assessment, against=tuple(replace(one, name=HOSTILE) for one in report.assessment.against)
    )
    hostile = replace(report, run=run, assessment=assessment, notes=(HOSTILE,), command=HOSTILE)
    text = document(hostile, ()).decode()
    assert "<script" not in _without_code(text)
    assert "\n# x" not in text
    assert "alert(1)&lt;/script> # x \\| y" in text
    assert "<script>alert(1)" not in page(hostile).decode()
    assert all(len(line) > 0 for line in summary_sheet(hostile).decode().splitlines())
