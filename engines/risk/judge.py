"""The gate, pure: may this intent go, and how much of it."""

from decimal import Decimal
from typing import Final

from engines.core.instrument import MarketKind
from engines.orders.order import Intent
from engines.orders.subaccount import EngineName
from engines.orders.trade import Trade
from engines.risk import rules
from engines.risk.case import ZERO, Case, Cut, dearest, known, loss_from, order_price
from engines.risk.limits import Limits
from engines.risk.verdict import Check, Ruling, Verdict
from engines.risk.view import View

_ENGINES: Final[dict[str, EngineName]] = {name.value: name for name in EngineName}


def judge(intent: Intent, trade: Trade, view: View, limits: Limits) -> Verdict:
    """What may go of an intent that belongs to `trade`, as things stand in `view`.

    What reduces a position goes, unless it cannot be at all. An entry of an engine is held against every
    limit and made smaller where a smaller one keeps them; a person's own paper trade only against their own.
    Without an input that is needed, the answer is no.
    """
    if (flaw := rules.flaw_of(intent, trade)) is not None:
        return _denied(Check(code="malformed", is_kept=False, detail=flaw))
    if intent.reduce_only:
        return Verdict(ruling=Ruling.ALLOW, quantity=intent.quantity)
    if intent.owner > 0:
        return _judge_person(intent, trade, view, limits)
    return _judge_engine(intent, trade, view, limits)


def _judge_person(intent: Intent, trade: Trade, view: View, limits: Limits) -> Verdict:
    """The price is not waited for here: the paper venue executes nothing without a fresh book."""
    check = (
        rules.latch(intent, view, is_person=True)
        or rules.setting(trade, limits.person_leverage)
        or rules.far_off(intent, view, limits)
        or rules.unpaid(intent, trade, view)
    )
    return Verdict(ruling=Ruling.ALLOW, quantity=intent.quantity) if check is None else _denied(check)


def _judge_engine(intent: Intent, trade: Trade, view: View, limits: Limits) -> Verdict:
    name = _ENGINES.get(intent.engine)
    if name is None:
        return _denied(Check(code="malformed", is_kept=False, detail=f"no engine {intent.engine}"))
    check = rules.latch(intent, view, is_person=False) or rules.missing_of(view, limits)
    if check is not None:
        return _denied(check)
    case = _case(intent, trade, view, limits, name)
    noted: list[Check] = []
    for refusal in rules.REFUSALS:
        if (check := refusal(case)) is not None:
            noted.append(check)
            if not check.is_kept:
                return Verdict(ruling=Ruling.DENY, quantity=ZERO, decisive=check, checks=tuple(noted))
    return _sized(case, [cut for rule in rules.CUTS if (cut := rule(case)) is not None], noted)


def _sized(case: Case, cuts: list[Cut], noted: list[Check]) -> Verdict:
    """As much as keeps every limit; nothing when the market would not take that."""
    intent = case.intent
    if not cuts:
        return Verdict(ruling=Ruling.ALLOW, quantity=intent.quantity, checks=tuple(noted))
    tightest = min(cuts, key=lambda cut: cut.most)
    quantity = _quantity_within(tightest.most, case)
    is_left = quantity > 0 and quantity * case.price >= intent.instrument.min_notional
    return Verdict(
        ruling=Ruling.SHRINK if is_left else Ruling.DENY,
        quantity=quantity if is_left else ZERO,
        decisive=tightest.check,
        checks=(*noted, *(cut.check for cut in cuts)),
    )


def _quantity_within(notional: Decimal, case: Case) -> Decimal:
    """The largest size on the grid that costs no more than `notional`."""
    instrument = case.intent.instrument
    quantity = instrument.quantity(max(notional, ZERO) / case.price)
    while quantity * case.price > notional and quantity > 0:  # the division was rounded up
        quantity -= instrument.lot
    return quantity


def _case(intent: Intent, trade: Trade, view: View, limits: Limits, name: EngineName) -> Case:
    market, account, portfolio, desk = view.market, view.account, view.portfolio, view.desk
    assert market is not None  # `missing_of` has looked
    assert account is not None
    assert portfolio is not None
    assert desk is not None
    own = order_price(intent)
    price = dearest(own, market)
    capital, total = known(account.capital), known(desk.nav)
    return Case(
        intent=intent,
        trade=trade,
        view=view,
        limits=limits,
        engine=limits.engines[name],
        market=market,
        account=account,
        portfolio=portfolio,
        own=own,
        price=price,
        notional=intent.quantity * price,
        sign=intent.side.sign,
        is_perp=intent.instrument.kind is MarketKind.PERP,
        capital=capital,
        exposure=known(account.exposure),
        loss=loss_from(account.high_water or capital, capital),
        day_loss=loss_from(account.day_start or capital, capital),
        nav=known(portfolio.nav),
        delta=known(portfolio.delta),
        total=total,
        total_delta=known(desk.delta),
        total_loss=loss_from(desk.high_water or total, total),
    )


def _denied(check: Check) -> Verdict:
    return Verdict(ruling=Ruling.DENY, quantity=ZERO, decisive=check, checks=(check,))
