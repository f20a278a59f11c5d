"""Every word of the desk has its Russian."""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from bot.container import build_table

ROOT = Path(__file__).resolve().parent.parent
KEYWORDS = {"say": None, "speech": None, "_": None, "gettext": None, "ngettext": (1, 2)}
FOLDERS = {"handlers": "python", "services": "python", "bot": "python", "templates": "jinja2"}
AS_AT_RUN_TIME = {"newstyle_gettext": "true", "silent": "false"}


def said() -> Iterator[tuple[str, str]]:
    """Every message id of code and templates, with the place where it is said."""
    for folder, method in FOLDERS.items():
        options = {"**": AS_AT_RUN_TIME} if method == "jinja2" else None
        found = extract_from_dir(ROOT / folder, [("**.*", method)], options, keywords=KEYWORDS)
        for file, line, message, _comments, _context in found:
            for one in (message,) if isinstance(message, str) else message:
                yield one, f"{folder}/{file}:{line}"
    for command in build_table().order:
        yield command.summary, f"/{command.name}"


def texts(one: str | list[str] | tuple[str, ...] | None) -> tuple[str, ...]:
    """A message in all its plural forms."""
    return () if not one else (one,) if isinstance(one, str) else tuple(one)


def is_translated(message: Message) -> bool:
    forms = texts(message.string)
    return not message.fuzzy and bool(forms) and all(forms)


def test_every_string_is_translated() -> None:
    with (ROOT / "locales" / "ru" / "LC_MESSAGES" / "perpetuum.po").open("rb") as file:
        catalogue = read_po(file)
    translated = {one for message in catalogue if is_translated(message) for one in texts(message.id)}
    missing = sorted({f"{place} {text!r}" for text, place in said() if text not in translated})
    assert missing == []


def test_the_strings_of_code_templates_and_commands_are_found() -> None:
    found = dict(said())
    assert {"Refresh", "Which language do you prefer?", "Price of a coin, now"} <= found.keys()
