"""A web page that someone happens to visit cannot work the sandbox through the browser."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio

from sandbox.server import serve
from sandbox.telegram.people import BOT_TOKEN
from sandbox.world import WorldOptions
from tests.build.sandbox import a_world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def url() -> AsyncIterator[str]:
    runner, url = await serve(a_world(WorldOptions()), 0)
    yield url
    await runner.cleanup()


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Host": "evil.example"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "evil.example", "Origin": "http://evil.example"},
    ],
)
@pytest.mark.parametrize(
    "path", ["/control/state", "/control/stream", f"/bot{BOT_TOKEN}/getMe", "/clock", "/"]
)
async def test_other_pages_are_refused(url: str, path: str, headers: dict[str, str]) -> None:
    async with aiohttp.ClientSession() as http, http.get(url + path, headers=headers) as response:
        assert response.status == 403
        assert "own page" in (await response.json())["error"]


async def test_a_picture_on_another_page_makes_the_bot_say_nothing_but_a_link_here_works(url: str) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    async with aiohttp.ClientSession(headers=foreign) as http:
        async with http.get(f"{url}/bot{BOT_TOKEN}/getMe") as response:
            assert response.status == 403
        async with http.get(f"{url}/") as response:
            assert response.status == 200


async def test_programs_and_the_own_page_are_answered(url: str) -> None:
    port = url.rpartition(":")[2]
    async with aiohttp.ClientSession() as http:
        for headers in (
            {},
            {"Origin": url},
            {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"},
            {"Host": "[::1]"},
        ):
            async with http.get(f"{url}/control/state", headers=headers) as response:
                assert response.status == 200
        async with http.ws_connect(f"{url}/control/stream", origin=url) as stream:
            assert (await stream.receive_json())["type"] == "clock"
