"""Nobody is spoken to who is not on the list, whichever way."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import aiohttp
import ccxt.async_support
import pytest
import uvloop
from aiogram import Bot
from aiogram.exceptions import TelegramNetworkError
from aiohttp import web
from pydantic import SecretStr

from adapters.heartbeat import HttpBeacon
from adapters.outbound_list import OutboundList, keep_to
from adapters.outbound_loop import fenced
from adapters.sql.place import locate
from bot.outside import fenced_loop, outbound_list
from bot.settings import DeskSettings as Desk
from bot.settings import MarketSettings, Settings, TelegramSettings, VenuesSettings
from ports.errors import Transient

LISTED = OutboundList({"api.telegram.org": "telegram.api_url", ".bybit.com": "market.bybit_url"})


@pytest.fixture
def kept() -> Iterator[Callable[[OutboundList], None]]:
    """Keeps to a list for the test."""
    ends: list[Callable[[], None]] = []
    yield lambda allowed: ends.append(keep_to(allowed))
    for end in reversed(ends):
        end()


@asynccontextmanager
async def a_server(answer: Callable[[web.Request], web.StreamResponse]) -> AsyncIterator[str]:
    """On loopback."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return answer(request)

    app = web.Application()
    app.router.add_get("/", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("host", "is_allowed"),
    [
        ("api.telegram.org", True),
        ("API.Telegram.org", True),
        ("api.bybit.com", True),
        ("bybit.com", True),
        ("notbybit.com", False),
        ("api.bybit.com.evil.example", False),
        ("evil.example", False),
        ("192.0.2.1", False),
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("", False),
    ],
)
def test_hosts_are_on_the_list_or_not(host: str, is_allowed: bool) -> None:
    assert LISTED.allows(host) is is_allowed


def test_a_sandbox_allows_this_machine_alone() -> None:
    local = OutboundList(LISTED.hosts, is_local_only=True)
    assert not local.allows("api.bybit.com")
    assert local.allows("127.0.0.1")
    assert "desk.world" in local.refusal("api.bybit.com")


async def test_the_refusal_names_the_settings_before_anything_is_looked_up(
    kept: Callable[[OutboundList], None],
) -> None:
    kept(LISTED)
    async with aiohttp.ClientSession() as session:
        for url in ("https://evil.example/", "http://192.0.2.1/"):
            with pytest.raises(aiohttp.ClientConnectorError, match=r"market\.bybit_url, telegram\.api_url"):
                await session.get(url)
        with pytest.raises(aiohttp.ClientConnectorError, match="not on the list"):
            await session.ws_connect("wss://evil.example/stream")


async def test_a_redirect_leads_nowhere_else(kept: Callable[[OutboundList], None]) -> None:
    kept(LISTED)

    def away(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "https://evil.example/"})

    async with a_server(away) as url, aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError, match=r"evil\.example is not on the list"):
            await session.get(url)


async def test_this_machine_is_reached(kept: Callable[[OutboundList], None]) -> None:
    kept(OutboundList({}, is_local_only=True))
    here = a_server(lambda request: web.Response(text="here"))
    async with here as url, aiohttp.ClientSession() as session, session.get(url) as answer:
        assert await answer.text() == "here"


async def test_libraries_keep_to_it_too(kept: Callable[[OutboundList], None]) -> None:
    kept(OutboundList({}))
    client = ccxt.async_support.bybit()
    bot = Bot("123456789:AAF-obviously-not-a-real-token-0000")
    try:
        with pytest.raises(ccxt.NetworkError) as refused:
            await client.fetch_time()
        assert "api.bybit.com is not on the list" in str(refused.value.__cause__)
        with pytest.raises(TelegramNetworkError, match=r"api\.telegram\.org is not on the list"):
            await bot.get_me()
    finally:
        await client.close()
        await bot.session.close()


async def test_the_outside_watch_is_kept_to_it_and_follows_no_redirect(
    kept: Callable[[OutboundList], None],
) -> None:
    kept(OutboundList({}))
    beacon = HttpBeacon("https://watch.example/secret")
    try:
        with pytest.raises(Transient, match="out of reach: ClientConnectorError"):
            await beacon.light()
    finally:
        await beacon.close()

    def away(request: web.Request) -> web.StreamResponse:
        return web.Response(status=302, headers={"Location": "https://evil.example/"})

    async with a_server(away) as url:
        redirected = HttpBeacon(url)
        with pytest.raises(Transient, match="answers 302"):
            await redirected.light()
        await redirected.close()


@pytest.mark.parametrize("base", [asyncio.SelectorEventLoop, uvloop.Loop])
def test_what_goes_around_aiohttp_meets_the_loop(base: type[asyncio.AbstractEventLoop]) -> None:
    """As a database driver or httpx connects."""

    async def others() -> None:
        for host in ("evil.example", "192.0.2.1", "2001:db8::1"):
            with pytest.raises(OSError, match="not on the list"):
                await asyncio.open_connection(host, 443)
        with pytest.raises(OSError, match="not on the list"):
            await asyncio.get_running_loop().getaddrinfo("evil.example", 443)
        here = a_server(lambda request: web.Response(text="here"))
        async with here as url, aiohttp.ClientSession() as session:
            async with session.get(url.replace("127.0.0.1", "localhost")) as answer:
                assert await answer.text() == "here"
            _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
            writer.close()

    with asyncio.Runner(loop_factory=fenced(base, LISTED)) as runner:
        runner.run(others())


def test_the_database_of_the_settings_is_on_the_list_of_the_loop() -> None:
    url = SecretStr("postgresql://desk:hush-hush@db.example/desk")
    loop = fenced_loop(Settings(database_url=url), asyncio.SelectorEventLoop)
    with asyncio.Runner(loop_factory=loop) as runner:
        with pytest.raises(RuntimeError, match=r"db\.example"):  # it went as far as the tests' own fence
            runner.run(_look_up("db.example"))
        with pytest.raises(OSError, match="DATABASE_URL") as refused:
            runner.run(_look_up("evil.example"))
    assert "hush-hush" not in str(refused.value)
    several = locate(
        "postgresql://desk@/desk?host=One.example:5432&host=two.example&host=/run", schema="desk"
    )
    assert several.hosts == ("one.example", "two.example")


async def _look_up(host: str) -> None:
    await asyncio.get_running_loop().getaddrinfo(host, 5432)


def test_the_list_comes_from_the_settings() -> None:
    usual = outbound_list(Settings())
    for host in ("api.telegram.org", "stream.bybit.com", "fapi.binance.com", "api.gateio.ws"):
        assert usual.allows(host)
    settings = Settings(
        telegram=TelegramSettings(api_url="https://bots.example"),
        market=MarketSettings(bybit_url="https://prices.example/bybit", reference=False),
        venues=VenuesSettings(bybit_url="https://orders.example", gate_url="https://orders.example"),
        desk=Desk(heartbeat_url="https://watch.example/secret"),
    )
    own = outbound_list(settings)
    assert set(own.hosts) == {"bots.example", "prices.example", "orders.example", "watch.example"}
    assert "secret" not in own.refusal("evil.example")
    assert not own.allows("api.bybit.com")
    assert outbound_list(Settings(desk=Desk(world="sandbox:x"))).is_local_only
