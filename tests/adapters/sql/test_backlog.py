"""What happens to the desk's trades while somebody else locks the database: durable at once, there in every
read, and in the tables once, wherever a crash falls."""

import asyncio
import itertools
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.sql.books import SqlBooks
from adapters.sql.change_file import ChangeFile
from adapters.sql.change_json import packed, unpacked
from adapters.sql.database import Database, open_database
from adapters.sql.place import locate
from engines.orders.order import Order, OrderState
from engines.orders.trade import Trade
from ports.books import Change, Conflict, Statement
from ports.errors import Fatal, Transient
from tests.build.backlog_life import APPENDED, OWNER, Moment, a_close, a_closed, an_opening
from tests.build.clock import NOON
from tests.build.locks import locked
from tests.build.sandbox import until
from tests.build.tickets import a_ticket
from tests.build.trades import a_trade, an_entry, an_intent, an_order


@pytest.fixture
async def beside(database: Database, tmp_path: Path) -> Path:
    """The file in which changes wait; the position is open and stored."""
    async with books_over(database, tmp_path / "waiting") as books:
        await books.commit(an_opening())
    path = database.place.path
    return tmp_path / "waiting" if path is None else path.with_name(f"{path.name}-waiting.jsonl")


@asynccontextmanager
async def books_over(database: Database, beside: Path) -> AsyncIterator[SqlBooks]:
    """Books as a desk has them that starts now."""
    books = SqlBooks(database, beside)
    try:
        yield books
    finally:
        await books.close()


async def moved(beside: Path) -> None:
    """Until nothing waits any more."""

    async def is_empty() -> bool:
        return not beside.read_bytes()

    await until(is_empty, "all is in the database")


Everything = tuple[
    Trade | None, Trade | None, Sequence[Trade], Sequence[Order], Sequence[Order], Order | None, Statement
]


async def everything(books: SqlBooks) -> Everything:
    return (
        await books.trade(1),
        await books.by_intent("t1-c"),
        await books.trades(OWNER, limit=5),
        await books.orders(1),
        await books.orders_since(NOON, owner=OWNER),
        await books.order("t1-c-0"),
        await books.statement(OWNER),
    )


def names(of: Statement) -> tuple[list[int], list[tuple[str, OrderState, str]], list[str]]:
    fills = [(order.id, order.state, fill.id) for order, fill in of.fills]
    return [trade.version for trade in of.trades], fills, [entry.id for entry in of.entries]


async def assert_closed_once(database: Database, beside: Path) -> None:
    """By a desk that starts now, and by one that never saw the file."""
    async with books_over(database, beside) as books:
        assert await books.live() == []
        assert await books.unfinished() == []
    assert beside.read_bytes() == b""
    there = SqlBooks(database, beside.with_name("none"))
    assert names(await there.statement(OWNER)) == (
        [3],
        [("t1-e-0", OrderState.FILLED, "f1"), ("t1-c-0", OrderState.FILLED, "f2")],
        ["fill:1", "fill:2"],
    )


async def test_a_locked_database_keeps_no_close_waiting_and_every_read_knows_of_it(
    database: Database, beside: Path
) -> None:
    async with books_over(database, beside) as books:
        async with locked(database.place):
            await books.commit(a_close())
            assert [order.state for order in await books.unfinished()] == [OrderState.SENT]
            await books.commit(a_closed())
            during = await everything(books)
            assert len(beside.read_bytes().splitlines()) == 2
            assert await books.unfinished() == []
            assert [order.id for order, _ in await books.fills(OWNER, trade_id=1)] == ["t1-e-0", "t1-c-0"]
            assert (await books.balances(OWNER))["cash", "USDT"] == 2000
        await moved(beside)
        assert await everything(books) == during
        assert during[0] == a_closed().trade
    await assert_closed_once(database, beside)


async def test_a_new_trade_of_the_desk_may_begin_there(database: Database, beside: Path) -> None:
    async with books_over(database, beside) as books:
        new = a_trade(2, owner=OWNER)
        order = an_order(an_intent("t2-e", trade_id=2, owner=OWNER))
        async with locked(database.place):
            await books.commit(Change(trade=new, orders=(order,)))
            assert [trade.id for trade in await books.trades(OWNER, limit=1)] == [2]
            assert [trade.id for trade in await books.trades(OWNER, limit=1, offset=1)] == [1]
        await moved(beside)
        assert [trade.id for trade, _ in await books.live()] == [1, 2]


async def test_what_does_not_fit_is_refused_there_as_in_the_tables(database: Database, beside: Path) -> None:
    async with books_over(database, beside) as books, locked(database.place):
        await books.commit(a_close())
        spoilt = [
            a_close(),
            replace(a_closed(), entries=(an_entry("fill:1", owner=OWNER),)),
            Change(trade=a_trade(7, owner=OWNER, version=2)),
        ]
        for change in spoilt:
            with pytest.raises(Conflict):
                await books.commit(change)
        await books.commit(a_closed())


async def test_a_ticket_is_decided_in_the_database_alone(database: Database, beside: Path) -> None:
    decided = replace(a_closed(), tickets=(a_ticket(order_id="t1-c-0"),))
    async with books_over(database, beside) as books:
        async with locked(database.place):
            with pytest.raises(Transient):
                await books.commit(replace(a_close(), tickets=(a_ticket(order_id="t1-c-0"),)))
            await books.commit(a_close())
            with pytest.raises(Transient):
                await books.commit(decided)
        await moved(beside)

        async def is_decided() -> bool:
            with suppress(Transient):  # the file is empty a moment before that is known
                await books.commit(decided)
                return True
            return False

        await until(is_decided, "the trade does not wait any more")


async def test_what_waits_is_moved_while_more_and_more_comes(database: Database, beside: Path) -> None:
    async with books_over(database, beside) as books:

        async def trade_on() -> None:
            for number in itertools.count(2):
                await books.commit(Change(trade=a_trade(number, owner=OWNER)))

        async with locked(database.place):
            await books.commit(a_close())
            trading = asyncio.create_task(trade_on())
            await asyncio.sleep(0)
        await moved(beside)
        assert not trading.done()
        trading.cancel()
        await asyncio.gather(trading, return_exceptions=True)
        stored = await books.trades(OWNER, limit=100_000)
    assert [trade.id for trade in stored] == list(range(len(stored), 0, -1))


async def test_a_person_waits_for_the_database(database: Database, beside: Path) -> None:
    async with books_over(database, beside) as books:
        async with locked(database.place):
            await books.commit(a_close())
            asked = asyncio.create_task(books.commit(Change(trade=a_trade(2))))
            await books.commit(a_closed())
            assert not asked.done()
        await asked
        await moved(beside)
        assert [trade.id for trade, _ in await books.live()] == [2]


async def test_a_disk_that_takes_nothing_is_told_and_nothing_has_changed(
    database: Database, beside: Path
) -> None:
    async with books_over(database, beside) as books, locked(database.place):
        await books.live()
        beside.mkdir()
        with pytest.raises(Transient):
            await books.commit(a_close())
        assert await books.trade(1) == an_opening().trade
        beside.rmdir()
        await books.commit(a_close())


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("moments", [[Moment.MOVING], [Moment.MOVED], list(Moment)])
async def test_killed_at_any_moment_and_again_at_the_start(
    database: Database, beside: Path, url: str, moments: Sequence[Moment]
) -> None:
    async with locked(database.place):
        life = await a_life(url, moments[0])
        await said(life, APPENDED)
        if moments[0] is Moment.WAITING:
            assert await life.wait() == -signal.SIGKILL
    assert await life.wait() == -signal.SIGKILL
    for moment in moments[1:]:
        assert len(beside.read_bytes().splitlines()) == 2
        assert await (await a_life(url, moment, "start")).wait() == -signal.SIGKILL
    assert len(beside.read_bytes().splitlines()) == 2
    await assert_closed_once(database, beside)


async def a_life(url: str, moment: Moment, *more: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.build.backlog_life", url, moment, *more, stdout=PIPE
    )


async def said(life: Process, word: str) -> None:
    """Until a life says it."""
    assert life.stdout is not None
    while (line := await life.stdout.readline()).decode().strip() != word:
        assert line, "it has ended before"


async def test_beside_a_server_that_is_down_nothing_waits(tmp_path: Path) -> None:
    """Nobody can say then which version is stored: what happens waits in memory, and is asked again."""
    nowhere = locate("postgresql://nobody:nothing@127.0.0.1:1/desk", schema="desk")
    gone = open_database(nowhere, is_durable=True)
    async with books_over(gone, tmp_path / "waiting") as books:
        with pytest.raises(Transient):
            await books.commit(a_close())
    await gone.close()
    assert not (tmp_path / "waiting").exists()


async def left_behind(database: Database, beside: Path) -> bytes:
    """What a desk leaves that ended while the database was locked."""
    async with books_over(database, beside) as books, locked(database.place):
        for change in (a_close(), a_closed()):
            await books.commit(change)
    return beside.read_bytes()


async def test_what_waits_is_read_before_it_is_moved(database: Database, beside: Path) -> None:
    left = await left_behind(database, beside)
    async with books_over(database, beside) as books:
        assert await books.trade(1) == a_closed().trade
        assert [order.id for order in await books.orders(1)] == ["t1-e-0", "t1-c-0"]
    assert beside.read_bytes() == left


async def test_what_was_moved_but_not_forgotten_counts_once(database: Database, beside: Path) -> None:
    left = await left_behind(database, beside)
    await assert_closed_once(database, beside)
    beside.write_bytes(left)
    await assert_closed_once(database, beside)


async def test_a_line_that_was_cut_off_was_promised_to_nobody(database: Database, beside: Path) -> None:
    left = await left_behind(database, beside)
    first, second = left.splitlines(keepends=True)
    beside.write_bytes(first + second[:-20])
    async with books_over(database, beside) as books, locked(database.place):
        with pytest.raises(Conflict):
            await books.commit(a_close())
        await books.commit(a_closed())
        assert beside.read_bytes() == left
    await assert_closed_once(database, beside)


@pytest.mark.parametrize("what", ["a digit", "a line", "a foreign file"])
async def test_a_damaged_file_stops_the_desk_and_says_where(
    database: Database, beside: Path, what: str
) -> None:
    left = await left_behind(database, beside)
    spoilt = {
        "a digit": left.replace(b"0.01", b"0.02", 1),
        "a line": b"[]\n" + left,
        "a foreign file": b"?\n",
    }
    beside.write_bytes(spoilt[what])
    async with books_over(database, beside) as books:
        with pytest.raises(Fatal, match=r"line 1 is damaged .* move the file away"):
            await books.live()
        with pytest.raises(Fatal, match="line 1 is damaged"):
            await books.commit(a_close())
    assert beside.read_bytes() == spoilt[what]


@pytest.mark.parametrize("behind", ["a hole", "further on", "another order", "another entry"])
async def test_a_file_of_another_database_stops_the_desk(
    database: Database, beside: Path, behind: str
) -> None:
    left = await left_behind(database, beside)
    first, second = left.splitlines(keepends=True)
    elsewhere = {
        "a hole": [],
        "further on": [a_close(), a_closed(), Change(trade=replace(a_closed().trade, version=4))],
        "another order": [replace(a_close(), orders=())],
        "another entry": [a_close(), replace(a_closed(), entries=())],
    }
    beside.write_bytes(b"")
    async with books_over(database, beside) as books:
        for change in elsewhere[behind]:
            await books.commit(change)
    beside.write_bytes({"a hole": second, "another order": first}.get(behind, left))
    async with books_over(database, beside) as books:
        with pytest.raises(Fatal, match="do not fit"):
            await books.live()
        with pytest.raises(Fatal, match="do not fit"):
            await books.commit(Change(trade=a_trade(9, owner=OWNER)))


async def test_a_misfit_that_is_found_while_the_desk_runs_stops_it(database: Database, beside: Path) -> None:
    async with books_over(database, beside) as books:
        async with locked(database.place, moves_on=True):
            await books.commit(a_close())

        async def is_refused() -> bool:
            try:
                await books.commit(a_close())
            except Conflict:
                return False
            except Fatal as error:
                return "orders of trades [1] are in other states there" in str(error)
            return False

        await until(is_refused, "the desk refuses to trade")


def test_a_change_is_the_same_after_its_way_through_json() -> None:
    order = an_order(
        an_intent(
            owner=OWNER, worst_price=Decimal("1E-7"), reason='\u20bf \n "x"', trigger_price=Decimal("0.10")
        ),
        fill_ids=("f1", "f2"),
        queue_ahead=Decimal("12345678901234567890.000000001"),
    )
    trade = a_trade(3, owner=OWNER, risk=Decimal("-0"), is_cross=True, chat_id=7, closed_at=NOON)
    change = Change(trade=trade, orders=(order,), fills=a_closed().fills, entries=a_closed().entries)
    assert unpacked(packed(change)) == change
    assert str(unpacked(packed(change)).orders[0].queue_ahead) == "12345678901234567890.000000001"


def test_what_an_older_version_did_not_know_has_its_default() -> None:
    row = dict(packed(a_close()))
    row["trade"] = {name: value for name, value in row["trade"].items() if name != "is_cross"}
    assert unpacked(row) == a_close()


def test_an_append_begins_behind_the_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "changes"
    ChangeFile(path).append([a_close()])
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:-1])
    file = ChangeFile(path)
    assert file.read() == [a_close()]
    file.append([a_closed()])
    assert ChangeFile(path).read() == [a_close(), a_closed()]
    assert path.stat().st_mode & 0o777 == 0o600
    file.empty()
    assert ChangeFile(path).read() == []


def test_an_append_leaves_no_hole_in_a_file_that_was_emptied(tmp_path: Path) -> None:
    file = ChangeFile(tmp_path / "changes")
    file.append([a_close()])
    file.path.write_bytes(b"")
    file.append([a_closed()])
    assert ChangeFile(file.path).read() == [a_closed()]
