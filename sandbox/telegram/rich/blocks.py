"""The elements of a rich message as the Bot API's `RichBlock`s, inside Telegram's limits."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from sandbox.telegram.errors import bad_request
from sandbox.telegram.files import StoredFile
from sandbox.telegram.rich.inline import RichText, length, rich_text
from sandbox.telegram.rich.tree import BLOCKS, Element, Node, wrong

MAX_LENGTH = 32_768
MAX_BLOCKS = 500
MAX_COLUMNS = 20
_PHOTO = "tg://photo?id="

Block = dict[str, Any]


class Blocks:
    """Reads one message and counts as it goes. `photos` are the pictures sent with it, by their names."""

    def __init__(self, photos: Mapping[str, StoredFile]) -> None:
        self._photos = photos
        self._length = 0
        self._count = 0

    def read(self, root: Element) -> list[Block]:
        """The blocks of a message. Raises 400 for one that is empty, too big or makes no sense."""
        blocks = self._blocks(root.children)
        if not blocks:
            raise bad_request("RICH_MESSAGE_CONTENT_REQUIRED")
        if self._length > MAX_LENGTH:
            raise bad_request("rich message is too long")
        if self._count > MAX_BLOCKS:
            raise bad_request("rich message has too many blocks")
        return blocks

    def _blocks(self, nodes: Iterable[Node]) -> list[Block]:
        """Blocks as they stand; text between them makes paragraphs."""
        found: list[Block] = []
        loose: list[Node] = []
        for node in nodes:
            if isinstance(node, Element) and node.tag in BLOCKS:
                found.extend(self._paragraph(loose))
                loose = []
                found.append(self._block(node))
            else:
                loose.append(node)
        return [*found, *self._paragraph(loose)]

    def _paragraph(self, nodes: list[Node]) -> list[Block]:
        text = self._text(nodes)
        return [self._counted({"type": "paragraph", "text": text})] if text else []

    def _block(self, element: Element) -> Block:
        tag = element.tag
        if tag.startswith("h") and tag[1:].isdigit():
            return self._counted(
                {"type": "heading", "text": self._text(element.children), "size": int(tag[1:])}
            )
        return self._counted(_READERS[tag](self, element))

    def _plain_text(self, element: Element) -> Block:
        kinds = {"p": "paragraph", "footer": "footer"}
        return {"type": kinds[element.tag], "text": self._text(element.children)}

    def _divider(self, element: Element) -> Block:
        return {"type": "divider"}

    def _pre(self, element: Element) -> Block:
        children = element.children
        block: Block = {"type": "pre"}
        if len(children) == 1 and isinstance(children[0], Element) and children[0].tag == "code":
            language = (children[0].attributes.get("class") or "").removeprefix("language-")
            block |= {"language": language} if language else {}
            children = children[0].children
        if not all(isinstance(one, str) for one in children):
            raise wrong("Unexpected tag in preformatted text")
        text = "".join(one for one in children if isinstance(one, str)).strip("\n")
        self._length += len(text)
        return block | {"text": text}

    def _list(self, element: Element) -> Block:
        items = [child for child in _elements(element) if child.tag == "li"]
        is_numbered = element.tag == "ol"
        return {"type": "list", "items": [self._item(n, one, is_numbered) for n, one in enumerate(items, 1)]}

    def _item(self, number: int, element: Element, is_numbered: bool) -> Block:
        item: Block = {
            "label": f"{number}." if is_numbered else "•",
            "blocks": self._blocks(element.children),
        }
        return self._counted(item | ({"value": number, "type": "1"} if is_numbered else {}))

    def _quote(self, element: Element) -> Block:
        said, credit = _without(element, "cite")
        return {"type": "blockquote", "blocks": self._blocks(said)} | self._named("credit", credit)

    def _pull_quote(self, element: Element) -> Block:
        said, credit = _without(element, "cite")
        return {"type": "pullquote", "text": self._text(said)} | self._named("credit", credit)

    def _details(self, element: Element) -> Block:
        inside, summary = _without(element, "summary")
        if summary is None:
            raise wrong("details have no summary")
        block = {"type": "details", "summary": self._text(summary.children), "blocks": self._blocks(inside)}
        return block | ({"is_open": True} if "open" in element.attributes else {})

    def _photo(self, element: Element) -> Block:
        source = element.attributes.get("src") or ""
        if not source.startswith(_PHOTO):
            raise bad_request("failed to get HTTP URL content" if source else "photo has no source")
        photo = self._photos.get(source.removeprefix(_PHOTO))
        if photo is None:
            raise wrong(f'there is no media "{source}"')
        block = {"type": "photo", "photo": photo.photo_api()}
        return block | ({"has_spoiler": True} if "tg-spoiler" in element.attributes else {})

    def _figure(self, element: Element) -> Block:
        inside, caption = _without(element, "figcaption")
        pictures = [one for one in inside if isinstance(one, Element)]
        if len(pictures) != 1 or pictures[0].tag != "img":
            raise wrong("a figure has one picture")
        block = self._photo(pictures[0])
        if caption is not None:
            words, credit = _without(caption, "cite")
            block["caption"] = {"text": self._text(words)} | self._named("credit", credit)
        return block

    def _table(self, element: Element) -> Block:
        rows, caption = _without(element, "caption")
        block: Block = {"type": "table", "cells": [self._row(row) for row in _tags(rows, "tr")]}
        flags = {"bordered": "is_bordered", "striped": "is_striped", "compact": "is_compact"}
        block |= {field: True for name, field in flags.items() if name in element.attributes}
        return block | self._named("caption", caption)

    def _row(self, row: Element) -> list[Block]:
        self._count += 1
        cells = [self._cell(cell) for cell in _elements(row)]
        if sum(int(cell.get("colspan", 1)) for cell in cells) > MAX_COLUMNS:
            raise bad_request("table has too many columns")
        return cells

    def _cell(self, cell: Element) -> Block:
        shown: Block = {
            "align": _one_of(cell, "align", ("left", "center", "right")),
            "valign": _one_of(cell, "valign", ("middle", "top", "bottom")),
        }
        if text := self._text(cell.children):
            shown["text"] = text
        if cell.tag == "th":
            shown["is_header"] = True
        return shown | _span(cell, "colspan") | _span(cell, "rowspan")

    def _named(self, name: str, element: Element | None) -> dict[str, RichText]:
        return {} if element is None else {name: self._text(element.children)}

    def _text(self, nodes: Iterable[Node]) -> RichText:
        text = rich_text(nodes)
        self._length += length(text)
        return text

    def _counted(self, block: Block) -> Block:
        self._count += 1
        return block


_READERS: Mapping[str, Callable[[Blocks, Element], Block]] = {
    "p": Blocks._plain_text,
    "footer": Blocks._plain_text,
    "hr": Blocks._divider,
    "pre": Blocks._pre,
    "ul": Blocks._list,
    "ol": Blocks._list,
    "blockquote": Blocks._quote,
    "aside": Blocks._pull_quote,
    "details": Blocks._details,
    "img": Blocks._photo,
    "figure": Blocks._figure,
    "table": Blocks._table,
}


def _elements(parent: Element) -> list[Element]:
    """The elements inside one that has no text of its own."""
    return _tags(parent.children)


def _tags(nodes: Iterable[Node], tag: str | None = None) -> list[Element]:
    found = []
    for node in nodes:
        if isinstance(node, Element) and tag in (None, node.tag):
            found.append(node)
        elif isinstance(node, Element) or node.strip():
            raise wrong("Unexpected content between the parts of a block")
    return found


def _without(parent: Element, tag: str) -> tuple[list[Node], Element | None]:
    """The children, and apart from them the first one of that tag."""
    part = next((one for one in parent.children if isinstance(one, Element) and one.tag == tag), None)
    return [one for one in parent.children if one is not part], part


def _one_of(cell: Element, name: str, known: tuple[str, ...]) -> str:
    value = cell.attributes.get(name, known[0])
    if value not in known:
        raise wrong(f'invalid {name} "{value}"')
    return value


def _span(cell: Element, name: str) -> dict[str, int]:
    value = cell.attributes.get(name)
    if value is None:
        return {}
    if not value.isdecimal() or not 1 <= int(value) <= MAX_BLOCKS:
        raise wrong(f'invalid {name} "{value}"')
    return {name: int(value)} if int(value) > 1 else {}
