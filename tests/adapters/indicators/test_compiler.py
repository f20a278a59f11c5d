"""Kernels compiled in a process of their own."""

import subprocess
import sys
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.indicators.compiler import WorkerCompiler
from bot.kernels import FOLDER

SMALL = "tests.adapters.indicators.small_kernel:compile_kernels"


async def test_the_machine_code_lies_in_the_folder_and_is_made_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    compiler = WorkerCompiler(tmp_path, job=SMALL)

    await compiler.compile()

    assert list(tmp_path.rglob("small_kernel._double*.nbc"))
    made = (tmp_path / "compiled").stat().st_mtime_ns
    await compiler.compile()
    assert (tmp_path / "compiled").stat().st_mtime_ns == made


async def test_a_compiler_that_fails_is_logged_and_left_for_later(tmp_path: Path) -> None:
    with capture_logs() as logged:
        await WorkerCompiler(tmp_path, limit_s=0.001).compile()

    assert [one["event"] for one in logged] == ["kernels_not_compiled"]
    assert not (tmp_path / "compiled").exists()


def test_building_it_does_not_load_the_compiler() -> None:
    program = "import sys, adapters.indicators.compiler, adapters.indicators.pooled\n"
    program += "raise SystemExit(bool({'numba', 'pandas'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
