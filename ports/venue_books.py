"""What we ask of a venue about an account of ours: reading only, so that anybody may."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from engines.core.instrument import Instrument
from engines.core.side import Direction, Side
from engines.orders.order import Liquidity, OrderKind


class VenueOrderState(StrEnum):
    """Where an order stands at the venue."""

    OPEN = "open"
    FILLED = "filled"
    CANCELED = "canceled"
    REJECTED = "rejected"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueOrder:
    """An order as the venue has it. `client_id` is empty for one that was not sent with an id; `filled` in
    base coin is cumulative; `reason` says why it ended, in the venue's words."""

    client_id: str
    venue_id: str
    instrument: Instrument
    side: Side
    kind: OrderKind
    quantity: Decimal
    filled: Decimal
    limit_price: Decimal | None = None
    trigger_price: Decimal | None = None
    is_reduce_only: bool = False
    state: VenueOrderState
    reason: str = ""
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueFill:
    """An execution as the venue has it. `id` is unique in its market; `fee` is positive when paid, in
    `fee_asset` (the base, the quote, or what the venue pays fees in: points)."""

    id: str
    client_id: str
    venue_order_id: str
    instrument: Instrument
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_asset: str
    liquidity: Liquidity
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueBalance:
    """An asset of the account. `total` is what is owned, without unrealised profit; `free` what can be
    used; `borrowed` what is owed. `wallet` names where it lies (`"unified"`, `"spot"`, `"futures"`)."""

    asset: str
    total: Decimal
    free: Decimal
    borrowed: Decimal = Decimal(0)
    wallet: str = "unified"


@dataclass(frozen=True, slots=True, kw_only=True)
class VenuePosition:
    """A perpetual held. `quantity` in base coin is positive; `liquidation_price` `None`: far away."""

    instrument: Instrument
    direction: Direction
    quantity: Decimal
    entry_price: Decimal
    mark: Decimal
    leverage: Decimal
    liquidation_price: Decimal | None = None
    unrealised: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueFunding:
    """A funding payment: `amount` in the quote currency, positive when received."""

    id: str
    instrument: Instrument
    amount: Decimal
    asset: str
    at: datetime


class MovementKind(StrEnum):
    """Money that came, went, or moved between wallets."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueMovement:
    """Money that did not move by trading. `amount` is positive when the account grew; `is_done` is false
    while it is under way."""

    id: str
    kind: MovementKind
    asset: str
    amount: Decimal
    is_done: bool
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueMark:
    """Prices of a perpetual that fair value and liquidation go by, and the next funding as predicted."""

    instrument: Instrument
    mark: Decimal
    index: Decimal
    funding_rate: Decimal | None
    next_funding_at: datetime | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountTerms:
    """How the account is set up. `is_unified`: one wallet stands for spot and perpetuals. `margin_ratio` is
    maintenance margin over what stands for it (1 is liquidation), `used_margin` the initial margin in the
    account's currency, where the venue says so."""

    is_unified: bool
    is_hedged: bool
    margin_ratio: Decimal | None = None
    used_margin: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRights:
    """What the API key may do. `made_at` `None`: the venue does not say."""

    can_trade: bool
    can_withdraw: bool
    is_bound_to_ip: bool
    made_at: datetime | None = None
    expires_at: datetime | None = None


class StreamState(StrEnum):
    """Of the private stream."""

    UP = "up"
    DOWN = "down"


VenueReport = VenueOrder | VenueFill | VenuePosition | VenueBalance | StreamState
"""What the private stream tells. After every `UP` the missed time is to be read again by REST."""


class VenueBooks(Protocol):
    """An account at a venue, read. Every method raises `ports.errors.Transient` when the venue cannot be
    reached or answers nonsense (reads have been tried again after 1, 5 and 15 s then), `Rejected` for a key
    that is refused."""

    @property
    def account(self) -> str:
        """The account's name, as `Venue.name`."""
        ...

    @property
    def queued(self) -> int:
        """Orders and cancels that wait for the venue's quota."""
        ...

    async def instruments(self) -> Sequence[Instrument]:
        """The markets that it trades, with this venue's own price and size grids: an order that is on
        another venue's grid is refused here (`off_grid`)."""
        ...

    async def server_time(self) -> datetime: ...

    async def key(self) -> KeyRights: ...

    async def terms(self) -> AccountTerms: ...

    async def open_orders(self) -> Sequence[VenueOrder]:
        """Everything that rests or sleeps in any market, ours or not."""
        ...

    async def order(
        self, client_id: str, instrument: Instrument, venue_id: str | None = None
    ) -> VenueOrder | None:
        """The order of that client id among the open and the closed; `None` when neither has it. `venue_id`
        is the venue's own, where it is known: not every list keeps our names."""
        ...

    async def fills(self, since: datetime, instrument: Instrument | None = None) -> Sequence[VenueFill]:
        """Executions after `since`, the oldest first, of one market or of all."""
        ...

    async def balances(self) -> Sequence[VenueBalance]: ...

    async def positions(self) -> Sequence[VenuePosition]: ...

    async def fundings(self, since: datetime) -> Sequence[VenueFunding]:
        """Funding paid and received after `since`, the oldest first."""
        ...

    async def movements(self, since: datetime) -> Sequence[VenueMovement]:
        """Deposits, withdrawals and transfers after `since`, the oldest first."""
        ...

    async def mark(self, instrument: Instrument) -> VenueMark: ...

    async def leverage(self, instrument: Instrument) -> Decimal: ...

    async def watch(self, tell: Callable[[VenueReport], None]) -> None:
        """Stream reports until cancelled; breaks are mended inside and told as `DOWN` and `UP`."""
        ...

    async def close(self) -> None:
        """Release connections. May be called twice."""
        ...
