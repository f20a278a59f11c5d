"""The whole desk on PostgreSQL: the same answers as on SQLite, and a restart forgets nothing."""

from pathlib import Path

from sqlalchemy import Connection, inspect

from adapters.sql.database import open_for_migration
from adapters.sql.place import locate
from sandbox.world import WorldOptions
from tests.build.desk import running_desk
from tests.build.sandbox import TOM, VERA, Sandbox, onboard, running_sandbox

QUESTIONS = (
    "/settings zone tokyo",
    "/digest 18:45",
    "/watch eth",
    "/alert eth > 10%",
    "/alerts",
    "/trades",
    "/portfolio",
    "/close btc",
    "/portfolio",
)


async def test_both_databases_give_the_same_answers(
    tmp_path: Path, small_recording: Path, postgres_url: str
) -> None:
    """On a market that stands still, a person who trades is told the same, to the letter."""
    told: list[list[str]] = []
    for url in (f"sqlite:///{tmp_path}/desk.sqlite", postgres_url):
        world = WorldOptions(replay=small_recording, speed=0.0)
        folder = tmp_path / str(len(told))
        folder.mkdir()
        async with running_sandbox(folder, world) as sandbox, running_desk(sandbox, database_url=url):
            told.append(await a_conversation(sandbox))

    assert told[0] == told[1]
    assert "#1 BTC long" in told[0][-3]


async def a_conversation(sandbox: Sandbox) -> list[str]:
    """What a trader hears: a trade, and everything that is kept."""
    await onboard(sandbox, TOM)
    offer = await sandbox.ask(TOM, "/trade btc long 100 sl 3% tp 2% x2")
    await sandbox.tap(TOM, offer, "Open")
    trade = await sandbox.edited(offer, "#1")
    answers = [await sandbox.ask(TOM, question) for question in QUESTIONS]
    return [str(message["text"]) for message in (trade, *answers)]


async def test_a_desk_on_postgresql_remembers(sandbox: Sandbox, postgres_url: str) -> None:
    async with running_desk(sandbox, database_url=postgres_url):
        await onboard(sandbox, VERA)
        await sandbox.ask(VERA, "/settings zone tokyo")
        assert "18:45" in (await sandbox.ask(VERA, "/digest 18:45"))["text"]
        assert "ETH" in (await sandbox.ask(VERA, "/watch eth"))["text"]

    async with running_desk(sandbox, database_url=postgres_url):
        settings = (await sandbox.ask(VERA, "/settings"))["text"]
        assert "Asia/Tokyo" in settings
        assert "18:45" in settings
        price = await sandbox.ask(VERA, "/price eth")
        assert "Unwatch" in [button["text"] for row in price["buttons"] for button in row]

    desk, market = await tables(postgres_url, "desk"), await tables(postgres_url, "market")
    assert {"people", "trades", "alerts"} <= desk
    assert market
    assert desk & market <= {"alembic_version", "stamp"}


async def tables(url: str, schema: str) -> set[str]:
    """Tables of one of our schemas."""

    def look(connection: Connection) -> set[str]:
        return set(inspect(connection).get_table_names(schema=schema))

    engine = open_for_migration(locate(url, schema=schema))
    async with engine.connect() as connection:
        found = await connection.run_sync(look)
    await engine.dispose()
    return found
