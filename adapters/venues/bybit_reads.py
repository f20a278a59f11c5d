"""What a Bybit V5 unified account is asked."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

from adapters.exchange.bybit import instant
from adapters.exchange.dialect import Row, number
from adapters.venues import bybit_rows
from adapters.venues.bybit_requests import CATEGORIES, Request
from adapters.venues.calls import Calls
from adapters.venues.catalogue import Catalogue, Market
from adapters.venues.sense import sense
from engines.core.instrument import Instrument, MarketKind
from ports.clock import Clock
from ports.venue_books import (
    AccountTerms,
    KeyRights,
    VenueBalance,
    VenueFill,
    VenueFunding,
    VenueMark,
    VenueMovement,
    VenueOrder,
    VenuePosition,
)

_SETTLE = "USDT"
_CLASSIC = "1"
_PAGE: Final = {"orders": 50, "executions": 100, "positions": 200, "log": 50}
_LONGEST_SPAN: Final = timedelta(days=7)
_SIDES_BY_PLACE: Final = ("1", "2")

Value = TypeVar("Value")


class BybitReads:
    """A Bybit account, read."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock

    async def market(self, instrument: Instrument) -> Market:
        return (await self._calls.catalogue()).of(instrument)

    async def server_time(self) -> datetime:
        answer = await self._calls.read("public_get_v5_market_time")
        with sense(self._calls.account):
            return instant(answer["time"])

    async def key(self) -> KeyRights:
        answer = await self._calls.read("private_get_v5_user_query_api")
        with sense(self._calls.account):
            return bybit_rows.rights_of(answer["result"])

    async def terms(self) -> AccountTerms:
        return await self.terms_in((await self._perps())[0])

    async def terms_in(self, market: Market) -> AccountTerms:
        """The account's terms; long and short are kept apart or not by market."""
        info, wallet, places = await asyncio.gather(
            self._calls.read("private_get_v5_account_info"),
            self._wallet(),
            self._calls.read("private_get_v5_position_list", {"category": "linear", "symbol": market.id}),
        )
        with sense(self._calls.account):
            return AccountTerms(
                is_unified=str(info["result"]["unifiedMarginStatus"]) != _CLASSIC,
                is_hedged=any(str(row["positionIdx"]) in _SIDES_BY_PLACE for row in places["result"]["list"]),
                margin_ratio=number(wallet.get("accountMMRate")),
                used_margin=number(wallet.get("totalInitialMargin")),
            )

    async def open_orders(self) -> Sequence[VenueOrder]:
        spot, perp = await asyncio.gather(
            self._open("spot", {}), self._open("linear", {"settleCoin": _SETTLE})
        )
        return [*spot, *perp]

    async def order(
        self, client_id: str, instrument: Instrument, venue_id: str | None = None
    ) -> VenueOrder | None:
        market = await self.market(instrument)
        category = CATEGORIES[instrument.kind]
        request = {"category": category, "symbol": market.id, "orderLinkId": client_id}
        for method in ("private_get_v5_order_realtime", "private_get_v5_order_history"):
            answer = await self._calls.read(method, request)
            found = await self._told(answer["result"]["list"], category, bybit_rows.order_of)
            if found:
                return found[0]
        return None

    async def fills(self, since: datetime, instrument: Instrument | None) -> Sequence[VenueFill]:
        if instrument is None:
            scopes: list[Request] = [{"category": "spot"}, {"category": "linear"}]
        else:
            market = await self.market(instrument)
            scopes = [{"category": CATEGORIES[instrument.kind], "symbol": market.id}]
        found = await asyncio.gather(*(self._fills(scope, since) for scope in scopes))
        return [fill for fills in found for fill in fills]

    async def balances(self) -> Sequence[VenueBalance]:
        wallet = await self._wallet()
        with sense(self._calls.account):
            return [bybit_rows.balance_of(coin) for coin in wallet["coin"]]

    async def positions(self) -> Sequence[VenuePosition]:
        request = {"category": "linear", "settleCoin": _SETTLE, "limit": _PAGE["positions"]}
        catalogue = await self._calls.catalogue()
        rows = [row async for row in self._pages("private_get_v5_position_list", request)]
        with sense(self._calls.account):
            read = (bybit_rows.position_of(row, catalogue) for row in rows)
            return [position for position in read if position is not None and position.quantity > 0]

    async def fundings(self, since: datetime) -> Sequence[VenueFunding]:
        request = {
            "accountType": "UNIFIED",
            "category": "linear",
            "type": "SETTLEMENT",
            "limit": _PAGE["log"],
        }
        catalogue = await self._calls.catalogue()
        rows = await self._since("private_get_v5_account_transaction_log", request, since)
        with sense(self._calls.account):
            read = (bybit_rows.funding_of(row, catalogue) for row in rows)
            return [funding for funding in read if funding is not None]

    async def movements(self, since: datetime) -> Sequence[VenueMovement]:
        """What reached or left the unified wallet, by its own log: a deposit that lies in the funding wallet
        is none yet, and its way from there is told once."""
        found: list[VenueMovement] = []
        for kind in bybit_rows.MOVED:
            request = {"accountType": "UNIFIED", "type": kind, "limit": _PAGE["log"]}
            rows = await self._since("private_get_v5_account_transaction_log", request, since)
            with sense(self._calls.account):
                found += [bybit_rows.movement_of(row) for row in rows]
        return found

    async def mark(self, instrument: Instrument) -> VenueMark:
        market = await self.market(instrument)
        answer = await self._calls.read(
            "public_get_v5_market_tickers", {"category": "linear", "symbol": market.id}
        )
        with sense(self._calls.account):
            row = answer["result"]["list"][0]
            settles_ms = row.get("nextFundingTime") or "0"
            return VenueMark(
                instrument=market.instrument,
                mark=Decimal(row["markPrice"]),
                index=Decimal(row["indexPrice"]),
                funding_rate=number(row.get("fundingRate")),
                next_funding_at=None if settles_ms == "0" else instant(settles_ms),
                at=self._clock.now(),
            )

    async def leverage(self, instrument: Instrument) -> Decimal:
        market = await self.market(instrument)
        request = {"category": "linear", "symbol": market.id}
        answer = await self._calls.read("private_get_v5_position_list", request)
        with sense(self._calls.account):
            return Decimal(answer["result"]["list"][0]["leverage"])

    async def _perps(self) -> Sequence[Market]:
        catalogue = await self._calls.catalogue()
        return [catalogue.of(one) for one in catalogue.instruments if one.kind is MarketKind.PERP]

    async def _wallet(self) -> Row:
        answer = await self._calls.read("private_get_v5_account_wallet_balance", {"accountType": "UNIFIED"})
        with sense(self._calls.account):
            wallet: Row = answer["result"]["list"][0]
        return wallet

    async def _open(self, category: str, scope: Request) -> Sequence[VenueOrder]:
        request = {"category": category, "openOnly": 0, "limit": _PAGE["orders"], **scope}
        rows = [row async for row in self._pages("private_get_v5_order_realtime", request)]
        return await self._told(rows, category, bybit_rows.order_of)

    async def _fills(self, scope: Request, since: datetime) -> Sequence[VenueFill]:
        request = scope | {"limit": _PAGE["executions"]}
        rows = await self._since("private_get_v5_execution_list", request, since)
        return await self._told(rows, scope["category"], bybit_rows.fill_of)

    async def _told(
        self, rows: Sequence[Row], category: str, read: Callable[[Row, str, Catalogue], Value | None]
    ) -> list[Value]:
        catalogue = await self._calls.catalogue()
        with sense(self._calls.account):
            values = (read(row, category, catalogue) for row in rows)
            return [value for value in values if value is not None]

    async def _since(self, method: str, request: Request, since: datetime) -> list[Row]:
        """All rows after `since`, span by span: the venue shows a week at a time."""
        start, now = since, self._clock.now() + timedelta(minutes=1)
        rows: list[Row] = []
        while start < now:
            stop = min(start + _LONGEST_SPAN, now)
            span = {"startTime": _ms(start) + 1, "endTime": _ms(stop)}
            rows += [row async for row in self._pages(method, request | span)]
            start = stop
        return rows

    async def _pages(self, method: str, request: Request) -> AsyncIterator[Row]:
        cursor = ""
        while True:
            page = await self._calls.read(method, request | ({"cursor": cursor} if cursor else {}))
            with sense(self._calls.account):
                rows: Sequence[Any] = page["result"]["list"]
                cursor = page["result"].get("nextPageCursor") or ""
            for row in rows:
                yield row
            if not cursor or len(rows) < request["limit"]:
                return


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
