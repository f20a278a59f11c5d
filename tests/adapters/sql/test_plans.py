"""What is looked up all the time is found by an index, however many orders there are."""

from sqlalchemy import text

from adapters.sql.book_reads import placed
from adapters.sql.database import Database
from adapters.sql.tables import intents, orders


async def test_an_order_is_found_by_its_id_at_the_venue_without_reading_them_all(database: Database) -> None:
    query = placed().where(orders.c.venue_id == "77", intents.c.account == "bybit")
    async with database.writer.begin() as connection:
        if database.place.path is None:
            await connection.execute(text("SET LOCAL enable_seqscan = off"))  # a small table is read at once
        compiled = query.compile(dialect=connection.dialect)
        explain = "EXPLAIN QUERY PLAN" if database.place.path else "EXPLAIN"
        names = compiled.positiontup or ()
        told = await connection.exec_driver_sql(
            f"{explain} {compiled}", tuple(compiled.params[name] for name in names)
        )
        plan = "\n".join(" ".join(map(str, row)) for row in told)
    assert "ix_orders_venue_id" in plan
