"""What acting on an account needs at every venue."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager

from adapters.venues.answer import Declined, Meaning
from ports.venue_books import AccountTerms


class PositionMode:
    """Whether long and short are kept apart: asked for once, and again when it may have changed."""

    def __init__(self, account: str) -> None:
        self._account = account
        self._is_hedged: bool | None = None

    async def is_hedged(self, ask: Callable[[], Awaitable[AccountTerms]]) -> bool:
        """The mode. A classic account is refused here, before its first order."""
        if self._is_hedged is None:
            terms = await ask()
            if not terms.is_unified:
                raise Declined(
                    Meaning.CLASSIC_ACCOUNT,
                    f"{self._account} is a classic account: spot and futures have separate wallets, so a"
                    " short's losses would need transfers; switch it to a unified one at the venue",
                )
            self._is_hedged = terms.is_hedged
        return self._is_hedged

    def forget(self) -> None:
        """It is being changed."""
        self._is_hedged = None

    @contextmanager
    def doubted(self) -> Iterator[None]:
        """Ask again next time when an order is refused for the mode: somebody changed it elsewhere."""
        try:
            yield
        except Declined as declined:
            if declined.meaning is Meaning.POSITION_MODE:
                self.forget()
            raise


async def to_the_end(acts: Iterable[Awaitable[object]]) -> None:
    """Do all of them, whatever becomes of each, then raise the first failure."""
    outcomes = await asyncio.gather(*acts, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
