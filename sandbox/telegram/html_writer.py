"""Formatted text as HTML, in one canonical spelling of each tag."""

from html import escape

from sandbox.telegram.entities import STYLES, Entity, FormattedText

_TAGS = {
    "bold": ("<b>", "</b>"),
    "italic": ("<i>", "</i>"),
    "underline": ("<u>", "</u>"),
    "strikethrough": ("<s>", "</s>"),
    "spoiler": ("<tg-spoiler>", "</tg-spoiler>"),
    "code": ("<code>", "</code>"),
    "blockquote": ("<blockquote>", "</blockquote>"),
    "expandable_blockquote": ("<blockquote expandable>", "</blockquote>"),
}


def write_html(formatted: FormattedText) -> str:
    """HTML that a browser may show as it is and that `read_html` turns back into `formatted`."""
    if not formatted.entities:
        return escape(formatted.text, quote=False)
    return _Writer(formatted).write()


def _tags(entity: Entity) -> tuple[str, str]:
    if entity.kind == "text_link":
        return f'<a href="{escape(entity.argument)}">', "</a>"
    if entity.kind == "pre":
        if entity.argument:
            return f'<pre><code class="language-{escape(entity.argument)}">', "</code></pre>"
        return "<pre>", "</pre>"
    return _TAGS.get(entity.kind, ("", ""))


class _Writer:
    """Walks the places where formatting changes; overlapping tags are closed and opened again."""

    def __init__(self, formatted: FormattedText) -> None:
        self._units = formatted.text.encode("utf-16-le", "surrogatepass")
        self._entities = formatted.entities
        self._open: list[Entity] = []
        self._pieces: list[str] = []

    def write(self) -> str:
        places = {0, len(self._units) // 2}
        for entity in self._entities:
            places.update((entity.offset, entity.end))
        ordered = sorted(places)
        waiting = list(reversed(self._entities))
        for start, end in zip(ordered, [*ordered[1:], ordered[-1]], strict=True):
            self._close(start)
            while waiting and waiting[-1].offset == start:
                self._start(waiting.pop())
            piece = self._units[2 * start : 2 * end].decode("utf-16-le", "surrogatepass")
            self._pieces.append(escape(piece, quote=False))
        return "".join(self._pieces)

    def _start(self, entity: Entity) -> None:
        """Open a tag. Styles that end inside a quote, link or code go into it, so that it stays whole."""
        crossing: list[Entity] = []
        if entity.kind not in STYLES:
            crossing = self._cut(next((i for i, e in enumerate(self._open) if e.end < entity.end), None))
        for opened in (entity, *crossing):
            self._open.append(opened)
            self._pieces.append(_tags(opened)[0])

    def _close(self, place: int) -> None:
        """End what ends here; what lay inside and goes on is opened again."""
        ending = next((i for i, e in enumerate(self._open) if e.end <= place), None)
        for entity in self._cut(ending):
            if entity.end > place:
                self._start(entity)

    def _cut(self, index: int | None) -> list[Entity]:
        """Close the open tags from an index on; those closed."""
        if index is None:
            return []
        closed = self._open[index:]
        del self._open[index:]
        self._pieces.extend(_tags(entity)[1] for entity in reversed(closed))
        return closed
