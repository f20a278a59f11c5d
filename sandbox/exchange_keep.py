"""An exchange's accounts in the state folder: every change is a record, written as it happens."""

from datetime import datetime
from typing import Any, Final

import orjson

from engines.core.moment import utc
from engines.simulate.exchange.account import Account
from engines.simulate.exchange.event import Event, Movement, Settings, WalletChange
from engines.simulate.exchange.journal import Journal
from engines.simulate.exchange.order import ExchangeOrder, Execution
from engines.simulate.exchange.position import Position
from sandbox.quotes import ms_of
from sandbox.records import from_json, to_json
from sandbox.telegram.keep import ForgetfulKeep, Keep

_KINDS: Final = {
    ExchangeOrder: "order",
    Execution: "execution",
    WalletChange: "change",
    Position: "position",
    Movement: "movement",
    Settings: "settings",
}


class ExchangeKeep:
    """The records of one venue."""

    def __init__(self, keep: Keep, venue: str) -> None:
        self._keep = keep
        self._venue = venue
        self._is_following = False

    def follow(self, journal: Journal) -> None:
        """Write down every event from now on, once; nothing to do where nothing is kept."""
        if not self._is_following and not isinstance(self._keep, ForgetfulKeep):
            self._is_following = True
            journal.subscribe(self._write)

    def _write(self, event: Event) -> None:
        kind = _KINDS[type(event.what)]
        body = {"account": event.account, "at_ms": ms_of(event.at), "number": event.number}
        self._keep.put(self._kind(kind), _key(event), {**body, "what": to_json(event.what)})

    def at_ms(self) -> int | None:
        """How far the market was gone through."""
        for _, body in self._keep.load(self._kind("at")):
            return int(orjson.loads(body))
        return None

    def put_at(self, at_ms: int) -> None:
        self._keep.put(self._kind("at"), "at", at_ms)

    def restore(self, account: Account, journal: Journal) -> bool:
        """Put what was kept into an account; whether there was anything."""
        kept = {one: self._records(name, account.setup.name) for one, name in _KINDS.items()}
        changes = [(at, from_json(WalletChange, what)) for at, what in kept[WalletChange]]
        account.restore(
            balances=[change for _, change in changes],
            positions=[from_json(Position, what) for _, what in kept[Position]],
            orders=[from_json(ExchangeOrder, what) for _, what in kept[ExchangeOrder]],
            executions=[from_json(Execution, what) for _, what in kept[Execution]],
            changes=changes,
            movements=[from_json(Movement, what) for _, what in kept[Movement]],
            settings=[from_json(Settings, what) for _, what in kept[Settings]],
        )
        journal.go_on_after(self._last_number())
        return bool(changes)

    def last_id(self) -> int:
        """The highest id that was given."""
        ids = [
            str(orjson.loads(body)["what"]["id"])
            for kind in ("order", "execution", "movement")
            for _, body in self._keep.load(self._kind(kind))
        ]
        return max((int(one) for one in ids if one.isdigit()), default=0)

    def _records(self, kind: str, account: str) -> list[tuple[datetime, dict[str, Any]]]:
        bodies = [orjson.loads(body) for _, body in self._keep.load(self._kind(kind))]
        mine = sorted((one for one in bodies if one["account"] == account), key=lambda one: one["number"])
        return [(utc(one["at_ms"]), one["what"]) for one in mine]

    def _last_number(self) -> int:
        numbers = [
            orjson.loads(body)["number"]
            for kind in _KINDS.values()
            for _, body in self._keep.load(self._kind(kind))
        ]
        return max(numbers, default=0)

    def _kind(self, name: str) -> str:
        return f"{self._venue}:{name}"


def _key(event: Event) -> int | str:
    """What a later event of the same thing replaces; executions and changes are never replaced."""
    what = event.what
    if isinstance(what, ExchangeOrder | Movement):
        return what.id
    if isinstance(what, Position):
        return f"{event.account}:{what.instrument.symbol}:{what.slot or ''}"
    if isinstance(what, Settings):
        return event.account
    return event.number
