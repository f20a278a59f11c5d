"""How the desk speaks."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from jinja2 import UndefinedError

from services.speech import Rendering, language_of, zone_of

CATALOGUE = """
msgid ""
msgstr ""
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && n%100/10!=1 ? 1 : 2);\\n"

msgid "Price"
msgstr "Цена"

msgid "{n} min"
msgstr "{n} мин"

#, python-format
msgid "%(count)s coin of %(who)s"
msgid_plural "%(count)s coins of %(who)s"
msgstr[0] "%(count)s монета у %(who)s"
msgstr[1] "%(count)s монеты у %(who)s"
msgstr[2] "%(count)s монет у %(who)s"
"""


@pytest.fixture
def rendering(tmp_path: Path) -> Rendering:
    catalogue = tmp_path / "locales" / "ru" / "LC_MESSAGES"
    catalogue.mkdir(parents=True)
    (catalogue / "perpetuum.po").write_text(CATALOGUE, encoding="utf-8")
    templates = tmp_path / "templates"
    templates.mkdir()
    (templates / "coins.html").write_text(
        "{% trans count=count, who=who %}{{ count }} coin of {{ who }}"
        "{% pluralize %}{{ count }} coins of {{ who }}{% endtrans %}\n"
    )
    (templates / "word.html").write_text("{{ _('Price') }}: {{ value }}\n")
    return Rendering(templates, tmp_path / "locales")


def test_a_word_is_translated_and_an_unknown_one_stays(rendering: Rendering) -> None:
    say = rendering.speech("ru")

    assert (say("Price"), say("Nothing"), say("{n} h", n=3)) == ("Цена", "Nothing", "3 h")
    assert rendering.speech("en")("Price") == "Price"


def test_a_language_we_do_not_speak_is_english(rendering: Rendering) -> None:
    assert rendering.speech("xx").language == "en"


@pytest.mark.parametrize(
    ("count", "shown"),
    [(1, "1 монета"), (2, "2 монеты"), (5, "5 монет"), (11, "11 монет"), (21, "21 монета")],
)
def test_plurals_follow_the_language(rendering: Rendering, count: int, shown: str) -> None:
    html = rendering.speech("ru").render("coins.html", count=count, who="Ann")

    assert html == f"{shown} у Ann"


def test_values_are_escaped_and_never_read_as_a_format_or_a_template(rendering: Rendering) -> None:
    html = rendering.speech("en").render("coins.html", count=1, who="<b>%s %(x)s {{7*7}} {x}&")

    assert html == "1 coin of &lt;b&gt;%s %(x)s {{7*7}} {x}&amp;"


def test_a_value_that_a_template_lacks_is_an_error(rendering: Rendering) -> None:
    with pytest.raises(UndefinedError):
        rendering.speech("en").render("word.html")


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(None, "–"), (-5, "0 s"), (0, "0 s"), (59.9, "59 s"), (60, "1 min"), (7199, "1 h"), (200_000, "2 d")],
)
def test_ages_are_short(rendering: Rendering, seconds: float | None, shown: str) -> None:
    assert rendering.speech("en").age(seconds) == shown


def test_ages_are_translated(rendering: Rendering) -> None:
    assert rendering.speech("ru").age(120) == "2 мин"


def test_times_are_in_the_persons_zone_and_language(rendering: Rendering) -> None:
    at = datetime(2026, 3, 4, 22, 30, tzinfo=UTC)

    assert rendering.speech("en", "Asia/Tokyo").time(at) == "5 Mar 07:30"
    assert rendering.speech("ru", "UTC").time(at) == "4 мар. 22:30"
    assert rendering.speech("en", "No/Where").time(at) == "4 Mar 22:30"


@pytest.mark.parametrize(
    ("zone", "shown"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("Etc/GMT-3", "UTC+3"),
        ("Etc/GMT+11", "UTC-11"),
        ("Etc/GMT", "Etc/GMT"),
    ],
)
def test_a_zone_of_whole_hours_is_named_as_people_do(rendering: Rendering, zone: str, shown: str) -> None:
    assert rendering.speech("en", zone).zone_name == shown


@pytest.mark.parametrize(
    ("code", "language"),
    [("ru", "ru"), ("ru-RU", "ru"), ("RU", "ru"), ("en-GB", "en"), ("de", "en"), (None, "en"), ("", "en")],
)
def test_a_clients_code_gives_a_language_we_speak(code: str | None, language: str) -> None:
    assert language_of(code) == language
    assert language_of("de", default="ru") == "ru"


@pytest.mark.parametrize("name", ["", "No/Where", "../../etc/passwd", "Europe/Berlin\0"])
def test_a_zone_that_is_none_is_utc(name: str) -> None:
    assert zone_of(name).key == "UTC"
