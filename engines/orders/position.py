"""What fills and funding do to a trade: average cost, realised profit, isolated margin.

Everything is exact but the shares of margin, which are cut to the money grid; the last exit releases what is
left, so that nothing is lost. The cost of what is held follows the average-cost rule and needs no division
while a whole position is opened or closed.
"""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from engines.core.altered import altered
from engines.core.instrument import Instrument, MarketKind, Toward
from engines.core.money import cut
from engines.core.side import Side
from engines.orders.order import Fill, Purpose
from engines.orders.trade import CloseReason, Trade, TradeState

MAINTENANCE: Final = Decimal("0.005")
"""Maintenance margin as a fraction of the position's value at the mark price: the lowest risk tier of Bybit's
BTCUSDT and ETHUSDT ("Maintenance Margin (USDT Contract)" in its help centre). Smaller coins have higher
ones."""

ENDS: Final = {
    Purpose.CLOSE: CloseReason.PERSON,
    Purpose.STOP: CloseReason.STOP,
    Purpose.TARGET: CloseReason.TARGETS,
    Purpose.TRAIL: CloseReason.TRAIL,
    Purpose.LIQUIDATION: CloseReason.LIQUIDATED,
    Purpose.MANUAL: CloseReason.MANUAL,
}
"""What a trade is said to have ended by, for the purpose of the order that closed the last of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """The money that a fill moved, in quote currency.

    `margin` was set aside (negative: released), `realised` is profit before the fee, `fee` what was charged.
    """

    margin: Decimal
    realised: Decimal
    fee: Decimal


def margin_for(instrument: Instrument, notional: Decimal, leverage: Decimal) -> Decimal:
    """What is set aside for a position of `notional`; zero on spot."""
    return Decimal(0) if instrument.kind is MarketKind.SPOT else cut(notional / leverage)


def filled(trade: Trade, side: Side, purpose: Purpose, fill: Fill) -> tuple[Trade, Flow]:
    """`trade` after a fill of one of its orders, and the money that moved.

    Raises `ValueError` when an exit is larger than what is held.
    """
    if side is trade.direction.entry:
        return _grown(trade, fill)
    return _reduced(trade, purpose, fill)


def _grown(trade: Trade, fill: Fill) -> tuple[Trade, Flow]:
    """More of it. A fill that comes when the trade was over already opens it again: money moved. Coins kept
    as the fee were never held: it is as if fewer had been bought, and the fee been paid in money."""
    received = fill.quantity - fill.coin_fee(trade.instrument)
    cost, fee = fill.price * received, fill.quote_fee(trade.instrument)
    margin = Decimal(0) if trade.is_cross else margin_for(trade.instrument, cost, trade.leverage)
    grown = altered(
        trade,
        state=TradeState.OPEN,
        quantity=trade.quantity + received,
        entered=trade.entered + received,
        entry_cost=trade.entry_cost + cost,
        margin=trade.margin + margin,
        fees=trade.fees + fee,
        risk=_risk(trade, fill),
        best_price=_better(trade, fill.price),
        opened_at=trade.opened_at or fill.at,
        closed_at=None,
        close_reason=None,
    )
    return grown, Flow(margin=margin, realised=Decimal(0), fee=fee)


def _risk(trade: Trade, fill: Fill) -> Decimal | None:
    """The risk so far and that of the fill; a fill beyond its stop risks nothing more."""
    if trade.stop is None:
        return trade.risk
    distance = (fill.price - trade.stop) * trade.direction.sign
    return (trade.risk or Decimal(0)) + max(distance, Decimal(0)) * fill.quantity


def _better(trade: Trade, price: Decimal) -> Decimal:
    if trade.best_price is None or trade.quantity == 0:
        return price
    return max(trade.best_price, price) if trade.direction.sign > 0 else min(trade.best_price, price)


def _reduced(trade: Trade, purpose: Purpose, fill: Fill) -> tuple[Trade, Flow]:
    """Less of it. Less than a lot cannot be sold: such dust, of coins kept as fees, stays among the owner's
    coins when the trade is over."""
    if not 0 < fill.quantity <= trade.quantity:
        raise ValueError(f"trade {trade.id} holds {trade.quantity}: cannot give {fill.quantity}")
    given = fill.quantity + min(fill.coin_fee(trade.instrument), trade.quantity - fill.quantity)
    is_over = trade.quantity - given < trade.instrument.lot
    cost, margin = (trade.held_cost, trade.margin) if is_over else _share(trade, given)
    fee_due = _exit_fee(trade, fill, given)
    is_exact = given == fill.quantity and fee_due == fill.fee
    exact = fill if is_exact else replace(fill, quantity=given, fee=fee_due)
    proceeds, realised, fee = _outcome(trade, purpose, exact, cost=cost, margin=margin)
    reduced = altered(
        trade,
        state=TradeState.CLOSED if is_over else trade.state,
        quantity=Decimal(0) if is_over else trade.quantity - given,
        exited=trade.exited + given,
        exit_proceeds=trade.exit_proceeds + proceeds,
        margin=trade.margin - margin,
        realised=trade.realised + realised,
        fees=trade.fees + fee,
        is_manual=trade.is_manual or purpose is Purpose.MANUAL,
        closed_at=fill.at if is_over else None,
        close_reason=ENDS[purpose] if is_over else None,
    )
    return reduced, Flow(margin=-margin, realised=realised, fee=fee)


def _share(trade: Trade, quantity: Decimal) -> tuple[Decimal, Decimal]:
    """Cost and margin of a part of what is held. Divided last: a third of three is one, not a little less."""
    held = trade.quantity
    return cut(trade.held_cost * quantity / held), cut(trade.margin * quantity / held)


def _exit_fee(trade: Trade, fill: Fill, given: Decimal) -> Decimal:
    """What an exit was charged in money: coins kept on top of those sold count as sold as well."""
    is_coin = fill.coin_fee(trade.instrument) != 0
    return fill.price * (given - fill.quantity) if is_coin else fill.quote_fee(trade.instrument)


def _outcome(
    trade: Trade, purpose: Purpose, fill: Fill, *, cost: Decimal, margin: Decimal
) -> tuple[Decimal, Decimal, Decimal]:
    """Proceeds, realised profit and fee of an exit.

    Isolated margin is all that can be lost: beyond it the venue's insurance fund pays, so proceeds and fee
    are held there. A liquidation takes all of it, whatever its price leaves. For a cross position all the
    account stands.
    """
    proceeds = fill.price * fill.quantity
    realised = (proceeds - cost) * trade.direction.sign
    if trade.instrument.kind is MarketKind.SPOT or trade.is_cross:
        return proceeds, realised, fill.fee
    if realised < -margin:
        realised = -margin
        proceeds = cost + realised * trade.direction.sign
    left = margin + realised
    return proceeds, realised, left if purpose is Purpose.LIQUIDATION else min(fill.fee, left)


def bankruptcy_price(trade: Trade) -> Decimal | None:
    """The price at which all the margin is lost, on the grid inside it and at least one tick; `None` on spot,
    of a cross position and while nothing is held. A liquidation is filled there."""
    if not _has_margin(trade):
        return None
    exact = (trade.held_cost - trade.margin * trade.direction.sign) / trade.quantity
    toward = Toward.UP if trade.direction.sign > 0 else Toward.DOWN
    return max(trade.instrument.price(exact, toward), trade.instrument.tick)


def liquidation_price(trade: Trade, maintenance: Decimal = MAINTENANCE) -> Decimal | None:
    """The mark price at which the venue takes the position over: margin and unrealised profit no longer cover
    `maintenance` of the value. `None` on spot, of a cross position (the venue tells it), while nothing is
    held, and where no price above zero does it.

    Bybit's rule for isolated linear contracts ("Liquidation Price Calculation under Isolated Mode"):
    (cost - margin) / (quantity * (1 - maintenance)) for a long, with plus signs for a short. The fee to
    close, which Bybit reserves on both sides of that balance, is left out. On the grid, toward the sooner.
    """
    if not _has_margin(trade):
        return None
    sign = trade.direction.sign
    exact = (trade.held_cost - trade.margin * sign) / (trade.quantity * (1 - maintenance * sign))
    price = trade.instrument.price(exact, Toward.UP if sign > 0 else Toward.DOWN)
    return price if price > 0 else None


def _has_margin(trade: Trade) -> bool:
    """Whether something is held on margin of its own."""
    return trade.instrument.kind is MarketKind.PERP and not trade.is_cross and trade.quantity > 0


def break_even_stop(trade: Trade) -> Decimal | None:
    """The average cost of what is held, on the grid at the better side; `None` while nothing is held."""
    if trade.quantity == 0:
        return None
    toward = Toward.UP if trade.direction.sign > 0 else Toward.DOWN
    return trade.instrument.price(trade.held_cost / trade.quantity, toward)


def funded(trade: Trade, amount: Decimal, cash: Decimal) -> tuple[Trade, Decimal, Decimal]:
    """`trade` after a funding payment, and what went into cash and into the margin (negative: out of them).

    `amount` is received when positive. What is paid comes out of `cash` first, then out of the margin, as
    Bybit takes it; more than both cannot be paid. Of a cross position it comes out of cash, come what may.
    """
    if amount >= 0 or trade.is_cross:
        return replace(trade, funding=trade.funding + amount), amount, Decimal(0)
    from_cash = min(-amount, max(cash, Decimal(0)))
    from_margin = min(-amount - from_cash, trade.margin)
    paid = from_cash + from_margin
    after = replace(trade, funding=trade.funding - paid, margin=trade.margin - from_margin)
    return after, -from_cash, -from_margin
