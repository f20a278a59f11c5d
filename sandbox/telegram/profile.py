"""What the bot says about itself: commands by scope and language, descriptions, menu button."""

from collections.abc import Mapping
from typing import Any

import orjson

from sandbox.telegram.keep import Keep

Commands = list[dict[str, str]]
Scope = Mapping[str, Any]

_KIND = "profile"


class BotProfile:
    """The bot's settings on Telegram's side. Languages are two-letter codes, `""` for everyone else."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        facts: dict[str, Any] = {str(key): orjson.loads(body) for key, body in keep.load(_KIND)}
        self._lists: dict[str, dict[str, Any]] = facts.get("commands", {})
        self._texts: dict[str, dict[str, str]] = facts.get("texts", {})
        self.menu_buttons: dict[str, dict[str, Any]] = facts.get("menu_buttons", {})

    def command_lists(self) -> list[dict[str, Any]]:
        """All lists as they were set: `scope`, `language_code`, `commands`."""
        return list(self._lists.values())

    def set_commands(self, scope: Scope, language: str, commands: Commands) -> None:
        """Replace the list of a scope and language; an empty list removes it."""
        key = _key(scope, language)
        if commands:
            self._lists[key] = {"scope": dict(scope), "language_code": language, "commands": commands}
        else:
            self._lists.pop(key, None)
        self._write("commands", self._lists)

    def get_commands(self, scope: Scope, language: str) -> Commands:
        """The list of exactly this scope and language; empty when none was set."""
        found: Commands = self._lists.get(_key(scope, language), {}).get("commands", [])
        return found

    def set_text(self, kind: str, language: str, text: str) -> None:
        """Set the name, description or short description; an empty text removes it."""
        texts = self._texts.setdefault(kind, {})
        if text:
            texts[language] = text
        else:
            texts.pop(language, None)
        self._write("texts", self._texts)

    def get_text(self, kind: str, language: str) -> str:
        """The text for a language, else the one for everyone."""
        texts = self._texts.get(kind, {})
        return texts.get(language) or texts.get("", "")

    def set_menu_button(self, chat: str, button: dict[str, Any]) -> None:
        """Set the menu button of a chat; `""` is the default for all."""
        self.menu_buttons[chat] = button
        self._write("menu_buttons", self.menu_buttons)

    def _write(self, name: str, value: object) -> None:
        self._keep.put(_KIND, name, value)


def _key(scope: Scope, language: str) -> str:
    return ":".join(str(scope[part]) for part in sorted(scope, reverse=True)) + f"/{language}"
