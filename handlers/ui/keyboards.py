"""Keyboards shared by screens: at most three short labels a row, the same order everywhere."""

from collections.abc import Iterable, Sequence

from ports.messages import Button, Keyboard, Style

MOST_IN_A_ROW = 3
LONGEST_DATA = 64


def button(text: str, *data: object, style: Style = Style.PLAIN) -> Button:
    """A callback button; the parts of `data` are joined by colons.

    Raises `ValueError` when they do not fit Telegram's 64 bytes.
    """
    joined = ":".join(str(part) for part in data)
    if len(joined.encode()) > LONGEST_DATA:
        raise ValueError(f"button data over {LONGEST_DATA} bytes: {joined!r}")
    return Button(text=text, data=joined, style=style)


def fits(*data: object) -> bool:
    """Whether the parts of `data` fit a button."""
    return len(":".join(str(part) for part in data).encode()) <= LONGEST_DATA


def rows(buttons: Iterable[Button], *, width: int = MOST_IN_A_ROW) -> Keyboard:
    """Buttons laid in rows of `width`."""
    flat = list(buttons)
    return tuple(tuple(flat[start : start + width]) for start in range(0, len(flat), width))


def choice(options: Sequence[tuple[str, str]], chosen: str, *prefix: object) -> Iterable[Button]:
    """One button an option (value, label), the chosen one marked."""
    for value, label in options:
        is_chosen = value == chosen
        yield button(
            f"✓ {label}" if is_chosen else label,
            *prefix,
            value,
            style=Style.PRIMARY if is_chosen else Style.PLAIN,
        )


def again(command: str, label: str) -> Button | None:
    """A button that types `command` for the person, never late; `None` when it is too long for a button."""
    if len(f"now:{command}".encode()) > LONGEST_DATA:
        return None
    return button(label, "now", command)
