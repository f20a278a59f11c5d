"""Entities Telegram finds by itself in any text: commands, mentions, tags, addresses."""

import re
from collections.abc import Iterable

from sandbox.telegram.entities import Entity, FormattedText, tidy, utf16_length

_FOUND = re.compile(
    r"(?P<url>https?://[^\s<>\"]*[^\s<>\".,:;!?)\]}'])"
    r"|(?P<bot_command>(?<![\w/])/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?(?!\w))"
    r"|(?P<mention>(?<!\w)@[A-Za-z0-9_]{4,32}(?!\w))"
    r"|(?P<hashtag>(?<!\w)#\w*[^\W\d]\w*)"
    r"|(?P<cashtag>(?<!\w)\$[A-Z]{1,8}(?!\w))"
)
_HINTS = ("/", "@", "#", "$")
_CLOSED = frozenset({"code", "pre", "text_link", "text_mention"})


def detect(formatted: FormattedText) -> FormattedText:
    """`formatted` with found entities added outside code and links."""
    text = formatted.text
    if not any(hint in text for hint in _HINTS):
        return formatted
    closed = [entity for entity in formatted.entities if entity.kind in _CLOSED]
    found = [entity for entity in _search(text) if not _touches(entity, closed)]
    if not found:
        return formatted
    return tidy(text, (*formatted.entities, *found))


def _search(text: str) -> Iterable[Entity]:
    for match in _FOUND.finditer(text):
        kind = match.lastgroup
        assert kind is not None  # every branch of the pattern is named
        yield Entity(kind, utf16_length(text[: match.start()]), utf16_length(match.group()))


def _touches(entity: Entity, closed: list[Entity]) -> bool:
    return any(other.offset < entity.end and entity.offset < other.end for other in closed)
