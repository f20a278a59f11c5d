"""`perpetuum secrets`, as somebody types it."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.cli import main

OPENS = "correct horse battery"
Run = Callable[..., int]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `perpetuum secrets …` in an empty folder, with lines on standard input."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRETS_PASSPHRASE", OPENS)

    def run(*arguments: str, typed: str = "") -> int:
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        return main(["secrets", *arguments])

    return run


def test_a_value_is_stored_listed_without_being_shown_and_forgotten(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("set", "BYBIT_API_KEY", typed="very-hidden\n") == 0
    assert run("set", "BYBIT_API_KEY", typed="more-hidden\n") == 0
    assert run("list") == 0
    assert run("remove", "BYBIT_API_KEY") == 0
    assert run("list") == 0
    told = capsys.readouterr()
    assert "BYBIT_API_KEY  version 2, set today" in told.out
    assert "Nothing is stored" in told.out
    assert "hidden" not in told.out + told.err


def test_rotation_takes_the_new_passphrase_from_the_prompt(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("set", "GATE_API_KEY", typed="very-hidden\n") == 0
    assert run("rotate", typed="short\n") == 1
    assert run("rotate", typed="another long passphrase\n") == 0
    assert run("remove", "GATE_API_KEY") == 1
    assert "does not open" in capsys.readouterr().err
    monkeypatch.setenv("SECRETS_PASSPHRASE", "another long passphrase")
    assert run("remove", "GATE_API_KEY") == 0


@pytest.mark.parametrize(
    ("arguments", "typed", "says"),
    [
        (("set", "GATE_APIKEY"), "x\n", "did you mean GATE_API_KEY"),
        (("set", "GATE_API_KEY"), "\n", "nothing was stored"),
        (("remove", "GATE_API_KEY"), "", "not stored"),
        (("rotate",), "", "no secret store yet"),
    ],
)
def test_what_cannot_be_done_is_said_and_leaves_nothing(
    run: Run,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    typed: str,
    says: str,
) -> None:
    assert run(*arguments, typed=typed) == 1
    assert says in capsys.readouterr().err
    assert not (tmp_path / "data" / "secrets.json").exists()
