"""Guards of the house: rules that no linter knows. Import contracts are in `.importlinter`."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FLOORS = ("bot", "handlers", "services", "adapters", "sandbox", "ports", "engines", "migrations")
BESIDE = ("benchmarks", "tests")
NOT_OURS = re.compile(
    r"^(\.(?!ci$|env\.example$|github$|importlinter$).*|data|var|dist|artefacts|reports|htmlcov)$"
)

LONGEST_FUNCTION = 60
VAGUE = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc"}
MAY_CATCH_ALL = {"handlers/errors.py", "bot/nursery.py", "adapters/worker.py"}
SLOW_TO_IMPORT = {"aiogram", "anthropic", "ccxt", "matplotlib", "pandas", "numba", "numpy", "sqlalchemy"}


def modules(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def texts() -> Iterator[tuple[str, str]]:
    """Every text file of ours, with its name."""
    for top in sorted(ROOT.iterdir()):
        if NOT_OURS.match(top.name):
            continue
        for path in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if path.is_file() and "__pycache__" not in path.parts:
                try:
                    yield named(path), path.read_text(encoding="utf-8")
                except UnicodeDecodeError:
                    continue


OURS = modules(*FLOORS)
ALL = [*OURS, *modules(*BESIDE)]


def test_package_files_are_empty() -> None:
    assert [named(path) for path in ALL if path.name == "__init__.py" and path.read_text().strip()] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [named(path) for path in ALL if VAGUE & {path.stem, path.parent.name}] == []


def test_only_three_places_catch_everything() -> None:
    """A handler that ends in a bare `raise` lets go of what it caught: it only tidies up."""
    found = {
        named(path)
        for path in OURS
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and catches_all(node) and not lets_go(node)
    }
    assert found - MAY_CATCH_ALL == set()


def catches_all(handler: ast.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    kinds = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(isinstance(kind, ast.Name) and kind.id in ("Exception", "BaseException") for kind in kinds)


def lets_go(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def test_no_function_is_too_long_to_read_at_once() -> None:
    long = [
        f"{named(path)}:{node.lineno} {node.name}"
        for path in ALL
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
        and path.parent.parent.name != "migrations"  # a revision is a list of tables
    ]
    assert long == []


def test_every_silenced_check_says_why() -> None:
    silenced = re.compile(
        r"# (?:type: ignore|noqa|pragma: no cover)(?:\[[\w, -]+\]|: ?[A-Z]+\d+(?:, ?[A-Z]+\d+)*)?(.*)"
    )
    mute = [
        f"{named(path)}:{number}"
        for path in ALL
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if (found := silenced.search(line)) and len(re.findall(r"\w+", found[1])) < 2
    ]
    assert mute == []


def test_the_tree_names_no_path_of_somebodys_machine() -> None:
    paths = re.compile(r"(?<![\w.~}-])/(?:work|root|tmp|home)/")
    assert [name for name, text in texts() if paths.search(text)] == []


def test_tests_build_fakes_and_mock_nothing() -> None:
    imports = re.compile(r"^\s*(?:from|import) (?:unittest\.mock|mock|pytest_mock)\b", re.MULTILINE)
    assert [named(path) for path in modules("tests") if imports.search(path.read_text())] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        *([command, "--help"] for command in ("sandbox", "import", "export", "indicators", "backtest")),
        *([command, "--help"] for command in ("sweep", "montecarlo")),
    ],
)
def test_help_comes_without_the_slow_imports(arguments: list[str]) -> None:
    script = (
        "import sys\nfrom bot.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit: pass\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout
    assert SLOW_TO_IMPORT & set(run.stderr.split()) == set()
