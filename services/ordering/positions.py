"""The desk's positions: one net position of an engine's account in a market and a direction."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Final

from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.orders.subaccount import PAPER, SubAccount
from engines.orders.trade import Trade, TradeState
from ports.clock import Clock
from services.trading.register import Held, Register

Place = tuple[SubAccount, Instrument, Direction]

ONE: Final = Decimal(1)


@dataclass(slots=True, repr=False)
class Positions:
    """Finds the trade that an intent of the desk belongs to. One that is new is kept here until its first
    order is written down, so that all who ask meanwhile get the same."""

    register: Register
    clock: Clock
    _fresh: dict[Place, Trade] = field(default_factory=dict)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    def hear(self, held: Held) -> None:
        """A trade was stored: it is not new any more."""
        self._fresh = {place: one for place, one in self._fresh.items() if one.id != held.trade.id}

    async def of(
        self,
        sub_account: SubAccount,
        instrument: Instrument,
        direction: Direction,
        *,
        leverage: Decimal = ONE,
    ) -> Trade:
        """The live trade there, or a new one that is not stored yet (version 0)."""
        place = sub_account, instrument, direction
        if (held := self.find(sub_account, instrument, direction)) is not None:
            return held.trade
        async with self._lock:
            if place not in self._fresh:
                await self.register.account(sub_account.owner)
                trade_id = await self.register.books.new_trade_id()
                self._fresh[place] = _new(trade_id, place, leverage, self.clock.now())
            return _dated(self._fresh[place], self.clock.now(), leverage)

    def find(self, sub_account: SubAccount, instrument: Instrument, direction: Direction) -> Held | None:
        """The live trade there."""
        for held in self.register.in_market(instrument.key):
            trade = held.trade
            is_theirs = trade.owner == sub_account.owner and account_of(held) == sub_account.account
            if is_theirs and trade.direction is direction:
                return held
        return None


def account_of(held: Held) -> str:
    """The venue account that a trade is at."""
    return next((order.intent.account for order in held.by_id.values()), PAPER)


def _new(trade_id: int, place: Place, leverage: Decimal, at: datetime) -> Trade:
    sub_account, instrument, direction = place
    return Trade(
        id=trade_id,
        owner=sub_account.owner,
        instrument=instrument,
        direction=direction,
        leverage=leverage,
        state=TradeState.WAITING,
        wanted=Decimal(0),
        is_cross=not sub_account.is_paper,
        created_at=at,
        seen_at=at,
        armed_at=at,
    )


def _dated(trade: Trade, at: datetime, leverage: Decimal) -> Trade:
    """A new trade begins when it is used, however long ago it was first asked for."""
    return replace(trade, leverage=leverage, created_at=at, seen_at=at, armed_at=at)
