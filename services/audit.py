"""The audit log: who pressed or typed what, and what came of it."""

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

import structlog

from ports.clock import Clock
from ports.desk_state import AuditRecord, AuditStore
from ports.errors import Transient

log = structlog.get_logger()

AGAIN_S: Final = 1.0
LONGEST: Final = 200
"""Letters of a value that are kept."""


@dataclass(slots=True, repr=False)
class Audit:
    """Deeds in the order in which they ended. `clean` takes secrets out of a text.

    Noting waits for nothing, because a kill must not wait for a database in trouble: what was noted is logged
    at once and stored by `run`, as often as it takes.
    """

    store: AuditStore
    clock: Clock
    clean: Callable[[str], str]
    _unwritten: deque[AuditRecord] = field(default_factory=deque)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def note(
        self,
        person_id: int | None,
        chat_id: int | None,
        deed: str,
        outcome: str,
        params: Mapping[str, object] = MappingProxyType({}),
    ) -> None:
        """Remember a deed; `person_id` `None` is the desk itself. `outcome` is `done`, or says why not.
        `params` may have any names: noting comes after the deed, and must not fail."""
        record = AuditRecord(
            at=self.clock.wire_now(),
            person_id=person_id,
            chat_id=chat_id,
            deed=deed,
            outcome=self._short(outcome),
            params=self._cleaned(params),
        )
        log.info("audit", person=person_id, chat=chat_id, deed=deed, outcome=outcome, params=record.params)
        self._unwritten.append(record)
        self._wake.set()

    async def run(self) -> None:
        """Store for ever."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            if not await self.flush():
                await asyncio.sleep(AGAIN_S)
                self._wake.set()

    async def flush(self) -> bool:
        """Store what is not stored yet; whether that was possible."""
        while self._unwritten:
            try:
                await self.store.add(self._unwritten[0])
            except Transient as error:
                log.error("audit_behind", records=len(self._unwritten), error=str(error))
                return False
            self._unwritten.popleft()
        return True

    async def latest(self, *, limit: int, before_id: int | None = None) -> Sequence[tuple[int, AuditRecord]]:
        """What is stored, the newest first, with numbers to go on from."""
        return await self.store.latest(limit=limit, before_id=before_id)

    def _cleaned(self, params: Mapping[str, object]) -> dict[str, Any]:
        return {name: self._plain(value) for name, value in params.items()}

    def _plain(self, value: object) -> object:
        return value if value is None or isinstance(value, bool | int) else self._short(str(value))

    def _short(self, text: str) -> str:
        return self.clean(text)[:LONGEST]
