"""What a simulated run came to: one form for replay and kernels, read by metrics and reports. Values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.core.side import Direction, Side
from engines.metrics.series import Curve
from engines.orders.trade import CloseReason
from engines.risk.verdict import Ruling


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One position from its first entry to its last exit. Money is in the quote currency: `gross` is profit
    before fees and funding, `fees` what was paid, `funding` what was received (negative: paid), `slippage`
    what fills cost against the price that was decided on. `risk` is the money between entry and first stop,
    `None` without one. `reason` is `None` while it is open at the end: `exit_price` is the last close then.
    """

    number: int
    instrument: Instrument
    direction: Direction
    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    opened_at: datetime
    closed_at: datetime
    gross: Decimal
    fees: Decimal
    funding: Decimal
    slippage: Decimal
    risk: Decimal | None
    reason: CloseReason | None

    @property
    def net(self) -> Decimal:
        """What it brought."""
        return self.gross - self.fees + self.funding


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One fill, for the list of trades: `reason` is the purpose of its order."""

    at: datetime
    round: int
    instrument: Instrument
    side: Side
    price: Decimal
    quantity: Decimal
    fee: Decimal
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """An intent that was denied or made smaller: `gate` names the rule, `reason` says it in figures. Sizes in
    base coin."""

    at: datetime
    instrument: Instrument
    side: Side
    key: str
    asked: Decimal
    allowed: Decimal
    ruling: Ruling
    gate: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A finished run. `opening` is the capital it began with; `params` in words that can be read back.
    `digest` is the hash of everything that happened in order: two runs with the same digest are the same run.
    `bars` is how many finest bars were played, over all markets. `halted_at` is when a drawdown stopped all
    entries for the rest of it, `None` where none did."""

    strategy: str
    params: Mapping[str, str]
    symbols: Sequence[str]
    start: datetime
    stop: datetime
    opening: Decimal
    bars: int
    curve: Curve
    rounds: Sequence[Round]
    executions: Sequence[Execution]
    blocked: Sequence[Blocked]
    digest: str
    halted_at: datetime | None = None
