"""Seeded nonsense: what people, and things that are not people, may send to a bot."""

from collections.abc import Iterator
from random import Random
from typing import Any

from sandbox.telegram.people import bot_user

_COMMANDS = (
    "/price", "/top", "/watch", "/settings", "/language", "/help", "/status", "/start", "/users",
    "/claim", "/p", "/w", "price", "курс", "топ", "/settings zone", "/watch -", "/top +-",
    "/trade", "/trade btc long", "long", "шорт", "btc short", "/close", "/stop", "/trades", "/portfolio",
    "/export", "/reset",
)  # fmt: skip
_WORDS = (
    "btc", "ETHUSDT", "$sol", "BTC/USDT", "биткоин", "bct", "1h", "4H", "-doge", "+eth", "berlin",
    "٣٣٣", "²", "+-5", "--5", "99999999999999999999", "-1", "NaN", "1e309", "ru", "en", "клингон",
    "100", "50%", "half", "все", "sl 1%", "стоп 95к", "tp 2r 99k", "x3", "x99", "@2900", "trail 2%", "1.5atr",
    "sl off", "#1", "entry",
)  # fmt: skip
_HOSTILE = (
    "<b>", "</pre>", "&amp;", "&#0;", "<a href='tg://user?id=1'>x</a>", "{{ 7*7 }}", "{% raw %}", "%s%n",
    "'; DROP TABLE people;--", "\u202e\u2066txet", "\u200b", "\ud7ff", "\U0001f468\u200d\U0001f469",
    "a\u0301" * 50, "\x01\x1b[31m", "\x00", "../../etc/passwd", "\\", "`", "_*~|", "/" * 40, "@" * 10,
    "𝕭𝕿𝕮", "ﷺ" * 20, "İ", "ß", "ſ", "\n\n\n", "\t", "\r\n", "{0.__class__}", "{name}", "None", "null",
)  # fmt: skip
_PREFIXES = (
    "px",
    "ch",
    "top",
    "w+",
    "w-",
    "on",
    "set",
    "lang",
    "tz",
    "h",
    "st",
    "u",
    "a",
    "do",
    "now",
    "x",
    *("tr", "te", "to", "tx", "tc", "tm", "tb", "tl", "tv", "tg", "pf", "xp", "rs"),
)
_VALUES = (
    "", ":", "::", "BTCUSDT", "BTCUSDT:1h", "BTCUSDT:9y", "v:10", "v:-1", "d:99999999999", "lang:ru",
    "lang:xx", "risk:bold", "theme:light", "theme:pink", "ru", "1001", "1001:admin", "1004:viewer", "9" * 30,
    "-5", "do:do:do", "price btc", "watch btc", "start", "users", "help", "‮", "💥", "markets", "None",
    "BTCUSDT:long", "ETHUSDT:short", "1:1:half", "1:2:all", "1:1", "1", "1:4h", "trades", "99999999999:1:all",
)  # fmt: skip


def hostile_texts(seed: int) -> Iterator[str]:
    """Endless messages, few of them sensible."""
    dice = Random(seed)
    while True:
        kind = dice.random()
        if kind < 0.35:
            yield f"{dice.choice(_COMMANDS)} {_some(dice, _WORDS)}".strip()
        elif kind < 0.65:
            yield f"{dice.choice(_COMMANDS)} {_some(dice, (*_HOSTILE, *_WORDS))}"
        elif kind < 0.8:
            yield f"{_some(dice, _WORDS)} x"
        elif kind < 0.9:
            yield "".join(
                chr(dice.choice((dice.randrange(33, 0x2FF), dice.randrange(0x400, 0xD000))))
                for _ in range(40)
            )
        elif kind < 0.93:
            yield dice.choice(_HOSTILE[:3]) * 900
        else:
            yield f"x{dice.choice(_HOSTILE)}x"


def hostile_data(seed: int) -> Iterator[str]:
    """Endless callback data, as Telegram would let through: 1 to 64 bytes."""
    dice = Random(seed)
    while True:
        if dice.random() < 0.85:
            data = f"{dice.choice(_PREFIXES)}:{dice.choice(_VALUES)}"
        else:
            data = _some(dice, _HOSTILE) or "x"
        yield data.encode("utf-8", "ignore")[:64].decode("utf-8", "ignore") or "x"


def hostile_updates(seed: int, person: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Endless updates that are broken, or of kinds and senders that nobody asked for."""
    dice = Random(seed)
    chat = {"id": person["id"], "type": "private", "first_name": person["first_name"]}
    message = {"message_id": 1, "date": 1, "chat": chat, "from": person}
    kinds: list[tuple[str, dict[str, Any]]] = [
        ("message", {}),
        ("message", {**message, "message_id": "one"}),
        ("message", {**message, "from": None, "text": "/price btc"}),
        ("message", {**message, "from": bot_user(), "text": "/price btc"}),
        ("message", {**message, "chat": {**chat, "id": -5, "type": "group"}, "text": "/price btc"}),
        ("message", {**message, "new_chat_members": [person]}),
        ("message", {**message, "text": "x" * 100_000}),
        ("message", {**message, "text": ""}),
        ("edited_message", {**message, "text": "/watch btc"}),
        ("callback_query", {"id": "5", "from": person, "chat_instance": "1"}),
        (
            "callback_query",
            {"id": "6", "from": person, "chat_instance": "1", "data": "px:BTCUSDT", "inline_message_id": "9"},
        ),
        ("callback_query", {"id": "7"}),
        ("my_chat_member", {"chat": chat, "from": person, "date": 1}),
        ("poll", {"id": "1"}),
    ]
    while True:
        yield dice.choice(kinds)


def _some(dice: Random, words: tuple[str, ...]) -> str:
    return " ".join(dice.choice(words) for _ in range(dice.randrange(0, 4)))
