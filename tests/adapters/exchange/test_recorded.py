"""What Bybit really said, read by our own hands."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from adapters.exchange.bybit_topics import open_topic
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from ports.markets import MarketSource, PriceOf
from tests.build.clock import HandClock
from tests.build.wire import VenueWire

Record = Callable[[str], Any]


@pytest.fixture
def recorded(shared_data: Path) -> Record:
    return lambda name: json.loads((shared_data / "fixtures" / "bybit_v5" / f"{name}.json").read_text())


@pytest.fixture
def answering(recorded: Record, wire: VenueWire) -> Callable[[str], None]:
    """Let every REST answer be the recorded one of that name."""

    def answer(name: str) -> None:
        body = recorded(f"rest/exchange_data_get_{name}")["response"]
        wire.answer = (200, json.dumps(body), "application/json")

    return answer


def streamed(recorded: Record, name: str, kind: MarketKind) -> Any:
    message = recorded(f"ws/{name}")["events"][-1]["message"]
    topic = open_topic(message["topic"], kind, Counter(), HandClock())
    topic.take(orjson.dumps(message))
    (news,) = topic.news()
    return news


def test_a_spot_ticker(recorded: Record) -> None:
    ticker = streamed(recorded, "spot_ticker", MarketKind.SPOT)
    assert (ticker.symbol, ticker.last, ticker.bid) == ("BTCUSDT", Decimal("21109.77"), None)
    assert (ticker.change_24h, ticker.turnover_24h) == (Decimal("0.0196"), Decimal("141946527.22907118"))
    assert ticker.at == datetime(2023, 1, 16, 7, 22, 26, 3000, tzinfo=UTC)


def test_a_perpetuals_ticker(recorded: Record) -> None:
    ticker = streamed(recorded, "linear_ticker", MarketKind.PERP)
    assert (ticker.last, ticker.mark, ticker.index) == tuple(
        map(Decimal, ("17216.00", "17217.33", "17227.36"))
    )
    assert (ticker.bid, ticker.ask) == (Decimal("17215.50"), Decimal("17216.00"))
    assert ticker.funding_rate == Decimal("-0.000212")
    assert ticker.next_funding_at == datetime(2023, 1, 9, 16, tzinfo=UTC)


async def test_history_without_and_with_volume(bybit: MarketSource, answering: Callable[[str], None]) -> None:
    await bybit.instruments()
    start_ms, stop_ms = 1_670_601_600_000, 1_670_612_400_000
    answering("klines")
    bars = await bybit.history("BTCUSDT", Timeframe.H1, start_ms=start_ms, stop_ms=stop_ms)
    assert bars.time_ms.tolist() == [1_670_601_600_000, 1_670_605_200_000, 1_670_608_800_000]
    assert bars.volume.tolist() == [6356.0, 4177.0, 268_611.0]
    answering("index_price_klines")
    bars = await bybit.history(
        "BTCUSDT",
        Timeframe.M1,
        start_ms=start_ms,
        stop_ms=stop_ms,
        kind=MarketKind.PERP,
        price_of=PriceOf.INDEX,
    )
    assert bars.close.tolist() == [17167.0, 17163.07]
    assert bars.volume.tolist() == [0.0, 0.0]


async def test_a_book(bybit: MarketSource, answering: Callable[[str], None]) -> None:
    await bybit.instruments()
    answering("orderbook")
    book = await bybit.depth("BTCUSDT", MarketKind.PERP)
    assert book.bids == ((Decimal("62710.2"), Decimal("5.52")),)
    assert book.asks == ((Decimal("62710.3"), Decimal("0.01")),)
    assert book.at == datetime(2024, 2, 29, 9, 42, 51, 584000, tzinfo=UTC)


async def test_fundings(bybit: MarketSource, answering: Callable[[str], None]) -> None:
    await bybit.instruments()
    answering("funding_rate_history")
    (funding,) = await bybit.fundings("BTCUSDT", since=datetime(2022, 1, 1, tzinfo=UTC))
    assert (funding.rate, funding.at) == (Decimal("0.0001"), datetime(2022, 12, 26, 8, tzinfo=UTC))


async def test_tickers_of_perpetuals(bybit: MarketSource, answering: Callable[[str], None]) -> None:
    await bybit.instruments()
    answering("linear_inverse_tickers")
    ticker = (await bybit.perp_tickers())["BTCUSD"]
    assert (ticker.mark, ticker.funding_rate) == (Decimal("16596.00"), Decimal("-0.001034"))


async def test_listed_perpetuals(bybit: MarketSource, recorded: Record, wire: VenueWire) -> None:
    wire.perps = recorded("rest/exchange_data_get_linear_inverse_symbols")["response"]["result"]["list"]
    (perp,) = await bybit.perps()
    assert (perp.symbol, perp.kind, perp.tick, perp.lot, perp.min_notional) == (
        "BTCUSDT",
        MarketKind.PERP,
        Decimal("0.10"),
        Decimal("0.001"),
        Decimal(5),
    )
