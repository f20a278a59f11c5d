"""The encrypted store of secrets: one small file under one passphrase.

Names, versions and dates stand in the open, so that they can be listed without the passphrase; values are
sealed one by one, each together with its name, version and date, and the list as a whole is sealed once
more, so that nothing can be swapped, taken out or put in.
"""

import json
import os
import stat
from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from adapters.secrets.sealing import COST, COSTS, SALT_BYTES, Broken, Seal, seal_of
from adapters.whole_file import replace_whole
from ports.errors import Fatal

FORMAT: Final = 1
_PROOF: Final = b"perpetuum"


class WrongPassphrase(Fatal):
    """The passphrase does not open the store."""


class Tampered(Fatal):
    """The store is not what was written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretInfo:
    """What may be shown of a secret. `version` counts its values, from 1."""

    name: str
    version: int
    set_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    version: int
    set_at: str
    sealed: str

    def about(self, name: str) -> bytes:
        return f"{name}\n{self.version}\n{self.set_at}".encode()


@dataclass(slots=True)
class _Content:
    """The file as it is; nothing in it is proven yet."""

    salt: str
    cost: int
    proof: str
    seal: str
    secrets: dict[str, _Stored] = field(default_factory=dict)

    @property
    def head(self) -> bytes:
        return f"{FORMAT}\n{self.salt}\n{self.cost}".encode()

    @property
    def listed(self) -> bytes:
        rows = sorted((name, one.version, one.set_at, one.sealed) for name, one in self.secrets.items())
        return self.head + json.dumps(rows).encode()


@dataclass(frozen=True, slots=True)
class Vault:
    """The store in the file at `path`. `cost` is scrypt's, of stores that are made."""

    path: Path
    cost: int = COST

    def exists(self) -> bool:
        """Whether there is one."""
        return self.path.exists()

    def infos(self) -> Sequence[SecretInfo]:
        """What the file says it holds, by name; nothing without a file. Needs no passphrase and proves
        nothing. Raises `Fatal`, or `Tampered` for a file that is none of ours."""
        content = self._read()
        return [] if content is None else [_info(name, one) for name, one in sorted(content.secrets.items())]

    def get(self, name: str, passphrase: str) -> str | None:
        """A value; `None` when there is none of that name. Raises `WrongPassphrase`, `Tampered`, `Fatal`."""
        content = self._read()
        if content is None:
            return None
        return _value(content, name, _opened(content, passphrase))

    def check(self, passphrase: str) -> None:
        """Whether the passphrase fits and the file is whole; any fits while there is none. Raises as `get`
        does."""
        content = self._read()
        if content is not None:
            seal = _opened(content, passphrase)
            for name in content.secrets:
                _value(content, name, seal)

    def set(self, name: str, value: str, passphrase: str, *, now: datetime) -> SecretInfo:
        """Store a value, as the next version where there is one. The first makes the file. Raises as `get`
        does, and changes nothing then."""
        content, seal = self._to_change(passphrase)
        before = content.secrets.get(name)
        info = SecretInfo(name=name, version=1 if before is None else before.version + 1, set_at=now)
        content.secrets[name] = _sealed(info, value, seal)
        self._write(content, seal)
        return info

    def remove(self, name: str, passphrase: str) -> bool:
        """Forget a secret; whether there was one. Raises as `get` does."""
        content, seal = self._to_change(passphrase)
        if content.secrets.pop(name, None) is None:
            return False
        self._write(content, seal)
        return True

    def rotate(self, passphrase: str, new: str) -> int:
        """Seal everything anew under another passphrase and salt; how many there are. Versions and dates
        stay: the values are the same. Raises as `get` does."""
        before, old = self._to_change(passphrase)
        content, seal = _empty(new, self.cost)
        for name, one in before.secrets.items():
            content.secrets[name] = _sealed(_info(name, one), _value(before, name, old) or "", seal)
        self._write(content, seal)
        return len(content.secrets)

    def _to_change(self, passphrase: str) -> tuple[_Content, Seal]:
        content = self._read()
        if content is None:
            return _empty(passphrase, self.cost)
        return content, _opened(content, passphrase)

    def _read(self) -> _Content | None:
        try:
            mode = os.stat(self.path).st_mode
            raw = self.path.read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise Fatal(f"the secret store {self.path} cannot be read: {error.strerror}") from error
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise Fatal(f"others may read the secret store {self.path}: run chmod 600 {self.path}")
        try:
            return _parsed(json.loads(raw))
        except (ValueError, LookupError, TypeError, AttributeError) as error:
            raise Tampered(f"the secret store {self.path} is damaged: restore it from a backup") from error

    def _write(self, content: _Content, seal: Seal) -> None:
        content.seal = seal.close(b"", content.listed)
        rows = {
            name: {"version": one.version, "set_at": one.set_at, "sealed": one.sealed}
            for name, one in sorted(content.secrets.items())
        }
        head = {"format": FORMAT, "salt": content.salt, "cost": content.cost, "proof": content.proof}
        text = json.dumps({**head, "seal": content.seal, "secrets": rows}, indent=1)
        try:
            replace_whole(self.path, text.encode())
        except OSError as error:
            raise Fatal(f"the secret store {self.path} cannot be written: {error.strerror}") from error


def _parsed(raw: Mapping[str, Any]) -> _Content:
    if raw["format"] != FORMAT or raw["cost"] not in COSTS:
        raise ValueError(raw["format"], raw["cost"])
    rows = {str(name): _Stored(**row) for name, row in raw["secrets"].items()}
    for name, row in rows.items():
        _info(name, row)  # raises for one without a date
    b64decode(raw["salt"], validate=True)
    texts = {key: str(raw[key]) for key in ("salt", "proof", "seal")}
    return _Content(cost=int(raw["cost"]), secrets=rows, **texts)


def _empty(passphrase: str, cost: int) -> tuple[_Content, Seal]:
    salt = os.urandom(SALT_BYTES)
    seal = seal_of(passphrase, salt, cost)
    content = _Content(salt=b64encode(salt).decode(), cost=cost, proof="", seal="")
    content.proof = seal.close(_PROOF, content.head)
    return content, seal


def _opened(content: _Content, passphrase: str) -> Seal:
    """The seal, once passphrase and list are proven."""
    seal = seal_of(passphrase, b64decode(content.salt), content.cost)
    try:
        seal.open(content.proof, content.head)
    except Broken as error:
        raise WrongPassphrase("the passphrase does not open the secret store") from error
    try:
        seal.open(content.seal, content.listed)
    except Broken as error:
        raise Tampered("the secret store was changed by somebody else: restore it from a backup") from error
    return seal


def _value(content: _Content, name: str, seal: Seal) -> str | None:
    stored = content.secrets.get(name)
    if stored is None:
        return None
    try:
        return seal.open(stored.sealed, stored.about(name)).decode()
    except Broken as error:
        raise Tampered(f"{name} in the secret store was changed: set it anew") from error


def _sealed(info: SecretInfo, value: str, seal: Seal) -> _Stored:
    stored = _Stored(version=info.version, set_at=info.set_at.isoformat(), sealed="")
    sealed = seal.close(value.encode(), stored.about(info.name))
    return _Stored(version=stored.version, set_at=stored.set_at, sealed=sealed)


def _info(name: str, stored: _Stored) -> SecretInfo:
    return SecretInfo(name=name, version=stored.version, set_at=datetime.fromisoformat(stored.set_at))
