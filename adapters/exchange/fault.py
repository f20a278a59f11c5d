"""What goes wrong at a venue, in the desk's own families of errors."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.exchange.library import ccxt
from adapters.exchange.nonsense import NONSENSE as NONSENSE
from ports.errors import Refused, Transient

_LONGEST = 200

_KINDS: tuple[tuple[type[Exception], str], ...] = (
    (ccxt.RequestTimeout, "timeout"),
    (ccxt.RateLimitExceeded, "rate_limited"),
    (ccxt.DDoSProtection, "rate_limited"),
    (ccxt.NetworkError, "unreachable"),
    (ccxt.BadResponse, "nonsense"),
    (ccxt.ExchangeError, "refused"),
    (ccxt.BaseError, "unreachable"),
)


@contextmanager
def translated(venue: str) -> Iterator[None]:
    """Turn what ccxt raises inside the block into `Transient` or `Refused`."""
    try:
        yield
    except ccxt.BadSymbol as error:
        raise Refused("unknown_symbol", text=_short(error), near=[]) from error
    except ccxt.BaseError as error:
        raise Transient(f"{venue}: {_short(error)}", kind=_kind(error)) from error
    except NONSENSE as error:
        raise Transient(f"{venue} answered nonsense: {_short(error)}", kind="nonsense") from error


def _kind(error: Exception) -> str:
    return next(kind for family, kind in _KINDS if isinstance(error, family))


def _short(error: Exception) -> str:
    return f"{type(error).__name__} {error}"[:_LONGEST]
