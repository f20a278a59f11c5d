"""Alerts in SQL."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping, bindparam, delete, insert, select, update

from adapters.sql.alert_types import formula_of, formula_parts
from adapters.sql.database import Database
from adapters.sql.outbox import add_pushes
from adapters.sql.tables import alert_marks, alerts
from engines.alerts.alert import Alert, AlertState, Condition, Draft, NewExtreme, PercentMove, PriceLevel
from engines.alerts.formula import Formula
from ports.alerts import ConditionKind, Firing

_LIVE = [state for state in AlertState if state.is_live]
_OVER = [state for state in AlertState if not state.is_live]
_AS_THEY_ARE = (
    "id",
    "owner",
    "instrument",
    "state",
    "is_armed",
    "since",
    "created_at",
    "expires_at",
    "count",
    "fired_at",
    "fired_price",
)
_CHANGED_BY_FIRING = ("state", "is_armed", "since", "count", "fired_at", "fired_price")


class SqlAlerts:
    """`AlertStore` in the desk database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, draft: Draft) -> Alert:
        row = {
            "owner": draft.owner,
            "instrument": draft.instrument,
            **_parts(draft.condition),
            "rest_s": _seconds(draft.rest),
            "state": AlertState.WATCHING,
            "is_armed": draft.is_armed,
            "since": draft.since,
            "created_at": draft.created_at,
            "expires_at": draft.expires_at,
            "count": 0,
        }
        async with self._database.write() as connection:
            added = await connection.execute(insert(alerts).values(row).returning(alerts))
            return _alert(added.mappings().one())

    async def get(self, alert_id: int) -> Alert | None:
        async with self._database.read() as connection:
            rows = await connection.execute(select(alerts).where(alerts.c.id == alert_id))
            row = rows.mappings().one_or_none()
            return _alert(row) if row else None

    async def live(self) -> Sequence[Alert]:
        wanted = select(alerts).where(alerts.c.state.in_(_LIVE)).order_by(alerts.c.id)
        async with self._database.read() as connection:
            return [_alert(row) for row in (await connection.execute(wanted)).mappings()]

    async def turn(
        self, alert_id: int, state: AlertState, *, was: Collection[AlertState], is_armed: bool, at: datetime
    ) -> Alert | None:
        async with self._database.write() as connection:
            turned = await connection.execute(
                update(alerts)
                .where(alerts.c.id == alert_id, alerts.c.state.in_(list(was)))
                .values(state=state, is_armed=is_armed, since=at)
                .returning(alerts)
            )
            row = turned.mappings().one_or_none()
            return _alert(row) if row else None

    async def fire(self, firings: Sequence[Firing]) -> Collection[int]:
        asked = list({firing.alert.id for firing in firings})
        watching = select(alerts.c.id, alerts.c.count.label("fired")).where(
            alerts.c.id.in_(asked), alerts.c.state == AlertState.WATCHING
        )
        async with self._database.write() as connection:
            rows = await connection.execute(watching.with_for_update())
            due = _due(firings, {row.id: row.fired for row in rows})
            if due:
                fired = [_fired_row(firing.alert) for firing in due]
                await connection.execute(_FIRED, fired)
                await add_pushes(self._database, connection, [firing.message for firing in due])
        return {firing.alert.id for firing in due}

    async def keep(self, armed: Collection[Alert], marks: Mapping[str, datetime]) -> None:
        rows = [
            {"number": one.id, "fired": one.count, "start": one.since, "waits": one.is_armed} for one in armed
        ]
        rearmed = update(alerts).where(
            alerts.c.id == bindparam("number"),
            alerts.c.count == bindparam("fired"),
            alerts.c.state == AlertState.WATCHING,
        )
        mark = self._database.insert(alert_marks)
        marked = mark.on_conflict_do_update(
            index_elements=["symbol"], set_={"seen_at": mark.excluded.seen_at}
        )
        async with self._database.write() as connection:
            if rows:
                changed = rearmed.values(is_armed=bindparam("waits"), since=bindparam("start"))
                await connection.execute(changed, rows)
            if marks:
                seen = [{"symbol": symbol, "seen_at": at} for symbol, at in marks.items()]
                await connection.execute(marked, seen)

    async def marks(self) -> Mapping[str, datetime]:
        async with self._database.read() as connection:
            rows = await connection.execute(select(alert_marks.c.symbol, alert_marks.c.seen_at))
            return {row.symbol: row.seen_at for row in rows}

    async def forget_before(self, at: datetime) -> int:
        over = delete(alerts).where(alerts.c.state.in_(_OVER), alerts.c.since < at)
        async with self._database.write() as connection:
            return (await connection.execute(over)).rowcount


_FIRED = (
    update(alerts)
    .where(alerts.c.id == bindparam("number"))
    .values({name: bindparam(f"new_{name}") for name in _CHANGED_BY_FIRING})
)


def _fired_row(alert: Alert) -> dict[str, Any]:
    return {"number": alert.id} | {f"new_{name}": getattr(alert, name) for name in _CHANGED_BY_FIRING}


def _due(firings: Sequence[Firing], counts: Mapping[int, int]) -> Sequence[Firing]:
    """Those whose alert still watches and has not fired since; `counts` are of the alerts that watch."""
    reached, due = dict(counts), []
    for firing in firings:
        if reached.get(firing.alert.id) == firing.alert.count - 1:
            reached[firing.alert.id] = firing.alert.count
            due.append(firing)
    return due


def _parts(condition: Condition) -> dict[str, Any]:
    match condition:
        case PriceLevel():
            return {"kind": ConditionKind.LEVEL, "way": condition.way, "price": condition.price}
        case PercentMove():
            window_s = _seconds(condition.window)
            return {
                "kind": ConditionKind.MOVE,
                "way": condition.way,
                "share": condition.share,
                "window_s": window_s,
            }
        case NewExtreme():
            return {"kind": ConditionKind.EXTREME, "way": condition.way, "days": condition.days}
        case Formula():
            return {"kind": ConditionKind.FORMULA, "formula": formula_parts(condition)}


def _condition(row: RowMapping) -> Condition:
    match row["kind"]:
        case ConditionKind.LEVEL:
            return PriceLevel(row["way"], row["price"])
        case ConditionKind.MOVE:
            return PercentMove(row["way"], row["share"], timedelta(seconds=row["window_s"]))
        case ConditionKind.EXTREME:
            return NewExtreme(row["way"], row["days"])
        case _:
            return formula_of(row["formula"])


def _alert(row: RowMapping) -> Alert:
    rest = None if row["rest_s"] is None else timedelta(seconds=row["rest_s"])
    return Alert(condition=_condition(row), rest=rest, **{name: row[name] for name in _AS_THEY_ARE})


def _seconds(span: timedelta | None) -> int | None:
    return None if span is None else int(span.total_seconds())
