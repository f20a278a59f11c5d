"""A comparison with a venue in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from engines.orders.reconcile import Difference, DifferenceKind, Place
from handlers.ui.engine_words import account_name
from ports.venue_books import VenueOrder
from services.reconciling.comparison import Comparison
from services.speech import Speech

LAST_DIGITS = Decimal("0.00000001")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One asset, position or order: what either side has of it. `gap` is empty where they agree; `mark` says
    so at a glance."""

    name: str
    ours: str
    theirs: str
    gap: str
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileView:
    """An account for its card."""

    account: str
    at: str
    is_ours: bool
    is_monitored: bool
    is_sure: bool
    is_mismatched: bool
    balances: Sequence[Line]
    positions: Sequence[Line]
    orders: Sequence[Line]
    open: int


def reconcile_view(seen: Comparison, say: Speech) -> ReconcileView:
    """A comparison for the template."""
    ours, theirs = _by_name(seen.ours.positions), _by_name(seen.theirs.positions)
    balance, position = DifferenceKind.BALANCE, DifferenceKind.POSITION
    return ReconcileView(
        account=account_name(seen.account, say),
        at=say.time(seen.at, "HH:mm:ss"),
        is_ours=seen.is_ours,
        is_monitored=seen.is_monitored,
        is_sure=seen.is_sure,
        is_mismatched=bool(seen.mismatches),
        balances=[
            _line(seen, balance, name, seen.ours.totals.get(name), seen.theirs.totals.get(name), say)
            for name in seen.assets
        ],
        positions=[
            _line(seen, position, name, ours.get(name), theirs.get(name), say) for name in seen.places
        ],
        orders=[
            _line(seen, DifferenceKind.ORDER, name, None, told.quantity - told.filled, say, _words(told, say))
            for name, told in seen.strangers.items()
        ],
        open=len(seen.open),
    )


def difference_name(seen: Comparison, one: Difference, say: Speech) -> str:
    """What differs, short enough for a button."""
    told = seen.strangers.get(one.name) if one.kind is DifferenceKind.ORDER else None
    return one.name if told is None else _words(told, say)


def amount(value: Decimal, say: Speech) -> str:
    """An amount to the last digit that venues show."""
    return say.number(value.quantize(LAST_DIGITS).normalize())


def signed(value: Decimal, say: Speech) -> str:
    """With its sign."""
    return f"{'+' if value > 0 else ''}{amount(value, say)}"


def _line(
    seen: Comparison,
    kind: DifferenceKind,
    name: str,
    ours: Decimal | None,
    theirs: Decimal | None,
    say: Speech,
    shown: str = "",
) -> Line:
    found = seen.get(f"{kind}:{name}")
    mark = "✓" if found is None else "○" if found.key in seen.ignored else "⚠️"
    return Line(
        name=shown or name,
        ours=amount(ours or Decimal(0), say),
        theirs=amount(theirs or Decimal(0), say),
        gap="" if found is None else signed(found.gap, say),
        mark=mark,
    )


def _words(told: VenueOrder, say: Speech) -> str:
    """`BTCUSDT buy 0.01 @ 57,000`."""
    price = told.limit_price or told.trigger_price
    at = "" if price is None else f" @ {say.number(price)}"
    return f"{told.instrument.symbol} {told.side} {amount(told.quantity - told.filled, say)}{at}"


def _by_name(positions: Mapping[Place, Decimal]) -> dict[str, Decimal]:
    return {place.name: quantity for place, quantity in positions.items()}
