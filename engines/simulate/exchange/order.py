"""Orders and executions as an exchange keeps them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction, Side
from engines.orders.order import Liquidity, OrderKind
from engines.simulate.exchange.refusal import Why


class TimeInForce(StrEnum):
    """How long an order waits."""

    GTC = "gtc"
    IOC = "ioc"
    FOK = "fok"
    POST_ONLY = "post_only"


class Touch(StrEnum):
    """Which way the last price has to go to touch a trigger."""

    RISING = "rising"
    FALLING = "falling"


class Protects(StrEnum):
    """What an order that belongs to a position is there for."""

    STOP = "stop"
    TARGET = "target"


class State(StrEnum):
    """Where an order stands. What was filled in part and then cancelled is `CANCELED`."""

    SLEEPING = "sleeping"
    OPEN = "open"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """An order as it is asked for.

    `quantity` is in base coin; a spot purchase at the market may give `cost` in quote currency in its place.
    `limit_price` is the worst price of a market order, where one is given. `direction` names the position
    where long and short are kept apart. With `trigger_price` it sleeps until the last price touches that
    (`touch`: from which side; found out when it is `None`), for no longer than `sleeps_s`. `stop_loss` and
    `take_profit` protect the position it opens. `protects`: it belongs to a position and closes all of it.
    """

    instrument: Instrument
    side: Side
    kind: OrderKind
    quantity: Decimal | None = None
    cost: Decimal | None = None
    limit_price: Decimal | None = None
    tif: TimeInForce = TimeInForce.GTC
    is_reduce_only: bool = False
    direction: Direction | None = None
    client_id: str = ""
    trigger_price: Decimal | None = None
    touch: Touch | None = None
    sleeps_s: int | None = None
    stop_loss: Decimal | None = None
    take_profit: Decimal | None = None
    protects: Protects | None = None

    @property
    def is_perp(self) -> bool:
        """Whether it trades a perpetual."""
        return self.instrument.kind is MarketKind.PERP

    @property
    def is_reducing(self) -> bool:
        """Whether it can only make a position smaller."""
        return self.is_reduce_only or (self.direction is not None and self.side is self.direction.exit)

    @property
    def may_rest(self) -> bool:
        """Whether what is not filled at once waits in the book."""
        return self.kind is OrderKind.LIMIT and self.tif in (TimeInForce.GTC, TimeInForce.POST_ONLY)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeOrder:
    """An order. `number` counts orders of the exchange in the order of their arrival.

    `quantity`, `limit_price` and `trigger_price` are as amended; the quantity of a purchase by cost is what
    was filled. `cost` is the sum of price times quantity; `fees` are in `fee_asset`. Times are market time.
    """

    id: str
    number: int
    account: str
    wish: Wish
    state: State
    quantity: Decimal
    limit_price: Decimal | None
    trigger_price: Decimal | None
    filled: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    fee_asset: str = ""
    queue_ahead: Decimal = Decimal(0)
    last_on_created: Decimal | None = None
    is_triggered: bool = False
    why: Why | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def instrument(self) -> Instrument:
        return self.wish.instrument

    @property
    def side(self) -> Side:
        return self.wish.side

    @property
    def left(self) -> Decimal:
        """What is not filled yet."""
        return self.quantity - self.filled

    @property
    def average_price(self) -> Decimal | None:
        return self.cost / self.filled if self.filled else None

    @property
    def sleeps_until(self) -> datetime | None:
        """When it ends if nothing has woken it; `None` while it is awake, or may sleep on and on."""
        if self.state is not State.SLEEPING or self.wish.sleeps_s is None:
            return None
        return self.created_at + timedelta(seconds=self.wish.sleeps_s)

    def is_overdue(self, at: datetime) -> bool:
        """Whether it has slept for too long."""
        return self.sleeps_until is not None and at >= self.sleeps_until

    @property
    def is_live(self) -> bool:
        """Whether it rests or sleeps."""
        return self.state in (State.OPEN, State.SLEEPING)


class Dealing(StrEnum):
    """What an execution was."""

    TRADE = "trade"
    FUNDING = "funding"
    LIQUIDATION = "liquidation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Something that happened to money in a market: a fill, or a funding payment.

    `fee` is positive when paid, in `fee_asset`; of funding it is what was paid in quote currency (negative:
    received) at `rate`. `closed` is the part that made a position smaller, `realised` its profit before
    fees. `is_woken`: of an order that had slept.
    """

    id: str
    number: int
    account: str
    dealing: Dealing
    order_id: str
    client_id: str
    instrument: Instrument
    side: Side
    direction: Direction | None = None
    kind: OrderKind
    price: Decimal
    quantity: Decimal
    order_price: Decimal | None = None
    order_quantity: Decimal
    left: Decimal
    fee: Decimal
    fee_asset: str
    rate: Decimal
    liquidity: Liquidity
    closed: Decimal = Decimal(0)
    realised: Decimal = Decimal(0)
    is_woken: bool = False
    at: datetime
