"""What an exchange tells about an account, numbered so that it can be told again in order."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from engines.simulate.exchange.order import ExchangeOrder, Execution
from engines.simulate.exchange.position import Position


class Cause(StrEnum):
    """Why a balance changed."""

    TRADE = "trade"
    FEE = "fee"
    REALISED = "realised"
    FUNDING = "funding"
    TRANSFER = "transfer"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    INSURANCE = "insurance"
    """The exchange covers what a liquidation left below zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletChange:
    """One change of one balance: by `amount` to `balance`. `reference` is the id of the execution, transfer,
    deposit or withdrawal behind it; `symbol` its market where there is one."""

    wallet: str
    asset: str
    amount: Decimal
    balance: Decimal
    cause: Cause
    reference: str
    symbol: str = ""


class MovementKind(StrEnum):
    """Money that came, went, or moved between wallets."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER = "transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """A deposit (`target`), a withdrawal (`source`) or a transfer between wallets (both). `amount` is
    positive."""

    id: str
    kind: MovementKind
    asset: str
    amount: Decimal
    source: str = ""
    target: str = ""
    is_done: bool = True
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How an account is set up now: dual position mode, leverage by symbol, and whether money may leave."""

    is_hedged: bool
    leverages: tuple[tuple[str, Decimal], ...]
    are_withdrawals_suspended: bool


What = ExchangeOrder | Execution | WalletChange | Position | Movement | Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something new about an account; `number` rises by one over the whole exchange."""

    number: int
    account: str
    at: datetime
    what: What
