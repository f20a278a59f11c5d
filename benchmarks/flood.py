"""A Bybit on loopback that floods whoever subscribes with full spot tickers, in a process of its own.

`python -m benchmarks.flood` prints its address. Under `/{chunk}/` so many tickers go out at a time.
"""

import asyncio
import json
from typing import Any

from aiohttp import WSMsgType, web

SYMBOLS = tuple(f"C{number:02}USDT" for number in range(50))
ROUNDS = 400
FIRST, LAST = "1000.01", "99999.99"
"""The price while it floods, and the one that every market ends with."""

_START_MS = 1_772_625_600_000
_SETTLE_S = 0.3
_TICKER_BYTES = 560
_MOST_UNSENT, _PAUSE_S = 262_144, 0.001
_TEXT_FRAME = 0x81
_MEDIUM = 126  # a length of two bytes follows


def ticker(symbol: str, number: int, last: str) -> bytes:
    """A full ticker as Bybit writes it, of 560 bytes."""
    row = {
        "symbol": symbol,
        "lastPrice": last,
        "bid1Price": "1000.00",
        "bid1Size": "2.500000",
        "ask1Price": "1000.02",
        "ask1Size": "1.862172",
        "highPrice24h": "1021.12",
        "lowPrice24h": "975.89",
        "prevPrice24h": "993.48",
        "volume24h": "1801127.277100",
        "turnover24h": "1801127277.65899866",
        "price24hPcnt": "0.0065",
        "usdIndexPrice": "1000.784120",
        "pad": "",
    }
    message = {
        "topic": f"tickers.{symbol}",
        "ts": _START_MS + number,
        "type": "snapshot",
        "cs": 2_588_407_389 + number,
        "data": row,
    }
    row["pad"] = "0" * (_TICKER_BYTES - len(json.dumps(message, separators=(",", ":"))))
    return json.dumps(message, separators=(",", ":")).encode()


def frames() -> list[bytes]:
    """Every message of a flood as a WebSocket frame, round by round."""
    return [
        _frame(ticker(symbol, number, LAST if number == ROUNDS - 1 else FIRST))
        for number in range(ROUNDS)
        for symbol in SYMBOLS
    ]


def _frame(text: bytes) -> bytes:
    return bytes((_TEXT_FRAME, _MEDIUM)) + len(text).to_bytes(2, "big") + text


def _market(symbol: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "baseCoin": symbol.removesuffix("USDT"),
        "quoteCoin": "USDT",
        "status": "Trading",
        "lotSizeFilter": {
            "basePrecision": "0.000001",
            "quotePrecision": "0.00000001",
            "minOrderQty": "0.00004",
            "maxOrderQty": "63",
            "minOrderAmt": "1",
            "maxOrderAmt": "100000",
        },
        "priceFilter": {"tickSize": "0.01"},
    }


class Flood:
    """The server: the list of markets, and the stream."""

    def __init__(self) -> None:
        self._frames = frames()

    def app(self) -> web.Application:
        """Its routes."""
        app = web.Application()
        app.router.add_get("/{chunk}/bybit/v5/public/spot", self._stream)
        app.router.add_get("/{path:.*}", self._rest)
        return app

    async def _rest(self, request: web.Request) -> web.Response:
        is_spot = request.query.get("category") == "spot"
        listed = [_market(symbol) for symbol in SYMBOLS] if is_spot else []
        result = {"category": request.query.get("category"), "list": listed}
        return web.json_response({"retCode": 0, "retMsg": "OK", "result": result, "time": _START_MS})

    async def _stream(self, request: web.Request) -> web.WebSocketResponse:
        stream = web.WebSocketResponse()
        await stream.prepare(request)
        missing = len(SYMBOLS)
        async for frame in stream:
            if frame.type is WSMsgType.TEXT:
                message = json.loads(frame.data)
                await stream.send_json(
                    {"success": True, "op": message["op"], "req_id": message.get("req_id", "")}
                )
                missing -= len(message.get("args", ()))
                if not missing:
                    await self._pour(request, int(request.match_info["chunk"]))
        return stream

    async def _pour(self, request: web.Request, chunk: int) -> None:
        await asyncio.sleep(_SETTLE_S)  # the last acknowledgement has been read
        for first in range(0, len(self._frames), chunk):
            transport = request.transport
            if transport is None or transport.is_closing():
                return
            transport.write(b"".join(self._frames[first : first + chunk]))
            await asyncio.sleep(0)
            if transport.get_write_buffer_size() > _MOST_UNSENT:
                await asyncio.sleep(_PAUSE_S)


async def _serve() -> None:
    runner = web.AppRunner(Flood().app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    print(f"ready http://{host}:{port}", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve())
