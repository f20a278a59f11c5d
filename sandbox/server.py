"""The sandbox's one server: every twin, the control API and the chat page on a loopback port."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

from aiohttp import hdrs, web

from sandbox.binance import binance_routes
from sandbox.bybit.routes import bybit_routes
from sandbox.clock import clock_routes
from sandbox.control import WorldControl
from sandbox.faults import faults_middleware
from sandbox.gate.routes import gate_routes
from sandbox.telegram.requests import MAX_UPLOAD_BYTES
from sandbox.telegram.routes import telegram_routes
from sandbox.visitors import own_visitors_only
from sandbox.wiretap import wiretap_middleware
from sandbox.world import World

HOST = "127.0.0.1"
DEFAULT_PORT = 8090
SHUTDOWN_S = 0.25  # aiohttp waits twice as long for what is not released: open feeds, delayed answers
PAGE = Path(__file__).parent / "page"


def build_app(world: World) -> web.Application:
    """The application; stopping it closes the world."""
    app = web.Application(
        middlewares=[
            own_visitors_only,
            wiretap_middleware(world.wiretap),
            faults_middleware(world.faults),
        ],
        client_max_size=MAX_UPLOAD_BYTES + 2**20,
    )
    app.add_routes(telegram_routes(world.telegram))
    bybit, gate = world.venues["bybit"], world.venues["gate"]
    app.add_routes(bybit_routes(world.market, world.clock, world.faults, bybit, world.wiretap))
    app.add_routes(binance_routes(world.market, world.clock))
    app.add_routes(gate_routes(world.market, world.clock, world.faults, gate, world.wiretap))
    app.add_routes(clock_routes(world.clock, lambda: world.faults.is_silent("clock")))
    app.add_routes(WorldControl(world).routes())
    app.add_routes([web.get("/", _index), web.static("/static", PAGE)])
    app.on_response_prepare.append(_always_ask_again)

    async def run(_: web.Application) -> AsyncIterator[None]:
        pulse = asyncio.create_task(world.pulse())
        yield
        pulse.cancel()
        with suppress(asyncio.CancelledError):
            await pulse
        world.close()

    async def release(_: web.Application) -> None:
        await world.release()

    app.cleanup_ctx.append(run)
    app.on_shutdown.append(release)
    return app


async def serve(world: World, port: int = DEFAULT_PORT) -> tuple[web.AppRunner, str]:
    """Listen on loopback; port 0 takes any free one. `runner.cleanup()` stops the server and the world.

    Raises `OSError` when the port is taken.
    """
    runner = web.AppRunner(build_app(world), access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
    except OSError:
        await runner.cleanup()
        raise
    return runner, f"http://{HOST}:{runner.addresses[0][1]}"


async def _index(request: web.Request) -> web.FileResponse:
    return web.FileResponse(PAGE / "index.html")


async def _always_ask_again(request: web.Request, response: web.StreamResponse) -> None:
    """Page files may change between versions on the same port: the browser is to ask each time."""
    if request.path == "/" or request.path.startswith("/static/"):
        response.headers[hdrs.CACHE_CONTROL] = "no-cache"
