"""The HTTP side of the Bot API: bodies, tokens, unknown methods."""

from typing import Any

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramUnauthorizedError
from aiohttp import FormData

from sandbox.telegram.errors import ApiError
from sandbox.telegram.requests import Params
from tests.build.telegram import ANNA, PNG, TelegramDesk


@pytest.mark.parametrize(
    "request_",
    [
        {"json": {"chat_id": ANNA, "text": "5 > 4"}},
        {"data": {"chat_id": str(ANNA), "text": "5 > 4"}},
        {"params": {"chat_id": str(ANNA), "text": "5 > 4"}},
    ],
)
async def test_parameters_come_in_any_dress(desk: TelegramDesk, request_: dict[str, Any]) -> None:
    status, answer = await desk.call("SENDMESSAGE", **request_)
    assert (status, answer["ok"], answer["result"]["text"]) == (200, True, "5 > 4")


async def test_a_get_request_is_answered_too(desk: TelegramDesk) -> None:
    async with desk.http.get(f"{desk.url}/bot{desk.bot.token}/getMe") as response:
        assert (await response.json())["result"]["username"] == "perpetuum_sandbox_bot"


async def test_an_unknown_method_is_not_found(desk: TelegramDesk) -> None:
    assert await desk.call("sendPigeon") == (
        404,
        {"ok": False, "error_code": 404, "description": "Not Found: method not found"},
    )


async def test_a_wrong_token_is_unauthorized(desk: TelegramDesk) -> None:
    assert await desk.call("getMe", token="123:wrong") == (
        401,
        {"ok": False, "error_code": 401, "description": "Unauthorized"},
    )
    with pytest.raises(TelegramUnauthorizedError):
        await Bot("123:wrong", session=desk.session).get_me()


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"text=\xff", "application/x-www-form-urlencoded"),
        (b"nonsense", "multipart/form-data; boundary=x"),
        (b"nonsense", "multipart/form-data"),
    ],
)
async def test_broken_bodies_are_refused(desk: TelegramDesk, body: bytes, kind: str) -> None:
    status, answer = await desk.call("sendMessage", data=body, headers={"Content-Type": kind})
    assert (status, answer["ok"]) == (400, False)


async def test_a_file_may_come_under_the_parameters_own_name(desk: TelegramDesk) -> None:
    form = FormData()
    form.add_field("chat_id", str(ANNA))
    form.add_field("photo", PNG, filename="x.png")
    status, answer = await desk.call("sendPhoto", data=form)
    assert (status, answer["result"]["photo"][0]["width"]) == (200, 64)


def test_values_are_read_as_the_method_wants_them() -> None:
    params = Params({"n": "5", "m": 6, "t": "True", "f": "0", "b": True, "j": '{"x":1}', "e": ""})
    assert (params.integer("n"), params.integer("m"), params.integer("e"), params.integer("x")) == (
        5,
        6,
        None,
        None,
    )
    assert (params.flag("t"), params.flag("f"), params.flag("b"), params.flag("x")) == (
        True,
        False,
        True,
        False,
    )
    assert (params.json("j", ""), params.json("e", ""), params.json("x", "")) == ({"x": 1}, None, None)
    assert (params.text("m"), params.text("x")) == ("6", "")
    with pytest.raises(ApiError, match="must be a valid Number"):
        params.integer("b")
    with pytest.raises(ApiError, match="a reason"):
        params.json("t", "a reason")
