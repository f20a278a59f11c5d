"""Funding of perpetuals: paid at each settlement by what was held at that moment, booked once.

It is reckoned from the fills and their times, so it does not matter when we hear of a settlement: after a
restart, or after the position was closed, it comes out the same. Of real money the venue says what it was.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal

import structlog

from engines.core.instrument import MarketKind
from engines.core.perp import Funding
from engines.core.timeframe import Timeframe
from engines.orders.settlement import settle_funding
from engines.orders.subaccount import is_live
from engines.orders.trade import Trade
from engines.simulate.costs import funding_payment, size_at
from ports.books import Change, Conflict
from ports.clock import Clock
from ports.errors import Refused, Stale, Transient
from ports.markets import MarketSource, PriceOf
from services.market.perps import Perps
from services.trading.candle_moves import bar_moves, milliseconds
from services.trading.funds import Funds
from services.trading.register import Held, Register
from services.trading.telling import Teller
from services.trading.wish import TradeEvent

log = structlog.get_logger()

LOOK_EVERY_S = 1.0
ASK_AGAIN_S = 5.0
MINUTE = timedelta(minutes=1)


@dataclass(slots=True, repr=False)
class Fundings:
    """Books what is due. `_due` is when the next settlement of a market is, `_owed` are trades that were
    closed before a settlement that they took part in was published."""

    source: MarketSource
    perps: Perps
    register: Register
    funds: Funds
    teller: Teller
    clock: Clock
    _due: dict[str, datetime] = field(default_factory=dict)
    _asked_at: dict[str, datetime] = field(default_factory=dict)
    _owed: dict[int, Trade] = field(default_factory=dict)

    def listen(self) -> None:
        """Hear of trades that are closed from now on; once."""
        self.register.on_change.append(self._hear)

    async def run(self) -> None:
        """Endless: book settlements when they are published."""
        while True:
            for symbol in self._symbols():
                await self.settle(symbol)
            await asyncio.sleep(LOOK_EVERY_S)

    async def settle(self, symbol: str) -> None:
        """Book what a market has settled since it was last booked; later, where that cannot be had now."""
        trades = self._of(symbol)
        if not trades or not self._is_due(symbol):
            return
        self._asked_at[symbol] = self.clock.wire_now()
        following = self._following(symbol)
        try:
            settled = await self.perps.fundings(symbol, since=min(map(_booked_until, trades)))
            for funding in settled:
                if not await self._book_all(symbol, funding):
                    return
        except (Conflict, Refused, Stale, Transient) as error:
            log.warning("funding_out_of_reach", symbol=symbol, error=str(error))
            return
        if following is not None:
            self._advance(symbol, following)

    def _symbols(self) -> Sequence[str]:
        live = {symbol for kind, symbol in self.register.markets() if kind is MarketKind.PERP}
        return sorted(live | {trade.instrument.symbol for trade in self._owed.values()})

    def _of(self, symbol: str) -> list[Trade]:
        here = [held.trade for held in self.register.in_market((MarketKind.PERP, symbol))]
        live = [trade for trade in here if not is_live(trade.owner)]
        owed = [trade for trade in self._owed.values() if trade.instrument.symbol == symbol]
        return [trade for trade in (*live, *owed) if trade.opened_at is not None]

    def _is_due(self, symbol: str) -> bool:
        due, asked_at = self._due.get(symbol), self._asked_at.get(symbol)
        if asked_at is not None and (self.clock.wire_now() - asked_at).total_seconds() < ASK_AGAIN_S:
            return False
        return due is None or self.clock.now() >= due

    def _following(self, symbol: str) -> datetime | None:
        """When the market settles next; `None` while what we know is from before the last settlement."""
        ticker = self.perps.ticker(symbol)
        following = ticker.next_funding_at if ticker is not None else None
        return following if following is not None and following > self.clock.now() else None

    def _advance(self, symbol: str, following: datetime) -> None:
        """Wait for the settlement that was the next one when we asked, once the last one is booked; until it
        is published, ask again."""
        due = self._due.get(symbol)
        if due is None or all(_booked_until(trade) >= due for trade in self._of(symbol)):
            self._due[symbol] = following
            del self._asked_at[symbol]
            self._owed = {
                trade.id: trade
                for trade in self._owed.values()
                if trade.instrument.symbol != symbol or (trade.closed_at or following) >= following
            }

    async def _book_all(self, symbol: str, funding: Funding) -> bool:
        """Book a settlement for all that take part; `False` while it is not known who does."""
        takers = [trade for trade in self._of(symbol) if _takes_part(trade, funding.at)]
        if not takers:
            return True
        mark = await self._mark_at(takers[0], funding.at)
        is_done = True
        for trade in takers:
            async with self.register.lock_of(trade):
                is_done = await self._book(trade.id, funding, mark) and is_done
        return is_done

    async def _book(self, trade_id: int, funding: Funding, mark: Decimal) -> bool:
        """Book it for one trade; `False` while the market was not looked at until then: a stop may have come
        before."""
        held = self.register.get(trade_id)
        trade = held.trade if held is not None else await self.register.books.trade(trade_id)
        if trade is None or not _takes_part(trade, funding.at):
            return True
        if held is not None and trade.seen_at < funding.at:
            return False
        if await self._is_of_old_account(trade):
            self._owed.pop(trade_id, None)
            return True
        placed = await self.register.books.fills(trade.owner, trade_id=trade_id)
        fills = [(order.intent.side, fill) for order, fill in placed]
        size = size_at(trade.direction, fills, funding.at)
        amount = funding_payment(trade.direction, size, mark, funding.rate)
        # what waiting orders are to be paid with is not there to be spent
        cash = max(self.funds.free(trade.owner), Decimal(0))
        after, entries = settle_funding(replace(trade, version=trade.version + 1), amount, cash, funding.at)
        event = TradeEvent(code="funding", trade=after, at=funding.at, params={"amount": amount})
        change = Change(trade=after, entries=entries, pushes=self.teller.pushes([event]))
        await self.register.commit(change)
        if trade_id in self._owed:
            self._owed[trade_id] = after
        return True

    async def _is_of_old_account(self, trade: Trade) -> bool:
        """Whether a reset has ended it: what it won or lost was given back."""
        account = await self.register.account(trade.owner)
        return trade.closed_at is not None and trade.created_at < account.opened_at

    async def _mark_at(self, trade: Trade, at: datetime) -> Decimal:
        """The mark price at which the minute before the settlement closed; else the one we know."""
        instrument = trade.instrument
        marks = await self.source.history(
            instrument.symbol,
            Timeframe.M1,
            start_ms=milliseconds(at - MINUTE),
            stop_ms=milliseconds(at),
            kind=MarketKind.PERP,
            price_of=PriceOf.MARK,
        )
        if len(marks):
            return bar_moves(instrument, marks, marks)[-1].mark
        return (await self.perps.fresh(instrument.symbol)).mark

    def _hear(self, held: Held) -> None:
        trade = held.trade
        is_over = not trade.is_live and trade.opened_at is not None
        if is_live(trade.owner):
            return
        if is_over and trade.instrument.kind is MarketKind.PERP and trade.id not in self._owed:
            due = self._due.get(trade.instrument.symbol)
            if due is None or (trade.closed_at is not None and trade.closed_at >= due):
                self._owed[trade.id] = trade


def _booked_until(trade: Trade) -> datetime:
    return trade.funded_at or trade.opened_at or trade.created_at


def _takes_part(trade: Trade, at: datetime) -> bool:
    """Whether a settlement concerns the trade and is not booked yet."""
    has_begun = trade.opened_at is not None and _booked_until(trade) < at
    return has_begun and (trade.closed_at is None or at <= trade.closed_at)
