"""What the gate looks at, for tests: what a test does not name is calm and roomy."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from engines.orders.order import ExecutionStyle, Intent
from engines.orders.subaccount import PAPER, EngineName, SubAccount
from engines.orders.trade import Trade
from engines.risk.view import Account, Market, Pool, View
from tests.build.orders import NOW, a_trade, an_intent


def a_view(**changes: Any) -> View:
    """Bitcoin at 100, an engine with 10 000 that never was worth more, in a desk of 20 000."""
    usual = View(
        now=NOW,
        market=a_market(),
        free=Decimal(10_000),
        fee_rate=Decimal("0.00055"),
        account=an_account(),
        portfolio=a_pool(),
        desk=a_pool(),
    )
    return replace(usual, **changes)


def a_market(**changes: Any) -> Market:
    """At 100, told a second ago."""
    usual = Market(price=Decimal(100), age_s=1.0, bid=Decimal("99.9"), ask=Decimal("100.1"))
    return replace(usual, **changes)


def an_account(**changes: Any) -> Account:
    """10 000, as ever."""
    capital = Decimal(10_000)
    return replace(Account(capital=capital, high_water=capital, day_start=capital), **changes)


def a_pool(**changes: Any) -> Pool:
    """20 000, all of it cash."""
    worth = Decimal(20_000)
    return replace(Pool(nav=worth, cash=worth, high_water=worth), **changes)


def an_entry(engine: EngineName = EngineName.TREND, quantity: object = 10, **changes: Any) -> Intent:
    """A guarded purchase of ten bitcoin perpetuals by an engine on paper."""
    usual = an_intent(
        id="i1",
        owner=SubAccount(engine=engine, account=PAPER).owner,
        engine=engine.value,
        quantity=Decimal(str(quantity)),
        style=ExecutionStyle.GUARDED_MARKET,
    )
    return replace(usual, **changes)


def a_desk_trade(engine: EngineName = EngineName.TREND, **changes: Any) -> Trade:
    """The trade of `an_entry`, at two times leverage; nothing is filled yet."""
    usual = a_trade(
        owner=SubAccount(engine=engine, account=PAPER).owner, leverage=Decimal(2), wanted=Decimal(10)
    )
    return replace(usual, **changes)
