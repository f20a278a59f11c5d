"""Telegram HTML as text, judged by the twin's own reader of it."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.text import length, plain, split
from sandbox.telegram.entities import utf16_length
from sandbox.telegram.html_reader import read_html

visible = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Cf", "Zs", "Zl", "Zp"]))
words = visible | st.sampled_from(
    ["BTC", " ", "\n", "\n\n", "<b>", "&amp;", "&", "</", "👩‍🚀", "х" * 50, "🚀" * 40]
)
escaped = st.lists(words, max_size=8).map("".join).map(html.escape)
names = st.sampled_from(
    ["b", "i", "u", "s", "code", "pre", "blockquote", "tg-spoiler", 'a href="https://x.example/?a=1"']
)


def tagged(inner: "st.SearchStrategy[str]") -> "st.SearchStrategy[str]":
    wrapped = st.tuples(names, inner).map(lambda pair: f"<{pair[0]}>{pair[1]}</{pair[0].split()[0]}>")
    return st.lists(wrapped | inner, max_size=4).map("".join)


documents = st.recursive(escaped, tagged, max_leaves=12)
limits = st.sampled_from([10, 32, 64, 4096])


def squeezed(text: str) -> str:
    """The text without its white space, which Telegram trims at the ends of messages."""
    return "".join(text.split())


@given(document=documents, limit=limits)
def test_every_part_is_within_the_limit_as_telegram_counts(document: str, limit: int) -> None:
    for part in split(document, limit):
        assert length(part) <= limit
        assert utf16_length(read_html(part).text) <= limit


@given(document=documents, limit=limits)
def test_no_text_is_lost_and_every_part_parses(document: str, limit: int) -> None:
    parts = split(document, limit)
    arrived = "".join(read_html(part).text for part in parts)
    assert squeezed(arrived) == squeezed(read_html(document).text)


@given(document=documents)
def test_the_plain_form_and_its_length_are_what_telegram_reads(document: str) -> None:
    assert squeezed(plain(document)) == squeezed(read_html(document).text)
    assert length(document) == utf16_length(plain(document))


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])), limit=limits)
def test_text_that_is_not_html_at_all_still_comes_in_parts_without_loss(text: str, limit: int) -> None:
    parts = split(text, limit)
    assert all(length(part) <= limit for part in parts)
    assert squeezed("".join(plain(part) for part in parts)) == squeezed(plain(text))


@given(text=st.text())
def test_the_plain_form_of_escaped_text_is_the_text(text: str) -> None:
    assert plain(html.escape(text)) == text


def test_short_html_is_one_part_as_it_is() -> None:
    assert split("<b>BTC</b> 64 250 &lt;") == ["<b>BTC</b> 64 250 &lt;"]


def test_parts_end_at_line_ends_where_there_are_any() -> None:
    assert split("one two\nthree\nfour five six", 14) == ["one two\nthree", "four five six"]


def test_tags_are_closed_and_opened_again_around_a_cut() -> None:
    document = '<b>one\n<a href="https://x.example">two</a>\nthree</b>'
    assert split(document, 4) == [
        "<b>one\n</b>",
        '<b><a href="https://x.example">two</a>\n</b>',
        "<b>thre</b>",
        "<b>e</b>",
    ]


def test_a_reference_is_never_cut() -> None:
    assert split("&lt;" * 5, 2) == ["&lt;&lt;", "&lt;&lt;", "&lt;"]


def test_a_pair_of_units_is_never_cut() -> None:
    assert split("🚀🚀🚀", 5) == ["🚀🚀", "🚀"]


def test_tags_count_nothing_and_astral_characters_two() -> None:
    assert length("<b>a</b>🚀&amp;") == 4


@pytest.mark.parametrize("empty", ["", "\n\n", "<b></b>", " <i>\n</i> "])
def test_what_shows_nothing_gives_no_part(empty: str) -> None:
    assert split(empty) == []


def test_an_unknown_tag_is_text_because_telegram_refuses_it_and_the_plain_form_must_keep_it() -> None:
    assert plain("if a <foo> b and c<d> then <b>sell</b> &nbsp; &amp;lt;") == (
        "if a <foo> b and c<d> then sell &nbsp; &lt;"
    )


def test_a_long_line_is_cut_between_words() -> None:
    assert split("one two three four", 10) == ["one two ", "three four"]
