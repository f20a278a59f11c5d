"""Tables of many runs: CSV for programs, Markdown for people."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bot.outside import replace_whole, unformulated
from ports.errors import Fatal


def csv_text(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A CSV file. Floats are written so that they read back as they were, nothing as an empty cell."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> str:
    """Text that a spreadsheet would take for a formula is quoted."""
    if value is None:
        return ""
    if isinstance(value, str):
        return unformulated(value)
    return repr(value) if isinstance(value, float) else str(value)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column is words, all others are numbers."""
    rule = ["---", *("---:" for _ in head[1:])]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rule, *rows))


def percent(value: float | None) -> str:
    """A fraction as percent."""
    return "–" if value is None else f"{value:.1%}"


def number(value: float | None) -> str:
    """With two decimals."""
    return "–" if value is None else f"{value:,.2f}"


def count(value: float | None) -> str:
    """Without decimals."""
    return "–" if value is None else f"{value:,.0f}"


def brief(params: Mapping[str, str], names: Sequence[str]) -> str:
    """Those parameters in words, as `--params` reads them."""
    return ",".join(f"{name}={params[name]}" for name in names)


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Each file whole or not at all. Raises `Fatal` where it cannot be written."""
    for name, content in files.items():
        try:
            replace_whole(folder / name, content.encode() if isinstance(content, str) else content)
        except OSError as error:
            raise Fatal(f"{folder / name} cannot be written: {error.strerror or error}") from error


def deliver(folder: Path, files: Mapping[str, str | bytes], said: Iterable[str]) -> None:
    """Write what a command made, then print what it has to say and where the files are."""
    write(folder, files)
    print("\n".join(said))
    print(folder)
