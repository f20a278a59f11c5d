from types import SimpleNamespace

import pytest

from adapters.exchange.address import redirect
from adapters.exchange.build import VENUES, build_market_source
from tests.build.clock import HandClock


def addresses(part: object) -> list[str]:
    if isinstance(part, dict):
        return [address for one in part.values() for address in addresses(one)]
    return [str(part)]


def test_paths_are_kept_and_streams_stay_streams() -> None:
    exchange = SimpleNamespace(
        urls={
            "api": {
                "public": "https://api.{hostname}/api/v3",
                "ws": {"public": {"spot": "wss://stream.{hostname}/v5/public/spot"}},
            }
        }
    )
    redirect(exchange, "http://127.0.0.1:8090/bybit/")
    assert exchange.urls["api"] == {
        "public": "http://127.0.0.1:8090/bybit/api/v3",
        "ws": {"public": {"spot": "ws://127.0.0.1:8090/bybit/v5/public/spot"}},
    }


def test_an_encrypted_base_keeps_the_stream_encrypted() -> None:
    exchange = SimpleNamespace(urls={"api": {"ws": "wss://stream.example/v5"}})
    redirect(exchange, "https://desk.example")
    assert exchange.urls["api"]["ws"] == "wss://desk.example/v5"


@pytest.mark.parametrize("venue", VENUES)
async def test_no_address_of_a_redirected_client_leads_outside(venue: str) -> None:
    import ccxt.pro

    client = getattr(ccxt.pro, venue)()
    redirect(client, "http://127.0.0.1:1/x")
    found = addresses(client.urls["api"])
    assert found
    assert all(address.startswith(("http://127.0.0.1:1/x", "ws://127.0.0.1:1/x")) for address in found)
    await client.close()


async def test_live_clients_respect_rate_limits_and_their_own_hosts() -> None:
    source = build_market_source("bybit", HandClock())
    assert source.venue == "bybit"
    await source.close()


def test_a_venue_that_we_do_not_know_is_an_error() -> None:
    with pytest.raises(KeyError):
        build_market_source("mtgox", HandClock())
