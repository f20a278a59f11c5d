"""Paper trades of people: checked, opened, protected, closed, told."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal

import structlog

from engines.core.instrument import Toward
from engines.core.timeframe import Timeframe
from engines.orders.order import Intent, OrderKind, Purpose
from engines.orders.position import break_even_stop
from engines.orders.trade import CloseReason, Trade, TradeState
from ports.books import Change
from ports.clock import Clock
from ports.errors import Refused, Transient
from ports.markets import MarketSource
from ports.messages import Document, Messenger
from ports.people import Person
from services.guard import Guard
from services.market.perps import Perps
from services.markets import Markets
from services.orders import Orders
from services.trading.candle_moves import milliseconds
from services.trading.export import documents
from services.trading.fundings import Fundings
from services.trading.intents import intent_of
from services.trading.living import Living, View
from services.trading.opening import Draft, Opening, new_trade
from services.trading.prices import Prices
from services.trading.record import Records
from services.trading.register import Held, Register
from services.trading.tape import Tape
from services.trading.wish import Portfolio, Preview, Standing, TradeEvent, Wish

log = structlog.get_logger()

EXPIRES_S = 60.0
"""Real seconds after which an order that a person wanted is not sent any more."""
SAVE_EVERY_S = 5.0
DAY = timedelta(days=1)


@dataclass(slots=True, repr=False)
class Trades:
    """The paper accounts of all people.

    Everything that a person can ask for. Refusals are `ports.errors.Refused` with codes listed at each
    method; nothing has changed then. `start` comes first, then `run` and `living.run` for ever.
    """

    register: Register
    orders: Orders
    opening: Opening
    prices: Prices
    records: Records
    tape: Tape
    fundings: Fundings
    living: Living
    source: MarketSource
    clock: Clock
    _closed: set[int] = field(default_factory=set)
    _reset_by: dict[int, str] = field(default_factory=dict)

    @classmethod
    def over(
        cls,
        orders: Orders,
        *,
        markets: Markets,
        perps: Perps,
        source: MarketSource,
        messenger: Messenger,
        view: View,
        most_leverage: Decimal,
        stale_after_s: float,
    ) -> "Trades":
        """All of it over the road of orders. `view` draws a living message."""
        register, funds, clock = orders.register, orders.funds, orders.clock
        prices = Prices(markets, perps, register, clock, stale_after_s)
        return cls(
            register=register,
            orders=orders,
            opening=Opening(
                markets, perps, source, register, funds, prices, clock, most_leverage, stale_after_s
            ),
            prices=prices,
            records=Records(register, funds, prices, clock),
            tape=Tape(source, markets, perps, register, Guard(register, orders).apply, clock),
            fundings=Fundings(source, perps, register, funds, orders.teller, clock),
            living=Living(register, prices, orders.teller.people, messenger, clock, view),
            source=source,
            clock=clock,
        )

    async def start(self) -> None:
        """Read what is live; must run before the first update and before `run`."""
        for part in (self.tape, self.fundings, self.living):
            part.listen()
        self.register.on_change.append(self._note_closed)
        await self.register.load()
        await self.orders.start()
        await self.living.load()

    async def run(self) -> None:
        """Endless: finish what was under way when the desk stopped, then follow the market for ever."""
        await self._recover()
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self.tape.run(), name="tape")
            loops.create_task(self.fundings.run(), name="fundings")
            loops.create_task(self._write_down(), name="seen")

    async def _recover(self) -> None:
        """Finish what was under way. A trade that cannot be mended holds back no other: all are protected."""
        trades = [held.trade for held in self.register.live()]
        outcomes = await asyncio.gather(*map(self._recover_one, trades), return_exceptions=True)
        for trade, outcome in zip(trades, outcomes, strict=True):
            if isinstance(outcome, Transient):
                raise outcome
            if isinstance(outcome, BaseException):
                log.error("trade_not_recovered", trade=trade.id, exc_info=outcome)

    async def _recover_one(self, trade: Trade) -> None:
        async with self.register.lock_of(trade):
            await self.orders.recover(trade.id)

    async def preview(self, person: Person, wish: Wish) -> Preview:
        """What the wish would mean at this moment; changes nothing.

        Raises `Refused`: `unknown_symbol`, `markets_loading`, `bad_amount` (zero, negative, not a number,
        absurd), `too_small` (`least`), `too_much` (`free`, `most`), `bad_leverage` (`most`), `spot_no_short`,
        `spot_no_leverage`, `bad_price`, `price_far` (`price`, `last`), `stop_wrong_side` (`stop`, `price`),
        `target_wrong_side` (`target`, `price`), `too_many_targets`, `opposite_held` (`trade_id`, `pair`),
        `partly_closed_held`, `no_fresh_price` (`pair`).
        """
        return (await self.opening.draft(person, wish)).preview

    async def open(
        self, person: Person, wish: Wish, *, key: str, chat_id: int, message_id: int | None
    ) -> Trade:
        """Open (or add to) a trade; the same `key` never opens twice and gives the same trade. The message
        becomes its living message. Raises as `preview` does."""
        async with self.register.lock(person.id):
            done = await self._opened_by(person, key)
            if done is not None:
                return done
            draft = await self.opening.draft(person, wish)
            if draft.held is not None:
                return await self._add(draft, draft.held, key, chat_id, message_id)
            trade_id = await self.register.books.new_trade_id()
            new = new_trade(trade_id, person, draft.plan, self.clock.now())
            new = replace(new, chat_id=chat_id, message_id=message_id)
            return await self.orders.place(new, [self._entry(new, draft, key)], key=key)

    async def find(self, person: Person, text: str) -> Trade:
        """The live trade that `text` names: `#12`, `12`, `btc`. Raises `Refused`: `no_such_trade`,
        `already_closed` (`trade_id`), `which_trade`, `no_open_trades`."""
        name = text.strip().removeprefix("#").strip()
        live = [held.trade for held in self.register.live(person.id)]
        if name.isdecimal() and len(name) < 18:
            return self._live(await self.get(person, int(name))).trade
        if not live:
            raise Refused("no_open_trades")
        if not name and len(live) > 1:
            raise Refused("which_trade")
        if not name:
            return live[0]
        symbol = await self._symbol(name)
        for trade in live:
            if trade.instrument.symbol == symbol:
                return trade
        raise Refused("no_such_trade", text=name[:32])

    async def get(self, person: Person, trade_id: int) -> Trade:
        """Any trade of that person, also a closed one. Raises `Refused("no_such_trade")`."""
        held = self.register.get(trade_id)
        trade = held.trade if held is not None else await self.register.books.trade(trade_id)
        if trade is None or trade.owner != person.id:
            raise Refused("no_such_trade", text=f"#{trade_id}")
        return trade

    async def close(
        self,
        person: Person,
        trade_id: int,
        *,
        share: Decimal = Decimal(1),
        price: Decimal | None = None,
        key: str,
    ) -> Trade:
        """Close a part of what is held (a waiting one is cancelled), at the market, or booked at the person's
        own `price` when that lies inside the last 24 hours' range (marked manual).

        Raises `Refused`: `no_such_trade`, `already_closed`, `bad_share`, `part_too_small`,
        `price_outside_day` (`low`, `high`), `no_fresh_price`.
        """
        if not share.is_finite() or not 0 < share <= 1:
            raise Refused("bad_share", share=share)
        async with self.register.lock(person.id):
            trade = await self.get(person, trade_id)
            name = _name(trade, "c", key)
            if any(order.intent.id == name for order in await self.register.books.orders(trade_id)):
                return trade
            held = self._live(trade)
            if trade.state is TradeState.WAITING:
                await self.orders.withdraw(trade_id)
                return await self.get(person, trade_id)
            quantity = trade.quantity if share == 1 else trade.instrument.quantity(trade.quantity * share)
            if quantity <= 0:
                raise Refused("part_too_small", least=trade.instrument.lot)
            if price is not None:
                price = await self._inside_day(trade, price)
            return await self._leave(held, quantity, price, name)

    async def protect(self, person: Person, trade_id: int, *, stop: Decimal | None, key: str) -> Trade:
        """Move the stop (`None`: to the entry). Raises `Refused`: `no_such_trade`, `already_closed`,
        `stop_wrong_side`."""
        async with self.register.lock(person.id):
            trade = self._live(await self.get(person, trade_id)).trade
            level = await self._stop_level(trade, stop)
            if level == trade.stop:
                return trade
            now = self.clock.now()
            moved = replace(trade, stop=level, armed_at=now)
            event = TradeEvent(code="stop_moved", trade=moved, at=now, params={"price": level})
            return await self.orders.place(moved, [], events=[event])

    def live(self, person_id: int) -> Sequence[Standing]:
        """Waiting and open trades with what they are worth now, the oldest first."""
        return [self.standing(held.trade) for held in self.register.live(person_id)]

    def standing(self, trade: Trade) -> Standing:
        """A trade with what it is worth now."""
        return self.prices.standing(trade)

    async def history(self, person: Person, *, limit: int, offset: int = 0) -> Sequence[Trade]:
        """Trades of all states, the newest first."""
        return await self.register.books.trades(person.id, limit=limit, offset=offset)

    async def portfolio(self, person: Person) -> Portfolio:
        """The whole account, at prices that are asked for where ours are too old."""
        held = [one.trade for one in self.register.live(person.id) if one.trade.quantity]
        await self.prices.refresh({trade.instrument for trade in held})
        return await self.records.portfolio(person)

    async def reset(self, person: Person, *, key: str) -> Portfolio:
        """Close everything, and begin again with the opening balance; history stays.

        Raises `Refused("no_fresh_price")` (`pair`) while something is held whose price is not known.
        """
        async with self.register.lock(person.id):
            if self._reset_by.get(person.id) != key:
                await self._reset(person)
                self._reset_by[person.id] = key
        return await self.records.portfolio(person)

    async def export(self, person: Person) -> Sequence[Document]:
        """Trades, fills and ledger as CSV files, full digits, UTC."""
        return documents(await self.register.books.statement(person.id))

    async def record_equity(self) -> None:
        """Write down what every account is worth now."""
        await self.records.record(self.register.owners())

    async def _opened_by(self, person: Person, key: str) -> Trade | None:
        """The trade that this key has opened or added to."""
        done = await self.register.books.by_intent(_entry_name(person.id, key))
        return None if done is None else await self._again(done)

    async def _add(self, draft: Draft, held: Trade, key: str, chat_id: int, message_id: int | None) -> Trade:
        plan = draft.plan
        grown = replace(
            held,
            wanted=held.wanted + plan.quantity,
            stop=plan.stop,
            targets=plan.targets,
            trail_distance=plan.trail_distance,
            armed_at=self.clock.now(),
        )
        added = await self.orders.place(grown, [self._entry(held, draft, key)])
        if added.entered == held.entered and not self._waits_for(added, key):
            await self._as_before(added, held)
            raise Refused("no_fresh_price", pair=held.instrument.pair)
        if message_id is not None:
            await self.register.show(added, version=0, chat_id=chat_id, message_id=message_id)
        return await self._again(added)

    def _waits_for(self, trade: Trade, key: str) -> bool:
        """Whether an order of that key rests in the book."""
        held, name = self.register.get(trade.id), _entry_name(trade.owner, key)
        return held is not None and any(order.intent.id == name for order in held.resting)

    async def _as_before(self, added: Trade, held: Trade) -> None:
        """Nothing was added, so the levels that came with it do not count."""
        before = replace(
            added,
            wanted=held.wanted,
            stop=held.stop,
            targets=held.targets,
            trail_distance=held.trail_distance,
            armed_at=held.armed_at,
        )
        await self.orders.place(before, [])

    def _entry(self, trade: Trade, draft: Draft, key: str) -> Intent:
        plan, limit = draft.plan, draft.preview.wish.limit_price
        return self._intent(
            trade,
            _entry_name(trade.owner, key),
            Purpose.ENTRY,
            plan.quantity,
            kind=OrderKind.MARKET if limit is None else OrderKind.LIMIT,
            limit_price=None if limit is None else plan.worst_price,
            worst_price=plan.worst_price if limit is None else None,
            most_cost=draft.most_cost,
        )

    def _intent(
        self,
        trade: Trade,
        name: str,
        purpose: Purpose,
        quantity: Decimal,
        *,
        kind: OrderKind = OrderKind.MARKET,
        limit_price: Decimal | None = None,
        worst_price: Decimal | None = None,
        most_cost: Decimal | None = None,
    ) -> Intent:
        now = self.clock.now()
        return intent_of(
            trade,
            name,
            purpose,
            quantity,
            now,
            kind=kind,
            limit_price=limit_price,
            worst_price=worst_price,
            most_cost=most_cost,
            expires_at=now + timedelta(seconds=EXPIRES_S * max(self.clock.speed, 1.0)),
        )

    async def _leave(self, held: Held, quantity: Decimal, price: Decimal | None, name: str) -> Trade:
        """Sell a part of what is held, at the market or booked at a price."""
        trade = held.trade
        if quantity == trade.quantity:
            await self.orders.withdraw(trade.id)
            trade = await self._again(trade)
        purpose = Purpose.CLOSE if price is None else Purpose.MANUAL
        after = await self.orders.place(
            trade, [self._intent(trade, name, purpose, quantity, limit_price=price)]
        )
        if after.exited == trade.exited:
            raise Refused("no_fresh_price", pair=trade.instrument.pair)
        return after

    async def _inside_day(self, trade: Trade, price: Decimal) -> Decimal:
        """The price on the grid, if the market has been there within the last day."""
        instrument, now = trade.instrument, self.clock.now()
        try:
            bars = await self.source.history(
                instrument.symbol,
                Timeframe.M5,
                start_ms=milliseconds(now - DAY),
                stop_ms=milliseconds(now),
                kind=instrument.kind,
            )
        except Transient as error:
            raise Refused("no_fresh_price", pair=instrument.pair) from error
        if not len(bars):
            raise Refused("no_fresh_price", pair=instrument.pair)
        low = instrument.price(Decimal(repr(float(bars.low.min()))), Toward.UP)
        high = instrument.price(Decimal(repr(float(bars.high.max()))), Toward.DOWN)
        if not price.is_finite() or not low <= price <= high:
            raise Refused("price_outside_day", low=low, high=high)
        return instrument.price(price)

    async def _stop_level(self, trade: Trade, stop: Decimal | None) -> Decimal:
        """The wanted stop on the grid, if it would not fire at once."""
        now = await self._reference(trade)
        level = break_even_stop(trade) if stop is None else stop
        if level is None:
            raise Refused("no_such_trade", text=f"#{trade.id}")
        if not level.is_finite() or level <= 0 or (now - level) * trade.direction.sign <= 0:
            raise Refused("stop_wrong_side", stop=level, price=now)
        level = trade.instrument.price(level)
        if level <= 0:
            raise Refused("stop_wrong_side", stop=level, price=now)
        return level

    async def _reference(self, trade: Trade) -> Decimal:
        """What a stop is compared with: the price now, or that at which an entry waits."""
        waiting = self.prices.standing(trade).waiting_price
        if trade.state is TradeState.WAITING and waiting is not None:
            return waiting
        return await self.prices.now(trade.instrument)

    async def _reset(self, person: Person) -> None:
        """End every trade at its mark, then begin anew. All prices are looked up first: it is all or none."""
        held = self.register.live(person.id)
        marks = [await self.prices.final(one.trade) if one.trade.quantity else None for one in held]
        for one, mark in zip(held, marks, strict=True):
            await self._end(one.trade, mark)
        await self.register.reopen(person.id)

    async def _end(self, trade: Trade, mark: Decimal | None) -> None:
        await self.orders.withdraw(trade.id)
        held = self.register.get(trade.id)
        if held is None or mark is None:
            return
        trade = held.trade
        price = max(trade.instrument.price(mark), trade.instrument.tick)
        name = f"{trade.id}-r{held.trade.version}"
        intent = self._intent(trade, name, Purpose.MANUAL, trade.quantity, limit_price=price)
        after = await self.orders.place(trade, [intent])
        reset = replace(after, close_reason=CloseReason.RESET, version=after.version + 1)
        await self.register.commit(Change(trade=reset))

    async def _symbol(self, name: str) -> str:
        try:
            return (await self.opening.instrument(name)).symbol
        except Refused as error:
            if error.code == "markets_loading":
                raise
            raise Refused("no_such_trade", text=name[:32]) from error

    def _live(self, trade: Trade) -> Held:
        held = self.register.get(trade.id)
        if held is None:
            raise Refused("already_closed", trade_id=trade.id)
        return held

    async def _again(self, trade: Trade) -> Trade:
        """The trade as it is now."""
        held = self.register.get(trade.id)
        stored = held.trade if held is not None else await self.register.books.trade(trade.id)
        return trade if stored is None else stored

    def _note_closed(self, held: Held) -> None:
        if held.trade.state is TradeState.CLOSED:
            self._closed.add(held.trade.owner)

    async def _write_down(self) -> None:
        """Endless: how far moves were applied, and what accounts are worth after each close."""
        while True:
            await asyncio.sleep(SAVE_EVERY_S)
            await self.save()

    async def save(self) -> None:
        """Write down what is not worth a transaction of its own."""
        closed, self._closed = self._closed, set()
        await self.records.record(sorted(closed))
        await self.register.save_seen()


def _entry_name(owner: int, key: str) -> str:
    """The id of an entry; it does not name the trade, which another tap of the same key may not know."""
    return f"o{hashlib.sha256(f'{owner}:{key}'.encode()).hexdigest()[:20]}"


def _name(trade: Trade, letter: str, key: str) -> str:
    """The intent's id of a person's deed: the same key makes the same id, which is acted on once."""
    return f"{trade.id}-{letter}{hashlib.sha256(key.encode()).hexdigest()[:10]}"
