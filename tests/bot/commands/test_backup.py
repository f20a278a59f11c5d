"""`perpetuum backup` and `perpetuum restore`, as somebody types them."""

import asyncio
from pathlib import Path

import pytest

from adapters.sql.desk import SqlDesk
from bot.cli import main
from tests.build.postgres import PostgresServer


async def _founded(url: str) -> None:
    await (await SqlDesk.open(url, world="live", mode="paper")).close()


def test_a_desk_is_backed_up_and_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["backup"]) == 1
    assert "nothing to back up" in capsys.readouterr().err
    asyncio.run(_founded(f"sqlite:///{tmp_path}/data/desk.sqlite3"))
    assert main(["backup", "--to", "away"]) == 0
    told = capsys.readouterr().out
    assert "verified" in told
    assert main(["restore", told.split("  ")[0]]) == 0
    assert "Put back: data/desk.sqlite3" in capsys.readouterr().out
    assert main(["restore", "nowhere"]) == 1
    assert "is no backup" in capsys.readouterr().err


def test_a_desk_on_a_server_is_backed_up_and_put_back(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    postgres_server: PostgresServer,
) -> None:
    monkeypatch.chdir(tmp_path)
    url = asyncio.run(postgres_server.create_database())
    monkeypatch.setenv("DATABASE_URL", url)
    asyncio.run(_founded(url))
    assert main(["backup"]) == 0
    backup = capsys.readouterr().out.split("  ")[0]
    assert main(["restore", backup]) == 0
    told = capsys.readouterr().out
    assert f"Put back: {url.partition('@')[2]}" in told
    assert "kept as schemas desk_replaced_" in told


def test_a_server_without_its_programs_names_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("DATABASE_URL", "postgresql://desk:hush-hush@127.0.0.1:1/desk")
    assert main(["backup"]) == 1
    told = capsys.readouterr().err
    assert "postgresql-client" in told
    assert "hush-hush" not in told
