"""How an account has done: its equity over time and the statistics of its closed trades."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal

from engines.ledger import booking
from engines.orders.trade import Trade, TradeState
from ports.books import EquityPoint
from ports.clock import Clock
from ports.people import Person
from services.speech import zone_of
from services.trading.funds import Funds
from services.trading.ledger import QUOTE, Account
from services.trading.prices import Prices
from services.trading.register import Register
from services.trading.wish import Portfolio

ALL = 1_000_000
"""More trades than anybody has."""


@dataclass(slots=True, repr=False)
class Records:
    """Portfolios, and the equity they are drawn from."""

    register: Register
    funds: Funds
    prices: Prices
    clock: Clock

    async def portfolio(self, person: Person) -> Portfolio:
        """The whole account now."""
        account = await self.register.account(person.id)
        opening = self.register.opening_balance
        equity, now = self.prices.equity(person.id), self.clock.now()
        points = await self.register.books.equity(person.id, since=account.opened_at)
        curve = [(account.opened_at, opening), *((point.at, point.equity) for point in points)]
        if equity is not None:
            curve.append((now, equity))
        base = _at_midnight(curve, _midnight(person, now))
        trades = await self.register.books.trades(person.id, limit=ALL)
        closed = [trade for trade in trades if _counts(trade, account)]
        balances = self.register.balances(person.id)
        return Portfolio(
            equity=equity,
            is_stale=equity is None,
            cash=self.funds.cash(person.id),
            free=self.funds.free(person.id),
            margin=booking.margin(balances, QUOTE),
            unrealised=self.prices.unrealised(person.id),
            opening=opening,
            day=None if equity is None else equity - base,
            start=None if equity is None else equity - opening,
            standings=tuple(self.prices.standing(held.trade) for held in self.register.live(person.id)),
            curve=tuple(curve),
            closed=len(closed),
            wins=sum(trade.net > 0 for trade in closed),
            realised=_sum(trade.realised for trade in closed),
            fees=_sum(trade.fees for trade in closed),
            funding=_sum(trade.funding for trade in closed),
            win_rate=_win_rate(closed),
            profit_factor=_profit_factor(closed),
            average_r=_average_r(closed),
            best=max((trade.net for trade in closed), default=None),
            worst=min((trade.net for trade in closed), default=None),
        )

    async def record(self, owners: Sequence[int]) -> None:
        """Write down what these accounts are worth; not those whose prices are missing."""
        now = self.clock.now()
        worth = [(owner, self.prices.equity(owner)) for owner in owners]
        await self.register.books.add_equity(
            [EquityPoint(owner=owner, at=now, equity=equity) for owner, equity in worth if equity is not None]
        )


def _midnight(person: Person, now: datetime) -> datetime:
    zone = zone_of(person.zone)
    return datetime.combine(now.astimezone(zone).date(), time(), tzinfo=zone)


def _at_midnight(curve: Sequence[tuple[datetime, Decimal]], midnight: datetime) -> Decimal:
    """What the account was worth when the day began: the last point before, else what it was opened with."""
    return [curve[0][1], *(equity for at, equity in curve if at <= midnight)][-1]


def _counts(trade: Trade, account: Account) -> bool:
    return trade.state is TradeState.CLOSED and trade.id > account.earlier


def _sum(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, Decimal(0))


def _win_rate(closed: Sequence[Trade]) -> Decimal | None:
    return Decimal(sum(trade.net > 0 for trade in closed)) / len(closed) if closed else None


def _profit_factor(closed: Sequence[Trade]) -> Decimal | None:
    lost = -_sum(trade.net for trade in closed if trade.net < 0)
    return _sum(trade.net for trade in closed if trade.net > 0) / lost if lost else None


def _average_r(closed: Sequence[Trade]) -> Decimal | None:
    multiples = [trade.net / trade.risk for trade in closed if trade.risk]
    return _sum(multiples) / len(multiples) if multiples else None
