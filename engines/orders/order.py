"""Intents, orders, fills and the events that move an order through its life. Plain values."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Side


class OrderKind(StrEnum):
    """At the market now, or at a limit price or better."""

    MARKET = "market"
    LIMIT = "limit"


class Purpose(StrEnum):
    """Why an order exists."""

    ENTRY = "entry"
    CLOSE = "close"
    STOP = "stop"
    TARGET = "target"
    TRAIL = "trail"
    LIQUIDATION = "liquidation"
    MANUAL = "manual"
    """Booked at a price that the person named, not matched."""


class ExecutionStyle(StrEnum):
    """How an intent becomes orders; `engines.orders.execution` says what each does next."""

    SINGLE = "single"
    """One order, of the intent's own kind and limit."""
    GUARDED_MARKET = "guarded_market"
    """A market order that is filled no worse than `max_slippage` from the decision price."""
    POST_ONLY = "post_only"
    """A limit at the best price of its own side that never takes; moved along while it is not filled."""
    MAKER_THEN_MARKET = "maker_then_market"
    """Post-only for a few seconds, then what is left at the market, guarded."""
    PROTECTION = "protection"
    """One order that protects a position from its venue's book: asleep at the intent's trigger price, or a
    limit. `engines.orders.bracket` says which there should be."""


class Liquidity(StrEnum):
    """Who was there first: a maker rested in the book, a taker came to it."""

    MAKER = "maker"
    TAKER = "taker"


class OrderState(StrEnum):
    """Where an order stands; `lifecycle.TRANSITIONS` says what may follow what."""

    CREATED = "created"
    VALIDATED = "validated"
    DENIED = "denied"
    AWAITING_APPROVAL = "awaiting_approval"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    OPEN = "open"
    PARTIALLY_FILLED = "partially_filled"
    FILLED = "filled"
    CANCEL_PENDING = "cancel_pending"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """The wish to trade, before anything was checked.

    `id` is unique and the dedupe key: the same id is never acted on twice. `owner` is the ledger sub-account:
    a person's id, or that of an engine (`engines.orders.subaccount`). `account` names the venue account that
    executes it (`"paper"`, `"bybit"`, `"gate"`), `trade_id` the trade it belongs to. `quantity` is in base
    coin, on the lot grid. `limit_price` is set for limits only. A market order is filled no worse than
    `worst_price`, where one is given, and for no more than `most_cost` (price times quantity, summed): what
    was found free when it was checked. `trigger_price` is the price whose touch caused it (stops, targets).
    `decision_price` is what the market showed when it was decided, against which slippage is measured;
    `max_slippage` the fraction of it that a guarded order may be worse. After `expires_at` it is not sent
    any more.
    """

    id: str
    owner: int
    account: str
    engine: str
    trade_id: int
    instrument: Instrument
    side: Side
    quantity: Decimal
    kind: OrderKind
    purpose: Purpose
    limit_price: Decimal | None = None
    worst_price: Decimal | None = None
    most_cost: Decimal | None = None
    trigger_price: Decimal | None = None
    style: ExecutionStyle = ExecutionStyle.SINGLE
    decision_price: Decimal | None = None
    max_slippage: Decimal | None = None
    reduce_only: bool = False
    reason: str = ""
    created_at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What one order asks of the venue; the children of an intent differ in it.

    `quantity` is in base coin, on the lot grid. A market order is filled no worse than `worst_price`, where
    one is given. With `trigger_price` it sleeps at the venue until that price is touched (a stop, a target
    that is kept there). `is_post_only`: refused rather than filled at once.
    """

    quantity: Decimal
    kind: OrderKind
    limit_price: Decimal | None = None
    worst_price: Decimal | None = None
    trigger_price: Decimal | None = None
    is_post_only: bool = False

    @classmethod
    def of(cls, intent: Intent) -> "Terms":
        """Those of an intent that is one order."""
        return cls(
            quantity=intent.quantity,
            kind=intent.kind,
            limit_price=intent.limit_price,
            worst_price=intent.worst_price,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A part of an order that was executed. `id` is the venue's trade id, unique for the order.

    `fee` is positive when paid, in `fee_asset` (`None`: the quote currency). `at` is market time.
    """

    id: str
    order_id: str
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str | None = None
    liquidity: Liquidity
    at: datetime

    def coin_fee(self, instrument: Instrument) -> Decimal:
        """What of the coins themselves was kept as the fee (negative: given on top)."""
        is_coin = instrument.kind is MarketKind.SPOT and self.fee_asset == instrument.base
        return self.fee if is_coin else Decimal(0)

    def quote_fee(self, instrument: Instrument) -> Decimal:
        """The fee in money, one in coins at the price of the fill; zero for points, which have no price."""
        if self.fee_asset in (None, instrument.quote):
            return self.fee
        return self.coin_fee(instrument) * self.price


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One order of an intent. `id` is the client order id, at most 28 of `[0-9A-Za-z_-]`; `venue_id` the
    venue's own, once it is known.

    `filled` is in base coin, `cost` is the sum of price times quantity, `fees` in quote currency.
    `fill_ids` are those already counted. `queue_ahead` is what rests before a resting limit, in base coin.
    `has_late_fill` flags a fill that came after the cancel. `reason` says why it was denied, refused…
    """

    id: str
    intent: Intent
    terms: Terms
    state: OrderState
    venue_id: str | None = None
    filled: Decimal = Decimal(0)
    cost: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    fill_ids: tuple[str, ...] = ()
    queue_ahead: Decimal = Decimal(0)
    has_late_fill: bool = False
    reason: str = ""
    created_at: datetime
    updated_at: datetime

    @property
    def left(self) -> Decimal:
        """What is not filled yet."""
        return self.terms.quantity - self.filled

    @property
    def average_price(self) -> Decimal | None:
        """Average price of what is filled."""
        return self.cost / self.filled if self.filled else None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent:
    """Something that happened to an order. Subclasses say what."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Validated(OrderEvent):
    """It passed the checks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Denied(OrderEvent):
    """The checks said no."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked(OrderEvent):
    """A person has to agree first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitted(OrderEvent):
    """Written down and about to go to the venue."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(OrderEvent):
    """The venue has it, under `venue_id` where it said so."""

    venue_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Amended(OrderEvent):
    """The venue changed a resting order: it stands at `terms` now, behind `queue_ahead` base coin."""

    terms: Terms
    queue_ahead: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(OrderEvent):
    """It rests in the book behind `queue_ahead` base coin."""

    queue_ahead: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueMoved(OrderEvent):
    """Others before it were served; `queue_ahead` is what is left of them."""

    queue_ahead: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled(OrderEvent):
    """Some of it was executed."""

    fill: Fill


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked(OrderEvent):
    """We want it gone; for a `reason` where that decides what follows."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalledOff(OrderEvent):
    """It is over, and what it left over is not wanted any more, for a `reason`."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Canceled(OrderEvent):
    """The venue took it out of the book; also what is left of a market order that found no more depth."""

    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueRejected(OrderEvent):
    """The venue said no, proven."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired(OrderEvent):
    """Its time ran out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeUnclear(OrderEvent):
    """We do not know whether the venue has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundAbsent(OrderEvent):
    """The venue never had it, proven."""
