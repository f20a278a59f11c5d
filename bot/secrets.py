"""Where secrets come from. They are asked for by name at the moment they are needed, and kept nowhere."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from bot.logs import learn
from ports.errors import Fatal

NAMES = (
    "TELEGRAM_BOT_TOKEN",
    "DATABASE_URL",
    "BYBIT_API_KEY",
    "BYBIT_API_SECRET",
    "GATE_API_KEY",
    "GATE_API_SECRET",
)
PASSPHRASE = "SECRETS_PASSPHRASE"  # noqa: S105 - the name of one
FILE = "_FILE"
"""`BYBIT_API_KEY_FILE` names a file that holds `BYBIT_API_KEY`."""
SETTABLE = frozenset(name + end for name in (*NAMES, PASSPHRASE) for end in ("", FILE))
"""What may stand in the environment and in `.env`."""
STORE = "secrets.json"
"""The encrypted store, in the data folder."""


class Origin(StrEnum):
    """Where a secret was found."""

    ENVIRONMENT = "the environment"
    DOTENV = ".env"
    FILE = "a file"
    STORE = "the encrypted store"


class SecretInfo(Protocol):
    """What may be shown of a stored secret."""

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def set_at(self) -> datetime: ...


class Store(Protocol):
    """The encrypted store, as far as it is read here."""

    def infos(self) -> Sequence[SecretInfo]:
        """What it holds, without opening it."""
        ...

    def get(self, name: str, passphrase: str) -> str | None:
        """A value. Raises `Fatal` for a wrong passphrase and for a store that was changed."""
        ...


@dataclass(frozen=True, slots=True)
class Secrets:
    """Secrets by name: the environment wins over `.env`, and that over the encrypted store. In the first two
    a value may stand itself, or a file that holds it. Every value that was read is masked in logs and
    messages from then on."""

    environ: Mapping[str, str] = field(repr=False)
    dotenv: Mapping[str, str] = field(repr=False)
    store: Store

    def get(self, name: str) -> str | None:
        """A secret such as `BYBIT_API_KEY`; `None` when it is nowhere. The store is opened only for what it
        lists. Raises `Fatal` for an unknown name, a file that cannot be read, and a store that does not open.
        """
        check_name(name)
        value = self._plain(name) or self._stored(name)
        if value is not None:
            learn(value)
        return value

    def origin(self, name: str) -> Origin | None:
        """Where it would come from; opens neither file nor store."""
        check_name(name)
        for place, origin in ((self.environ, Origin.ENVIRONMENT), (self.dotenv, Origin.DOTENV)):
            if place.get(name, "").strip():
                return origin
            if place.get(name + FILE, "").strip():
                return Origin.FILE
        return None if self.info(name) is None else Origin.STORE

    def info(self, name: str) -> SecretInfo | None:
        """What the store says of it, without opening it."""
        return next((info for info in self.store.infos() if info.name == name), None)

    def passphrase(self) -> str | None:
        """What opens the store, from the environment, `.env` or a file."""
        value = self._plain(PASSPHRASE)
        if value is not None:
            learn(value)
        return value

    def _plain(self, name: str) -> str | None:
        for place in (self.environ, self.dotenv):
            if value := place.get(name, "").strip():
                return value
            if path := place.get(name + FILE, "").strip():
                return _text_of(name, Path(path))
        return None

    def _stored(self, name: str) -> str | None:
        if self.info(name) is None:
            return None
        passphrase = self.passphrase()
        if passphrase is None:
            mend = f"set {PASSPHRASE} or {PASSPHRASE}{FILE} to open it"
            raise Fatal(f"{name} is in the encrypted store: {mend}")
        return self.store.get(name, passphrase)


def check_name(name: str) -> None:
    """Raises `Fatal` for a name that nobody asks for, with the nearest that somebody does."""
    if name not in NAMES:
        near = get_close_matches(name.upper(), NAMES, n=1, cutoff=0.5)
        mend = f"did you mean {near[0]}?" if near else f"known: {', '.join(NAMES)}"
        raise Fatal(f"no secret is called {name}; {mend}")


def read_once(get: Callable[[str], str | None], names: Sequence[str]) -> dict[str, str]:
    """Those of `names` that are set."""
    found = {name: get(name) for name in names}
    return {name: value for name, value in found.items() if value}


def _text_of(name: str, path: Path) -> str:
    try:
        value = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "not UTF-8 text"
        raise Fatal(f"{name}{FILE}: {path} cannot be read: {why}") from error
    if not value:
        raise Fatal(f"{name}{FILE}: {path} is empty")
    return value
