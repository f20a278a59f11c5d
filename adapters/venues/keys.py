"""What signs an account's requests."""

from collections.abc import Callable
from dataclasses import dataclass

from ports.errors import Rejected


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The public and the secret half. They are never shown."""

    key: str
    secret: str

    def __repr__(self) -> str:
        return "Keys(…)"


def keys_of(account: str, get_secret: Callable[[str], str | None]) -> Keys:
    """The keys of an account, such as `BYBIT_API_KEY` and `BYBIT_API_SECRET`. Raises `Rejected` when one is
    not set."""
    names = [f"{account.upper()}_API_{half}" for half in ("KEY", "SECRET")]
    halves = [get_secret(name) for name in names]
    if not all(halves):
        raise Rejected(f"{account}: no keys; set {' and '.join(names)} in .env or in the secret store")
    key, secret = (half or "" for half in halves)
    return Keys(key=key, secret=secret)
