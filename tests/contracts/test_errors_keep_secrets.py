"""What ccxt and aiohttp say when a signed request fails, over the wire: no key, secret or signature is in it
once it is logged, even before anybody has learned which secrets there are."""

import re
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import ccxt.async_support
import pytest

from adapters.exchange.address import redirect
from bot.logs import MASK, Redactor
from engines.core.side import Direction
from ports.errors import DeskError
from sandbox.accounts import TRADING, WITHDRAWING
from tests.build.venue_worlds import BYBIT, GATE, Drafts, WireWorld

both = pytest.mark.parametrize("world", [BYBIT, GATE], indirect=True)
SIGNATURE = re.compile(r"[0-9a-fA-F]{64,}")
_FAULTS: dict[str, dict[str, Any]] = {
    "down": {"down": True},
    "a server error": {"status": 502},
    "nonsense": {"malformed": True},
    "late": {"skew_ms": 70_000},
}


@both
@pytest.mark.parametrize("what", [*_FAULTS, "a wrong secret"])
async def test_of_a_request_that_fails_no_secret_is_told(world: WireWorld, what: str) -> None:
    key = replace(TRADING, secret="quite-another-secret-0123") if what not in _FAULTS else TRADING
    venue, books = world.open_account(key, timeout_ms=2_000)
    world.fault(**_FAULTS.get(what, {}))
    told = [
        await words_of(books.balances),
        await words_of(books.key),
        await words_of(lambda: venue.submit(Drafts(world).resting(), Direction.LONG)),
    ]
    assert any(told)
    for words in told:
        for hidden in (key.key, key.secret):
            assert hidden not in Redactor().text(words)
        assert not SIGNATURE.search(Redactor().text(words))


@both
async def test_of_what_ccxt_itself_would_say_no_secret_is_told(world: WireWorld) -> None:
    """Its own clients quote URLs, bodies and answers; headers and URLs are those of a signed request."""
    client = getattr(ccxt.async_support, world.name)(
        {"apiKey": WITHDRAWING.key, "secret": WITHDRAWING.secret}
    )
    redirect(client, "http://127.0.0.1:1")  # nobody listens there
    path, api = {BYBIT: ("v5/account/info", ["private"]), GATE: ("accounts", ["private", "spot"])}[world.name]
    signed = client.sign(path, api, "GET", {"coin": "BTC"})
    try:
        words = await words_of(lambda: client.fetch(signed["url"], "GET", signed["headers"], None))
    finally:
        await client.close()
    line = f"{words} {signed['url']} {signed['headers']}"
    assert WITHDRAWING.key in line
    assert SIGNATURE.search(line)
    shown = Redactor((WITHDRAWING.key, WITHDRAWING.secret)).text(line)
    assert MASK in shown
    assert WITHDRAWING.key not in shown
    assert not SIGNATURE.search(shown)


async def words_of(deed: Callable[[], Awaitable[object]]) -> str:
    """All that is told of how it failed, causes included; what it answered, where it did not."""
    try:
        return repr(await deed())
    except (DeskError, ccxt.BaseError) as error:
        return "".join(traceback.format_exception(error))
