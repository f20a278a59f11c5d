"""The reliability page names tests; every one of them exists, and every promise is on the page with the last
figure that was measured for it."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "reliability.md"
PROMISES = range(1, 26)
LATER = "later"
FIGURE = re.compile(r"\d.* \(\d{1,2} [A-Z][a-z]{2} 20\d\d, [`a-z].+\)$")
"""A number, the day, and the command or the row that says how it was measured."""


def rows() -> dict[str, tuple[str, str]]:
    """Number, or span of numbers, of each promise, with what holds it and its last figure."""
    cells = re.findall(
        r"^\| ([\d–]+) \| [^|]+ \| ([^|]+) \| ([^|]+) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    return {span: (held_by.strip(), figure.strip()) for span, held_by, figure in cells}


def names_in(path: Path) -> set[str]:
    """Names of all tests in a file."""
    found = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    functions = (node for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return {function.name for function in functions if function.name.startswith("test_")}


def test_every_named_test_exists() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE.read_text(encoding="utf-8"))

    missing = [f"{path}::{name}" for path, name in named if name not in names_in(ROOT / path)]

    assert len(named) > 20
    assert missing == []


def test_no_promise_names_a_test_twice() -> None:
    for span, (held_by, _) in rows().items():
        named = re.findall(r"`(tests/[^`]+)`", held_by)
        assert sorted(named) == sorted(set(named)), span


def test_every_promise_has_a_test_or_is_for_later() -> None:
    numbers: list[int] = []
    for span, (held_by, _) in rows().items():
        first, _, last = span.partition("–")
        numbers.extend(range(int(first), int(last or first) + 1))
        assert "::" in held_by or held_by == LATER, span
    assert sorted(numbers) == list(PROMISES)


def test_every_promise_that_is_kept_has_a_last_figure() -> None:
    """With its day, so that an old one is seen to be old."""
    assert "| last figure |" in PAGE.read_text(encoding="utf-8")
    for span, (held_by, figure) in rows().items():
        assert figure == LATER if held_by == LATER else FIGURE.match(figure), (span, figure)
