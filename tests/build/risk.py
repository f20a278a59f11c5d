"""What the gate looks at, for tests: what a test does not name is calm and roomy."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

from engines.core.side import Direction
from engines.orders.order import ExecutionStyle, Intent
from engines.orders.subaccount import EngineName, SubAccount
from engines.orders.trade import Trade
from engines.risk.view import Account, Market, Pool, View
from tests.build.orders import NOW, an_intent, a_trade


def a_view(**changes: Any) -> View:
    """Bitcoin at 100, an engine with 10 000 that never was worth more, in a desk of 20 000."""
    usual = View(
        now=NOW,
        market=Market(price=Decimal(100), age_s=1.0, bid=Decimal("99.9"), ask=Decimal("100.1")),
        free=Decimal(10_000),
        fee_rate=Decimal("0.00055"),
        account=an_account(),
        portfolio=a_pool(nav=Decimal(20_000), cash=Decimal(20_000)),
        desk=a_pool(nav=Decimal(20_000), cash=Decimal(20_000), high_water=Decimal(20_000)),
    )
    return replace(usual, **changes)


def an_account(**changes: Any) -> Account:
    """10 000, as ever."""
    capital = Decimal(10_000)
    usual = Account(capital=capital, high_water=capital, day_start=capital)
    return replace(usual, **changes)


def a_pool(**changes: Any) -> Pool:
    """Nothing in it but money."""
    return replace(Pool(nav=Decimal(20_000)), **changes)


def an_entry(engine: EngineName = EngineName.TREND, quantity: object = 10, **changes: Any) -> Intent:
    """A guarded purchase of ten bitcoin perpetuals by the trend engine on paper."""
    usual = an_intent(
        owner=SubAccount(engine=engine, account="paper").owner,
        engine=engine.value,
        quantity=Decimal(str(quantity)),
        style=ExecutionStyle.GUARDED_MARKET,
    )
    return replace(usual, **changes)


def a_desk_trade(engine: EngineName = EngineName.TREND, **changes: Any) -> Trade:
    """The trade of `an_entry`, at two times leverage."""
    usual = a_trade(
        owner=SubAccount(engine=engine, account="paper").owner,
        direction=Direction.LONG,
        leverage=Decimal(2),
        wanted=Decimal(10),
    )
    return replace(usual, **changes)
