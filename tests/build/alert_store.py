"""Alerts in memory. They pass the battery of the databases, `tests/contracts/test_alert_store.py`."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from engines.alerts.alert import Alert, AlertState, Draft
from ports.alerts import Firing
from ports.messages import OutboxStore


class MemoryAlerts:
    """`AlertStore` in a dictionary; what fires is told through `outbox`. `failure`, while set, is raised by
    everything that writes."""

    def __init__(self, outbox: OutboxStore) -> None:
        self.failure: Exception | None = None
        self._outbox = outbox
        self._alerts: dict[int, Alert] = {}
        self._marks: dict[str, datetime] = {}
        self._last_id = 0

    async def add(self, draft: Draft) -> Alert:
        self._check()
        self._last_id += 1
        fields = {name: getattr(draft, name) for name in Draft.__dataclass_fields__}
        alert = self._alerts[self._last_id] = Alert(id=self._last_id, **fields)
        return alert

    async def get(self, alert_id: int) -> Alert | None:
        return self._alerts.get(alert_id)

    async def live(self) -> Sequence[Alert]:
        return [self._alerts[number] for number in sorted(self._alerts) if self._alerts[number].state.is_live]

    async def turn(
        self, alert_id: int, state: AlertState, *, was: Collection[AlertState], is_armed: bool, at: datetime
    ) -> Alert | None:
        self._check()
        alert = self._alerts.get(alert_id)
        if alert is None or alert.state not in was:
            return None
        self._alerts[alert_id] = replace(alert, state=state, is_armed=is_armed, since=at)
        return self._alerts[alert_id]

    async def fire(self, firings: Sequence[Firing]) -> Collection[int]:
        self._check()
        fired = set()
        for firing in firings:
            held = self._alerts.get(firing.alert.id)
            if held is None or held.state is not AlertState.WATCHING or held.count != firing.alert.count - 1:
                continue
            self._alerts[held.id] = firing.alert
            await self._outbox.add(firing.message)
            fired.add(held.id)
        return fired

    async def keep(self, armed: Collection[Alert], marks: Mapping[str, datetime]) -> None:
        self._check()
        for alert in armed:
            held = self._alerts.get(alert.id)
            if held is not None and held.state is AlertState.WATCHING and held.count == alert.count:
                self._alerts[alert.id] = replace(held, is_armed=alert.is_armed, since=alert.since)
        self._marks.update(marks)

    async def marks(self) -> Mapping[str, datetime]:
        return dict(self._marks)

    async def forget_before(self, at: datetime) -> int:
        old = [one.id for one in self._alerts.values() if not one.state.is_live and one.since < at]
        for number in old:
            del self._alerts[number]
        return len(old)

    def _check(self) -> None:
        if self.failure is not None:
            raise self.failure
