"""The admin chat is a group: a person's number there would hand all notices to that person."""

from pathlib import Path

import pytest

from bot.settings import load
from ports.errors import Fatal


def test_a_persons_number_is_no_admin_chat(tmp_path: Path) -> None:
    environ = {"PERPETUUM_TELEGRAM__ADMIN_CHAT": "123456789"}
    with pytest.raises(Fatal, match=r"telegram\.admin_chat = '123456789': .*nearest valid: below 0"):
        load(environ=environ, dotenv=tmp_path / "none", toml=tmp_path / "none")
