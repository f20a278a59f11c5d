"""Rich forms arrive where Telegram takes them; everywhere else the classic form does, at once."""

from dataclasses import dataclass
from typing import Any

import pytest
from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import TelegramNotFound
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

from ports.errors import Gone, Transient
from ports.messages import Button, Priority, RichForm, Screen
from tests.adapters.telegram.conftest import Road
from tests.build.telegram import ANNA, PNG

KEYBOARD = ((Button(text="Trades", data="tl:0"),),)
RICH = RichForm(html='<h3>Portfolio</h3><img src="tg://photo?id=curve"/>', photos={"curve": PNG})
BROKEN = RichForm(html="<blink>Portfolio</blink>")


@dataclass(slots=True)
class OldServer(BaseRequestMiddleware):
    """A Bot API server from before rich messages; `asked` counts how often one was tried."""

    asked: int = 0

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        if method.__api_method__ == "sendRichMessage":
            self.asked += 1
            raise TelegramNotFound(method=method, message="Not Found: method not found")
        return await make_request(bot, method)


async def edit(road: Road, message_id: int, **fields: Any) -> bool:
    return await road.messenger.edit(ANNA, message_id, Screen(**fields), priority=Priority.ANSWER)


async def test_a_rich_form_arrives_with_its_picture_and_the_buttons(road: Road) -> None:
    sent = await road.send("classic", rich=RICH, photo=PNG, keyboard=KEYBOARD)
    (message,) = await road.shown()
    assert (message["id"], message["text"]) == (sent.message_id, "Portfolio")
    assert [block["type"] for block in message["rich"]["blocks"]] == ["heading", "photo"]
    assert [[one["text"] for one in row] for row in message["buttons"]] == [["Trades"]]
    assert road.asked("sendPhoto") == 0


async def test_a_rich_form_may_have_buttons_of_its_own(road: Road) -> None:
    own = ((Button(text="I see a table", data="rp:yes"),),)
    sent = await road.send("classic", rich=RichForm(html="<p>?</p>", keyboard=own), keyboard=KEYBOARD)
    await edit(road, sent.message_id, html="x", rich=RichForm(html="<p>!</p>", keyboard=own))
    (message,) = await road.shown()
    assert (message["buttons"][0][0]["text"], message["edits"]) == ("I see a table", 1)


async def test_nothing_is_detected_in_a_rich_form(road: Road) -> None:
    await road.send("classic", rich=RICH)
    _, fields = road.desk.session.requests[-1]
    assert '"skip_entity_detection":true' in fields["rich_message"].replace(" ", "")


async def test_what_telegram_cannot_parse_arrives_in_the_classic_form(road: Road, logged: list[Any]) -> None:
    await road.send("<b>classic</b>", rich=BROKEN, keyboard=KEYBOARD)
    (message,) = await road.shown()
    assert (message["html"], message["rich"], len(message["buttons"])) == ("<b>classic</b>", None, 1)
    assert [event["event"] for event in logged] == ["rich_message_refused"]


async def test_one_refused_message_does_not_silence_the_next(road: Road) -> None:
    await road.send("classic", rich=BROKEN)
    await road.send("classic", rich=RICH)
    assert [bool(message["rich"]) for message in await road.shown()] == [False, True]


async def test_a_server_that_does_not_know_rich_messages_is_asked_once(road: Road, logged: list[Any]) -> None:
    server = OldServer()
    road.desk.session.middleware(server)
    first = await road.send("first", rich=RICH)
    await road.send("second", rich=RICH)
    assert await edit(road, first.message_id, html="third", rich=RICH)
    assert [message["text"] for message in await road.shown()] == ["third", "second"]
    assert server.asked == 1
    assert [event["event"] for event in logged] == ["rich_messages_unknown"]


async def test_any_other_404_is_trouble_with_the_bot(road: Road) -> None:
    road.desk.faults.merge({"telegram": {"status": 404}})
    with pytest.raises(Transient):
        await road.send("hello", rich=RICH)
    road.desk.faults.clear()
    await road.send("hello", rich=RICH)
    assert (await road.shown())[-1]["rich"]


async def test_every_form_becomes_every_other_in_place(road: Road) -> None:
    sent = await road.send("classic")
    forms: tuple[dict[str, Any], ...] = (
        {"rich": RICH},
        {"rich": RichForm(html="<p>new</p>")},
        {},
        {"rich": RICH},
        {"photo": PNG},
    )
    for fields in forms:
        assert await edit(road, sent.message_id, html="classic", **fields)
        (message,) = await road.shown()
        assert bool(message["rich"]) == ("rich" in fields)
        assert bool(message["photo"]) == ("photo" in fields)


async def test_an_edit_that_is_refused_arrives_in_the_classic_form(road: Road) -> None:
    sent = await road.send("old", rich=RICH)
    assert await edit(road, sent.message_id, html="new", rich=BROKEN)
    (message,) = await road.shown()
    assert (message["text"], message["rich"]) == ("new", None)


async def test_an_edit_that_changes_nothing_counts_as_done(road: Road) -> None:
    form = RichForm(html="<p>same</p>")
    sent = await road.send("same", rich=form)
    assert await edit(road, sent.message_id, html="same", rich=form)
    (message,) = await road.shown()
    assert (message["edits"], bool(message["rich"])) == (0, True)


async def test_a_picture_or_a_message_that_is_gone_never_becomes_rich(road: Road) -> None:
    picture = await road.send("a picture", photo=PNG)
    assert not await edit(road, picture.message_id, html="x", rich=RICH)
    assert not await edit(road, 999_999, html="x", rich=RICH)


async def test_who_blocked_the_bot_is_gone(road: Road) -> None:
    await road.desk.post(f"/users/{ANNA}/block", blocked=True)
    with pytest.raises(Gone, match="blocked"):
        await road.send("hello?", rich=RICH)
    with pytest.raises(Gone):
        await road.send("hello?", chat=55555, rich=RICH)
    assert road.asked("sendMessage") == 0
