"""A minimal Bybit and Binance on loopback, for answers that the sandbox's twins would never give."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

TIME_MS = 1_772_625_600_000
_ROW = {
    "bid1Price": "20517.96",
    "bid1Size": "2",
    "ask1Price": "20527.77",
    "ask1Size": "1.862172",
    "lastPrice": "20533.13",
    "prevPrice24h": "20393.48",
    "price24hPcnt": "0.0068",
    "highPrice24h": "21128.12",
    "lowPrice24h": "20318.89",
    "turnover24h": "243765620.65899866",
    "volume24h": "11801.27771",
    "usdIndexPrice": "20784.12009279",
}
_BARS = [
    ["1670608800000", "17071", "17073", "17027", "17055.5", "268.611", "4576294.3"],
    ["1670605200000", "17071.5", "17071.5", "17061", "17071", "4.177", "71305.6"],
    ["1670601600000", "17086.5", "17088", "16978", "17071.5", "6.356", "108506.5"],
]


def bybit_market(base: str, quote: str = "USDT", status: str = "Trading") -> dict[str, Any]:
    """An entry of instruments-info."""
    return {
        "symbol": base + quote,
        "baseCoin": base,
        "quoteCoin": quote,
        "innovation": "0",
        "status": status,
        "marginTrading": "both",
        "lotSizeFilter": {
            "basePrecision": "0.000001",
            "quotePrecision": "0.00000001",
            "minOrderQty": "0.00004",
            "maxOrderQty": "63.01",
            "minOrderAmt": "1",
            "maxOrderAmt": "100000",
        },
        "priceFilter": {"tickSize": "0.01"},
    }


def bybit_perp(base: str, quote: str = "USDT", settle: str = "USDT") -> dict[str, Any]:
    """An entry of instruments-info of the linear category."""
    return {
        "symbol": base + quote,
        "contractType": "LinearPerpetual",
        "status": "Trading",
        "baseCoin": base,
        "quoteCoin": quote,
        "settleCoin": settle,
        "launchTime": "1585526400000",
        "deliveryTime": "0",
        "priceScale": "2",
        "leverageFilter": {"minLeverage": "1", "maxLeverage": "100.00", "leverageStep": "0.01"},
        "priceFilter": {"minPrice": "0.10", "maxPrice": "199999.80", "tickSize": "0.10"},
        "lotSizeFilter": {
            "maxOrderQty": "100.000",
            "minOrderQty": "0.001",
            "qtyStep": "0.001",
            "minNotionalValue": "5",
        },
        "fundingInterval": 480,
    }


def bybit_row(symbol: str, last: str = "20533.13") -> dict[str, str]:
    """A ticker as Bybit writes it."""
    return _ROW | {"symbol": symbol, "lastPrice": last}


class VenueWire:
    """State of the two venues.

    `answer`, while set, replaces every REST answer as (status, body, content type); `delay_s` slows them
    down. `subscriptions` holds each subscribe message, `dropped` what was unsubscribed, `pings` their
    number; a subscription to a topic in `unknown` fails; `is_silent` streams swallow everything. Funding was
    settled each `fundings_every_h` hours up to `TIME_MS`; `ignores_ends` tells always the latest.
    """

    def __init__(self) -> None:
        self.markets = [bybit_market("BTC"), bybit_market("ETH"), bybit_market("OLD", status="Closed")]
        self.perps = [bybit_perp("BTC"), bybit_perp("ETH")]
        self.rows = [bybit_row("BTCUSDT"), bybit_row("ETHUSDT", "1605.10"), bybit_row("NEWUSDT", "0")]
        self.bars = _BARS
        self.answer: tuple[int, str, str] | None = None
        self.delay_s = 0.0
        self.is_silent = False
        self.requests: list[str] = []
        self.subscriptions: list[list[str]] = []
        self.dropped: list[str] = []
        self.unknown: set[str] = set()
        self.fundings_every_h: int | None = None
        self.ignores_ends = False
        self.pings = 0
        self.streams: list[web.WebSocketResponse] = []

    def app(self) -> web.Application:
        """The server's routes."""
        app = web.Application()
        for category in ("spot", "linear"):
            app.router.add_get(f"/bybit/v5/public/{category}", self._stream)
        app.router.add_get("/{path:.*}", self._rest)
        return app

    async def push(self, symbol: str, last: str, at_ms: int = TIME_MS) -> None:
        """Stream a ticker to everyone."""
        row = {
            key: text for key, text in bybit_row(symbol, last).items() if not key.startswith(("bid", "ask"))
        }
        message = {"topic": f"tickers.{symbol}", "ts": at_ms, "type": "snapshot", "cs": 1, "data": row}
        await self.say(json.dumps(message))

    async def say(self, text: str) -> None:
        """Send any text on every stream."""
        for stream in self.streams:
            await stream.send_str(text)

    async def hang_up(self) -> None:
        """Close every stream from our side."""
        for stream in list(self.streams):
            await stream.close()

    async def _rest(self, request: web.Request) -> web.Response:
        self.requests.append(request.path_qs)
        await asyncio.sleep(self.delay_s)
        if self.answer is not None:
            status, body, kind = self.answer
            return web.Response(status=status, text=body, content_type=kind)
        return web.json_response(self._body(request.path, request.query))

    def _body(self, path: str, query: Mapping[str, str]) -> Any:
        match path.removeprefix("/bybit").removeprefix("/binance"):
            case "/v5/market/instruments-info" if query.get("category") == "linear":
                listed = self.perps if query.get("status", "Trading") == "Trading" else []
                return self._result({"category": "linear", "list": listed})
            case "/v5/market/instruments-info":
                return self._result({"category": "spot", "list": self.markets})
            case "/v5/market/tickers":
                return self._result({"category": "spot", "list": self.rows})
            case "/v5/market/kline":
                return self._result({"category": "spot", "symbol": "BTCUSDT", "list": self.bars})
            case "/v5/market/mark-price-kline":
                return self._result({"category": "linear", "list": [bar[:5] for bar in self.bars]})
            case "/v5/market/funding/history":
                return self._result({"category": "linear", "list": self._fundings(query)})
            case "/v5/market/time":
                return self._result({"timeSecond": "1772625600", "timeNano": "1772625600000000000"})
            case "/api/v3/ticker/24hr":
                return [_binance_row("BTCUSDT"), _binance_row("BNBBTC") | {"lastPrice": "0.00000000"}]
            case "/api/v3/exchangeInfo":
                return {"timezone": "UTC", "serverTime": TIME_MS, "symbols": [_binance_market("BTC")]}
            case "/api/v3/klines":
                return [
                    [int(bar[0]), *bar[1:6], int(bar[0]) + 3_599_999, bar[6], 9, "1", "1", "0"]
                    for bar in reversed(self.bars)
                ]
            case "/api/v3/time":
                return {"serverTime": TIME_MS}
        return {"retCode": 10001, "retMsg": f"no such path {path}", "result": {}, "time": TIME_MS}

    def _fundings(self, query: Mapping[str, str]) -> list[dict[str, str]]:
        if self.fundings_every_h is None:
            return []
        step = self.fundings_every_h * 3_600_000
        end = TIME_MS if self.ignores_ends else min(int(query.get("endTime", TIME_MS)), TIME_MS)
        last = TIME_MS - -(-(TIME_MS - end) // step) * step
        times = [last - number * step for number in range(int(query["limit"]))]
        row = {"symbol": query["symbol"], "fundingRate": "0.0001"}
        return [row | {"fundingRateTimestamp": str(at)} for at in times]

    def _result(self, result: dict[str, Any]) -> dict[str, Any]:
        return {"retCode": 0, "retMsg": "OK", "result": result, "retExtInfo": {}, "time": TIME_MS}

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        stream = web.WebSocketResponse()
        await stream.prepare(request)
        self.streams.append(stream)
        try:
            async for frame in stream:
                if frame.type is WSMsgType.TEXT and not self.is_silent:
                    await self._hear(stream, json.loads(frame.data))
        finally:
            self.streams.remove(stream)
        return stream

    async def _hear(self, stream: web.WebSocketResponse, message: dict[str, Any]) -> None:
        topics = message.get("args", [])
        match message["op"]:
            case "subscribe":
                self.subscriptions.append(topics)
            case "unsubscribe":
                self.dropped += topics
            case "ping":
                self.pings += 1
        is_ok = len(topics) <= 10 and not self.unknown.intersection(topics)
        answer = {
            "success": is_ok,
            "ret_msg": message["op"],
            "req_id": message.get("req_id", ""),
            "op": message["op"],
        }
        await stream.send_json(answer)


def _binance_market(base: str) -> dict[str, Any]:
    return {
        "symbol": f"{base}USDT",
        "status": "TRADING",
        "baseAsset": base,
        "quoteAsset": "USDT",
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "MARKET"],
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": True,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.01", "maxPrice": "1000000", "tickSize": "0.01"},
            {"filterType": "LOT_SIZE", "minQty": "0.00001", "maxQty": "9000", "stepSize": "0.00001"},
            {"filterType": "NOTIONAL", "minNotional": "5.0"},
        ],
        "permissions": ["SPOT"],
    }


def _binance_row(symbol: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "priceChangePercent": "-2.960",
        "lastPrice": "20530.01000000",
        "bidPrice": "20530.00000000",
        "askPrice": "20530.01000000",
        "highPrice": "21100.00000000",
        "lowPrice": "20300.00000000",
        "volume": "8913.30000000",
        "quoteVolume": "182991111.30000000",
        "openTime": TIME_MS - 86_400_000,
        "closeTime": TIME_MS,
    }


@asynccontextmanager
async def serving(wire: VenueWire) -> AsyncIterator[str]:
    """Serve `wire` on loopback; yields the base URL without a venue."""
    server = TestServer(wire.app(), host="127.0.0.1")
    await server.start_server()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        await wire.hang_up()
        await server.close()
