"""What a person wants to trade, and what the desk says it would mean. Values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.orders.trade import Target, Trade


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A trade as asked for. `notional` is in USDT; `limit_price` `None` means at the market.

    Stop and targets are prices; targets without shares of their own get the usual ones (50/30/20 %, or equal
    parts). `trail` is a distance as a fraction of the price (0.02: two percent behind the best).
    """

    symbol: str
    direction: Direction
    notional: Decimal
    limit_price: Decimal | None = None
    stop: Decimal | None = None
    targets: tuple[Decimal, ...] = ()
    shares: tuple[Decimal, ...] = ()
    trail: Decimal | None = None
    leverage: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a wish would mean now; everything was checked. Amounts in USDT.

    `price` is the expected average fill, `slippage` its distance from the best price in money, `fee` that of
    the entry. `loss_at_stop` (positive, entry and exit fees included) and `risk_share` of the equity are
    `None` without a stop; then `worst_loss` is what can be lost at most (margin, or all of a spot purchase).
    `gains` are what each target brings, net of fees. `liquidation_price` is `None` on spot. `warnings` are
    codes with their parameters, worded in templates (`"no_stop"`, `"stop_beyond_liquidation"`,
    `"big_risk"`, `"adds_to"`…). `held` is the trade that this one would add to.
    """

    wish: Wish
    instrument: Instrument
    price: Decimal
    quantity: Decimal
    notional: Decimal
    margin: Decimal
    fee: Decimal
    slippage: Decimal
    stop: Decimal | None
    targets: tuple[Target, ...]
    trail_distance: Decimal | None
    loss_at_stop: Decimal | None
    risk_share: Decimal | None
    worst_loss: Decimal
    gains: tuple[Decimal, ...]
    liquidation_price: Decimal | None
    equity: Decimal
    free: Decimal
    at: datetime
    warnings: tuple[tuple[str, Mapping[str, object]], ...] = ()
    held: Trade | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A live trade with what it is worth now. `mark` is `None` and the rest unknown while no fresh price is
    there; `age_s` is the age of the price. `r` is net profit over risk, held part included."""

    trade: Trade
    mark: Decimal | None
    age_s: float | None
    is_stale: bool
    unrealised: Decimal | None
    total: Decimal | None
    r: Decimal | None
    liquidation_price: Decimal | None
    waiting_price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Portfolio:
    """An account at a moment, in USDT. `equity` is cash, coins held at their price, margin and unrealised
    profit; `None` with `is_stale` while a price is missing. `free` can be spent. `day` and `start` are the
    changes of equity since midnight of the person and since the opening. `curve` is equity over time for the
    picture. Statistics count closed trades since the opening; win rate and profit factor are `None` without
    any (or without losses)."""

    equity: Decimal | None
    is_stale: bool
    cash: Decimal
    free: Decimal
    margin: Decimal
    unrealised: Decimal | None
    opening: Decimal
    day: Decimal | None
    start: Decimal | None
    standings: tuple[Standing, ...]
    curve: tuple[tuple[datetime, Decimal], ...]
    closed: int
    wins: int
    realised: Decimal
    fees: Decimal
    funding: Decimal
    win_rate: Decimal | None
    profit_factor: Decimal | None
    average_r: Decimal | None
    best: Decimal | None
    worst: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeEvent:
    """Something about a trade that is worth telling. Codes: `opened`, `canceled`, `target` (with `number`),
    `stop_moved`, `stop`, `trail`, `targets_done`, `closed`, `liquidated`, `funding`, `not_filled`,
    `partly_closed`. A `loud` one is pushed as a message of its own; all show in the living message."""

    code: str
    trade: Trade
    at: datetime
    is_loud: bool = False
    params: Mapping[str, object] = field(default_factory=dict)
