"""Where compiled kernels are kept."""

import ast
import os
import time
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bot.kernels import (
    FOLDER,
    NAME,
    ROOT,
    SHARED_ROOMS,
    keep_kernels,
    keep_own_kernels,
    kernel_key,
    kernel_sources,
)

WEEK_S = 7 * 86400


def test_the_folder_is_named_after_the_code(tmp_path: Path) -> None:
    environment: dict[str, str] = {}

    folder = keep_kernels(tmp_path, environment)

    assert folder == tmp_path / NAME / kernel_key()
    assert folder.is_dir()
    assert environment == {FOLDER: str(folder)}


def test_a_folder_that_the_environment_names_is_taken_also_by_children(tmp_path: Path) -> None:
    environment = {FOLDER: str(tmp_path / "theirs")}

    folder = keep_kernels(tmp_path / "ours", environment)

    assert folder == tmp_path / "theirs" / kernel_key()
    assert keep_kernels(tmp_path / "elsewhere", environment) == folder


def test_a_command_without_settings_keeps_them_with_what_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "person"))

    assert keep_own_kernels({}) == tmp_path / "person/.cache/perpetuum" / NAME / kernel_key()
    caches = {"XDG_CACHE_HOME": str(tmp_path / "caches")}
    assert keep_own_kernels(caches) == tmp_path / "caches/perpetuum" / NAME / kernel_key()


@pytest.fixture
def engines(tmp_path: Path) -> Path:
    """A small tree: a room with a kernel, a shared one, one without."""
    files = {
        "indicators/kernel.py": "from numba import njit\n",
        "indicators/ema.py": "SIZE = 1\n",
        "core/candle.py": "WIDTH = 6\n",
        "alerts/alert.py": "LEVELS = 2\n",
        "strategies/rule.py": "from engines.indicators.kernel import bare, kernel\n",
        "strategies/cross.py": "from engines.indicators.kernel import plain\n",
    }
    for name, text in files.items():
        path = tmp_path / "engines" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "engines"


@pytest.mark.parametrize(
    "name", ["indicators/kernel.py", "indicators/ema.py", "core/candle.py", "strategies/rule.py"]
)
def test_an_edit_beside_a_kernel_changes_the_name(engines: Path, name: str) -> None:
    before = kernel_key(engines)

    (engines / name).write_text((engines / name).read_text() + "# edited\n")

    assert kernel_key(engines) != before


@pytest.mark.parametrize("name", ["alerts/alert.py", "strategies/cross.py"])
def test_an_edit_elsewhere_does_not(engines: Path, name: str) -> None:
    before = kernel_key(engines)

    (engines / name).write_text((engines / name).read_text() + "# edited\n")

    assert kernel_key(engines) == before


def test_kernels_take_in_nothing_from_rooms_that_are_not_hashed() -> None:
    engines = ROOT / "engines"
    hashed = {path.relative_to(engines).parts[0] for path in kernel_sources()}
    taken = {
        node.module.split(".")[1]
        for path in kernel_sources()
        if path.relative_to(engines).parts[0] not in SHARED_ROOMS
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("engines.")
    }
    assert {"core", "indicators"} <= hashed
    assert taken <= hashed


def test_what_is_a_week_out_of_use_is_dropped_and_nothing_else(tmp_path: Path) -> None:
    base = tmp_path / NAME
    old, young, foreign = base / ("0" * 16), base / ("1" * 16), base / "photos of a cat"
    for folder in (old, young, foreign):
        folder.mkdir(parents=True)
        (folder / "file").write_text("x")
    for folder, age_s in ((old, WEEK_S + 60), (young, WEEK_S - 60), (foreign, 9 * WEEK_S)):
        os.utime(folder, (time.time() - age_s,) * 2)

    kept = keep_kernels(tmp_path, {})

    assert sorted(base.iterdir()) == sorted([kept, young, foreign])


def test_where_nothing_can_be_written_a_passing_folder_serves_and_the_log_says_so(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text("a file in the way")
    environment: dict[str, str] = {}

    with capture_logs() as logged:
        folder = keep_kernels(tmp_path, environment)

    assert folder.is_dir()
    assert tmp_path not in folder.parents
    assert environment[FOLDER] == str(folder)
    assert [(one["event"], one["log_level"]) for one in logged] == [("kernels_not_kept", "warning")]
