"""Where secrets come from, in which order, and that whatever was read is masked from then on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.secrets.vault import SecretInfo, Vault
from bot.logs import MASK, Redactor
from bot.secrets import NAMES, PASSPHRASE, Origin, Secrets
from bot.settings import load, secret_sources
from ports.errors import Fatal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OPENS = "correct horse battery"
NAME = "GATE_API_KEY"


@dataclass
class MemoryStore:
    """A store that remembers how often it was opened."""

    values: Mapping[str, str] = field(default_factory=dict)
    opened: int = 0

    def infos(self) -> Sequence[SecretInfo]:
        return [SecretInfo(name=name, version=1, set_at=NOW) for name in self.values]

    def get(self, name: str, passphrase: str) -> str | None:
        self.opened += 1
        if passphrase != OPENS:
            raise Fatal("the passphrase does not open the secret store")
        return self.values.get(name)


def sources(store: MemoryStore, dotenv: Mapping[str, str] | None = None, /, **environ: str) -> Secrets:
    return Secrets(environ, dotenv or {}, store)


def test_the_environment_wins_over_dotenv_and_that_over_the_store() -> None:
    store = MemoryStore({NAME: "from-the-store"})
    opens = {PASSPHRASE: OPENS}
    assert (
        sources(store, {**opens, NAME: "from-dotenv"}, GATE_API_KEY=" from-environ ").get(NAME)
        == "from-environ"
    )
    assert sources(store, {**opens, NAME: "from-dotenv"}).get(NAME) == "from-dotenv"
    assert store.opened == 0
    assert sources(store, opens).get(NAME) == "from-the-store"
    assert sources(MemoryStore(), opens).get(NAME) is None


def test_a_file_may_hold_the_value(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("from-a-file\n")
    found = sources(MemoryStore(), GATE_API_KEY_FILE=str(path))
    assert found.get(NAME) == "from-a-file"
    assert found.origin(NAME) is Origin.FILE


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
def test_a_file_without_a_value_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "key"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Fatal, match=r"GATE_API_KEY_FILE: .*key"):
        sources(MemoryStore(), GATE_API_KEY_FILE=str(path)).get(NAME)


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(Fatal, match="did you mean GATE_API_KEY"):
        sources(MemoryStore()).get("GATE_APIKEY")
    with pytest.raises(Fatal, match="known: TELEGRAM_BOT_TOKEN"):
        sources(MemoryStore()).get("zzz")


def test_a_store_is_opened_only_for_what_it_lists() -> None:
    store = MemoryStore({"BYBIT_API_KEY": "something"})
    assert sources(store, {PASSPHRASE: OPENS}).get(NAME) is None
    assert store.opened == 0


def test_without_a_passphrase_the_store_says_what_to_set() -> None:
    with pytest.raises(Fatal, match="set SECRETS_PASSPHRASE or SECRETS_PASSPHRASE_FILE"):
        sources(MemoryStore({NAME: "something"})).get(NAME)


def test_origins_are_told_without_opening_anything() -> None:
    store = MemoryStore({NAME: "something"})
    assert sources(store).origin(NAME) is Origin.STORE
    assert sources(store, {NAME: "x"}).origin(NAME) is Origin.DOTENV
    assert sources(store, GATE_API_KEY="x").origin(NAME) is Origin.ENVIRONMENT
    assert sources(store).origin("BYBIT_API_KEY") is None
    assert store.opened == 0


def test_what_was_read_is_masked_at_once() -> None:
    value = "quite-unlike/any other 'secret'"
    assert value in Redactor().text(f"connecting with {value}")
    assert sources(MemoryStore(), GATE_API_KEY=value).get(NAME) == value
    assert Redactor().text(f"connecting with {value}") == f"connecting with {MASK}"
    assert Redactor().known(repr({"x": value})).count(MASK) == 1


def test_settings_take_their_secrets_from_file_and_store(tmp_path: Path) -> None:
    data, url = tmp_path / "data", tmp_path / "url"
    url.write_text("sqlite+aiosqlite:///elsewhere.sqlite3\n")
    vault = Vault(data / "secrets.json", cost=2**10)
    vault.set("TELEGRAM_BOT_TOKEN", "123456:from-the-store", OPENS, now=NOW)
    environ = {"PERPETUUM_DESK__DATA_DIR": str(data), "DATABASE_URL_FILE": str(url), PASSPHRASE: OPENS}
    settings = load(environ=environ, dotenv=tmp_path / ".env", toml=tmp_path / "none.toml")
    assert settings.telegram_bot_token is not None
    assert settings.telegram_bot_token.get_secret_value() == "123456:from-the-store"
    assert settings.desk_url == "sqlite+aiosqlite:///elsewhere.sqlite3"


def test_settings_say_what_keeps_the_store_shut(tmp_path: Path) -> None:
    vault = Vault(tmp_path / "secrets.json", cost=2**10)
    vault.set("TELEGRAM_BOT_TOKEN", "123456:from-the-store", OPENS, now=NOW)
    places: dict[str, Any] = {"dotenv": tmp_path / ".env", "toml": tmp_path / "none.toml"}
    environ = {"PERPETUUM_DESK__DATA_DIR": str(tmp_path)}
    with pytest.raises(Fatal, match="set SECRETS_PASSPHRASE"):
        load(environ=environ, **places)
    with pytest.raises(Fatal, match="does not open"):
        load(environ={**environ, PASSPHRASE: "wrong"}, **places)
    assert load(environ=environ, opens_store=False, **places).telegram_bot_token is None


def test_dotenv_may_hold_keys_and_names_of_files(tmp_path: Path) -> None:
    dotenv = tmp_path / ".env"
    dotenv.write_text(
        "".join(f"{name}=\n{name}_FILE=\n" for name in NAMES) + "GATE_API_SECRET=hush-hush-hush\n"
    )
    load(environ={}, dotenv=dotenv, toml=tmp_path / "none.toml")
    assert secret_sources(tmp_path, environ={}, dotenv=dotenv).get("GATE_API_SECRET") == "hush-hush-hush"
