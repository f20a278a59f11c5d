"""Tells what fired: the alert's new state and the push are one transaction, so it is told exactly once."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from engines.alerts.alert import Alert, AlertState
from engines.alerts.market_watch import Change
from ports.alerts import AlertStore, Firing
from ports.clock import Clock
from ports.errors import Transient
from ports.messages import OutboundMessage, Priority, Screen
from ports.people import Person, Role
from services.alerting.lookout import Lookout
from services.alerting.standing import Told
from services.outbox import Outbox
from services.people import People

log = structlog.get_logger()

LATE_AFTER_S = 60.0
_LIVE = (AlertState.WATCHING, AlertState.MUTED)
_BATCH = 100


@dataclass(slots=True, kw_only=True, repr=False)
class Teller:
    """What happened and is not written down yet. `view` words a firing for its person.

    The store decides: what it says was muted, deleted or told is so, whatever memory thought.
    """

    store: AlertStore
    people: People
    outbox: Outbox
    clock: Clock
    view: Callable[[Person, Told], Screen]
    save_every_s: float = 10.0
    _fired: list[Change] = field(default_factory=list)
    _armed: dict[int, Alert] = field(default_factory=dict)
    _saved: dict[str, datetime] = field(default_factory=dict)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, change: Change) -> None:
        """Something happened to an alert."""
        if change.is_fired:
            self._armed.pop(change.alert.id, None)
            self._fired.append(change)
            self._news.set()
        else:
            self._armed[change.alert.id] = change.alert

    async def run(self, lookout: Lookout) -> None:
        """Write down and tell what fires, at once; the rest now and then."""
        while True:
            self._news.clear()
            try:
                if self._fired:
                    await self.tell(lookout)
                else:
                    await self.save(lookout)
            except Transient as error:
                log.error("alerts_not_written", waiting=len(self._fired), error=str(error))
                await asyncio.sleep(1.0)
                continue
            if not self._fired:
                await self._wait()

    async def settle(self, lookout: Lookout) -> None:
        """Write down and tell everything that happened until now."""
        while self._fired:
            await self.tell(lookout)
        await self.save(lookout)

    async def tell(self, lookout: Lookout) -> None:
        """Write down what fired and the pushes that tell it; only then it is forgotten here."""
        batch = self._fired[:_BATCH]
        firings = [firing for change in batch if (firing := self._firing(change, lookout)) is not None]
        told = await self.store.fire(firings)
        self.outbox.stored()
        for change in batch:
            if change.alert.id not in told:
                await self._withdraw(change.alert, lookout)
        del self._fired[: len(batch)]
        lookout.follow()

    async def save(self, lookout: Lookout) -> None:
        """Write down what was armed anew and how far every market was judged, while all that fired is
        written: prices up to a mark count as told."""
        marks = {symbol: at for symbol, at in lookout.marks().items() if self._saved.get(symbol) != at}
        armed = dict(self._armed)
        if marks or armed:
            await self.store.keep(list(armed.values()), marks)
        self._saved.update(marks)
        for number, alert in armed.items():
            if self._armed.get(number) is alert:
                del self._armed[number]
        await self._end_expired(lookout)

    def _firing(self, change: Change, lookout: Lookout) -> Firing | None:
        """What is to be written for a firing; `None` where nobody may hear it."""
        alert = change.alert
        person = self.people.get(alert.owner)
        if person is None or not _may_hear(person) or alert.is_expired(change.at):
            return None
        age_s = self.clock.age_s(change.at)
        quotes = lookout.markets.quotes([alert.symbol])
        told = Told(
            alert=alert,
            price=change.price,
            at=change.at,
            age_s=age_s,
            is_late=age_s > LATE_AFTER_S,
            move=change.move,
            quote=quotes[0] if quotes else None,
            readings=change.readings,
        )
        message = OutboundMessage(
            chat_id=person.id,
            screen=self.view(person, told),
            priority=Priority.SIGNAL,
            dedupe=f"alert:{alert.id}:{alert.count}",
            created_at=self.clock.wire_now(),
        )
        return Firing(alert, message)

    async def _withdraw(self, alert: Alert, lookout: Lookout) -> None:
        """Nothing was told: it was muted, deleted or told before, or nobody may hear it."""
        now, watching = self.clock.now(), (AlertState.WATCHING,)
        person = self.people.get(alert.owner)
        if alert.fired_at is not None and alert.is_expired(alert.fired_at):
            await self.store.turn(alert.id, AlertState.DONE, was=watching, is_armed=False, at=now)
        elif person is None or not _may_hear(person):
            await self.store.turn(alert.id, AlertState.MUTED, was=watching, is_armed=False, at=now)
        kept = await self.store.get(alert.id)
        if kept is not None:
            lookout.remember(kept)

    async def _end_expired(self, lookout: Lookout) -> None:
        now = self.clock.now()
        for alert in [one for one in lookout.alerts.values() if one.is_expired(now)]:
            await self.store.turn(alert.id, AlertState.DONE, was=_LIVE, is_armed=False, at=now)
            ended = await self.store.get(alert.id)
            if ended is not None:
                lookout.remember(ended)

    async def _wait(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self.save_every_s):
                await self._news.wait()


def _may_hear(person: Person) -> bool:
    return person.role.covers(Role.VIEWER) and person.is_reachable
