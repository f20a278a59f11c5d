"""What `perpetuum doctor` says of secrets and keys: where they come from, what they may do, how old they are.
No value of one is ever in it."""

import asyncio
import stat
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from bot.commands.finding import Finding
from bot.outside import SystemClock, build_venue
from bot.secrets import NAMES, PASSPHRASE, Origin, Secrets
from bot.settings import Settings
from ports.errors import Fatal, Rejected, Transient
from ports.venue_books import KeyRights
from services.keys import OLD

VENUES: Final = ("bybit", "gate")
DOTENV: Final = Path(".env")
_SOON: Final = timedelta(days=14)
_BIND: Final = "bind it to this machine's address at the venue"


def check_secrets(sources: Secrets, *, dotenv: Path = DOTENV) -> list[Finding]:
    """Where each secret that is set would come from. Nothing is opened."""
    try:
        told = [f"{name} from {place}" for name in NAMES if (place := _place(sources, name))]
        is_locked = _is_locked(sources)
    except Fatal as error:
        return [Finding("secrets", False, str(error), "mend that file, or put the one of a backup back")]
    findings = [Finding("secrets", True, "; ".join(told) or "none is set")]
    if is_locked:
        mend = f"set {PASSPHRASE} or {PASSPHRASE}_FILE, or nothing in it can be used"
        findings.append(Finding("secret store", True, "there is nothing to open it with", mend))
    if _is_open_to_others(dotenv):
        says, mend = "others on this machine may read it", f"run chmod 600 {dotenv}"
        findings.append(Finding(".env", True, says, mend))
    return findings


async def check_keys(settings: Settings, sources: Secrets, within_s: float) -> list[Finding]:
    """What the key of each account may do, asked of the venue; those in a store without a passphrase at hand
    are left alone."""
    try:
        there = {account: _halves(sources, account) for account in VENUES}
    except Fatal:
        return []  # said of the secrets already
    found = await asyncio.gather(
        *(
            _check_key(account, halves, settings, sources, within_s)
            for account, halves in there.items()
            if halves
        )
    )
    return found or [Finding("keys", True, "none is set; on paper none is needed")]


def _place(sources: Secrets, name: str) -> str:
    origin = sources.origin(name)
    if origin is not Origin.STORE:
        return "" if origin is None else origin.value
    info = sources.info(name)
    days = 0 if info is None else (datetime.now(UTC) - info.set_at).days
    return f"{origin.value} ({_days(days)})"


def _is_locked(sources: Secrets, names: Iterable[str] = NAMES) -> bool:
    stored = any(sources.origin(name) is Origin.STORE for name in names)
    return stored and sources.passphrase() is None


def _is_open_to_others(path: Path) -> bool:
    return path.exists() and bool(path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO))


def _halves(sources: Secrets, account: str) -> list[str]:
    names = [f"{account.upper()}_API_{half}" for half in ("KEY", "SECRET")]
    return [name for name in names if sources.origin(name) is not None]


async def _check_key(
    account: str, names: list[str], settings: Settings, sources: Secrets, within_s: float
) -> Finding:
    subject = f"key of {account}"
    if len(names) == 1:
        mend = f"set {account.upper()}_API_KEY and {account.upper()}_API_SECRET, or neither"
        return Finding(subject, False, f"only {names[0]} is set", mend)
    try:
        if _is_locked(sources, names):
            return Finding(subject, True, "not looked at: it lies in the encrypted store, which is closed")
        values = await asyncio.to_thread(lambda: {name: sources.get(name) for name in names})
        async with asyncio.timeout(within_s):
            rights = await _rights(account, settings, values.get)
    except Fatal as error:
        return Finding(subject, False, str(error), "mend the file, or the passphrase of the store")
    except Rejected as error:
        mend = "check key, secret and the addresses it is bound to"
        return Finding(subject, False, f"refused: {error}", mend)
    except (Transient, TimeoutError) as error:
        says = str(error) or f"no answer within {within_s:.0f} s"
        return Finding(subject, False, says, "check the network, and whether the venue may be reached")
    return judged(subject, rights, datetime.now(UTC))


async def _rights(account: str, settings: Settings, get: Callable[[str], str | None]) -> KeyRights:
    _, books = build_venue(account, settings, get, SystemClock())
    try:
        return await books.key()
    finally:
        await books.close()


def judged(subject: str, rights: KeyRights, now: datetime) -> Finding:
    """A key by its rights and its age."""
    age = None if rights.made_at is None else now - rights.made_at
    left = None if rights.expires_at is None else rights.expires_at - now
    words = [
        "may trade" if rights.can_trade else "may only read, which is enough for venues.monitored",
        "may withdraw" if rights.can_withdraw else "may not withdraw",
        "age unknown" if age is None else _days(age.days),
        "bound to an address" if rights.is_bound_to_ip else "bound to no address",
        *([] if left is None else [f"ends in {_days(left.days).removesuffix(' old')}"]),
    ]
    if rights.can_withdraw:
        mend = "make another without the right to withdraw, and revoke this one: the desk does not use it"
        return Finding(subject, False, ", ".join(words), mend)
    is_old = (age is not None and age >= OLD) or (left is not None and left < _SOON)
    advice = [
        *([] if rights.is_bound_to_ip else [_BIND]),
        *(["make a new one at the venue"] if is_old else []),
    ]
    return Finding(subject, True, ", ".join(words), "; ".join(advice))


def _days(days: int) -> str:
    return f"{days} day{'' if days == 1 else 's'} old"
