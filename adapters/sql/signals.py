"""Signals and their cards in SQL."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, and_, bindparam, delete, func, insert, or_, select, type_coerce, update

from adapters.sql.database import Database
from adapters.sql.signal_types import CourseJson
from adapters.sql.tables import signal_cards, signals
from engines.core.timeframe import Timeframe
from engines.signals.proposal import Proposal
from engines.signals.signal import Course, Signal, SignalState
from ports.signals import Card

_LIVE = [state for state in SignalState if state.is_live]
_SIGNAL = (signals.c.id, signals.c.proposal, signals.c.course, signals.c.version)
_CARD = tuple(signal_cards.columns)
_AT_ONCE = 20


class SqlSignals:
    """`SignalStore` in the desk database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, proposal: Proposal, course: Course, readers: Collection[int]) -> Signal:
        row = {
            "symbol": proposal.instrument.symbol,
            "timeframe": proposal.timeframe,
            "created_at": proposal.created_at,
            "proposal": proposal,
            "version": 1,
            **_moved(course),
        }
        once = self._database.insert(signals).values(row).on_conflict_do_nothing().returning(signals.c.id)
        async with self._database.write() as connection:
            added = (await connection.execute(once)).scalar_one_or_none()
            if added is None:
                known = await connection.execute(select(*_SIGNAL).where(*_same(proposal)))
                return _signal(known.mappings().one())
            if readers:
                cards = [_unsent(added, person_id) for person_id in readers]
                await connection.execute(insert(signal_cards), cards)
            return Signal(id=added, proposal=proposal, course=course)

    async def advance(self, signal: Signal) -> bool:
        moved = (
            update(signals)
            .where(signals.c.id == signal.id, signals.c.version == signal.version - 1)
            .values(version=signal.version, **_moved(signal.course))
        )
        async with self._database.write() as connection:
            return (await connection.execute(moved)).rowcount == 1

    async def seen(self, signals: Sequence[Signal]) -> None:
        if not signals:
            return
        rows = [{"number": one.id, "at": one.version, "seen": one.course} for one in signals]
        async with self._database.write() as connection:
            await connection.execute(_SEEN, rows)

    async def get(self, signal_id: int) -> Signal | None:
        async with self._database.read() as connection:
            rows = await connection.execute(select(*_SIGNAL).where(signals.c.id == signal_id))
            row = rows.mappings().one_or_none()
            return _signal(row) if row else None

    async def live(self) -> Sequence[Signal]:
        return await self._all(select(*_SIGNAL).where(signals.c.state.in_(_LIVE)).order_by(signals.c.id))

    async def latest(self, *, limit: int, offset: int = 0, symbol: str | None = None) -> Sequence[Signal]:
        wanted = select(*_SIGNAL).order_by(signals.c.id.desc()).limit(limit).offset(offset)
        return await self._all(wanted if symbol is None else wanted.where(signals.c.symbol == symbol))

    async def ended(self, *, since: datetime | None = None) -> Sequence[Signal]:
        over = signals.c.ended_at.is_not(None) if since is None else signals.c.ended_at > since
        return await self._all(select(*_SIGNAL).where(over).order_by(signals.c.ended_at, signals.c.id))

    async def last_made(self, symbol: str) -> datetime | None:
        newest = select(func.max(signals.c.created_at)).where(signals.c.symbol == symbol)
        async with self._database.read() as connection:
            made_at: datetime | None = (await connection.execute(newest)).scalar_one()
            return made_at

    async def card(self, signal_id: int, person_id: int) -> Card | None:
        async with self._database.read() as connection:
            rows = await connection.execute(select(*_CARD).where(*_of(signal_id, person_id)))
            row = rows.mappings().one_or_none()
            return Card(**row) if row else None

    async def add_card(self, card: Card) -> None:
        row = {column.name: getattr(card, column.name) for column in _CARD}
        there = self._database.insert(signal_cards).values(row)
        place = {name: row[name] for name in ("chat_id", "message_id", "is_picture", "shown_version")}
        async with self._database.write() as connection:
            await connection.execute(
                there.on_conflict_do_update(index_elements=["signal_id", "person_id"], set_=place)
            )

    async def behind(self) -> Sequence[tuple[Signal, Card]]:
        is_behind = or_(signal_cards.c.message_id.is_(None), signal_cards.c.shown_version < signals.c.version)
        wanted = (
            select(*_SIGNAL, *_CARD)
            .join(signals, signals.c.id == signal_cards.c.signal_id)
            .where(is_behind)
            .order_by(signals.c.id, signal_cards.c.person_id)
        )
        async with self._database.read() as connection:
            rows = (await connection.execute(wanted)).mappings().all()
        return [(_signal(row), Card(**{column.name: row[column.name] for column in _CARD})) for row in rows]

    async def shown(self, card: Card, *, was: int | None) -> None:
        row = {name: getattr(card, name) for name in ("chat_id", "message_id", "is_picture", "shown_version")}
        is_still = signal_cards.c.message_id.is_not_distinct_from(was)
        where = and_(*_of(card.signal_id, card.person_id), is_still)
        async with self._database.write() as connection:
            await connection.execute(update(signal_cards).where(where).values(row))

    async def drop_card(self, signal_id: int, person_id: int) -> None:
        async with self._database.write() as connection:
            await connection.execute(delete(signal_cards).where(*_of(signal_id, person_id)))

    async def _all(self, wanted: Any) -> Sequence[Signal]:
        """A few at a time: all that ever ended would hold up the event loop for seconds."""
        found: list[Signal] = []
        async with self._database.read() as connection:
            rows = (await connection.stream(wanted)).mappings()
            async for part in rows.partitions(_AT_ONCE):
                found += map(_signal, part)
        return found


_SEEN = (
    update(signals)
    .where(signals.c.id == bindparam("number"), signals.c.version == bindparam("at"))
    .values(course=type_coerce(bindparam("seen"), CourseJson))
)


def _moved(course: Course) -> dict[str, Any]:
    return {"state": course.state, "ended_at": course.ended_at, "course": course}


def _same(proposal: Proposal) -> tuple[Any, ...]:
    timeframe: Timeframe = proposal.timeframe
    return (
        signals.c.symbol == proposal.instrument.symbol,
        signals.c.timeframe == timeframe,
        signals.c.created_at == proposal.created_at,
    )


def _of(signal_id: int, person_id: int) -> tuple[Any, ...]:
    return signal_cards.c.signal_id == signal_id, signal_cards.c.person_id == person_id


def _unsent(signal_id: int, person_id: int) -> dict[str, Any]:
    """A card to be sent to a person's own chat."""
    return {
        "signal_id": signal_id,
        "person_id": person_id,
        "chat_id": person_id,
        "message_id": None,
        "is_picture": False,
        "shown_version": 0,
    }


def _signal(row: RowMapping) -> Signal:
    return Signal(id=row["id"], proposal=row["proposal"], course=row["course"], version=row["version"])
