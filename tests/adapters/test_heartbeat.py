"""The outside heartbeat over the wire."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from adapters.heartbeat import HttpBeacon
from ports.errors import Transient


class Watch:
    """An address that counts how often it was asked for."""

    def __init__(self) -> None:
        self.status, self.asked, self.is_stuck = 200, 0, False
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        if self.is_stuck:
            await asyncio.sleep(3600)
        return web.Response(status=self.status, headers={"Location": "/elsewhere"})


@pytest.fixture
async def watch() -> AsyncIterator[Watch]:
    watch, app = Watch(), web.Application()
    app.router.add_get("/ping/{token}", watch.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    watch.url = "http://127.0.0.1:{}/ping/s3cret".format(*runner.addresses[0][1:2])
    yield watch
    await runner.cleanup()


async def test_the_watch_hears_us(watch: Watch) -> None:
    beacon = HttpBeacon(watch.url)
    await beacon.light()
    await beacon.light()
    await beacon.close()
    await beacon.close()

    assert watch.asked == 2


@pytest.mark.parametrize("status", [302, 404, 500])
async def test_an_answer_that_is_no_success_is_as_good_as_none(watch: Watch, status: int) -> None:
    watch.status = status
    beacon = HttpBeacon(watch.url)

    with pytest.raises(Transient, match=str(status)):
        await beacon.light()
    await beacon.close()

    assert watch.asked == 1


async def test_neither_silence_nor_absence_names_the_address(watch: Watch) -> None:
    watch.is_stuck = True
    for beacon in (HttpBeacon(watch.url, within_s=0.05), HttpBeacon("http://127.0.0.1:1/ping/s3cret")):
        with pytest.raises(Transient) as caught:
            await beacon.light()
        await beacon.close()
        assert "s3cret" not in str(caught.value)
