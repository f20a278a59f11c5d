"""What the gate looks at: one immutable picture of the market, the money and what is held, at a moment.

Money is in the quote currency. What is `None` could not be had; a limit that needs it denies and names it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engines.core.side import Direction
from engines.risk.latch import Latch


@dataclass(frozen=True, slots=True, kw_only=True)
class Market:
    """The market of an intent: the reference price (mark of a perpetual, last price of a coin), its age in
    real seconds, and the best prices where they are told."""

    price: Decimal
    age_s: float
    bid: Decimal | None = None
    ask: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Something that an engine holds or is about to hold."""

    asset: str
    direction: Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The sub-account of an engine.

    `capital` is what it is worth, `high_water` the most it was worth, `day_start` its worth at 00:00 UTC,
    both as if what was deposited since had always been there. `turnover` is what it has entered since then.
    `exposure` and `perps` are of `engines.risk.exposure.Exposure`, orders under way included; so much as
    `offset` of the order hedges what is there. `positions` are those of its other trades.
    """

    capital: Decimal | None
    high_water: Decimal | None
    day_start: Decimal | None
    turnover: Decimal = Decimal(0)
    exposure: Decimal | None = Decimal(0)
    offset: Decimal = Decimal(0)
    perps: Decimal = Decimal(0)
    positions: tuple[Position, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """Several sub-accounts seen as one: a portfolio, or all of the desk.

    `delta` is its net exposure to the asset of the intent, positive when a rising price earns; of orders
    under way those count that go the way of the intent. `used_margin` is what its perpetuals are backed with
    at their leverage.
    """

    nav: Decimal | None
    cash: Decimal = Decimal(0)
    used_margin: Decimal = Decimal(0)
    delta: Decimal | None = Decimal(0)
    high_water: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that one judgement needs.

    `free` is what the order may be paid with, `fee_rate` what it pays as a taker. `is_sized`: steps that
    halve a size were applied to this very intent before. People have neither `account` nor pools: their money
    is nobody else's. `correlations` are by pair of assets; a pair that is missing counts as the worse.
    """

    now: datetime
    market: Market | None
    free: Decimal
    fee_rate: Decimal
    latches: tuple[Latch, ...] = ()
    is_sized: bool = False
    account: Account | None = None
    portfolio: Pool | None = None
    desk: Pool | None = None
    correlations: Mapping[frozenset[str], float] = field(default_factory=dict)
