"""Telegram HTML as text: its length as Telegram counts, splitting, and a plain form that always arrives."""

import html as html_lib
import re
from collections.abc import Iterator

TEXT_LIMIT = 4096
CAPTION_LIMIT = 1024

_NAMES = "b|strong|i|em|u|ins|s|strike|del|a|code|pre|tg-spoiler|span|blockquote|tg-emoji"
_TAG = rf"<(/?)({_NAMES})(?:\s[^<>]*)?>"
_REFERENCE = r"&(?:lt|gt|amp|quot|#\d{1,7}|#x[0-9a-f]{1,6});"
_TOKEN = re.compile(rf"{_TAG}|{_REFERENCE}|\n|[^<&\n]+|[<&]", re.IGNORECASE)
_WORD = re.compile(r"\S+\s*|\s+")
_ANY_TAG = re.compile(_TAG, re.IGNORECASE)
_ANY_REFERENCE = re.compile(_REFERENCE, re.IGNORECASE)


def plain(html: str) -> str:
    """The text without its tags, entities resolved; what Telegram does not know as either stays."""
    return _ANY_REFERENCE.sub(lambda found: html_lib.unescape(found.group()), _ANY_TAG.sub("", html))


def length(html: str) -> int:
    """Length after entities are parsed, in UTF-16 units: what Telegram limits."""
    return _units(plain(html))


def fits(html: str, limit: int) -> bool:
    """Whether one message of at most `limit` units can hold it."""
    return 2 * len(html) <= limit or length(html) <= limit  # a character has at most two units


def split(html: str, limit: int = TEXT_LIMIT) -> list[str]:
    """Parts of at most `limit` units each, cut at line ends where there are any, tags closed and reopened.

    Empty parts are left out; text without visible characters gives an empty list.
    """
    if fits(html, limit):
        return [html.strip("\n")] if plain(html).strip() else []
    parts: list[str] = []
    current, used, opened = "", 0, list[str]()
    for line in _lines(html, limit):
        units = _units(plain(line))
        if used and used + units > limit:
            parts.append(current + _closing(opened))
            current, used = "".join(opened), 0
        current += line
        used += units
        opened = _open_tags(opened, line)
    parts.append(current + _closing(opened))
    return [part.strip("\n") for part in parts if plain(part).strip()]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _lines(html: str, limit: int) -> Iterator[str]:
    """Lines with their ends; one longer than `limit` comes in pieces, cut between words where that is
    possible, and never inside a tag or entity."""
    line, used = "", 0
    for match in _TOKEN.finditer(html):
        word = match.group()
        is_tag = match.group(2) is not None
        for piece in [word] if is_tag or word[0] in "&\n" else _pieces(word, limit // 2):
            units = 0 if is_tag else _units(plain(piece))
            if used and used + units > limit:
                yield line
                line, used = "", 0
            line += piece
            used += units
        if word == "\n":
            yield line
            line, used = "", 0
    if line:
        yield line


def _pieces(text: str, longest: int) -> Iterator[str]:
    """Words with the space behind them; one of more than `longest` characters is cut."""
    for word in _WORD.findall(text):
        for start in range(0, len(word), longest):
            yield word[start : start + longest]


def _open_tags(opened: list[str], line: str) -> list[str]:
    tags = list(opened)
    for match in _TOKEN.finditer(line):
        if match.group(2) is None:
            continue
        if match.group(1):
            if tags:
                tags.pop()
        else:
            tags.append(match.group())
    return tags


def _closing(opened: list[str]) -> str:
    names = [tag.strip("<>").split()[0] for tag in opened]
    return "".join(f"</{name}>" for name in reversed(names))
