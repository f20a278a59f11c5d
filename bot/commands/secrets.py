"""`perpetuum secrets`: the encrypted store. Values come from a prompt or from standard input, never from an
argument, which other users of the machine could see; and none is ever shown."""

import argparse
import sys
from datetime import UTC, datetime
from getpass import getpass

from adapters.secrets.vault import Vault
from bot.secrets import NAMES, PASSPHRASE, STORE, check_name
from bot.settings import Settings, secret_sources
from ports.errors import Fatal

SHORTEST = 12
"""Letters of a passphrase: whoever has the file can guess as long as they like."""
NEW = "New passphrase: "


def run(settings: Settings, options: argparse.Namespace) -> int:
    """Do what was asked; the exit code. Raises `Fatal`."""
    vault = Vault(settings.desk.data_dir / STORE)
    if options.act == "list":
        return _list(vault, datetime.now(UTC))
    if options.act == "rotate":
        return _rotate(settings, vault)
    check_name(options.name)
    act = _set if options.act == "set" else _remove
    return act(settings, vault, options.name)


def _list(vault: Vault, now: datetime) -> int:
    infos = vault.infos()
    if not infos:
        print(f"Nothing is stored. `perpetuum secrets set NAME` stores one of {', '.join(NAMES)}.")
    for info in infos:
        days = (now - info.set_at).days
        age = "today" if days < 1 else f"{days} day{'s' if days > 1 else ''} ago"
        print(f"{info.name}  version {info.version}, set {age}")
    return 0


def _set(settings: Settings, vault: Vault, name: str) -> int:
    passphrase = _passphrase(settings, vault)
    value = _asked(f"Value of {name}: ").strip()
    if not value:
        raise Fatal(f"no value for {name}: nothing was stored")
    info = vault.set(name, value, passphrase, now=datetime.now(UTC))
    print(f"{name} is stored, version {info.version}.")
    return 0


def _remove(settings: Settings, vault: Vault, name: str) -> int:
    if not vault.remove(name, _passphrase(settings, vault)):
        raise Fatal(f"{name} is not stored")
    print(f"{name} is forgotten here; if anybody may know it, revoke it where it was issued.")
    return 0


def _rotate(settings: Settings, vault: Vault) -> int:
    if not vault.exists():
        raise Fatal("there is no secret store yet: `perpetuum secrets set NAME` makes one")
    passphrase = _passphrase(settings, vault)
    new = _long_enough(_asked(NEW))
    if sys.stdin.isatty() and getpass("The same again: ") != new:
        raise Fatal("the two differ: nothing was changed")
    count = vault.rotate(passphrase, new)
    print(f"Sealed anew: {count}. Change {PASSPHRASE} where it is set.")
    return 0


def _passphrase(settings: Settings, vault: Vault) -> str:
    """The one that is set, or else is typed; it is tried before anything else is asked."""
    given = secret_sources(settings.desk.data_dir).passphrase()
    if given is None:
        given = _asked("Passphrase of the store: " if vault.exists() else NEW)
    if not vault.exists():
        return _long_enough(given)
    vault.check(given)
    return given


def _long_enough(passphrase: str) -> str:
    if len(passphrase) < SHORTEST:
        raise Fatal(f"the passphrase has fewer than {SHORTEST} letters: nothing was changed")
    return passphrase


def _asked(prompt: str) -> str:
    """One line, unseen where somebody types it."""
    return getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
