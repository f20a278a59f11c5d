"""Telegram's HTML dialect: text with tags in, plain text with entities out."""

import re
from dataclasses import dataclass, replace

from sandbox.telegram.entities import Entity, FormattedText, clean, tidy, utf16_length
from sandbox.telegram.errors import ApiError, bad_request

_KINDS = {
    "b": "bold",
    "strong": "bold",
    "i": "italic",
    "em": "italic",
    "u": "underline",
    "ins": "underline",
    "s": "strikethrough",
    "strike": "strikethrough",
    "del": "strikethrough",
    "tg-spoiler": "spoiler",
    "span": "spoiler",
    "a": "text_link",
    "code": "code",
    "pre": "pre",
    "blockquote": "blockquote",
    "tg-emoji": "custom_emoji",
}
_NAMED = {"lt": "<", "gt": ">", "amp": "&", "quot": '"'}
_MARK = re.compile(r"[<&]")
_REFERENCE = re.compile(r"&(?:#(\d{1,8})|#x([0-9a-fA-F]{1,7})|(lt|gt|amp|quot));?")
_START_NAME = re.compile(r"[^\s>]*")
_SPACES = re.compile(r"\s*")
_ATTRIBUTE_NAME = re.compile(r"""[^\s=>/"']*""")
_NAME_TOKEN = re.compile(r"[A-Za-z0-9.\-]*")
_ADDRESS = re.compile(
    r"((?:https?|tg|ton|tonsite)://|mailto:|tel:)?([^\s/?#:]+(?::\d+)?)([/?#]\S*|)\Z", re.IGNORECASE
)


@dataclass(slots=True)
class _Open:
    """A tag that waits for its end. `offset` is in UTF-16 units, `pieces` the length of the output then."""

    tag: str
    argument: str
    offset: int
    pieces: int


def read_html(source: str) -> FormattedText:
    """Parse `parse_mode=HTML` text. Raises `ApiError` 400 "can't parse entities: …" with byte offsets."""
    if "<" not in source and "&" not in source:
        return tidy(clean(source), ())
    return _Reader(clean(source)).read()


class _Reader:
    """One pass over one text."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._at = 0
        self._pieces: list[str] = []
        self._length = 0
        self._open: list[_Open] = []
        self._entities: list[Entity] = []

    def read(self) -> FormattedText:
        while (mark := _MARK.search(self._source, self._at)) is not None:
            self._write(self._source[self._at : mark.start()])
            self._at = mark.start()
            if mark.group() == "&":
                self._write(self._reference() or self._take(1))
            elif self._source.startswith("/", self._at + 1):
                self._end_tag()
            else:
                self._start_tag()
        self._write(self._source[self._at :])
        if self._open:
            raise bad_request(
                "can't parse entities: Can't find end tag corresponding to start tag "
                f'"{self._open[-1].tag}"'
            )
        return tidy("".join(self._pieces), map(_without_language, self._entities))

    def _write(self, piece: str) -> None:
        if piece:
            self._pieces.append(piece)
            self._length += utf16_length(piece)

    def _take(self, count: int) -> str:
        self._at += count
        return self._source[self._at - count : self._at]

    def _skip(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._source, self._at)
        assert match is not None  # every pattern here also matches nothing
        self._at = match.end()
        return match.group()

    def _peek(self) -> str:
        return self._source[self._at : self._at + 1]

    def _reference(self) -> str:
        """The character of `&lt;`, `&#1234;` and the like, moving on; empty when it is none."""
        match = _REFERENCE.match(self._source, self._at)
        if match is None:
            return ""
        decimal, hexadecimal, name = match.groups()
        if name is not None:
            character = _NAMED[name]
        else:
            code = int(decimal) if decimal else int(hexadecimal, 16)
            if code == 0 or code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
                return ""
            character = clean(chr(code))
        self._at = match.end()
        return character

    def _start_tag(self) -> None:
        begin = self._at
        self._at += 1
        tag = self._skip(_START_NAME).lower()
        if not self._peek():
            raise self._wrong(f"Unclosed start tag at byte offset {self._byte(begin)}")
        if tag not in _KINDS:
            raise self._wrong(f'Unsupported start tag "{tag}" at byte offset {self._byte(begin)}')
        argument = self._attributes(tag, begin)
        if tag == "span" and argument != "spoiler":
            raise self._wrong(f'Tag "span" must have class "tg-spoiler" at byte offset {self._byte(begin)}')
        self._open.append(_Open(tag, argument, self._length, len(self._pieces)))

    def _attributes(self, tag: str, begin: int) -> str:
        """Everything up to `>`; what of it matters to the tag."""
        argument = ""
        while self._skip(_SPACES) or self._peek() != ">":
            if self._peek() == ">":
                break
            name = self._skip(_ATTRIBUTE_NAME)
            if not self._peek():
                raise self._wrong(f"Unclosed start tag at byte offset {self._byte(begin)}")
            if not name:
                raise self._wrong(
                    f'Empty attribute name in the tag "{tag}" at byte offset {self._byte(begin)}'
                )
            argument = self._attribute(tag, name.lower(), begin) or argument
        self._at += 1
        return argument

    def _attribute(self, tag: str, name: str, begin: int) -> str:
        self._skip(_SPACES)
        if self._peek() != "=":
            if tag == "blockquote" and name == "expandable":
                return "expandable"
            raise self._wrong(
                f'Expected equal sign in declaration of an attribute of the tag "{tag}" '
                f"at byte offset {self._byte(begin)}"
            )
        self._at += 1
        self._skip(_SPACES)
        value = self._attribute_value()
        if not self._peek():
            raise self._wrong(f"Unclosed start tag at byte offset {self._byte(begin)}")
        return _argument(tag, name, value)

    def _attribute_value(self) -> str:
        quote = self._peek()
        if quote not in ('"', "'") or not quote:
            begin = self._at
            value = self._skip(_NAME_TOKEN).lower()
            if self._peek() not in (">", "") and not self._peek().isspace():
                raise self._wrong(f"Unexpected end of name token at byte offset {self._byte(begin)}")
            return value
        self._at += 1
        pieces: list[str] = []
        while (character := self._peek()) and character != quote:
            pieces.append((self._reference() if character == "&" else "") or self._take(1))
        self._at += 1
        return "".join(pieces)

    def _end_tag(self) -> None:
        begin = self._at
        if not self._open:
            raise self._wrong(f"Unexpected end tag at byte offset {self._byte(begin)}")
        self._at += 2
        tag = self._skip(_START_NAME)
        self._skip(_SPACES)
        if self._peek() != ">":
            raise self._wrong(f"Unclosed end tag at byte offset {self._byte(begin)}")
        self._at += 1
        opened = self._open.pop()
        if tag and tag.lower() != opened.tag:
            raise self._wrong(
                f"Unmatched end tag at byte offset {self._byte(begin)}, "
                f'expected "</{opened.tag}>", found "</{tag}>"'
            )
        self._close(opened)

    def _close(self, opened: _Open) -> None:
        length = self._length - opened.offset
        if length == 0:
            return
        kind, argument = _KINDS[opened.tag], opened.argument
        if opened.tag == "a":
            argument = link(argument or "".join(self._pieces[opened.pieces :]))
            if not argument:
                return
        elif opened.tag == "blockquote" and argument:
            kind, argument = "expandable_blockquote", ""
        elif opened.tag == "span":
            argument = ""
        elif opened.tag == "pre":
            argument = self._take_language(opened.offset, length)
        self._entities.append(Entity(kind, opened.offset, length, argument))

    def _take_language(self, offset: int, length: int) -> str:
        """`<pre><code class="language-x">` is one `pre` block with a language."""
        if self._entities and self._entities[-1].kind == "code":
            inner = self._entities[-1]
            if (inner.offset, inner.length) == (offset, length):
                return self._entities.pop().argument
        return ""

    def _byte(self, at: int) -> int:
        return len(self._source[:at].encode("utf-8", "surrogatepass"))

    def _wrong(self, reason: str) -> ApiError:
        return bad_request(f"can't parse entities: {reason}")


def _without_language(entity: Entity) -> Entity:
    return replace(entity, argument="") if entity.argument and entity.kind == "code" else entity


def _argument(tag: str, name: str, value: str) -> str:
    if (tag, name) in (("a", "href"), ("tg-emoji", "emoji-id")):
        return value
    if (tag, name) == ("code", "class") and value.startswith("language-"):
        return value.removeprefix("language-")
    if (tag, name) == ("span", "class") and value.startswith("tg-"):
        return value.removeprefix("tg-")
    if (tag, name) == ("blockquote", "expandable"):
        return "expandable"
    return ""


def link(url: str) -> str:
    """The address as Telegram keeps it, a missing scheme added; empty when it is no web address."""
    match = _ADDRESS.match(url.strip())
    if match is None:
        return ""
    scheme, host, rest = match.groups()
    if scheme is None and "." not in host:
        return ""
    slash = "" if rest.startswith("/") or (scheme or "").lower() not in ("", "http://", "https://") else "/"
    return f"{scheme or 'http://'}{host}{slash}{rest}"
