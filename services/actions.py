"""Buttons that do something once: an opaque token in the button, the deed in a row."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ports.clock import Clock
from ports.errors import Refused
from ports.people import Action, ActionStore, Role

KEPT = timedelta(days=7)


@dataclass(slots=True, repr=False)
class Actions:
    """Offers and takes one-time actions. Their expiry is wire time: people press in real time."""

    store: ActionStore
    clock: Clock
    new_token: Callable[[], str]

    async def offer(
        self,
        kind: str,
        *,
        chat_id: int,
        person_id: int | None = None,
        params: dict[str, Any] | None = None,
        lasts: timedelta = timedelta(days=1),
    ) -> str:
        """Store a deed; the token to put behind the button. Only `person_id` may press it, in `chat_id`."""
        now = self.clock.wire_now()
        action = Action(
            token=self.new_token(),
            kind=kind,
            chat_id=chat_id,
            person_id=person_id,
            params=params or {},
            created_at=now,
            expires_at=now + lasts,
        )
        await self.store.add([action])
        return action.token

    async def take(
        self, kind: str, token: str, *, person_id: int, chat_id: int, role: Role, needed: Role
    ) -> Action:
        """Claim a deed of that kind: exactly one caller ever gets it.

        A client can send any token behind any button's prefix: a token of another kind is left untouched.
        Raises `Refused` with `not_yours` (another person, chat or too low a role), `expired`, `done`.
        """
        action = await self.look(kind, token, person_id=person_id, chat_id=chat_id, role=role, needed=needed)
        now = self.clock.wire_now()
        if action.done_at is not None:
            raise Refused("done")
        if action.expires_at <= now:
            raise Refused("expired")
        if not await self.store.take(token, person_id=person_id, at=now):
            raise Refused("done")
        return action

    async def look(
        self, kind: str, token: str, *, person_id: int, chat_id: int, role: Role, needed: Role
    ) -> Action:
        """A deed without claiming it, done or expired as it may be. Raises `Refused` with `not_yours`, and
        `expired` for one that was never there or is forgotten."""
        action = await self.store.get(token)
        if action is None or action.kind != kind:
            raise Refused("expired")
        is_theirs = action.person_id in (None, person_id) and action.chat_id == chat_id
        if not is_theirs or not role.covers(needed):
            raise Refused("not_yours")
        return action

    async def forget_old(self) -> int:
        """Drop rows that expired long ago."""
        return await self.store.forget_before(self.clock.wire_now() - KEPT)
