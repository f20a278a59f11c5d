"""What a desk wants in a life of chaos, done step by step whatever was done of it in the lives before."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import structlog

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction
from engines.orders.lifecycle import is_final
from engines.orders.naming import first_order, intent_name
from engines.orders.order import ExecutionStyle, Intent, OrderKind, OrderState, Purpose
from engines.orders.subaccount import EngineName, SubAccount
from engines.orders.trade import Trade
from ports.books import Conflict
from ports.errors import DeskError, Refused, Transient, Uncertain
from ports.tickets import Ticket, TicketState
from tests.build.chaos_life import ACCOUNTS, PATIENCE_S, Life, a_life
from tests.build.chaos_plan import COINS, Action, Deed
from tests.build.killing import Countdown
from tests.build.venue_worlds import BYBIT

log = structlog.get_logger()

MOVED = Decimal("125.5")
"""What the desk moves between the wallets of its account at Bybit, in USDT."""


@dataclass(slots=True)
class Script:
    """Wants everything of a plan, one after the other, whatever was done of it before."""

    life: Life
    grids: dict[tuple[str, str, MarketKind], Instrument]

    @classmethod
    async def over(cls, life: Life) -> "Script":
        grids = {}
        for name, books in life.books.items():
            for one in await _patiently(books.instruments):
                grids[name, one.symbol.removesuffix("USDT"), one.kind] = one
        return cls(life, grids)

    async def act(self, action: Action) -> None:
        """Do one thing, as often as it takes to be done once."""
        await self.life.ready()
        await _patiently(partial(self._act, action))
        await asyncio.sleep(action.pause_s)

    async def _act(self, action: Action) -> None:
        match action.deed:
            case Deed.COMPARE:
                await self.compare()
            case Deed.TRANSFER:
                await self._transfer(action)
            case Deed.WAIT:
                await self._wait(action)
            case _:
                await self._order(action)

    async def compare(self) -> None:
        """Hold the books against the venues', as every night."""
        for account in ACCOUNTS:
            await self.life.reconciliation.conclude(account)

    async def _transfer(self, action: Action) -> None:
        """To the wallet that does not trade or back, and book it."""
        wallets = ("unified", "funding")[:: 1 if action.coin == COINS[0] else -1]
        venue = self.life.orders.venues[BYBIT]
        await venue.transfer(action.name, "USDT", MOVED, source=wallets[0], target=wallets[1])
        await self.life.reconciliation.conclude(BYBIT)

    async def _wait(self, action: Action) -> None:
        """The market goes on for hours, and everything is quiet again."""
        await self.life.settled()
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.life.url}/leap", json={"until_s": action.until_s}) as answer,
        ):
            assert answer.status == 200, await answer.text()
        await self.life.settled()

    async def _order(self, action: Action) -> None:
        trade = await self._trade(action)
        match action.deed:
            case Deed.REDUCE | Deed.LEAVE:
                await self._reduce(action, trade)
            case Deed.PAIR:
                await self._pair(action)
            case Deed.APPROVED:
                await self._approve(action, trade)
            case Deed.REST:
                await self._rest(action, trade)
            case _:
                await self._enter(action, trade)

    async def _enter(self, action: Action, trade: Trade) -> None:
        last = await self._last(action)
        styles = {Deed.GUARDED: ExecutionStyle.GUARDED_MARKET, Deed.MAKER: ExecutionStyle.MAKER_THEN_MARKET}
        style = styles.get(action.deed, ExecutionStyle.SINGLE)
        if action.deed is Deed.PROTECTED and not trade.version:
            away = 1 - Decimal(action.away) * trade.direction.sign
            trade = replace(trade, stop=trade.instrument.price(last * away))
        await self.life.orders.place(trade, [_intent(action, trade, style=style, decision_price=last)])

    async def _rest(self, action: Action, trade: Trade) -> None:
        away = 1 - Decimal("0.02") * trade.direction.sign
        price = trade.instrument.price(await self._last(action) * away)
        intent = _intent(action, trade, kind=OrderKind.LIMIT, limit_price=price)
        await self.life.orders.place(trade, [intent])
        await asyncio.sleep(action.pause_s)
        order = await self._stored(first_order(intent.id))
        if order is not None and not is_final(order.state):
            try:
                await self.life.orders.cancel(order.id)
            except Refused:
                log.info("over_already", order=order.id)

    async def _reduce(self, action: Action, trade: Trade) -> None:
        if trade.quantity == 0:
            return
        part = trade.quantity if action.deed is Deed.LEAVE else trade.quantity / 2
        quantity = trade.instrument.quantity(part)
        if quantity == 0:
            return
        intent = _intent(action, trade, is_exit=True)
        await self.life.orders.place(trade, [replace(intent, quantity=quantity)])

    async def _pair(self, action: Action) -> None:
        legs = []
        for account, coin in zip(ACCOUNTS, COINS, strict=True):
            quantity = "0.01" if coin == "BTC" else "0.1"
            leg = replace(action, account=account, coin=coin, quantity=quantity, is_spot=False)
            trade = await self._trade(leg)
            legs.append((trade, _intent(leg, trade)))
        await self.life.orders.place_pair(intent_name("manual", action.name), legs)

    async def _approve(self, action: Action, trade: Trade) -> None:
        last = await self._last(action)
        intent = _intent(action, trade, decision_price=last, max_slippage=Decimal("0.05"))
        ticket = self._ticket(action, trade, intent, last)
        await self.life.orders.propose(trade, intent, ticket)
        order = await self._stored(ticket.order_id)
        if order is None or order.state is not OrderState.AWAITING_APPROVAL:
            return
        decided = replace(
            ticket, state=TicketState.APPROVED, decided_by=11, decided_at=self.life.clock.wire_now()
        )
        await self.life.orders.approve(ticket.order_id, decided)

    def _ticket(self, action: Action, trade: Trade, intent: Intent, price: Decimal) -> Ticket:
        now = self.life.clock.wire_now()
        return Ticket(
            id=action.name,
            order_id=first_order(intent.id),
            engine=intent.engine,
            state=TicketState.OPEN,
            effect=self.life.orders.effect(intent, trade, price),
            reason="chaos",
            asked_by=None,
            created_at=now,
            expires_at=now + timedelta(minutes=2),
        )

    async def _trade(self, action: Action) -> Trade:
        is_long = action.is_spot or action.coin == COINS[0]
        direction = Direction.LONG if is_long else Direction.SHORT
        sub_account = SubAccount(engine=EngineName.MANUAL, account=action.account)
        return await self.life.orders.trade_for(sub_account, self._grid(action), direction)

    def _grid(self, action: Action) -> Instrument:
        kind = MarketKind.SPOT if action.is_spot else MarketKind.PERP
        return self.grids[action.account, action.coin, kind]

    async def _stored(self, order_id: str) -> Any:
        return self.life.orders.register.find(order_id) or await self.life.desk.books.order(order_id)

    async def _last(self, action: Action) -> Decimal:
        quote = await self.life.quotes.of(action.account, self._grid(action))
        if quote is None:
            raise Transient("no price")
        return (quote.bid + quote.ask) / 2


def _intent(action: Action, trade: Trade, *, is_exit: bool = False, **changes: Any) -> Intent:
    usual: dict[str, Any] = {
        "id": intent_name("manual", action.name),
        "owner": trade.owner,
        "account": action.account,
        "engine": EngineName.MANUAL,
        "trade_id": trade.id,
        "instrument": trade.instrument,
        "side": trade.direction.exit if is_exit else trade.direction.entry,
        "quantity": Decimal(action.quantity),
        "kind": OrderKind.MARKET,
        "purpose": Purpose.CLOSE if is_exit else Purpose.ENTRY,
        "reduce_only": is_exit,
        "created_at": trade.created_at,
    }
    return Intent(**usual | changes)


async def _patiently(act: Any) -> Any:
    """What an engine does: what was not possible now is tried again soon; what is known is not done again."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                return await act()
            except (Transient, Conflict, Uncertain) as error:
                log.info("again", error=str(error))
                await asyncio.sleep(0.05)


async def live(url: str, folder: Path, actions: tuple[Action, ...], countdown: Countdown | None) -> int:
    """One life: recover, want everything, wait until nothing is under way and all agrees. 0 when that went
    well."""
    try:
        async with a_life(url, folder, countdown) as life:
            script = await Script.over(life)
            for action in actions:
                await script.act(action)
            await life.settled()
            await _patiently(script.compare)
            await life.settled()
            if latches := life.latches.all():
                raise TimeoutError(f"latched: {latches}")
    except (DeskError, TimeoutError) as error:
        log.error("life_failed", error=f"{type(error).__name__}: {error}")
        return 3
    return 0
