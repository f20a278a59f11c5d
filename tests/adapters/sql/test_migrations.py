"""Every step of the migrations, forth and back; and what earlier versions wrote comes along whole."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, time
from decimal import Decimal
from typing import Any, TypeVar

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect, text
from sqlalchemy.exc import DBAPIError

from adapters.sql.audit import SqlAudit
from adapters.sql.books import SqlBooks
from adapters.sql.database import Database, open_database, open_for_migration
from adapters.sql.desk import SqlDesk
from adapters.sql.place import Place, locate
from adapters.sql.revision import revision
from adapters.sql.schema import settings, upgrade
from adapters.sql.tables import audit
from engines.ledger.entry import EntryKind, Posting
from engines.orders.order import ExecutionStyle, OrderState, Terms
from engines.orders.trade import TradeState
from ports.books import Change, EquityPoint
from ports.charts import Theme
from ports.messages import Button, Priority, Screen
from ports.people import Action, Noise, Person, RiskProfile, Role, SignalFilter
from tests.build.alerts import SOME_FORMULAS, a_draft
from tests.build.desk_state import a_record
from tests.build.signals import a_course, a_proposal
from tests.build.trades import a_fill, a_trade, an_entry, an_order

T = TypeVar("T")
DATABASES = ("desk", "market")
AT = datetime(2026, 2, 3, 4, 5, 6, 789_000, tzinfo=UTC)
BEFORE_TRADES = "0001"
"""What the version without trades wrote."""


async def by_hand(place: Place, work: Callable[[Connection], T]) -> T:
    """Work on the schema in one transaction."""
    engine = open_for_migration(place)
    async with engine.begin() as connection:
        done = await connection.run_sync(work)
    await engine.dispose()
    return done


async def bring(place: Place, target: str) -> None:
    """Build a database as it was at a revision."""
    await upgrade(place)
    await by_hand(place, lambda sync: command.downgrade(settings(place, sync), target))


async def climb(place: Place, target: str) -> None:
    """Upgrade to a revision."""
    await by_hand(place, lambda sync: command.upgrade(settings(place, sync), target))


def steps(name: str) -> Sequence[str]:
    """Revisions of a database, the first one first."""
    script = ScriptDirectory.from_config(settings(locate("sqlite:///none", schema=name)))
    return [one.revision for one in reversed(list(script.walk_revisions()))]


def shape(connection: Connection) -> dict[str, list[str]]:
    """Tables with their columns and indexes."""
    found = inspect(connection)
    return {
        table: sorted(
            [column["name"] for column in found.get_columns(table)]
            + [str(index["name"]) for index in found.get_indexes(table)]
        )
        for table in sorted(found.get_table_names())
        if table != "alembic_version"
    }


@pytest.mark.parametrize("name", DATABASES)
async def test_every_step_goes_back_to_where_it_came_from(url: str, name: str) -> None:
    place = locate(url, schema=name)
    await bring(place, "base")
    for step in steps(name):
        before = await by_hand(place, shape)
        await climb(place, step)
        after = await by_hand(place, shape)
        await by_hand(place, lambda sync: command.downgrade(settings(place, sync), "-1"))
        assert await by_hand(place, shape) == before
        await climb(place, step)
        assert await by_hand(place, shape) == after != before


@pytest.mark.parametrize("name", DATABASES)
async def test_each_database_ends_as_its_tables_say(url: str, name: str) -> None:
    place = locate(url, schema=name)
    await upgrade(place)

    await by_hand(place, lambda sync: command.check(settings(place, sync)))


async def test_two_databases_live_in_one_server_without_meeting(postgres_url: str) -> None:
    for name in DATABASES:
        await upgrade(locate(postgres_url, schema=name))

    desk = await by_hand(locate(postgres_url, schema="desk"), shape)
    market = await by_hand(locate(postgres_url, schema="market"), shape)
    assert "people" in desk
    assert set(desk) & set(market) <= {"stamp"}
    await bring(locate(postgres_url, schema="market"), "base")
    assert await by_hand(locate(postgres_url, schema="desk"), shape) == desk


VERA = Person(
    id=5_000_000_000,
    name="Вера <b>",
    role=Role.ADMIN,
    language="ru",
    zone="Europe/Moscow",
    noise=Noise.QUIET,
    theme=Theme.LIGHT,
    risk=RiskProfile.BOLD,
    summary_at=time(21),
    is_onboarded=True,
    watchlist=("BTCUSDT", "ETHUSDT"),
    cockpit_message_id=42,
    created_at=AT,
)
WRITTEN: dict[str, list[dict[str, Any]]] = {
    "people": [
        {
            "id": VERA.id,
            "name": VERA.name,
            "role": "admin",
            "language": "ru",
            "zone": "Europe/Moscow",
            "noise": "quiet",
            "theme": "light",
            "risk": "bold",
            "is_onboarded": True,
            "watchlist": ["BTCUSDT", "ETHUSDT"],
            "cockpit_message_id": 42,
            "is_reachable": True,
            "created_at": AT,
        }
    ],
    "actions": [
        {
            "token": "t0ken",
            "kind": "grant",
            "chat_id": 7,
            "person_id": None,
            "params": {"person": 9},
            "created_at": AT,
            "expires_at": AT,
            "message_id": 8,
        }
    ],
    "outbox": [
        {
            "dedupe": "feed-gone:1",
            "chat_id": 7,
            "html": "<b>gone</b>",
            "keyboard": [[{"text": "Status", "data": "st", "style": "plain"}]],
            "priority": 5,
            "is_silent": True,
            "created_at": AT,
            "tries": 3,
        }
    ],
    "facts": [{"name": "stranger:9", "value": "2026-02-03"}],
    "stamp": [{"id": 1, "world": "live", "mode": "paper"}],
}
"""A row of every table as revision 0001 has them."""


def write_down(connection: Connection) -> None:
    found = MetaData()
    found.reflect(connection)
    for name, rows in WRITTEN.items():
        connection.execute(found.tables[name].insert(), rows)


async def test_what_the_version_before_trades_wrote_is_all_there(url: str, place: Place) -> None:
    await bring(place, BEFORE_TRADES)
    await by_hand(place, write_down)

    desk = await SqlDesk.open(url, world="live", mode="paper")
    try:
        assert await desk.people.all() == [VERA]
        assert await desk.actions.get("t0ken") == Action(
            token="t0ken",
            kind="grant",
            chat_id=7,
            person_id=None,
            params={"person": 9},
            created_at=AT,
            expires_at=AT,
            message_id=8,
        )
        [row] = await desk.outbox.unsent()
        assert (row.message.dedupe, row.message.priority, row.tries) == ("feed-gone:1", Priority.DIGEST, 3)
        assert row.message.screen == Screen(
            html="<b>gone</b>", keyboard=((Button(text="Status", data="st"),),)
        )
        assert await desk.facts.get("stranger:9") == "2026-02-03"
        assert await desk.books.live() == []
        assert await desk.books.new_trade_id() == 1
    finally:
        await desk.close()


@asynccontextmanager
async def books_of(place: Place) -> AsyncIterator[SqlBooks]:
    database = open_database(place, is_durable=True)
    try:
        yield SqlBooks(database)
    finally:
        await database.close()


async def trade_a_little(books: SqlBooks) -> None:
    """An account with an open trade that has a fill and funding, a waiting one, and a closed one."""
    await books.book(11, [an_entry()])
    order = an_order(state=OrderState.FILLED, filled=Decimal("0.01"), cost=Decimal("872.1050"))
    postings = (
        Posting(account="margin", asset="USDT", amount=Decimal("872.1050")),
        Posting(account="cash", asset="USDT", amount=Decimal("-872.97710500000000000001")),
        Posting(account="fees", asset="USDT", amount=Decimal("0.87210500000000000001")),
    )
    entry = an_entry("fill:f1", kind=EntryKind.PERP_FILL, postings=postings, trade_id=1)
    await books.commit(
        Change(
            trade=a_trade(1, state=TradeState.OPEN, quantity=Decimal("0.01")),
            key="tap-1",
            orders=(order,),
            fills=(a_fill(),),
            entries=(entry,),
        )
    )
    await books.commit(Change(trade=a_trade(2, owner=12)))
    await books.commit(Change(trade=a_trade(3, state=TradeState.CLOSED)))
    await books.add_equity([EquityPoint(owner=11, at=AT, equity=Decimal("999.12789499999999999999"))])


async def account(books: SqlBooks) -> Sequence[object]:
    return (
        await books.balances(11),
        await books.entries(11),
        await books.fills(11),
        await books.live(),
        await books.trades(11, limit=10),
        await books.trades(12, limit=10),
        await books.equity(11),
        await books.by_intent(an_order().intent.id),
    )


async def test_open_trades_and_sums_of_the_ledger_come_along(place: Place) -> None:
    """From the first revision with trades to the last; people lose and gain columns on the way."""
    await upgrade(place)
    async with books_of(place) as books:
        await trade_a_little(books)
        before = await account(books)
    first = next(step for step in steps("desk") if step > BEFORE_TRADES)

    await by_hand(place, lambda sync: command.downgrade(settings(place, sync), first))
    assert await by_hand(place, revision) == first
    await upgrade(place)

    async with books_of(place) as books:
        assert await account(books) == before
        balances = await books.balances(11)
        assert sum(balances.values()) == 0
        assert [trade.id for trade, _ in await books.live()] == [1, 2]


BEFORE_SIGNALS = "0004"
"""What the version without signals wrote."""


async def test_what_the_version_before_signals_wrote_comes_along(url: str, place: Place) -> None:
    desk = await SqlDesk.open(url, world="live", mode="paper")
    await desk.people.add(VERA)
    alert = await desk.alerts.add(a_draft(owner=VERA.id))
    async with books_of(place) as books:
        await trade_a_little(books)
        before = await account(books)
    await desk.close()
    await by_hand(place, lambda sync: command.downgrade(settings(place, sync), BEFORE_SIGNALS))
    assert await by_hand(place, revision) == BEFORE_SIGNALS

    desk = await SqlDesk.open(url, world="live", mode="paper")
    try:
        assert await desk.people.all() == [VERA]
        assert (VERA.signals, VERA.mutes, VERA.sees_rich) == (SignalFilter(), (), None)
        assert list(await desk.alerts.live()) == [alert]
        assert list(await desk.signals.latest(limit=9)) == []
        signal = await desk.signals.add(a_proposal(), a_course(), [VERA.id])
        assert [(one.id, card.person_id) for one, card in await desk.signals.behind()] == [
            (signal.id, VERA.id)
        ]
    finally:
        await desk.close()
    async with books_of(place) as books:
        assert await account(books) == before


async def test_going_back_before_signals_leaves_alerts_on_prices_and_no_half_ones(
    url: str, place: Place
) -> None:
    desk = await SqlDesk.open(url, world="live", mode="paper")
    kept = await desk.alerts.add(a_draft())
    await desk.alerts.add(a_draft(condition=SOME_FORMULAS[0]))
    await desk.close()

    await by_hand(place, lambda sync: command.downgrade(settings(place, sync), BEFORE_SIGNALS))
    desk = await SqlDesk.open(url, world="live", mode="paper")
    try:
        assert list(await desk.alerts.live()) == [kept]
    finally:
        await desk.close()


BEFORE_THE_ROAD = "0005"
"""What the version wrote whose orders were all as their intents."""


async def test_what_the_version_before_the_order_road_wrote_comes_along(url: str, place: Place) -> None:
    await upgrade(place)
    async with books_of(place) as books:
        await trade_a_little(books)
        before = await account(books)
    await by_hand(place, lambda sync: command.downgrade(settings(place, sync), BEFORE_THE_ROAD))
    assert await by_hand(place, lambda sync: sync.scalar(text("SELECT value FROM counters"))) == 3

    desk = await SqlDesk.open(url, world="live", mode="paper")
    try:
        assert await account(desk.books) == before
        order = await desk.books.order("t1-e-0")
        assert order is not None
        assert order.terms == Terms.of(order.intent)
        assert (order.intent.style, order.venue_id) == (ExecutionStyle.SINGLE, None)
        assert await desk.books.new_trade_id() == 4
        assert await desk.books.unfinished() == []
    finally:
        await desk.close()


async def test_the_audit_log_only_grows(database: Database) -> None:
    await SqlAudit(database).add(a_record())
    for change in (audit.update().values(deed="none"), audit.delete()):
        with pytest.raises(DBAPIError, match="only grows"):
            async with database.writer.begin() as connection:
                await connection.execute(change)
    [(_, stored)] = await SqlAudit(database).latest(limit=9)
    assert stored == a_record()
