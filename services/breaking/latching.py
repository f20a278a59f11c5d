"""What breakers ask of the latches."""

from collections.abc import Iterable, Sequence
from typing import Protocol

from engines.risk.latch import Cause, Latch


class Latching(Protocol):
    """What is in force, pulled and released; `services.latches` is it."""

    @property
    def is_loaded(self) -> bool:
        """Whether it is known which latches there are."""
        ...

    def all(self) -> Sequence[Latch]: ...

    async def pull(self, latch: Latch) -> None: ...

    async def release(self, latch_id: str) -> None: ...


async def agree(latches: Latching, cause: Cause, wanted: Iterable[Latch]) -> None:
    """Let the latches of a cause that ends by itself be those that are wanted now. Their ids begin with the
    name of the cause; what others pulled for the same cause is left alone. Raises `Transient`."""
    prefix = f"{cause}:"
    standing = {one.id for one in latches.all() if one.cause is cause and one.id.startswith(prefix)}
    named = {latch.id: latch for latch in wanted}
    for latch_id in sorted(standing - named.keys()):
        await latches.release(latch_id)
    for latch_id, latch in named.items():
        if latch_id not in standing:
            await latches.pull(latch)
