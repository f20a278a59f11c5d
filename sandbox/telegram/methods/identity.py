"""Methods about the bot itself: who it is, its commands, descriptions and menu button."""

import re
from typing import Any

from sandbox.telegram.errors import bad_request
from sandbox.telegram.methods.addressing import find_chat
from sandbox.telegram.people import bot_user
from sandbox.telegram.requests import Params
from sandbox.telegram.twin import Telegram

MAX_COMMANDS = 100
_COMMAND = re.compile(r"/?([a-z0-9_]{1,32})\Z")
_LANGUAGE = re.compile(r"(?:[a-z]{2})?\Z")
_PLAIN_SCOPES = ("default", "all_private_chats", "all_group_chats", "all_chat_administrators")
_CHAT_SCOPES = ("chat", "chat_administrators", "chat_member")
_MENU_BUTTONS = ("default", "commands", "web_app")
_LONGEST = {"name": 64, "description": 512, "short_description": 120}
_ME = bot_user() | {
    "can_join_groups": True,
    "can_read_all_group_messages": True,
    "supports_inline_queries": False,
    "can_connect_to_business": False,
    "has_main_web_app": False,
}


def get_me(twin: Telegram, params: Params) -> dict[str, Any]:
    return _ME


def set_commands(twin: Telegram, params: Params) -> bool:
    body = params.json("commands", "can't parse commands JSON array")
    if not isinstance(body, list):
        raise bad_request("expected an Array of BotCommand")
    if len(body) > MAX_COMMANDS:
        raise bad_request("BOT_COMMANDS_TOO_MUCH")
    commands = [_command(item) for item in body]
    twin.profile.set_commands(_scope(twin, params), _language(params), commands)
    _tell(twin)
    return True


def get_commands(twin: Telegram, params: Params) -> list[dict[str, str]]:
    return twin.profile.get_commands(_scope(twin, params), _language(params))


def delete_commands(twin: Telegram, params: Params) -> bool:
    twin.profile.set_commands(_scope(twin, params), _language(params), [])
    _tell(twin)
    return True


def _tell(twin: Telegram) -> None:
    twin.tell({"type": "commands", "bot": twin.bot_view()})


def _command(item: Any) -> dict[str, str]:
    if not isinstance(item, dict) or not isinstance(item.get("command"), str):
        raise bad_request("can't parse BotCommand: Can't find field \"command\"")
    match = _COMMAND.match(item["command"])
    if match is None:
        raise bad_request("BOT_COMMAND_INVALID")
    description = item.get("description")
    if not isinstance(description, str) or not 1 <= len(description) <= 256:
        raise bad_request("BOT_COMMAND_DESCRIPTION_INVALID")
    return {"command": match.group(1), "description": description}


def _scope(twin: Telegram, params: Params) -> dict[str, Any]:
    """The scope with its type and, where it has them, chat and user as numbers."""
    body = params.json("scope", "can't parse BotCommandScope") or {"type": "default"}
    kind = body.get("type") if isinstance(body, dict) else None
    if kind in _PLAIN_SCOPES:
        return {"type": kind}
    if kind not in _CHAT_SCOPES:
        raise bad_request("can't parse BotCommandScope: Unsupported type specified")
    scope = {"type": kind, "chat_id": find_chat(twin, Params(body)).id}
    if kind == "chat_member":
        scope["user_id"] = Params(body).integer("user_id")
    return scope


def _language(params: Params) -> str:
    language = params.text("language_code")
    if _LANGUAGE.match(language) is None:
        raise bad_request("invalid language code specified")
    return language


def set_name(twin: Telegram, params: Params) -> bool:
    return _set_text(twin, params, "name")


def set_description(twin: Telegram, params: Params) -> bool:
    return _set_text(twin, params, "description")


def set_short_description(twin: Telegram, params: Params) -> bool:
    return _set_text(twin, params, "short_description")


def _set_text(twin: Telegram, params: Params, kind: str) -> bool:
    text = params.text(kind)
    if len(text) > _LONGEST[kind]:
        raise bad_request(f"BOT_{kind.upper()}_TOO_LONG")
    twin.profile.set_text(kind, _language(params), text)
    return True


def get_name(twin: Telegram, params: Params) -> dict[str, str]:
    name = twin.profile.get_text("name", _language(params))
    return {"name": name or bot_user()["first_name"]}


def get_description(twin: Telegram, params: Params) -> dict[str, str]:
    return {"description": twin.profile.get_text("description", _language(params))}


def get_short_description(twin: Telegram, params: Params) -> dict[str, str]:
    return {"short_description": twin.profile.get_text("short_description", _language(params))}


def set_menu_button(twin: Telegram, params: Params) -> bool:
    button = params.json("menu_button", "can't parse MenuButton") or {"type": "default"}
    if not isinstance(button, dict) or button.get("type") not in _MENU_BUTTONS:
        raise bad_request("can't parse MenuButton: unsupported type")
    twin.profile.set_menu_button(params.text("chat_id"), button)
    return True


def get_menu_button(twin: Telegram, params: Params) -> dict[str, Any]:
    buttons = twin.profile.menu_buttons
    return buttons.get(params.text("chat_id")) or buttons.get("") or {"type": "commands"}


METHODS = {
    "getme": get_me,
    "setmycommands": set_commands,
    "getmycommands": get_commands,
    "deletemycommands": delete_commands,
    "setmyname": set_name,
    "getmyname": get_name,
    "setmydescription": set_description,
    "getmydescription": get_description,
    "setmyshortdescription": set_short_description,
    "getmyshortdescription": get_short_description,
    "setchatmenubutton": set_menu_button,
    "getchatmenubutton": get_menu_button,
}
