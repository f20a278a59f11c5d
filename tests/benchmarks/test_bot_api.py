"""The Bot API of the benchmarks speaks with the real client."""

import asyncio
from itertools import cycle

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from adapters.telegram.methods import RawUpdates
from benchmarks.bot_api import BotApi
from benchmarks.process import TOKEN


async def test_updates_are_handed_out_and_answers_are_timed() -> None:
    api = BotApi(cycle(["/help", "/top 5"]), range(5001, 5004), total=5, settle_s=0)
    server = await asyncio.start_server(api.connection, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    bot = Bot(TOKEN, AiohttpSession(api=TelegramAPIServer.from_base(address)))
    try:
        assert (await bot.me()).username == "bench_bot"
        assert await bot(RawUpdates()) == []
        texts = []
        while not api.done.is_set():
            for update in await bot(RawUpdates()):
                texts.append(update["message"]["text"])
                await bot.send_chat_action(update["message"]["chat"]["id"], "typing")
                await bot.send_message(update["message"]["chat"]["id"], "1 & 2 = 3")
        assert texts == ["/help", "/top 5", "/help", "/top 5", "/help"]
        assert [took >= 0 for _, took in api.answers] == [True] * 5
        await bot.send_message(1, "to somebody who asked nothing")
        assert len(api.answers) == 5
    finally:
        await bot.session.close()
        server.close()
        await api.close()
