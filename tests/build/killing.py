"""Ports that kill the desk at a chosen moment: what was committed stays, all else is gone."""

import os
import signal
from dataclasses import dataclass
from typing import Any

from ports.books import Books, Change
from ports.trading import LastLook, Venue, still_wanted


class Killed(BaseException):
    """kill -9: nobody gets to tidy up."""


@dataclass(slots=True)
class Countdown:
    """Kills at the chosen one of the steps that pass here; `steps` counts them all."""

    at: int | None = None
    steps: int = 0

    def step(self) -> None:
        """One more step is about to be taken, or was just taken."""
        self.steps += 1
        if self.steps == self.at:
            self.end()

    def end(self) -> None:
        """Nothing comes after it."""
        raise Killed


class LastStep(Countdown):
    """Kills the process itself, and means it."""

    def end(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)


@dataclass(slots=True)
class KillingBooks:
    """`Books` with a step before and after every commit."""

    inner: Books
    countdown: Countdown

    async def commit(self, change: Change) -> None:
        self.countdown.step()
        await self.inner.commit(change)
        self.countdown.step()

    async def book(self, owner: int, entries: Any) -> bool:
        self.countdown.step()
        is_new = await self.inner.book(owner, entries)
        self.countdown.step()
        return is_new

    async def transfer(self, out: Any, into: Any) -> bool:
        self.countdown.step()
        is_new = await self.inner.transfer(out, into)
        self.countdown.step()
        return is_new

    async def shown(self, trade_id: int, *, version: int, chat_id: int, message_id: int) -> None:
        self.countdown.step()
        await self.inner.shown(trade_id, version=version, chat_id=chat_id, message_id=message_id)
        self.countdown.step()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


@dataclass(slots=True)
class KillingVenue:
    """`Venue` with a step before and after every order."""

    inner: Venue
    countdown: Countdown

    async def submit(self, order: Any, direction: Any, last_look: LastLook = still_wanted) -> Any:
        self.countdown.step()
        events = await self.inner.submit(order, direction, last_look)
        self.countdown.step()
        return events

    async def cancel(self, order: Any) -> Any:
        self.countdown.step()
        return await self.inner.cancel(order)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)
