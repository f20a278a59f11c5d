"""Telegram's HTML: entities in UTF-16 units, Telegram's refusals, and a way back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.telegram.entities import Entity, FormattedText, clean, tidy, utf16_length
from sandbox.telegram.errors import ApiError
from sandbox.telegram.html_reader import read_html
from sandbox.telegram.html_writer import write_html


@pytest.mark.parametrize(
    ("source", "text", "entities"),
    [
        ("plain", "plain", []),
        ("<b>bold</b>", "bold", [Entity("bold", 0, 4)]),
        ("<strong>x</strong><EM>y</EM>", "xy", [Entity("bold", 0, 1), Entity("italic", 1, 1)]),
        ("<ins>u</ins><strike>s</strike>", "us", [Entity("underline", 0, 1), Entity("strikethrough", 1, 1)]),
        ("<del>s</del><s>t</s>", "st", [Entity("strikethrough", 0, 2)]),
        ('<span class="tg-spoiler">x</span>', "x", [Entity("spoiler", 0, 1)]),
        ("<tg-spoiler>x</tg-spoiler>", "x", [Entity("spoiler", 0, 1)]),
        ("😀<b>b</b>", "😀b", [Entity("bold", 2, 1)]),
        ("&lt;&#128512;&#x41;&amp;lt; &unknown; &", "<😀A&lt; &unknown; &", []),
        ("&#xD800;&#0;&#99999999;", "&#xD800;&#0;&#99999999;", []),
        ("<a href='http://a.b/?x=1&amp;y=2'>l</a>", "l", [Entity("text_link", 0, 1, "http://a.b/?x=1&y=2")]),
        ("<a href=https://a.b>l</a>", None, None),
        ('<a href="a.b">l</a>', "l", [Entity("text_link", 0, 1, "http://a.b/")]),
        ('<a href="a.b?x">l</a>', "l", [Entity("text_link", 0, 1, "http://a.b/?x")]),
        ("<a>https://a.b/c</a>", "https://a.b/c", [Entity("text_link", 0, 13, "https://a.b/c")]),
        ('<a href="tg://user?id=5">l</a>', "l", [Entity("text_link", 0, 1, "tg://user?id=5")]),
        ('<a href="javascript:alert(1)">l</a>', "l", []),
        ('<a href="javascript://x.y">l</a>', "l", []),
        ('<a href="word">l</a>', "l", []),
        ("<pre>a\n  b</pre>", "a\n  b", [Entity("pre", 0, 5)]),
        ('<pre><code class="language-py">x</code></pre>', "x", [Entity("pre", 0, 1, "py")]),
        ('<pre>y<code class="language-py">x</code></pre>', "yx", [Entity("pre", 0, 2)]),
        ('<code class="language-py">x</code>', "x", [Entity("code", 0, 1)]),
        ("<blockquote>q</blockquote>", "q", [Entity("blockquote", 0, 1)]),
        ("<blockquote expandable>q</blockquote>", "q", [Entity("expandable_blockquote", 0, 1)]),
        ('<blockquote expandable="">q</blockquote>', "q", [Entity("expandable_blockquote", 0, 1)]),
        ('<tg-emoji emoji-id="12">👍</tg-emoji>', "👍", [Entity("custom_emoji", 0, 2, "12")]),
        ("<b></b>x", "x", []),
        ("<b>x</>", "x", [Entity("bold", 0, 1)]),
        ("<b >x</b >", "x", [Entity("bold", 0, 1)]),
        (
            "<b>a <code>c</code> d</b>",
            "a c d",
            [Entity("bold", 0, 2), Entity("code", 2, 1), Entity("bold", 3, 2)],
        ),
        ("<code>a<b>b</b></code>", "ab", [Entity("code", 0, 2)]),
        ("  \n x \n ", "x", []),
        ("<pre>  x</pre>  ", "  x", [Entity("pre", 0, 3)]),
        ("x <b> y  </b>", "x  y", [Entity("bold", 2, 2)]),
        ("x<b>  </b>", "x", []),
        ("a\r\nb\tc\x00d", "a\nb c d", []),
    ],
)
def test_reads_what_telegram_reads(source: str, text: str | None, entities: list[Entity] | None) -> None:
    if text is None:
        with pytest.raises(ApiError, match="Unexpected end of name token at byte offset 8"):
            read_html(source)
        return
    assert read_html(source) == FormattedText(text, tuple(entities or ()))


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("a < b", 'Unsupported start tag "" at byte offset 2'),
        ("ж<x>y</x>", 'Unsupported start tag "x" at byte offset 2'),
        ("<br/>", 'Unsupported start tag "br/" at byte offset 0'),
        ("x <b", "Unclosed start tag at byte offset 2"),
        ("x <", "Unclosed start tag at byte offset 2"),
        ('<a href="x', "Unclosed start tag at byte offset 0"),
        ("<a href", "Unclosed start tag at byte offset 0"),
        ("<a href=", "Unclosed start tag at byte offset 0"),
        ('<a ="x">y</a>', 'Empty attribute name in the tag "a" at byte offset 0'),
        (
            "<a href>y</a>",
            'Expected equal sign in declaration of an attribute of the tag "a" at byte offset 0',
        ),
        ("<a href=x!>y</a>", "Unexpected end of name token at byte offset 8"),
        ("<span>x</span>", 'Tag "span" must have class "tg-spoiler" at byte offset 0'),
        ("x</b>", "Unexpected end tag at byte offset 1"),
        ("<b>x</b", "Unclosed end tag at byte offset 4"),
        ("<b>x</i>", 'Unmatched end tag at byte offset 4, expected "</b>", found "</i>"'),
        ("<b><i>x", 'Can\'t find end tag corresponding to start tag "i"'),
    ],
)
def test_refuses_in_telegrams_words(source: str, reason: str) -> None:
    with pytest.raises(ApiError) as refused:
        read_html(source)
    assert refused.value.code == 400
    assert refused.value.description == f"Bad Request: can't parse entities: {reason}"


@given(st.text(alphabet=st.sampled_from("<>/abip=\"'&;#x9 \n😀ж-"), max_size=60))
def test_hostile_markup_is_read_or_refused(source: str) -> None:
    try:
        formatted = read_html(source)
    except ApiError:
        return
    length = utf16_length(formatted.text)
    assert all(0 <= e.offset < e.end <= length for e in formatted.entities)
    assert read_html(write_html(formatted)) == formatted


@given(st.text())
def test_plain_text_comes_through_escaping(text: str) -> None:
    expected = tidy(clean(text), ())
    assert read_html(write_html(FormattedText(text))) == expected


_STYLES = st.sampled_from(
    ["b", "i", "u", "s", "tg-spoiler", "code", "pre", "blockquote", "blockquote expandable"]
)


@st.composite
def _markup(draw: st.DrawFn, depth: int = 0) -> str:
    pieces: list[str] = []
    for _ in range(draw(st.integers(0, 3))):
        pieces.append(draw(st.text(alphabet="ab 😀\n", max_size=4)))
        if depth < 4 and draw(st.booleans()):
            tag = draw(_STYLES)
            pieces.append(f"<{tag}>{draw(_markup(depth + 1))}</{tag.split()[0]}>")
    return "".join(pieces)


@given(_markup())
def test_formatting_survives_the_way_to_html_and_back(source: str) -> None:
    formatted = read_html(source)
    assert read_html(write_html(formatted)) == formatted


def test_overlapping_styles_are_closed_and_opened_again() -> None:
    overlapping = FormattedText("abc", (Entity("bold", 0, 2), Entity("italic", 1, 2)))
    assert write_html(overlapping) == "<b>a<i>b</i></b><i>c</i>"


def test_a_style_never_tears_a_quote_or_link() -> None:
    quote = FormattedText("abc", (Entity("bold", 0, 2), Entity("blockquote", 1, 2)))
    assert write_html(quote) == "<b>a</b><blockquote><b>b</b>c</blockquote>"


def test_links_that_stand_half_in_a_quote_are_dropped() -> None:
    link, quote = Entity("text_link", 0, 2, "http://a.b/"), Entity("blockquote", 1, 2)
    assert tidy("abc", (link, quote)).entities == (quote,)


def test_html_is_safe_to_show() -> None:
    link = Entity("text_link", 0, 1, 'http://a/"><script>')
    assert write_html(FormattedText("<", (link,))) == ('<a href="http://a/&quot;&gt;&lt;script&gt;">&lt;</a>')
    block = Entity("pre", 0, 1, '"x')
    assert write_html(FormattedText("&", (block,))) == (
        '<pre><code class="language-&quot;x">&amp;</code></pre>'
    )


def test_at_most_a_hundred_entities_are_kept() -> None:
    assert len(read_html("<b>a</b> " * 150).entities) == 100
