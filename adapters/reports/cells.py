"""Cells of CSV files."""

from typing import Final

_FORMULA: Final = ("=", "+", "-", "@")


def unformulated(text: str) -> str:
    """`text` so that no spreadsheet takes it for a formula: quoted where it begins as one."""
    return f"'{text}" if text.startswith(_FORMULA) else text
