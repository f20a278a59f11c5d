"""Screens as they look: a picture of each in both themes, in which nothing sticks out."""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from playwright.sync_api import Page

from tests.browser.chat_page import ChatPage

THEMES: tuple[Literal["dark", "light"], ...] = ("dark", "light")

Screenshot = Callable[[Page, str], Path]
Look = Callable[[str], None]


def looks_of(chat: ChatPage, screenshot: Screenshot, kind: str, suffix: str) -> Look:
    """What looks at the screen of now and keeps its pictures, named `KIND-name-SUFFIX-theme`."""

    def look(name: str) -> None:
        for theme in THEMES:
            chat.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            chat.settle()
            screenshot(chat.page, f"{kind}-{name}-{suffix}-{theme}")
            assert not chat.overflows(), f"{name} in {theme}"

    return look
