"""A thousand commands, taps and broken updates from several people: nothing dies, nothing leaks."""

import asyncio
from itertools import islice
from pathlib import Path
from typing import Any

from bot.app import App
from sandbox.telegram.callbacks import Answer
from sandbox.telegram.conversation import Impossible, say
from tests.build.desk import DeskProcess, descendants, desk_process, is_alive
from tests.build.fuzz import hostile_data, hostile_texts, hostile_updates
from tests.build.sandbox import ANNA, TOM, VERA, Sandbox, onboard, until

PEOPLE = (ANNA, TOM, VERA)
BROKEN = "Something broke on my side"
OTHERS = 20
"""Tasks that may begin meanwhile and stay, such as the collector's; nonsense asks hundreds of questions."""
LONGEST_SILENCE_S = 60.0


async def pester(sandbox: Sandbox, user: int, seed: int, *, texts: int, taps: int, broken: int) -> None:
    """Send nonsense as one person and wait until each text and each tap has been answered."""
    twin = sandbox.world.telegram
    person = twin.people.get(user)
    assert person is not None
    answered_before = len(await sandbox.from_bot(user))
    said = 0
    for text in islice(hostile_texts(seed), texts):
        try:
            said += len(say(twin, person, text))
        except Impossible:  # nothing visible is left of it: Telegram would not let it be sent
            continue
        await asyncio.sleep(0)
    toasts = [tap(sandbox, user, data) for data in islice(hostile_data(seed), taps)]
    for kind, body in islice(hostile_updates(seed, person.api()), broken):
        twin.updates.push(kind, body)

    async def are_answered() -> bool:
        return len(await sandbox.from_bot(user)) - answered_before >= said

    await until(are_answered, f"{said} answers to {user}", within_s=LONGEST_SILENCE_S)
    async with asyncio.timeout(LONGEST_SILENCE_S):
        assert None not in await asyncio.gather(*toasts)


def tap(sandbox: Sandbox, user: int, data: str) -> "asyncio.Future[Answer | None]":
    """Press a button that need not exist, under a message that need not exist."""
    twin = sandbox.world.telegram
    person = twin.people.get(user)
    assert person is not None
    query_id, answered = twin.callbacks.open(user)
    chat = {"id": user, "type": "private", "first_name": person.name}
    message: dict[str, Any] = {"message_id": 10**9, "date": 0, "chat": chat}
    twin.updates.push(
        "callback_query",
        {"id": query_id, "from": person.api(), "message": message, "chat_instance": "1", "data": data},
    )
    return answered


async def said_broken(sandbox: Sandbox) -> list[str]:
    """Answers that admit a bug, with the question before each."""
    found = []
    for user in PEOPLE:
        messages = await sandbox.messages(user)
        found += [message["text"] for message in messages if BROKEN in message["text"]]
    return found


async def test_nonsense_is_answered_and_leaves_no_task_behind(sandbox: Sandbox, desk: App) -> None:
    for user in PEOPLE:
        await onboard(sandbox, user)
        await pester(sandbox, user, seed=user, texts=5, taps=5, broken=2)
    await end_trades(desk, "before")
    tasks = our_tasks()

    await asyncio.gather(
        *(pester(sandbox, user, seed=user + 50, texts=60, taps=40, broken=14) for user in PEOPLE)
    )

    await end_trades(desk, "after")

    async def is_calm() -> bool:
        return our_tasks() <= tasks + OTHERS

    await until(is_calm, "the tasks of the answers are gone")
    assert await said_broken(sandbox) == []


async def test_a_thousand_fuzzed_updates_neither_kill_nor_fatten_a_process_that_then_stops_cleanly(
    sandbox: Sandbox,
) -> None:
    async with desk_process(sandbox) as desk:
        for user in PEOPLE:
            await onboard(sandbox, user)
        await fuzz(sandbox, seed=1)
        memory_mb, files = desk.resident_mb(), open_files(desk.pid)

        await fuzz(sandbox, seed=2)
        await fuzz(sandbox, seed=3)

        assert desk.code is None
        assert desk.resident_mb() - memory_mb < 20
        assert open_files(desk.pid) - files < 10
        assert await said_broken(sandbox) == []

        await stop_in_the_middle_of_work(sandbox, desk)

        worst = {"task_died", "handler_failed", "update_failed", "cannot_go_on"}
        assert [line for line in desk.events() if line["event"] in worst] == []
        assert "Traceback" not in desk.output()


async def stop_in_the_middle_of_work(sandbox: Sandbox, desk: DeskProcess) -> None:
    """SIGTERM while charts are being drawn: exit code 0, and no process left."""
    await sandbox.ask(VERA, "/chart btc")
    family = descendants(desk.pid)
    assert family
    for _ in range(5):
        await sandbox.say(VERA, "/chart btc 5m")

    assert await desk.stop() == 0

    assert desk.events()[-1]["event"] == "desk_stopped"
    assert not any(is_alive(one) for one in family)


async def fuzz(sandbox: Sandbox, seed: int) -> None:
    """A third of a thousand, from everybody at once."""
    await asyncio.gather(
        *(pester(sandbox, user, seed=seed * 10_000 + user, texts=60, taps=40, broken=12) for user in PEOPLE)
    )


async def end_trades(desk: App, key: str) -> None:
    """Nonsense may open a trade by chance, and a market with one is followed by tasks of its own."""
    for person in desk.services.people.all():
        await desk.services.trades.reset(person, key=key)


def our_tasks() -> int:
    """Tasks of this process, without those of the sandbox's HTTP connections."""
    names = [str(task.get_coro()) for task in asyncio.all_tasks()]
    return sum("RequestHandler" not in name for name in names)


def open_files(pid: int) -> int:
    """Sockets and files that a process holds open."""
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
