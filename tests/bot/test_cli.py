"""The command line: what it says, and its exit codes."""

import socket
import subprocess
import sys
import tomllib
from contextlib import suppress
from pathlib import Path

import pytest

from bot.cli import VERSION, main

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, with no settings in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in ("TELEGRAM_BOT_TOKEN", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_the_version_is_the_projects() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["version"] == VERSION


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    shown = capsys.readouterr().out
    for command in ("run", "doctor", "import", "export", "sandbox"):
        assert f"    {command} " in shown


@pytest.mark.parametrize(
    "arguments",
    [[], ["fly"], ["run", "--fast"], ["sandbox", "--speed", "fast"], ["sandbox", "--port", "x"]],
)
def test_bad_usage_ends_with_2_and_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "usage: perpetuum" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["run", "doctor"])
def test_settings_that_are_wrong_end_with_1_and_say_what(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_text("TELEGRAM_BOT_TOKN=x\n")
    assert main([command]) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("perpetuum: settings are not usable:")
    assert "did you mean TELEGRAM_BOT_TOKEN?" in shown.err


def test_run_without_a_token_starts_the_sandbox(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # lingering is not owning
        with suppress(OSError):  # somebody else has the port: as good
            taken.bind(("127.0.0.1", 8090))
            taken.listen()
        assert main(["run"]) == 1
    shown = capsys.readouterr()
    assert "starting the sandbox" in shown.out
    assert "port 8090 is taken; `perpetuum sandbox --port 0`" in shown.err


def test_it_is_the_same_as_a_module() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "bot", "--version"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == f"perpetuum {VERSION}\n"


def test_the_command_line_alone_imports_nothing_that_is_slow() -> None:
    script = "import sys, bot.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    slow = {"aiogram", "anthropic", "ccxt", "matplotlib", "pandas", "pydantic", "aiohttp", "structlog"}
    assert slow & set(run.stdout.split()) == set()


def test_the_desk_leaves_drawing_and_compiling_to_its_workers() -> None:
    script = "import sys, bot.container; print(*{name.partition('.')[0] for name in sys.modules})"
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert {"matplotlib", "plotly", "numba", "pandas", "distributed"} & set(run.stdout.split()) == set()
