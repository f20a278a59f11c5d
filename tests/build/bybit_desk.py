"""An account at the Bybit twin as a client sees it: BTC stands at about 60,000 and moves by hand."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from engines.core.instrument import MarketKind
from engines.simulate.exchange.account import Account
from sandbox.accounts import MAIN, TRADING, ApiKey
from sandbox.bybit.door import signature
from sandbox.market.replay import recorded_origin
from tests.build.recordings import DAY, JANUARY_MS, a_recording
from tests.build.venues import Venues, bybit_client, running_venues

START = JANUARY_MS + 3 * DAY
D = Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class BybitDesk:
    """The venues, the real client, and the raw wire."""

    venues: Venues
    client: Any

    @property
    def account(self) -> Account:
        """The account as the exchange has it."""
        return self.venues.bybit.exchange.account(MAIN)

    def last(self, kind: MarketKind = MarketKind.PERP) -> Decimal:
        """The last price of BTC."""
        price = self.venues.bybit.quotes.price((kind, "BTCUSDT"), self.venues.clock.now_ms())
        assert price is not None
        return price

    async def post(self, path: str, **values: Any) -> dict[str, Any]:
        """The answer to a signed request."""
        return await self.raw("POST", path, TRADING, **values)

    async def get(self, path: str, **values: Any) -> Any:
        """The result of a signed request that is granted."""
        answer = await self.raw("GET", path, TRADING, **values)
        assert answer["retCode"] == 0, answer
        return answer["result"]

    async def raw(
        self, method: str, path: str, key: ApiKey = TRADING, *, stamp_ms: int | None = None, **values: Any
    ) -> dict[str, Any]:
        """A signed request, its moment as it is told; the whole answer."""
        stamp = str(int(time.time() * 1000) if stamp_ms is None else stamp_ms)
        query = "&".join(f"{name}={value}" for name, value in values.items())
        body = self.client.json(values) if method == "POST" else ""
        headers = {
            "X-BAPI-API-KEY": key.key,
            "X-BAPI-TIMESTAMP": stamp,
            "X-BAPI-RECV-WINDOW": "5000",
            "X-BAPI-SIGN": signature(key, f"{stamp}{key.key}5000{body or query}"),
            "Content-Type": "application/json",
        }
        url = f"{self.venues.url}/bybit{path}" + (f"?{query}" if query else "")
        async with self.venues.http.request(method, url, data=body or None, headers=headers) as response:
            answer: dict[str, Any] = await response.json()
            return answer

    async def order(self, side: str = "Buy", qty: object = "0.1", **values: Any) -> dict[str, Any]:
        """Create an order on the perpetual: at the market, or at `price`."""
        request: dict[str, Any] = {
            "category": "linear",
            "symbol": "BTCUSDT",
            "side": side,
            "orderType": "Limit" if "price" in values else "Market",
            "qty": str(qty),
        }
        return await self.post("/v5/order/create", **{**request, **values})

    async def shown(self, link_id: str, category: str = "linear") -> dict[str, Any]:
        """The order of a client id."""
        found = await self.get("/v5/order/realtime", category=category, orderLinkId=link_id)
        row: dict[str, Any] = found["list"][0]
        return row

    def at(self, factor: str, kind: MarketKind = MarketKind.PERP) -> str:
        """A price so many times the last one, on the grid."""
        return str((self.last(kind) * D(factor)).quantize(D("0.1")))


@asynccontextmanager
async def a_bybit_desk(folder: Path, key: ApiKey = TRADING) -> AsyncIterator[BybitDesk]:
    """Serve the venues of a small recording, and open a client."""
    origin = recorded_origin(a_recording(folder), START)
    async with (
        running_venues(origin, START, wall=time.time) as venues,
        bybit_client(venues, key) as client,
    ):
        yield BybitDesk(venues=venues, client=client)
