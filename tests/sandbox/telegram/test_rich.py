"""Rich messages: what is read, what is shown, what is refused."""

from pathlib import Path
from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BufferedInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    InputRichMessage,
    InputRichMessageMedia,
    Message,
)

from sandbox.telegram.keep import SqliteKeep
from tests.build.telegram import ANNA, PNG, TelegramDesk, telegram_desk

TABLE = (
    "<table bordered striped compact><caption>Open <i>trades</i></caption>"
    '<tr><th align="left">Coin</th><th align="right">PnL</th></tr>'
    '<tr><td>BTC</td><td align="right" valign="top"><b>+1</b> USDT</td></tr>'
    '<tr><td colspan="2" rowspan="1">none</td></tr></table>'
)


def message(html: str, *photos: str) -> InputRichMessage:
    media = [
        InputRichMessageMedia(id=name, media=InputMediaPhoto(media=BufferedInputFile(PNG, "chart.png")))
        for name in photos
    ]
    return InputRichMessage(html=html, media=media or None, skip_entity_detection=True)


async def blocks(desk: TelegramDesk, html: str, *photos: str) -> list[dict[str, Any]]:
    """The blocks of a message in HTML, as the Bot API gives them."""
    sent = await desk.bot.send_rich_message(ANNA, message(html, *photos))
    assert sent.rich_message is not None
    return [one.model_dump(mode="json", exclude_none=True) for one in sent.rich_message.blocks]


async def refusal(desk: TelegramDesk, html: str, *photos: str) -> str:
    with pytest.raises(TelegramBadRequest) as caught:
        await desk.bot.send_rich_message(ANNA, message(html, *photos))
    return str(caught.value)


async def edit(desk: TelegramDesk, message_id: int, **fields: Any) -> Message | bool:
    return await desk.bot.edit_message_text(chat_id=ANNA, message_id=message_id, **fields)


async def test_a_table_has_rows_cells_and_their_places(desk: TelegramDesk) -> None:
    (table,) = await blocks(desk, TABLE)
    assert table["type"] == "table"
    assert (table["is_bordered"], table["is_striped"], table["is_compact"]) == (True, True, True)
    assert table["caption"] == ["Open ", {"type": "italic", "text": "trades"}]
    head, row, last = table["cells"]
    assert [(cell["text"], cell["align"], cell["is_header"]) for cell in head] == [
        ("Coin", "left", True),
        ("PnL", "right", True),
    ]
    assert row[1] == {
        "align": "right",
        "valign": "top",
        "text": [{"type": "bold", "text": "+1"}, " USDT"],
    }
    assert last == [{"align": "left", "valign": "middle", "text": "none", "colspan": 2}]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("<h2>A &amp; B</h2>", {"type": "heading", "text": "A & B", "size": 2}),
        ("  loose\n  text ", {"type": "paragraph", "text": "loose text"}),
        ("<p>one <br> two</p>", {"type": "paragraph", "text": "one\ntwo"}),
        (
            "<p>5&nbsp;%&hellip; &#65;&#x42; &nosuch;</p>",
            {"type": "paragraph", "text": "5\xa0%… AB &nosuch;"},
        ),
        ("<footer>as of 12:00</footer>", {"type": "footer", "text": "as of 12:00"}),
        ("<hr/>", {"type": "divider"}),
        ("<pre> a\n  b</pre>", {"type": "pre", "text": " a\n  b"}),
        (
            '<pre><code class="language-json">{}</code></pre>',
            {"type": "pre", "text": "{}", "language": "json"},
        ),
        (
            "<p><mark>a</mark><a href='https://x.example/'>b</a></p>",
            {
                "type": "paragraph",
                "text": [
                    {"type": "marked", "text": "a"},
                    {"type": "url", "text": "b", "url": "https://x.example/"},
                ],
            },
        ),
        (
            "<ol><li>first</li></ol>",
            {
                "type": "list",
                "items": [
                    {
                        "label": "1.",
                        "value": 1,
                        "type": "1",
                        "blocks": [{"type": "paragraph", "text": "first"}],
                    }
                ],
            },
        ),
        (
            "<blockquote>said<cite>who</cite></blockquote>",
            {"type": "blockquote", "blocks": [{"type": "paragraph", "text": "said"}], "credit": "who"},
        ),
        ("<aside>loud</aside>", {"type": "pullquote", "text": "loud"}),
        (
            "<details open><summary>More</summary>inside<hr></details>",
            {
                "type": "details",
                "summary": "More",
                "blocks": [{"type": "paragraph", "text": "inside"}, {"type": "divider"}],
                "is_open": True,
            },
        ),
    ],
)
async def test_every_kind_of_block(desk: TelegramDesk, html: str, expected: dict[str, Any]) -> None:
    assert await blocks(desk, html) == [expected]


async def test_a_picture_stands_in_the_text_and_can_be_fetched(desk: TelegramDesk) -> None:
    html = (
        '<p>above</p><figure><img src="tg://photo?id=curve"/><figcaption>Equity</figcaption></figure>'
        '<img src="tg://photo?id=other" tg-spoiler/>'
    )
    _, photo, other = await blocks(desk, html, "curve", "other")
    (size,) = photo["photo"]
    assert (size["width"], size["height"], photo["caption"]["text"]) == (64, 48, "Equity")
    assert other["has_spoiler"] is True
    (shown,) = await desk.messages(ANNA)
    async with desk.http.get(desk.url + shown["rich"]["photos"][size["file_id"]]) as response:
        assert await response.read() == PNG
    assert shown["text"] == "above\nEquity"


async def test_the_page_is_told_words_and_blocks(desk: TelegramDesk) -> None:
    await desk.bot.send_rich_message(
        ANNA, message(f"<h3>Mine</h3>{TABLE}<details><summary>s</summary>d</details>")
    )
    await desk.bot.send_message(ANNA, "plain")
    rich, plain = await desk.messages(ANNA)
    assert rich["text"] == "Mine\nOpen trades\nCoin\tPnL\nBTC\t+1 USDT\nnone\ns\nd"
    assert [one["type"] for one in rich["rich"]["blocks"]] == ["heading", "table", "details"]
    assert (rich["html"], plain["rich"]) == ("", None)


async def test_a_text_becomes_rich_and_a_rich_message_a_text_again(desk: TelegramDesk) -> None:
    sent = await desk.bot.send_message(ANNA, "classic")
    edited = await edit(desk, sent.message_id, rich_message=message("<h1>Rich</h1>"))
    assert isinstance(edited, Message)
    assert (edited.text, edited.rich_message is not None) == (None, True)
    with pytest.raises(TelegramBadRequest, match="message is not modified"):
        await edit(desk, sent.message_id, rich_message=message("<h1>Rich</h1>"))
    row = [InlineKeyboardButton(text="Go", callback_data="go")]
    await desk.bot.edit_message_reply_markup(
        chat_id=ANNA, message_id=sent.message_id, reply_markup=InlineKeyboardMarkup(inline_keyboard=[row])
    )
    assert (await desk.messages(ANNA))[0]["rich"]
    edited = await edit(desk, sent.message_id, text="classic")
    assert isinstance(edited, Message)
    assert (edited.text, edited.rich_message) == ("classic", None)


async def test_a_rich_message_becomes_a_picture_but_a_picture_never_rich(desk: TelegramDesk) -> None:
    sent = await desk.bot.send_rich_message(ANNA, message("<p>x</p>"))
    picture = InputMediaPhoto(media=BufferedInputFile(PNG, "chart.png"))
    edited = await desk.bot.edit_message_media(picture, chat_id=ANNA, message_id=sent.message_id)
    assert isinstance(edited, Message)
    assert edited.rich_message is None
    with pytest.raises(TelegramBadRequest, match="there is no text in the message to edit"):
        await edit(desk, sent.message_id, rich_message=message("<p>y</p>"))


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        ("", "RICH_MESSAGE_CONTENT_REQUIRED"),
        (" \n ", "RICH_MESSAGE_CONTENT_REQUIRED"),
        ("<div>x</div>", 'Unsupported start tag "div"'),
        ("<table><tbody><tr><td>x</td></tr></tbody></table>", 'Unsupported start tag "tbody"'),
        ("<script>x</script>", 'Unsupported start tag "script"'),
        ("<tg-map/>", 'the sandbox does not read the tag "tg-map"'),
        ("<p>x", 'Can\'t find end tag corresponding to start tag "p"'),
        ("x</p>", 'Unexpected end tag "p"'),
        ("<b><i>x</b></i>", 'Unmatched end tag, expected "</i>", found "</b>"'),
        ("a < b", "Unclosed start tag"),
        ("<p>x</p><!-- note -->", "Unsupported comment"),
        ("<!DOCTYPE html>", "Unsupported declaration"),
        ("<?php ?>", "Unsupported instruction"),
        ("<td>x</td>", 'Unexpected tag "td" in ""'),
        ("<table><tr><td><p>x</p></td></tr></table>", 'Unexpected tag "p" in a text'),
        ("<table><tr>x</tr></table>", "Unexpected content between the parts of a block"),
        ('<table><tr><td align="middle">x</td></tr></table>', 'invalid align "middle"'),
        ('<table><tr><td colspan="x">x</td></tr></table>', 'invalid colspan "x"'),
        ("<details>x</details>", "details have no summary"),
        ("<pre><b>x</b></pre>", "Unexpected tag in preformatted text"),
        ("<figure>x</figure>", "a figure has one picture"),
        ('<img src="tg://photo?id=none"/>', 'there is no media "tg://photo?id=none"'),
        ('<img src="https://x.example/a.png"/>', "failed to get HTTP URL content"),
        ("<img/>", "photo has no source"),
        ("<b>" * 17 + "x" + "</b>" * 17, "more than 16 levels of nesting"),
    ],
)
async def test_what_makes_no_sense_is_refused(desk: TelegramDesk, html: str, reason: str) -> None:
    assert reason in await refusal(desk, html)
    assert await desk.messages(ANNA) == []


@pytest.mark.parametrize(
    ("fits", "is_more", "reason"),
    [
        ("<p>" + "x" * 32_768 + "</p>", "<p>x</p>", "rich message is too long"),
        ("<hr/>" * 500, "<hr/>", "too many blocks"),
        ("<table>" + "<tr><td>x</td></tr>" * 499 + "</table>", "<hr/>", "too many blocks"),
        ("<ul>" + "<li></li>" * 499 + "</ul>", "<hr/>", "too many blocks"),
        (
            f"<table><tr>{'<td>x</td>' * 20}</tr></table>",
            "<table><tr><td colspan=21>x</td></tr></table>",
            "columns",
        ),
    ],
)
async def test_the_limits_of_telegram_hold(desk: TelegramDesk, fits: str, is_more: str, reason: str) -> None:
    assert await blocks(desk, fits)
    assert reason in await refusal(desk, fits + is_more)


async def test_parameters_that_make_no_sense_are_refused(desk: TelegramDesk) -> None:
    picture = {"type": "photo", "media": "attach://x"}
    wrongs: list[tuple[Any, str]] = [
        (None, "rich message must be specified"),
        ("{", "can't parse InputRichMessage"),
        ({}, "exactly one of html, markdown and blocks"),
        ({"html": "x", "markdown": "x"}, "exactly one of html, markdown and blocks"),
        ({"markdown": "x"}, "in HTML only"),
        ({"html": "x", "media": {}}, "expected an Array"),
        ({"html": "x", "media": [{"id": "a b", "media": picture}]}, "invalid media identifier"),
        ({"html": "x", "media": [{"id": "a", "media": {"type": "video"}}]}, "photos in rich messages only"),
        ({"html": "x", "media": [{"id": "a", "media": picture}]}, "there is no photo in the request"),
        ({"html": "x", "media": [{}] * 51}, "too many media"),
    ]
    for body, reason in wrongs:
        given = {} if body is None else {"rich_message": body}
        status, answer = await desk.call("sendRichMessage", json={"chat_id": ANNA, **given})
        assert (status, reason in answer["description"]) == (400, True), (body, answer)


async def test_rich_messages_outlive_the_sandbox(tmp_path: Path) -> None:
    keep = SqliteKeep(tmp_path / "state.db")
    async with telegram_desk(keep) as desk:
        await desk.bot.send_rich_message(ANNA, message('<img src="tg://photo?id=a"/>' + TABLE, "a"))
        (before,) = await desk.messages(ANNA)
    async with telegram_desk(keep) as desk:
        assert await desk.messages(ANNA) == [before]
    keep.close()
