"""What a unified Gate v4 account is asked."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final, TypeVar

from adapters.exchange.dialect import Row, number, positive
from adapters.venues import gate_rows
from adapters.venues.answer import Declined, Meaning
from adapters.venues.calls import Calls
from adapters.venues.catalogue import Catalogue, Market
from adapters.venues.gate_requests import PREFIX, SETTLE, Request
from adapters.venues.sense import sense
from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Side
from ports.clock import Clock
from ports.venue_books import (
    AccountTerms,
    KeyRights,
    MovementKind,
    VenueBalance,
    VenueFill,
    VenueFunding,
    VenueMark,
    VenueMovement,
    VenueOrder,
    VenuePosition,
)

_CLASSIC = "classic"
_PAGE: Final = 100
_LONGEST_SPAN: Final = timedelta(days=30)

Value = TypeVar("Value")


class GateReads:
    """A Gate account, read."""

    def __init__(self, calls: Calls, clock: Clock) -> None:
        self._calls = calls
        self._clock = clock

    async def market(self, instrument: Instrument) -> Market:
        return (await self._calls.catalogue()).of(instrument)

    async def server_time(self) -> datetime:
        answer = await self._calls.read("public_spot_get_time")
        with sense(self._calls.account):
            return datetime.fromtimestamp(int(answer["server_time"]) / 1000, UTC)

    async def key(self) -> KeyRights:
        answer = await self._calls.read("private_account_get_main_keys")
        with sense(self._calls.account):
            keys = answer if isinstance(answer, list) else [answer]
            return gate_rows.rights_of(keys[0])

    async def user_id(self) -> str:
        """The account's number, by which the futures stream is asked."""
        answer = await self._calls.read("private_account_get_detail")
        with sense(self._calls.account):
            return str(answer["user_id"])

    async def terms(self) -> AccountTerms:
        mode, futures, unified = await asyncio.gather(
            self._calls.read("private_unified_get_unified_mode"),
            self._calls.read("private_futures_get_settle_accounts", {"settle": SETTLE}),
            self._calls.read("private_unified_get_accounts"),
        )
        with sense(self._calls.account):
            return AccountTerms(
                is_unified=mode["mode"] != _CLASSIC,
                is_hedged=bool(futures["in_dual_mode"]),
                margin_ratio=_ratio(unified),
                used_margin=number(unified.get("total_initial_margin")),
            )

    async def open_orders(self) -> Sequence[VenueOrder]:
        catalogue = await self._calls.catalogue()
        spot, futures, spot_asleep, futures_asleep = await asyncio.gather(
            self._open_on_spot(),
            self._pages(_FUTURES_ORDERS, {"settle": SETTLE, **_OPEN}, "offset"),
            self._pages("private_spot_get_price_orders", _OPEN, "offset"),
            self._pages("private_futures_get_settle_price_orders", {"settle": SETTLE, **_OPEN}, "offset"),
        )
        with sense(self._calls.account):
            return [
                *_told(spot, catalogue, gate_rows.spot_order_of),
                *_told(futures, catalogue, gate_rows.futures_order_of),
                *_told(spot_asleep, catalogue, gate_rows.sleeping_spot_order_of),
                *_told(futures_asleep, catalogue, gate_rows.sleeping_futures_order_of),
            ]

    async def order(
        self, client_id: str, instrument: Instrument, venue_id: str | None = None
    ) -> VenueOrder | None:
        """By its id, which Gate knows for a while after the end; then among the finished; then asleep, by the
        venue's own id before ours: Gate does not promise to keep our names there."""
        market = await self.market(instrument)
        if instrument.kind is MarketKind.SPOT:
            return await self._spot_order(client_id, market, venue_id)
        return await self._futures_order(client_id, market, venue_id)

    async def sleeping_id(self, client_id: str, market: Market) -> str:
        """The venue's id of an order that sleeps. Raises `Declined` when there is none."""
        rows = await self._sleeping(market, "open")
        for row in rows:
            if _text(row) == PREFIX + client_id:
                return str(row["id"])
        raise Declined(Meaning.GONE, f"{self._calls.account}: no order {client_id} sleeps")

    async def touch(self, market: Market, side: Side) -> Decimal:
        """The best price that an order of that side would take, on spot."""
        [row] = await self._calls.read("public_spot_get_tickers", {"currency_pair": market.id})
        with sense(self._calls.account):
            best = positive(row["lowest_ask" if side is Side.BUY else "highest_bid"])
            return Decimal(row["last"]) if best is None else best

    async def fills(self, since: datetime, instrument: Instrument | None) -> Sequence[VenueFill]:
        catalogue = await self._calls.catalogue()
        if instrument is None:
            spot, futures = await asyncio.gather(self._spot_fills(since, {}), self._futures_fills(since, {}))
        elif instrument.kind is MarketKind.SPOT:
            market = await self.market(instrument)
            spot, futures = await self._spot_fills(since, {"currency_pair": market.id}), []
        else:
            market = await self.market(instrument)
            spot, futures = [], await self._futures_fills(since, {"contract": market.id})
        with sense(self._calls.account):
            return [
                *_told(spot, catalogue, gate_rows.spot_fill_of),
                *_told(futures, catalogue, gate_rows.futures_fill_of),
            ]

    async def balances(self) -> Sequence[VenueBalance]:
        answer = await self._calls.read("private_unified_get_accounts")
        with sense(self._calls.account):
            return gate_rows.balances_of(answer)

    async def positions(self) -> Sequence[VenuePosition]:
        catalogue = await self._calls.catalogue()
        rows = await self._calls.read(
            "private_futures_get_settle_positions", {"settle": SETTLE, "holding": "true"}
        )
        with sense(self._calls.account):
            found = _told(rows, catalogue, gate_rows.position_of)
            return [position for position in found if position.quantity > 0]

    async def fundings(self, since: datetime) -> Sequence[VenueFunding]:
        catalogue = await self._calls.catalogue()
        request = {"settle": SETTLE, "type": "fund"}
        rows = await self._since("private_futures_get_settle_account_book", request, since)
        with sense(self._calls.account):
            return _told(rows, catalogue, gate_rows.funding_of)

    async def movements(self, since: datetime) -> Sequence[VenueMovement]:
        deposits, withdrawals = await asyncio.gather(
            self._since("private_wallet_get_deposits", {}, since),
            self._since("private_wallet_get_withdrawals", {}, since),
        )
        with sense(self._calls.account):
            came = (gate_rows.movement_of(row, MovementKind.DEPOSIT) for row in deposits)
            went = (gate_rows.movement_of(row, MovementKind.WITHDRAWAL) for row in withdrawals)
            return [one for one in (*came, *went) if one is not None]

    async def mark(self, instrument: Instrument) -> VenueMark:
        market = await self.market(instrument)
        row = await self._calls.read(
            "public_futures_get_settle_contracts_contract", {"settle": SETTLE, "contract": market.id}
        )
        with sense(self._calls.account):
            return VenueMark(
                instrument=market.instrument,
                mark=Decimal(row["mark_price"]),
                index=Decimal(row["index_price"]),
                funding_rate=number(row.get("funding_rate")),
                next_funding_at=datetime.fromtimestamp(int(row["funding_next_apply"]), UTC),
                at=self._clock.now(),
            )

    async def leverage(self, instrument: Instrument) -> Decimal:
        market = await self.market(instrument)
        futures = await self._calls.read("private_futures_get_settle_accounts", {"settle": SETTLE})
        is_dual = bool(futures.get("in_dual_mode"))
        method = _DUAL_POSITION if is_dual else "private_futures_get_settle_positions_contract"
        answer = await self._calls.read(method, {"settle": SETTLE, "contract": market.id})
        with sense(self._calls.account):
            return gate_rows.leverage_of(answer[0] if isinstance(answer, list) else answer)

    async def _spot_order(self, client_id: str, market: Market, venue_id: str | None) -> VenueOrder | None:
        catalogue = await self._calls.catalogue()
        name = {"order_id": PREFIX + client_id, "currency_pair": market.id, "account": "unified"}
        row = await self._found("private_spot_get_orders_order_id", name)
        if row is None:
            finished = {
                "currency_pair": market.id,
                "status": "finished",
                "limit": _PAGE,
                "account": "unified",
            }
            row = _named(await self._calls.read("private_spot_get_orders", finished), client_id)
        with sense(self._calls.account):
            if row is not None:
                return gate_rows.spot_order_of(row, catalogue)
        return await self._sleeping_order(client_id, market, venue_id)

    async def _futures_order(self, client_id: str, market: Market, venue_id: str | None) -> VenueOrder | None:
        catalogue = await self._calls.catalogue()
        name = {"settle": SETTLE, "order_id": PREFIX + client_id}
        row = await self._found(_FUTURES_ORDER, name)
        if row is None:
            ended = {"settle": SETTLE, "contract": market.id, "status": "finished", "limit": _PAGE}
            finished = await self._calls.read(_FUTURES_ORDERS, ended)
            row = _named(finished, client_id)
        with sense(self._calls.account):
            if row is not None:
                return gate_rows.futures_order_of(row, catalogue)
        return await self._sleeping_order(client_id, market, venue_id)

    async def _sleeping_order(
        self, client_id: str, market: Market, venue_id: str | None
    ) -> VenueOrder | None:
        row = await self._row_asleep(client_id, market, venue_id)
        if row is None:
            return None
        fired = str(row.get("fired_order_id") or row.get("trade_id") or "0")
        if fired != "0":
            return await self._fired(fired, str(row["id"]), client_id, market)
        is_spot = market.instrument.kind is MarketKind.SPOT
        read = gate_rows.sleeping_spot_order_of if is_spot else gate_rows.sleeping_futures_order_of
        catalogue = await self._calls.catalogue()
        with sense(self._calls.account):
            found = read(row, catalogue)
            return None if found is None else replace(found, client_id=client_id)

    async def _row_asleep(self, client_id: str, market: Market, venue_id: str | None) -> Row | None:
        """An order that sleeps or slept; under that id there may be another's."""
        if venue_id is not None:
            is_spot = market.instrument.kind is MarketKind.SPOT
            method = _SLEEPING_SPOT_ORDER if is_spot else _SLEEPING_FUTURES_ORDER
            request: Request = {"order_id": venue_id} | ({} if is_spot else {"settle": SETTLE})
            row = await self._found(method, request)
            if row is not None and (_text(row) == PREFIX + client_id or _is_nameless(row, market)):
                return row
        for status in ("open", "finished"):
            row = _named(await self._sleeping(market, status), client_id)
            if row is not None:
                return row
        return None

    async def _fired(self, fired_id: str, slept_id: str, client_id: str, market: Market) -> VenueOrder | None:
        """What became of an order that woke: the venue gave it an id of its own, and it is told under the
        one that it slept under, as its executions are."""
        catalogue = await self._calls.catalogue()
        is_spot = market.instrument.kind is MarketKind.SPOT
        scope = {"currency_pair": market.id, "account": "unified"} if is_spot else {"settle": SETTLE}
        method = "private_spot_get_orders_order_id" if is_spot else _FUTURES_ORDER
        row = await self._found(method, scope | {"order_id": fired_id})
        if row is None:
            return None
        read = gate_rows.spot_order_of if is_spot else gate_rows.futures_order_of
        with sense(self._calls.account):
            found = read(row, catalogue)
            return None if found is None else replace(found, client_id=client_id, venue_id=slept_id)

    async def _sleeping(self, market: Market, status: str) -> Sequence[Row]:
        """All that are open; of those that ended the last."""
        page: Request = {"status": status, "limit": _PAGE}
        if market.instrument.kind is MarketKind.SPOT:
            method, request = "private_spot_get_price_orders", page | {"market": market.id}
        else:
            method = "private_futures_get_settle_price_orders"
            request = page | {"settle": SETTLE, "contract": market.id}
        if status == "open":
            return await self._pages(method, request, "offset")
        found: Sequence[Row] = await self._calls.read(method, request)
        return found

    async def _open_on_spot(self) -> Sequence[Row]:
        """A page has so many orders of every market, so the next is asked for while one market was full."""
        rows: list[Row] = []
        page, is_full = 1, True
        while is_full:
            request = {"account": "unified", "limit": _PAGE, "page": page}
            markets = await self._calls.read("private_spot_get_open_orders", request)
            with sense(self._calls.account):
                rows += (row for market in markets for row in market["orders"])
                is_full = any(len(market["orders"]) >= _PAGE for market in markets)
            page += 1
        return rows

    async def _found(self, method: str, request: Request) -> Row | None:
        try:
            row: Row = await self._calls.read(method, request)
        except Declined as declined:
            if declined.meaning is not Meaning.GONE:
                raise
            return None
        return row

    async def _spot_fills(self, since: datetime, scope: Request) -> Sequence[Row]:
        return await self._since(
            "private_spot_get_my_trades", scope | {"account": "unified"}, since, by="page"
        )

    async def _futures_fills(self, since: datetime, scope: Request) -> Sequence[Row]:
        request = scope | {"settle": SETTLE}
        return await self._since("private_futures_get_settle_my_trades_timerange", request, since)

    async def _since(
        self, method: str, request: Request, since: datetime, *, by: str = "offset"
    ) -> list[Row]:
        """All rows from the second of `since` on, span by span: the venue shows a month at a time. `by` is
        how it counts pages."""
        start, now = since, self._clock.now() + timedelta(minutes=1)
        rows: list[Row] = []
        while start < now:
            stop = min(start + _LONGEST_SPAN, now)
            span = {"from": int(start.timestamp()), "to": int(stop.timestamp()), "limit": _PAGE}
            rows += await self._pages(method, request | span, by)
            start = stop
        return rows

    async def _pages(self, method: str, request: Request, by: str) -> list[Row]:
        rows: list[Row] = []
        while True:
            at = len(rows) if by == "offset" else len(rows) // _PAGE + 1
            page: Sequence[Any] = await self._calls.read(method, request | {by: at})
            rows += page
            if len(page) < _PAGE:
                return rows


_OPEN: Final[Request] = {"status": "open", "limit": _PAGE}
_FUTURES_ORDERS = "private_futures_get_settle_orders"
_FUTURES_ORDER = "private_futures_get_settle_orders_order_id"
_SLEEPING_SPOT_ORDER = "private_spot_get_price_orders_order_id"
_SLEEPING_FUTURES_ORDER = "private_futures_get_settle_price_orders_order_id"
_DUAL_POSITION = "private_futures_get_settle_dual_comp_positions_contract"


def _told(
    rows: Sequence[Row], catalogue: Catalogue, read: Callable[[Row, Catalogue], Value | None]
) -> list[Value]:
    return [value for row in rows if (value := read(row, catalogue)) is not None]


def _named(rows: Sequence[Row], client_id: str) -> Row | None:
    return next((row for row in rows if _text(row) == PREFIX + client_id), None)


def _is_nameless(row: Row, market: Market) -> bool:
    """Whether it is in that market and has no name that a client gave it."""
    traded = row.get("market") or row.get("initial", {}).get("contract")
    return bool(traded == market.id) and not _text(row).startswith(PREFIX)


def _text(row: Row) -> str:
    inner: Row = row.get("put") or row.get("initial") or row
    return str(inner.get("text") or "")


def _ratio(unified: Row) -> Decimal | None:
    """Maintenance margin over what stands for it."""
    maintenance = number(unified.get("total_maintenance_margin"))
    margin = positive(unified.get("total_margin_balance"))
    return None if maintenance is None or margin is None else maintenance / margin
