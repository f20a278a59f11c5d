"""No secret in any message, however deep it stands in what is said."""

from typing import Any

import pytest
from aiogram.methods import SendMessage, TelegramMethod
from aiogram.types import InputMediaPhoto, InputRichMessage
from hypothesis import given
from hypothesis import strategies as st

from adapters.telegram.masking import Masking
from adapters.telegram.methods import EditPicture, SendRich, SendText
from bot.logs import MASK, Redactor
from ports.messages import Button, Priority, RichForm, Screen
from tests.adapters.telegram.conftest import Road
from tests.build.telegram import ANNA

SECRET = "hunter2-<&>-éλ"
WORDS = st.text(max_size=30)


@pytest.fixture
def masked(road: Road) -> Road:
    road.desk.session.middleware(Masking(Redactor((SECRET,)).known))
    return road


async def sent(method: TelegramMethod[Any], secret: str) -> str:
    """What would go to Telegram."""
    out: list[str] = []

    async def make_request(bot: Any, given: Any) -> Any:
        out.append(repr(given))

    nobody: Any = None  # no bot is asked for anything
    await Masking(Redactor((secret,)).known)(make_request, nobody, method)
    return out[0]


@given(secret=st.text(alphabet="abcXYZ0189-_", min_size=6, max_size=40), before=WORDS, after=WORDS)
async def test_a_secret_anywhere_in_what_is_said_is_masked(secret: str, before: str, after: str) -> None:
    said = f"{before}{secret}{after}"
    photo = InputMediaPhoto(media="file", caption=said)
    for method in (
        SendMessage(chat_id=1, text=said),
        SendRich(
            chat_id=1,
            rich_message=InputRichMessage(html=said),
            reply_markup=said,
            disable_notification=None,
        ),
        EditPicture(chat_id=1, message_id=2, media=photo, reply_markup=said),
    ):
        written = await sent(method, secret)
        assert secret not in written.replace(MASK, "")
        assert MASK in written


async def test_what_holds_no_secret_goes_as_it_is() -> None:
    method = SendText(
        chat_id=1,
        text="BTC 87 210",
        parse_mode="HTML",
        reply_markup=None,
        link_preview_options="{}",
        disable_notification=None,
    )
    assert await sent(method, "hunter2-hunter2") == repr(method)


async def test_people_read_no_secret(masked: Road) -> None:
    await masked.send("the key is hunter2-&lt;&amp;&gt;-éλ", keyboard=((Button(text=SECRET, data="a:b"),),))
    [message] = await masked.shown()
    assert MASK in message["text"]
    assert "hunter2" not in str(message)


async def test_a_rich_message_has_none_either(masked: Road) -> None:
    rich = RichForm(html="<p>hunter2-&lt;&amp;&gt;-éλ</p>")
    await masked.messenger.send(ANNA, Screen(html="plain", rich=rich), priority=Priority.ANSWER)
    [message] = await masked.shown()
    assert "hunter2" not in str(message)
