"""Keyboards under messages: what Telegram accepts as `reply_markup`, and what it says otherwise."""

from typing import Any

from sandbox.telegram.errors import ApiError, bad_request
from sandbox.telegram.requests import Params

MAX_DATA_BYTES = 64
MAX_BUTTONS = 100
MAX_ROW = 8

_STYLES = ("primary", "success", "danger")
_ACTIONS = (
    "callback_data",
    "url",
    "copy_text",
    "web_app",
    "login_url",
    "switch_inline_query",
    "switch_inline_query_current_chat",
    "switch_inline_query_chosen_chat",
    "callback_game",
    "pay",
)
_WEB_SCHEMES = ("http://", "https://", "tg://", "ton://")

Rows = list[list[dict[str, Any]]]


class Markup:
    """A checked `reply_markup`: an inline keyboard, a reply keyboard, its removal, or nothing."""

    __slots__ = ("inline", "removes_keyboard", "reply_keyboard")

    def __init__(
        self, inline: Rows | None = None, reply_keyboard: Rows | None = None, *, removes: bool = False
    ) -> None:
        self.inline = inline
        self.reply_keyboard = reply_keyboard
        self.removes_keyboard = removes


NO_MARKUP = Markup()


def read_markup(params: Params) -> Markup:
    """The `reply_markup` of a new message. Raises 400 in Telegram's words."""
    body = params.json("reply_markup", "object expected as reply markup")
    if body is None or body == {}:
        return NO_MARKUP
    if not isinstance(body, dict):
        raise bad_request("object expected as reply markup")
    if "inline_keyboard" in body:
        return Markup(inline=_inline_rows(body["inline_keyboard"]) or None)
    if "keyboard" in body:
        return Markup(reply_keyboard=_reply_rows(body["keyboard"]))
    return Markup(removes=bool(body.get("remove_keyboard")))


def read_inline(params: Params) -> Rows | None:
    """The inline keyboard of an edit; `None` takes the keyboard away."""
    markup = read_markup(params)
    if markup.reply_keyboard is not None or markup.removes_keyboard:
        raise bad_request("inline keyboard expected")
    return markup.inline


def _rows(body: Any, kind: str) -> list[list[Any]]:
    if not isinstance(body, list):
        raise bad_request(f'{kind}: Field "{_FIELDS[kind]}" must be of type Array')
    if not all(isinstance(row, list) for row in body):
        raise bad_request(f"can't parse {kind}: expected an Array of Array")
    rows = [row for row in body if row]
    if sum(map(len, rows)) > MAX_BUTTONS or any(len(row) > MAX_ROW for row in rows):
        raise bad_request("REPLY_MARKUP_TOO_LONG")
    return rows


_FIELDS = {"inline keyboard": "inline_keyboard", "reply keyboard": "keyboard"}


def _inline_rows(body: Any) -> Rows:
    return [[_inline_button(button) for button in row] for row in _rows(body, "inline keyboard")]


def _inline_button(button: Any) -> dict[str, Any]:
    if not isinstance(button, dict):
        raise _bad_button("expected an Object")
    text = button.get("text")
    if text is None:
        raise _bad_button('Can\'t find field "text"')
    if not isinstance(text, str):
        raise _bad_button('Field "text" must be of type String')
    if not text.strip():
        raise bad_request("BUTTON_TEXT_INVALID")
    present = [name for name in _ACTIONS if button.get(name) is not None]
    if not present:
        raise _bad_button("Text buttons are unallowed in the inline keyboard")
    if len(present) > 1:
        raise bad_request("BUTTON_TYPE_INVALID")
    checked = {"text": text, present[0]: _action(present[0], button[present[0]])}
    if button.get("style") is not None:
        checked["style"] = _style(button["style"])
    return checked


def _action(name: str, value: Any) -> Any:
    if name == "callback_data":
        if not isinstance(value, str):
            raise _bad_button('Field "callback_data" must be of type String')
        if not 1 <= len(value.encode()) <= MAX_DATA_BYTES:
            raise bad_request("BUTTON_DATA_INVALID")
    elif name == "url":
        if not isinstance(value, str) or not value.lower().startswith(_WEB_SCHEMES):
            raise bad_request("BUTTON_URL_INVALID")
    elif name == "copy_text":
        copied = value.get("text") if isinstance(value, dict) else None
        if not isinstance(copied, str) or not 1 <= len(copied) <= 256:
            raise bad_request("BUTTON_COPY_TEXT_INVALID")
        return {"text": copied}
    return value


def _style(value: Any) -> str:
    if value not in _STYLES:
        raise _bad_button("invalid button style specified")
    return str(value)


def _reply_rows(body: Any) -> Rows:
    return [[_reply_button(button) for button in row] for row in _rows(body, "reply keyboard")]


def _reply_button(button: Any) -> dict[str, Any]:
    if isinstance(button, str):
        button = {"text": button}
    if not isinstance(button, dict) or not isinstance(button.get("text"), str):
        raise bad_request("can't parse keyboard button: Can't find field \"text\"")
    checked = {"text": button["text"]}
    if button.get("style") is not None:
        checked["style"] = _style(button["style"])
    return checked


def _bad_button(reason: str) -> ApiError:
    return bad_request(f"can't parse inline keyboard button: {reason}")
