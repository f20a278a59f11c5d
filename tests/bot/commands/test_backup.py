"""`perpetuum backup` and `perpetuum restore`, as somebody types them."""

import asyncio
from pathlib import Path

import pytest

from adapters.sql.desk import SqlDesk
from bot.cli import main


async def _found(path: Path) -> None:
    await (await SqlDesk.open(f"sqlite:///{path}", world="live", mode="paper")).close()


def test_a_desk_is_backed_up_and_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["backup"]) == 1
    assert "nothing to back up" in capsys.readouterr().err
    asyncio.run(_found(tmp_path / "data" / "desk.sqlite3"))
    assert main(["backup", "--to", "away"]) == 0
    told = capsys.readouterr().out
    assert "verified" in told
    assert main(["restore", told.split("  ")[0]]) == 0
    assert "Put back: data/desk.sqlite3" in capsys.readouterr().out
    assert main(["restore", "nowhere"]) == 1
    assert "is no backup" in capsys.readouterr().err


def test_a_server_says_what_to_use_instead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "postgresql://desk:hush-hush@127.0.0.1:1/desk")
    assert main(["backup"]) == 1
    assert main(["restore", "x"]) == 1
    assert capsys.readouterr().err.count("pg_dump and pg_restore") == 2
