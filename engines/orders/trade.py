"""A trade: one position of one person with its stop, targets and trailing stop. Plain values.

`protection` decides what a move of the market does to a trade; `position` does the arithmetic of fills.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from engines.core.instrument import Instrument
from engines.core.side import Direction


class TradeState(StrEnum):
    """`WAITING`: nothing filled yet. `OPEN`: a position is held. `CLOSED`: it was, and is no more.
    `CANCELED`: it ended without a fill."""

    WAITING = "waiting"
    OPEN = "open"
    CLOSED = "closed"
    CANCELED = "canceled"


class CloseReason(StrEnum):
    """What ended a trade."""

    PERSON = "person"
    STOP = "stop"
    TRAIL = "trail"
    TARGETS = "targets"
    LIQUIDATED = "liquidated"
    MANUAL = "manual"
    RESET = "reset"
    NOT_FILLED = "not_filled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A take-profit: at `price` close `share` (a fraction; shares of all targets sum to 1) of the quantity
    entered."""

    price: Decimal
    share: Decimal
    hit_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One net position. Amounts in quote currency, quantities in base coin, never negative.

    `quantity` is held now; `entered` and `exited` are totals; `entry_cost` and `exit_proceeds` the sums of
    price times quantity. `margin` is what is set aside (isolated; zero on spot, and where `is_cross`: the
    whole account of the venue stands for it). `realised` is profit before
    fees and funding; `funding` is what was received (negative: paid). `risk` is the money between entry and
    the first stop, fees left out, which is 1R; `None` without a stop. `stop` is in force now,
    `trail_distance` moves it behind `best_price`, the best price since entry. `armed_at` is since when this
    position and this stop stand: what the market did before cannot touch them. `seen_at` is the market time
    up to which moves were applied. `version` counts changes; `shown_version` is what the living message at
    (`chat_id`, `message_id`) shows.
    """

    id: int
    owner: int
    instrument: Instrument
    direction: Direction
    leverage: Decimal
    state: TradeState
    wanted: Decimal
    quantity: Decimal = Decimal(0)
    entered: Decimal = Decimal(0)
    entry_cost: Decimal = Decimal(0)
    exited: Decimal = Decimal(0)
    exit_proceeds: Decimal = Decimal(0)
    margin: Decimal = Decimal(0)
    realised: Decimal = Decimal(0)
    fees: Decimal = Decimal(0)
    funding: Decimal = Decimal(0)
    risk: Decimal | None = None
    stop: Decimal | None = None
    targets: tuple[Target, ...] = ()
    trail_distance: Decimal | None = None
    is_cross: bool = False
    best_price: Decimal | None = None
    close_reason: CloseReason | None = None
    is_manual: bool = False
    created_at: datetime
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    seen_at: datetime
    funded_at: datetime | None = None
    armed_at: datetime | None = None
    chat_id: int | None = None
    message_id: int | None = None
    version: int = 0
    shown_version: int = 0

    @property
    def is_live(self) -> bool:
        """Whether it can still change by itself."""
        return self.state in (TradeState.WAITING, TradeState.OPEN)

    @property
    def entry_price(self) -> Decimal | None:
        """Average price of all entries."""
        return self.entry_cost / self.entered if self.entered else None

    @property
    def exit_price(self) -> Decimal | None:
        """Average price of all exits."""
        return self.exit_proceeds / self.exited if self.exited else None

    @property
    def net(self) -> Decimal:
        """Realised profit after fees and funding."""
        return self.realised - self.fees + self.funding

    @property
    def held_cost(self) -> Decimal:
        """What is still held, at its average cost: what was paid less the cost of what was sold."""
        return self.entry_cost - self.exit_proceeds + self.realised * self.direction.sign

    def unrealised(self, price: Decimal) -> Decimal:
        """Profit of what is still held, at `price`, before fees; exact."""
        return (price * self.quantity - self.held_cost) * self.direction.sign
