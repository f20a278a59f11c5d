"""The flooding venue: what it says is what Bybit says, and both ways of following it come to the end."""

from collections import Counter

import orjson

from adapters.exchange.bybit_topics import SpotTickerTopic
from benchmarks.flood import LAST, ROUNDS, SYMBOLS, frames, ticker
from benchmarks.market import ccxt_cpu_s, flood, own_cpu_s


def test_a_ticker_of_the_flood_is_of_full_length_and_read_as_one() -> None:
    raw = ticker("C00USDT", 7, "12.5")
    assert len(raw) == 560
    topic = SpotTickerTopic(Counter())
    topic.take(raw)
    (read,) = topic.news()
    assert (read.symbol, str(read.last), str(read.bid)) == ("C00USDT", "12.5", "1000.00")


def test_every_market_ends_with_the_last_price() -> None:
    flooding = frames()
    assert len(flooding) == ROUNDS * len(SYMBOLS)
    prices = {
        message["data"]["symbol"]: message["data"]["lastPrice"]
        for message in (orjson.loads(frame[4:]) for frame in flooding)
    }
    assert prices == dict.fromkeys(SYMBOLS, LAST)


async def test_both_ways_come_to_the_end() -> None:
    with flood() as url:
        assert await own_cpu_s(f"{url}/100/bybit") > 0
        assert await ccxt_cpu_s(f"{url}/100/bybit") > 0
