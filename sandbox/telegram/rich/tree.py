"""The HTML of rich messages as a tree of elements, refusing what Telegram does not know."""

from dataclasses import dataclass, field
from html import unescape
from html.parser import HTMLParser

from sandbox.telegram.entities import clean
from sandbox.telegram.errors import ApiError, bad_request

MAX_DEPTH = 16

INLINE = frozenset(
    {
        *("b", "strong", "i", "em", "u", "ins", "s", "strike", "del"),
        *("code", "mark", "sub", "sup", "tg-spoiler", "a", "br"),
    }
)
BLOCKS = frozenset(
    {
        *("h1", "h2", "h3", "h4", "h5", "h6", "p", "pre", "footer", "hr", "ul", "ol"),
        *("blockquote", "aside", "img", "figure", "table", "details"),
    }
)
PARTS = {
    "li": ("ul", "ol"),
    "cite": ("blockquote", "aside", "figcaption"),
    "figcaption": ("figure",),
    "caption": ("table",),
    "tr": ("table",),
    "th": ("tr",),
    "td": ("tr",),
    "summary": ("details",),
}
"""Tags that stand in certain others only."""

_NOT_HERE = frozenset(
    {
        *("tg-emoji", "tg-time", "tg-math", "tg-math-block", "tg-reference", "tg-map", "tg-collage"),
        *("tg-slideshow", "tg-button", "tg-button-row", "video", "audio", "input"),
    }
)
_VOID = frozenset({"br", "hr", "img"})
_ENTITIES = frozenset(
    {
        *("lt", "gt", "amp", "quot", "apos", "nbsp", "hellip", "mdash", "ndash"),
        *("lsquo", "rsquo", "ldquo", "rdquo"),
    }
)


@dataclass(slots=True)
class Element:
    """A tag with what is in it."""

    tag: str
    attributes: dict[str, str | None] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)


Node = Element | str


def read_tree(source: str) -> Element:
    """Everything as the children of one element. Raises `ApiError` 400 "can't parse rich message: …"."""
    return _Reader().read(clean(source))


def wrong(reason: str) -> ApiError:
    """The refusal of a rich message that makes no sense."""
    return bad_request(f"can't parse rich message: {reason}")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=False)
        self._root = Element("")
        self._open = [self._root]

    def read(self, source: str) -> Element:
        self.feed(source)
        self.close()
        if len(self._open) > 1:
            raise wrong(f'Can\'t find end tag corresponding to start tag "{self._open[-1].tag}"')
        return self._root

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._check(tag)
        element = Element(tag, dict(attrs))
        self._open[-1].children.append(element)
        if tag not in _VOID:
            self._open.append(element)
            if len(self._open) > MAX_DEPTH + 1:
                raise wrong(f"more than {MAX_DEPTH} levels of nesting")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        expected = self._open[-1].tag
        if not expected:
            raise wrong(f'Unexpected end tag "{tag}"')
        if tag != expected:
            raise wrong(f'Unmatched end tag, expected "</{expected}>", found "</{tag}>"')
        self._open.pop()

    def handle_data(self, data: str) -> None:
        if "<" in data:  # a real one is written &lt;
            raise wrong("Unclosed start tag")
        self._open[-1].children.append(data)

    def handle_entityref(self, name: str) -> None:
        self._open[-1].children.append(unescape(f"&{name};") if name in _ENTITIES else f"&{name};")

    def handle_charref(self, name: str) -> None:
        code = int(name[1:], 16) if name[0] in "xX" else int(name)
        is_letter = 0 < code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF
        self._open[-1].children.append(clean(chr(code)) if is_letter else f"&#{name};")

    def handle_comment(self, data: str) -> None:
        raise wrong("Unsupported comment")

    def handle_decl(self, decl: str) -> None:
        raise wrong("Unsupported declaration")

    def unknown_decl(self, data: str) -> None:
        raise wrong("Unsupported declaration")

    def handle_pi(self, data: str) -> None:
        raise wrong("Unsupported instruction")

    def _check(self, tag: str) -> None:
        if tag in _NOT_HERE:
            raise wrong(f'the sandbox does not read the tag "{tag}"')
        if tag not in INLINE and tag not in BLOCKS and tag not in PARTS:
            raise wrong(f'Unsupported start tag "{tag}"')
        inside = self._open[-1].tag
        if tag in PARTS and inside not in PARTS[tag]:
            raise wrong(f'Unexpected tag "{tag}" in "{inside}"')
