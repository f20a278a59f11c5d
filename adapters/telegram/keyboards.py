"""Keyboards as Telegram's JSON."""

from adapters.telegram.json import dumps
from ports.messages import Button, Keyboard, Style


def markup(keyboard: Keyboard) -> str | None:
    """Our keyboard as Telegram's JSON; `None` for an empty one."""
    rows = [[_button(button) for button in row] for row in keyboard if row]
    return dumps({"inline_keyboard": rows}) if rows else None


def _button(button: Button) -> dict[str, object]:
    shown: dict[str, object] = {"text": button.text}
    if button.data is not None:
        shown["callback_data"] = button.data
    elif button.url is not None:
        shown["url"] = button.url
    else:
        shown["copy_text"] = {"text": button.copy}
    if button.style is not Style.PLAIN:
        shown["style"] = button.style.value
    return shown
