"""Rich forms as Telegram's twin reads them."""

import re
from typing import Any

from ports.messages import RichForm
from sandbox.telegram.files import StoredFile
from sandbox.telegram.rich.blocks import Blocks
from sandbox.telegram.rich.content import RichContent
from sandbox.telegram.rich.tree import read_tree


def shown(form: RichForm) -> str:
    """All words of a form, cells apart by tabs. Raises where Telegram would refuse it."""
    return RichContent(blocks_of(form.html, *form.photos)).text()


def blocks_of(html: str, *photos: str) -> list[dict[str, Any]]:
    """Rich HTML as blocks, with pictures of those names."""
    files = {
        name: StoredFile(name, name, f"photos/{name}.png", name, "image/png", 1, 64, 48) for name in photos
    }
    return Blocks(files).read(read_tree(html))


def photos_in(html: str) -> list[str]:
    """The names of the pictures that HTML shows."""
    return re.findall(r"tg://photo\?id=([A-Za-z0-9_-]+)", html)
