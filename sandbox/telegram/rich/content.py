"""What a rich message holds, and the words of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.telegram.rich.inline import plain


@dataclass(frozen=True, slots=True)
class RichContent:
    """The blocks of a rich message, as the Bot API shows them; `photos` are paths by the file's id."""

    blocks: list[dict[str, Any]]
    is_rtl: bool = False
    photos: dict[str, str] = field(default_factory=dict)

    def api(self) -> dict[str, Any]:
        """The Bot API's `RichMessage`."""
        return {"blocks": self.blocks} | ({"is_rtl": True} if self.is_rtl else {})

    def text(self) -> str:
        """All words, a line for each block and each row of a table, whose cells stand apart by tabs."""
        return "\n".join(line for block in self.blocks for line in _lines(block) if line)


def _lines(block: dict[str, Any]) -> Iterator[str]:
    if "cells" in block:
        yield plain(block.get("caption", ""))
        for row in block["cells"]:
            yield "\t".join(plain(cell.get("text", "")) for cell in row)
    elif "caption" in block:
        yield plain(block["caption"]["text"])
    else:
        yield plain(block.get("summary", ""))
        yield plain(block.get("text", ""))
    for inner in (*block.get("blocks", ()), *block.get("items", ())):
        yield from _lines(inner)
