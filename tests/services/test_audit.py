"""What is noted is stored in order and without secrets, whatever the database does meanwhile."""

import asyncio
from decimal import Decimal

from bot.logs import Redactor
from ports.errors import Transient
from services.audit import AGAIN_S, LONGEST, Audit
from tests.build.clock import NOON, HandClock
from tests.build.desk_state import MemoryAudit
from tests.build.virtual_time import in_virtual_time

KEY = "0123456789abcdef" * 4


def an_audit(store: MemoryAudit) -> Audit:
    return Audit(store, HandClock(), Redactor(("hunter22",)).text)


async def test_a_deed_is_kept_with_who_where_when_and_what_came_of_it() -> None:
    store = MemoryAudit()
    audit = an_audit(store)
    audit.note(7, -100, "/kill", "done", {"text": "2", "level": 2, "size": Decimal("0.10"), "reason": None})
    assert await audit.flush()
    [(number, record)] = await audit.latest(limit=9)
    assert (number, record.at, record.person_id, record.chat_id) == (1, NOON, 7, -100)
    assert (record.deed, record.outcome) == ("/kill", "done")
    assert record.params == {"text": "2", "level": 2, "size": "0.10", "reason": None}


async def test_no_secret_and_no_novel_gets_in() -> None:
    store = MemoryAudit()
    audit = an_audit(store)
    audit.note(
        7, 7, "/order", f"refused {KEY}", {"text": f"hunter22 {KEY} 123456789:{'A' * 35}", "long": "x" * 999}
    )
    await audit.flush()
    stored = str(store.records)
    assert "hunter22" not in stored
    assert KEY not in stored
    assert "AAAA" not in stored
    assert len(str(store.records[0].params["long"])) == LONGEST


def test_a_database_in_trouble_delays_the_log_and_nothing_else() -> None:
    async def scenario() -> None:
        store = MemoryAudit()
        audit = an_audit(store)
        running = asyncio.create_task(audit.run())
        store.failure = Transient("locked", kind="database")
        for deed in ("a", "b", "c"):
            audit.note(7, 7, deed, "done")
        await asyncio.sleep(3 * AGAIN_S)
        assert store.records == []

        store.failure = None
        await asyncio.sleep(AGAIN_S)
        assert [record.deed for record in store.records] == ["a", "b", "c"]
        audit.note(7, 7, "d", "done")
        await asyncio.sleep(0)
        assert [record.deed for record in store.records][-1] == "d"
        running.cancel()

    in_virtual_time(scenario)


async def test_names_of_params_are_free() -> None:
    store = MemoryAudit()
    audit = an_audit(store)
    audit.note(7, 7, "reconcile", "done", {"deed": "adopt", "event": "x", "outcome": "y", "self": "z"})
    assert await audit.flush()
    [(_, record)] = await audit.latest(limit=1)
    assert record.deed == "reconcile"
    assert record.params == {"deed": "adopt", "event": "x", "outcome": "y", "self": "z"}
