"""Reading what a venue answered, which may be of any shape."""

from collections.abc import Iterator
from contextlib import contextmanager

from adapters.exchange.nonsense import NONSENSE
from ports.errors import Transient


@contextmanager
def sense(account: str) -> Iterator[None]:
    """Turn what readers raise inside the block into `Transient`: what is there cannot be known."""
    try:
        yield
    except NONSENSE as error:
        raise Transient(f"{account} answered nonsense: {error!r}"[:200], kind="nonsense") from error
