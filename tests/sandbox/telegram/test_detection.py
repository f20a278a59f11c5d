"""Entities that Telegram finds by itself."""

import pytest

from sandbox.telegram.detection import detect
from sandbox.telegram.entities import FormattedText
from sandbox.telegram.html_reader import read_html


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("/start", [("bot_command", "/start")]),
        ("see /help@perpetuum_sandbox_bot now", [("bot_command", "/help@perpetuum_sandbox_bot")]),
        ("a/b and 1/2", []),
        ("@anna_sandbox hi", [("mention", "@anna_sandbox")]),
        ("#btc #1", [("hashtag", "#btc")]),
        ("$BTC and $5", [("cashtag", "$BTC")]),
        ("at https://a.b/c?d=1.", [("url", "https://a.b/c?d=1")]),
        ("nothing here", []),
        ("/", []),
    ],
)
def test_finds(text: str, found: list[tuple[str, str]]) -> None:
    entities = detect(FormattedText(text)).entities
    assert [(e.kind, text[e.offset : e.end]) for e in entities] == found


def test_counts_in_utf16_units() -> None:
    assert [e.offset for e in detect(FormattedText("😀 /go")).entities] == [3]


def test_nothing_is_found_inside_code_and_links() -> None:
    source = '<code>/start</code> <pre>@anna_sandbox</pre> <a href="https://a.b/">$BTC</a>'
    assert [e.kind for e in detect(read_html(source)).entities] == ["code", "pre", "text_link"]


def test_found_entities_stand_beside_formatting() -> None:
    assert [e.kind for e in detect(read_html("<b>see /help</b>")).entities] == ["bold", "bot_command"]
