"""A desk in this process, fed with updates whose handler does nothing: what is left is the road to it."""

import asyncio
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from aiogram import Bot, Dispatcher, Router
from aiogram.filters import Command as CommandFilter
from aiogram.types import Message, Update

from benchmarks.process import ADMIN, TOKEN
from bot.container import build_services
from bot.dispatcher import build_dispatcher
from bot.outside import Outside, open_outside
from bot.settings import Settings
from bot.switchboard import Switchboard
from handlers.ui.request import Request
from handlers.ui.table import Command, Table, Topic
from ports.messages import Screen

_BATCH, _BATCHES = 300, 15


class Silent:
    """A handler that counts its calls and answers nothing."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, request: Request) -> Screen | None:
        """The desk's handler."""
        self.calls += 1
        return None

    async def plain(self, message: Message) -> None:
        """The framework's handler."""
        self.calls += 1


async def desk_us(handlers: int) -> float:
    """CPU microseconds of one update to the last of so many handlers of the desk."""
    silent = Silent()
    table = Table.of([_command(f"c{number}", silent) for number in range(handlers)], [])
    settings = _settings()
    async with _outside(settings) as outside:
        services = replace(
            build_services(settings, outside, jobs=list, started_at=datetime.now(UTC)), table=table
        )
        await services.people.load()
        telegram = outside.telegram
        switchboard = Switchboard(services, telegram.messenger, telegram.bot, "bench_bot")
        dispatcher = build_dispatcher(switchboard, settings)
        return await _fed(dispatcher, telegram.bot, f"/c{handlers - 1}", silent)


async def framework_us(handlers: int) -> float:
    """The same with one filter a command, as the framework's tutorials do it, and no middleware."""
    silent = Silent()
    dispatcher, router = Dispatcher(disable_fsm=True), Router()
    for number in range(handlers):
        router.message.register(silent.plain, CommandFilter(f"c{number}"))
    dispatcher.include_router(router)
    return await _fed(dispatcher, Bot(TOKEN), f"/c{handlers - 1}", silent)


async def _fed(dispatcher: Dispatcher, bot: Bot, text: str, silent: Silent) -> float:
    times = []
    for batch in range(_BATCHES):
        updates = [_update(bot, text, batch * _BATCH + number) for number in range(_BATCH)]
        start = time.process_time()
        for update in updates:
            await dispatcher.feed_update(bot, update, is_late=False)
        times.append((time.process_time() - start) / _BATCH)
    if silent.calls != _BATCH * _BATCHES:
        raise RuntimeError(f"{silent.calls} of {_BATCH * _BATCHES} updates reached the handler")
    return median(times) * 1e6


def _command(name: str, handler: Silent) -> Command:
    return Command(name=name, handler=handler, topic=Topic.DESK, summary=name)


def _update(bot: Bot, text: str, number: int) -> Update:
    """An update as the polling loop hands it over: bound to the bot, with a number of its own."""
    user = {"id": ADMIN, "is_bot": False, "first_name": "Anna", "language_code": "en"}
    message = {
        "message_id": number,
        "date": int(time.time()),
        "chat": {"id": ADMIN, "type": "private"},
        "from": user,
        "text": text,
    }
    return Update.model_validate({"update_id": number, "message": message}, context={"bot": bot})


def _settings() -> Settings:
    quick = {"flood_per_s": 100_000, "flood_burst": 100_000}
    return Settings.model_validate(
        {"telegram_bot_token": TOKEN, "telegram": {"admins": (ADMIN,), **quick}, "log": {"level": "error"}}
    )


@asynccontextmanager
async def _outside(settings: Settings) -> AsyncIterator[Outside]:
    """Adapters over an empty database; nothing outside is called."""
    with tempfile.TemporaryDirectory() as folder:
        desk = settings.desk.model_copy(update={"data_dir": Path(folder)})
        outside = await open_outside(settings.model_copy(update={"desk": desk}))
        try:
            yield outside
        finally:
            await outside.close()
            await asyncio.sleep(0)
