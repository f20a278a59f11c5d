"""Paper accounts in memory, filled at the last price at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from engines.core.instrument import Instrument, MarketKind
from engines.orders import plan
from engines.orders.trade import CloseReason, Trade, TradeState
from ports.clock import Clock
from ports.errors import Refused
from ports.messages import Document
from ports.people import Person
from services.market.perps import Perps
from services.markets import Markets
from services.trades import Trades
from services.trading.wish import Portfolio, Preview, Standing, Wish

FEE = Decimal("0.001")


class FakeTrades(Trades):
    """`Trades` without money rules."""

    def __init__(
        self, markets: Markets, perps: Perps, clock: Clock, opening: Decimal = Decimal(1000)
    ) -> None:
        self.markets, self.perps, self.clock, self.opening = markets, perps, clock, opening
        self.kept: dict[int, Trade] = {}
        self.keys: dict[str, int] = {}

    def _last(self, instrument: Instrument) -> Decimal:
        if instrument.kind is MarketKind.PERP:
            ticker = self.perps.ticker(instrument.symbol)
            assert ticker is not None
            return ticker.last
        return self.markets.quotes([instrument.symbol])[0].ticker.last

    def _free(self, person_id: int) -> Decimal:
        return self.opening - sum(
            (one.margin for one in self.kept.values() if one.owner == person_id), Decimal(0)
        )

    async def preview(self, person: Person, wish: Wish) -> Preview:
        spot = await self.markets.resolve(wish.symbol)
        instrument = await self.perps.instrument(spot.symbol) or spot
        price = wish.limit_price or self._last(instrument)
        free = self._free(person.id)
        p = plan.Plan(
            instrument=instrument,
            direction=wish.direction,
            price=price,
            worst_price=price,
            quantity=plan.quantity_for(instrument, wish.notional, price),
            leverage=wish.leverage,
            stop=wish.stop,
            targets=plan.ladder(wish.direction, wish.targets),
        )
        problem = plan.find_problem(p, most_leverage=Decimal(5))
        if problem is not None:
            raise Refused(problem.code, **problem.params)
        if plan.cash_needed(p, FEE) > free:
            raise Refused(
                "too_much", free=free, most=(free * wish.leverage * Decimal("0.99")).quantize(Decimal("0.01"))
            )
        loss = plan.loss_at_stop(p, entry_fee=FEE, exit_fee=FEE)
        return Preview(
            wish=wish,
            instrument=instrument,
            price=price,
            quantity=p.quantity,
            notional=p.notional,
            margin=p.margin,
            fee=p.notional * FEE,
            slippage=Decimal("0.01"),
            stop=p.stop,
            targets=p.targets,
            trail_distance=None if wish.trail is None else wish.trail * price,
            loss_at_stop=loss,
            risk_share=None if loss is None else loss / self.opening,
            worst_loss=plan.worst_loss(p, entry_fee=FEE),
            gains=plan.gains(p, entry_fee=FEE, exit_fee=FEE),
            liquidation_price=plan.liquidation_price(p),
            equity=self.opening,
            free=free,
            at=self.clock.now(),
            warnings=(("no_stop", {}),) if p.stop is None else (),
        )

    async def open(
        self, person: Person, wish: Wish, *, key: str, chat_id: int, message_id: int | None
    ) -> Trade:
        if key in self.keys:
            return self.kept[self.keys[key]]
        shown = await self.preview(person, wish)
        now = self.clock.now()
        is_open = wish.limit_price is None
        trade = Trade(
            id=len(self.kept) + 1,
            owner=person.id,
            instrument=shown.instrument,
            direction=wish.direction,
            leverage=wish.leverage,
            state=TradeState.OPEN if is_open else TradeState.WAITING,
            wanted=shown.quantity,
            quantity=shown.quantity if is_open else Decimal(0),
            entered=shown.quantity if is_open else Decimal(0),
            entry_cost=shown.notional if is_open else Decimal(0),
            margin=shown.margin,
            fees=shown.fee,
            risk=None if wish.stop is None else abs(shown.price - wish.stop) * shown.quantity,
            stop=wish.stop,
            targets=shown.targets,
            created_at=now,
            opened_at=now if is_open else None,
            seen_at=now,
            chat_id=chat_id,
            message_id=message_id,
            version=1,
        )
        self.kept[trade.id], self.keys[key] = trade, trade.id
        return trade

    async def find(self, person: Person, text: str) -> Trade:
        if text.isdecimal():
            return await self.get(person, int(text))
        symbol = (await self.markets.resolve(text)).symbol
        for one in self.kept.values():
            if one.owner == person.id and one.is_live and one.instrument.symbol == symbol:
                return one
        raise Refused("no_such_trade")

    async def get(self, person: Person, trade_id: int) -> Trade:
        trade = self.kept.get(trade_id)
        if trade is None or trade.owner != person.id:
            raise Refused("no_such_trade")
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
        trade = await self.get(person, trade_id)
        if key in self.keys:
            return trade
        if not trade.is_live:
            raise Refused("already_closed", trade_id=trade.id)
        at = self._last(trade.instrument) if price is None else price
        part = trade.quantity * share
        now = self.clock.now()
        is_over = share == 1
        changed = replace(
            trade,
            quantity=trade.quantity - part,
            exited=trade.exited + part,
            exit_proceeds=trade.exit_proceeds + at * part,
            realised=trade.realised + (trade.unrealised(at) * share),
            fees=trade.fees + at * part * FEE,
            margin=trade.margin * (1 - share),
            version=trade.version + 1,
            state=(TradeState.CLOSED if trade.entered else TradeState.CANCELED) if is_over else trade.state,
            close_reason=(CloseReason.PERSON if price is None else CloseReason.MANUAL) if is_over else None,
            closed_at=now if is_over else None,
        )
        self.kept[trade.id], self.keys[key] = changed, trade.id
        return changed

    async def protect(self, person: Person, trade_id: int, *, stop: Decimal | None, key: str) -> Trade:
        trade = await self.get(person, trade_id)
        changed = replace(trade, stop=trade.entry_price if stop is None else stop, version=trade.version + 1)
        self.kept[trade.id] = changed
        return changed

    def live(self, person_id: int) -> Sequence[Standing]:
        return [self.standing(one) for one in self.kept.values() if one.owner == person_id and one.is_live]

    def standing(self, trade: Trade) -> Standing:
        mark = self._last(trade.instrument)
        total = trade.net + trade.unrealised(mark)
        return Standing(
            trade=trade,
            mark=mark,
            age_s=1.0,
            is_stale=False,
            unrealised=trade.unrealised(mark),
            total=total,
            r=total / trade.risk if trade.risk else None,
            liquidation_price=None if trade.leverage == 1 else mark / 2,
            waiting_price=Decimal(80000) if trade.state is TradeState.WAITING else None,
        )

    async def history(self, person: Person, *, limit: int, offset: int = 0) -> Sequence[Trade]:
        return sorted((one for one in self.kept.values() if one.owner == person.id), key=lambda one: -one.id)[
            offset:
        ][:limit]

    async def portfolio(self, person: Person) -> Portfolio:
        closed = [one for one in self.kept.values() if one.owner == person.id and not one.is_live]
        standings = tuple(self.live(person.id))
        unrealised = sum((one.unrealised or Decimal(0) for one in standings), Decimal(0))
        nets = [one.net for one in closed]
        equity = self.opening + sum(nets, Decimal(0)) + unrealised
        curve: tuple[tuple[datetime, Decimal], ...] = ()
        if closed:
            start = min(one.created_at for one in closed)
            curve = ((start, self.opening), (self.clock.now(), equity))
        return Portfolio(
            equity=equity,
            is_stale=False,
            cash=self.opening,
            free=self._free(person.id),
            margin=self.opening - self._free(person.id),
            unrealised=unrealised,
            opening=self.opening,
            day=equity - self.opening,
            start=equity - self.opening,
            standings=standings,
            curve=curve if len(curve) > 1 and curve[0][0] < curve[1][0] else (),
            closed=len(closed),
            wins=sum(net > 0 for net in nets),
            realised=sum(nets, Decimal(0)),
            fees=Decimal(1),
            funding=Decimal(0),
            win_rate=Decimal(sum(net > 0 for net in nets)) / len(nets) if nets else None,
            profit_factor=None,
            average_r=Decimal("0.5") if nets else None,
            best=max(nets) if nets else None,
            worst=min(nets) if nets else None,
        )

    async def reset(self, person: Person, *, key: str) -> Portfolio:
        self.kept.clear()
        return await self.portfolio(person)

    async def export(self, person: Person) -> Sequence[Document]:
        return [Document(name=f"{name}.csv", content=b"id\n") for name in ("trades", "fills", "ledger")]
