"""The encrypted store: what was put in comes out, and whatever was changed is noticed."""

import json
import stat
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.secrets.vault import Tampered, Vault, WrongPassphrase
from ports.errors import Fatal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 4, 1, 12, tzinfo=UTC)
PASSPHRASE = "correct horse battery"
CHEAP = 2**10


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    vault = Vault(tmp_path / "data" / "secrets.json", cost=CHEAP)
    vault.set("BYBIT_API_KEY", "bybit-key-1", PASSPHRASE, now=NOW)
    vault.set("GATE_API_KEY", "gate-key-1", PASSPHRASE, now=NOW)
    return vault


def test_values_come_back_and_missing_ones_are_none(vault: Vault) -> None:
    assert vault.get("BYBIT_API_KEY", PASSPHRASE) == "bybit-key-1"
    assert vault.get("GATE_API_SECRET", PASSPHRASE) is None


def test_without_a_file_everything_is_missing(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "secrets.json", cost=CHEAP)
    assert not vault.exists()
    assert vault.infos() == []
    assert vault.get("BYBIT_API_KEY", PASSPHRASE) is None
    vault.check(PASSPHRASE)
    assert not vault.exists()


def test_a_new_value_is_a_new_version(vault: Vault) -> None:
    info = vault.set("BYBIT_API_KEY", "bybit-key-2", PASSPHRASE, now=LATER)
    assert (info.version, info.set_at) == (2, LATER)
    assert [(one.name, one.version) for one in vault.infos()] == [("BYBIT_API_KEY", 2), ("GATE_API_KEY", 1)]
    assert vault.get("BYBIT_API_KEY", PASSPHRASE) == "bybit-key-2"


def test_its_owner_alone_may_read_the_file_and_no_value_stands_in_it(vault: Vault) -> None:
    assert stat.S_IMODE(vault.path.stat().st_mode) == 0o600
    text = vault.path.read_text()
    assert "BYBIT_API_KEY" in text
    assert "bybit-key-1" not in text
    assert PASSPHRASE not in text


def test_a_file_that_others_may_read_is_refused(vault: Vault) -> None:
    vault.path.chmod(0o640)
    with pytest.raises(Fatal, match="chmod 600"):
        vault.infos()


def test_a_wrong_passphrase_is_called_so_and_changes_nothing(vault: Vault) -> None:
    before = vault.path.read_bytes()
    for act in (
        lambda: vault.get("BYBIT_API_KEY", "another one"),
        lambda: vault.check("another one"),
        lambda: vault.set("BYBIT_API_KEY", "x", "another one", now=NOW),
        lambda: vault.remove("BYBIT_API_KEY", "another one"),
        lambda: vault.rotate("another one", "a third one"),
    ):
        with pytest.raises(WrongPassphrase):
            act()
    assert vault.path.read_bytes() == before


def test_rotation_seals_all_values_anew(vault: Vault) -> None:
    before = json.loads(vault.path.read_text())
    infos = vault.infos()
    assert vault.rotate(PASSPHRASE, "another passphrase") == 2
    after = json.loads(vault.path.read_text())
    assert after["salt"] != before["salt"]
    assert vault.infos() == infos
    assert vault.get("GATE_API_KEY", "another passphrase") == "gate-key-1"
    with pytest.raises(WrongPassphrase):
        vault.get("GATE_API_KEY", PASSPHRASE)


def test_what_is_removed_is_gone(vault: Vault) -> None:
    assert vault.remove("GATE_API_KEY", PASSPHRASE)
    assert not vault.remove("GATE_API_KEY", PASSPHRASE)
    assert vault.get("GATE_API_KEY", PASSPHRASE) is None
    assert vault.get("BYBIT_API_KEY", PASSPHRASE) == "bybit-key-1"


def _swapped(file: dict[str, Any]) -> None:
    rows = file["secrets"]
    rows["BYBIT_API_KEY"]["sealed"], rows["GATE_API_KEY"]["sealed"] = (
        rows["GATE_API_KEY"]["sealed"],
        rows["BYBIT_API_KEY"]["sealed"],
    )


def _taken_out(file: dict[str, Any]) -> None:
    del file["secrets"]["GATE_API_KEY"]


def _renamed(file: dict[str, Any]) -> None:
    file["secrets"]["GATE_API_SECRET"] = file["secrets"].pop("GATE_API_KEY")


def _made_younger(file: dict[str, Any]) -> None:
    file["secrets"]["GATE_API_KEY"]["set_at"] = LATER.isoformat()


def _made_older(file: dict[str, Any]) -> None:
    file["secrets"]["GATE_API_KEY"]["version"] = 7


def _flipped(file: dict[str, Any]) -> None:
    sealed = file["secrets"]["GATE_API_KEY"]["sealed"]
    file["secrets"]["GATE_API_KEY"]["sealed"] = (
        sealed[:-5] + ("A" if sealed[-5] != "A" else "B") + sealed[-4:]
    )


@pytest.mark.parametrize(
    "change",
    [_swapped, _taken_out, _renamed, _made_younger, _made_older, _flipped],
    ids=lambda one: one.__name__,
)
def test_a_changed_store_is_told_apart_from_a_wrong_passphrase(vault: Vault, change: Any) -> None:
    file = json.loads(vault.path.read_text())
    change(file)
    vault.path.write_text(json.dumps(file))
    with pytest.raises(Tampered):
        vault.get("BYBIT_API_KEY", PASSPHRASE)


def test_a_record_put_back_from_before_is_noticed(vault: Vault) -> None:
    old = json.loads(vault.path.read_text())["secrets"]["BYBIT_API_KEY"]
    vault.set("BYBIT_API_KEY", "bybit-key-2", PASSPHRASE, now=LATER)
    file = json.loads(vault.path.read_text())
    file["secrets"]["BYBIT_API_KEY"] = old
    vault.path.write_text(json.dumps(file))
    with pytest.raises(Tampered):
        vault.get("BYBIT_API_KEY", PASSPHRASE)


@pytest.mark.parametrize(
    "text",
    ["", "nonsense", "[]", "{}", '{"format": 2}', '{"format": 1, "salt": "", "cost": 99999999999}'],
)
def test_a_file_that_is_none_of_ours_is_called_damaged(vault: Vault, text: str) -> None:
    vault.path.write_text(text)
    with pytest.raises(Tampered, match="damaged"):
        vault.get("BYBIT_API_KEY", PASSPHRASE)
