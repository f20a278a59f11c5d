"""Formatting of a text: entities with offsets in UTF-16 code units, as Telegram counts."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

MAX_ENTITIES = 100

STYLES = frozenset({"bold", "italic", "underline", "strikethrough", "spoiler"})
_CODE = frozenset({"code", "pre"})
_QUOTES = frozenset({"blockquote", "expandable_blockquote"})
_RANK = {
    kind: rank
    for rank, kind in enumerate(
        (
            "expandable_blockquote",
            "blockquote",
            "pre",
            "code",
            "text_link",
            "text_mention",
            "custom_emoji",
            "bold",
            "italic",
            "underline",
            "strikethrough",
            "spoiler",
        )
    )
}
_ARGUMENT = {"text_link": "url", "pre": "language", "custom_emoji": "custom_emoji_id"}


@dataclass(frozen=True, slots=True)
class Entity:
    """One stretch of formatting. `argument` is the URL of a link, the language of a `pre` block or the
    id of a custom emoji; empty otherwise."""

    kind: str
    offset: int
    length: int
    argument: str = ""

    @property
    def end(self) -> int:
        """The first code unit behind the stretch."""
        return self.offset + self.length

    def api(self) -> dict[str, Any]:
        """The Bot API's `MessageEntity`."""
        body: dict[str, Any] = {"type": self.kind, "offset": self.offset, "length": self.length}
        if self.argument:
            body[_ARGUMENT[self.kind]] = self.argument
        return body


@dataclass(frozen=True, slots=True)
class FormattedText:
    """A text with its formatting, sorted by offset, longer stretches first."""

    text: str = ""
    entities: tuple[Entity, ...] = ()


def utf16_length(text: str) -> int:
    """Length in UTF-16 code units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def clean(text: str) -> str:
    """`text` without carriage returns, other control characters turned to spaces."""
    return text.translate(_CONTROLS)


_CONTROLS: dict[int, str | None] = {code: " " for code in range(32) if code != 10}
_CONTROLS[13] = None


def tidy(text: str, entities: Iterable[Entity]) -> FormattedText:
    """What Telegram keeps: blank ends trimmed, nothing nested in code, equal neighbours joined."""
    found = sorted((e for e in entities if e.length > 0), key=_order)
    text, found = _trimmed(text, found)
    if len(found) > 1:
        found = _joined(_outside_code(found))
        found.sort(key=_order)
    return FormattedText(text, tuple(found[:MAX_ENTITIES]))


def _order(entity: Entity) -> tuple[int, int, int]:
    return entity.offset, -entity.length, _RANK.get(entity.kind, len(_RANK))


def _trimmed(text: str, entities: list[Entity]) -> tuple[str, list[Entity]]:
    """Blanks at the end go; blanks at the start go up to the first entity (a `pre` keeps its indent)."""
    kept = text.rstrip(" \n")
    blank = len(kept) - len(kept.lstrip(" \n"))
    if entities:
        blank = min(blank, entities[0].offset)
    kept = kept[blank:]
    if len(kept) == len(text):
        return text, entities
    end = utf16_length(kept)
    moved = (replace(e, offset=e.offset - blank) for e in entities)
    return kept, [replace(e, length=min(e.length, end - e.offset)) for e in moved if e.offset < end]


def _outside_code(entities: list[Entity]) -> list[Entity]:
    """Code and links do not overlap, quotes do not nest; styles are cut around code."""
    solid: list[Entity] = []
    quotes: list[Entity] = []
    styles: list[Entity] = []
    for entity in entities:
        if entity.kind in STYLES:
            styles.append(entity)
        elif entity.kind in _QUOTES:
            if not quotes or quotes[-1].end <= entity.offset:
                quotes.append(entity)
        elif not solid or solid[-1].end <= entity.offset:
            solid.append(entity)
    solid = [entity for entity in solid if not any(_crosses(entity, quote) for quote in quotes)]
    holes = [entity for entity in solid if entity.kind in _CODE]
    return quotes + solid + [piece for style in styles for piece in _without(style, holes)]


def _crosses(one: Entity, other: Entity) -> bool:
    """Whether two stretches overlap and neither holds the other."""
    first, second = sorted((one, other), key=_order)
    return second.offset < first.end < second.end


def _without(style: Entity, holes: list[Entity]) -> Iterable[Entity]:
    start = style.offset
    for hole in holes:
        if hole.end <= start or hole.offset >= style.end:
            continue
        if hole.offset > start:
            yield replace(style, offset=start, length=hole.offset - start)
        start = hole.end
    if start < style.end:
        yield replace(style, offset=start, length=style.end - start)


def _joined(entities: list[Entity]) -> list[Entity]:
    """Touching or overlapping stretches of one style become one."""
    last: dict[str, int] = {}
    joined: list[Entity] = []
    for entity in sorted(entities, key=_order):
        at = last.get(entity.kind)
        if at is not None and entity.kind in STYLES and joined[at].end >= entity.offset:
            start = joined[at].offset
            joined[at] = replace(joined[at], length=max(joined[at].end, entity.end) - start)
            continue
        last[entity.kind] = len(joined)
        joined.append(entity)
    return joined
