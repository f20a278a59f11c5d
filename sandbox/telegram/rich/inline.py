"""Formatted text inside a block, as the Bot API's `RichText`."""

import re
from collections.abc import Iterable
from typing import Any

from sandbox.telegram.html_reader import link
from sandbox.telegram.rich.tree import INLINE, Node, wrong

RichText = str | dict[str, Any] | list[Any]

_KINDS = {
    **dict.fromkeys(("b", "strong"), "bold"),
    **dict.fromkeys(("i", "em"), "italic"),
    **dict.fromkeys(("u", "ins"), "underline"),
    **dict.fromkeys(("s", "strike", "del"), "strikethrough"),
    "code": "code",
    "mark": "marked",
    "sub": "subscript",
    "sup": "superscript",
    "tg-spoiler": "spoiler",
}
_SPACES = re.compile(r"[ \t\r\n\f]+")


def rich_text(nodes: Iterable[Node]) -> RichText:
    """Nodes as one text: runs of white space are one space, none at the ends of a line.

    Raises 400 for a block inside.
    """
    return _single(_trimmed(_Line().read(nodes)))


def length(text: RichText) -> int:
    """Characters of a text."""
    return len(plain(text))


def plain(text: RichText) -> str:
    """A text without its formatting."""
    if isinstance(text, str):
        return text
    if isinstance(text, list):
        return "".join(map(plain, text))
    return plain(text["text"])


class _Line:
    """Reads from left to right and knows whether a space would be one too many."""

    def __init__(self) -> None:
        self._is_spaced = True

    def read(self, nodes: Iterable[Node]) -> list[Any]:
        pieces: list[Any] = []
        for node in nodes:
            piece = self._text(node) if isinstance(node, str) else self._element(node.tag, node)
            if piece and isinstance(piece, str) and pieces and isinstance(pieces[-1], str):
                pieces[-1] = (pieces[-1].rstrip(" ") if piece == "\n" else pieces[-1]) + piece
            elif piece:
                pieces.append(piece)
        return pieces

    def _text(self, text: str) -> str:
        joined = _SPACES.sub(" ", text)
        if self._is_spaced:
            joined = joined.removeprefix(" ")
        if joined:
            self._is_spaced = joined.endswith(" ")
        return joined

    def _element(self, tag: str, node: Any) -> RichText:
        if tag not in INLINE:
            raise wrong(f'Unexpected tag "{tag}" in a text')
        if tag == "br":
            self._is_spaced = True
            return "\n"
        inside = self.read(node.children)
        if not inside:
            return ""
        if tag != "a":
            return {"type": _KINDS[tag], "text": _single(inside)}
        address = link(node.attributes.get("href") or "")
        return {"type": "url", "text": _single(inside), "url": address} if address else _single(inside)


def _single(pieces: list[Any]) -> RichText:
    if not pieces:
        return ""
    return pieces[0] if len(pieces) == 1 else pieces


def _trimmed(pieces: list[Any]) -> list[Any]:
    """Without white space at the end."""
    while pieces and isinstance(pieces[-1], str):
        pieces[-1] = pieces[-1].rstrip(" \n")
        if pieces[-1]:
            break
        pieces.pop()
    return pieces
