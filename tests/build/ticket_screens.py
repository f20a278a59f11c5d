"""What the screens of tickets, desk orders and policies are drawn from, for tests of their words."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from engines.core.instrument import Instrument
from engines.core.side import Side
from engines.orders.drafting import Quote
from engines.orders.order import ExecutionStyle, Intent, Order, OrderKind, OrderState, Purpose, Terms
from engines.orders.proposal import Proposal
from engines.orders.subaccount import PAPER, EngineName, SubAccount
from engines.orders.trade import Target
from engines.risk.verdict import Check, Ruling, Verdict
from handlers.audit import AuditView
from handlers.live import PolicyView
from handlers.move import FundsView
from handlers.order import DeskOrder, DeskPosition
from handlers.ui.effect_words import EffectWords
from ports.desk_state import Approval
from ports.tickets import TicketState
from services.moving import EngineFunds
from services.ticketing.progress import progress_of
from services.ticketing.proposal import Draft, Route
from services.ticketing.standing import TicketStanding
from tests.build.clock import NOON
from tests.build.desk_state import a_policy
from tests.build.tickets import a_ticket, an_effect
from tests.build.trade_screens import a_standing, an_open_trade
from tests.build.trades import a_trade


def a_desk_intent(instrument: Instrument, **fields: Any) -> Intent:
    """The desk's own hand buys 0.15 coins at Bybit."""
    usual: dict[str, Any] = {
        "id": "pp0123456789abcdef01",
        "owner": SubAccount(engine=EngineName.MANUAL, account="bybit").owner,
        "account": "bybit",
        "engine": "manual",
        "trade_id": 12,
        "instrument": instrument,
        "side": Side.BUY,
        "quantity": Decimal("0.15"),
        "kind": OrderKind.MARKET,
        "purpose": Purpose.ENTRY,
        "worst_price": Decimal("87650"),
        "most_cost": Decimal(13_200),
        "style": ExecutionStyle.GUARDED_MARKET,
        "decision_price": Decimal("87300"),
        "max_slippage": Decimal("0.005"),
        "created_at": NOON,
    }
    return Intent(**usual | fields)


def a_desk_order(intent: Intent, state: OrderState, **fields: Any) -> Order:
    """Its first order."""
    usual: dict[str, Any] = {
        "id": f"{intent.id}-1",
        "terms": Terms.of(intent),
        "created_at": NOON,
        "updated_at": NOON + timedelta(seconds=2),
    }
    return Order(intent=intent, state=state, **usual | fields)


def a_ticket_standing(
    intent: Intent,
    state: TicketState = TicketState.OPEN,
    order: Order | None = None,
    **fields: Any,
) -> TicketStanding:
    """A ticket of that intent; its order waits where none is given."""
    order = order or a_desk_order(intent, OrderState.AWAITING_APPROVAL)
    trade = a_trade(
        12,
        instrument=intent.instrument,
        stop=Decimal(85_000),
        targets=(Target(price=Decimal(88_000), share=Decimal(1)),),
    )
    usual: dict[str, Any] = {
        "ticket": a_ticket(
            order_id=order.id, engine="manual", state=state, reason="daily close above SMA200"
        ),
        "left_s": 112.0,
    }
    return TicketStanding(
        intent=intent, trade=trade, orders=(order,), progress=progress_of(intent, (order,)), **usual | fields
    )


def a_draft(instrument: Instrument, *, is_cut: bool = False) -> Draft:
    """A purchase of the desk's own hand that goes by itself."""
    intent = a_desk_intent(instrument)
    check = Check(code="per_order", is_kept=False, value=Decimal(20_000), limit=Decimal(13_095))
    trade = replace(a_trade(12, instrument=instrument), stop=None if is_cut else Decimal(85_000))
    return Draft(
        proposal=Proposal(
            key="k", engine=EngineName.MANUAL, instrument=instrument, side=Side.BUY, quantity=Decimal("0.2")
        ),
        sub_account=SubAccount(engine=EngineName.MANUAL, account=PAPER if is_cut else "bybit"),
        trade=trade,
        intent=intent,
        quote=Quote(best=Decimal(87_300), expected=Decimal(87_310), worst=Decimal(87_650), is_partial=is_cut),
        verdict=Verdict(
            ruling=Ruling.SHRINK if is_cut else Ruling.ALLOW,
            quantity=intent.quantity,
            decisive=check if is_cut else None,
            checks=(check,) if is_cut else (),
        ),
        effect=an_effect(),
        route=Route.PAPER if is_cut else Route.AUTO,
    )


def a_policy_view(text: str, **fields: Any) -> PolicyView:
    """An engine that asks, at an account that is open."""
    usual: dict[str, Any] = {
        "policy": a_policy(most_order=Decimal(200), most_day=Decimal(1000)),
        "engine": text,
        "account": text,
        "cools": "",
        "since": text,
        "by": text,
        "spent": Decimal(120),
        "is_unwritten": False,
        "funds": None,
        "is_open": True,
        "is_monitored": False,
        "problem": "",
    }
    return PolicyView(**usual | fields)


def some_funds(*, is_bad: bool = False) -> EngineFunds:
    """An engine with a thousand; nobody knows what it is worth where `is_bad`."""
    known = None if is_bad else Decimal(900)
    return EngineFunds(
        engine=EngineName.MANUAL, account="bybit", cash=Decimal("1000.5"), free=known, worth=known
    )


def ticket_values(text: str, instrument: Instrument, *, is_bad: bool) -> dict[str, Any]:
    """Values for every screen about tickets, desk orders and policies at once."""
    intent = replace(a_desk_intent(instrument), reason=text)
    state = OrderState.REJECTED if is_bad else OrderState.PARTIALLY_FILLED
    part = {} if is_bad else {"filled": Decimal("0.1"), "cost": Decimal(8_735), "fees": Decimal("4.8")}
    order = a_desk_order(intent, state, reason=text, **part)
    standing = a_ticket_standing(intent, TicketState.APPROVED, order, asked_by=text, decided_by=text)
    standing = replace(standing, ticket=replace(standing.ticket, reason=text))
    asked = a_ticket_standing(intent, asked_by=text, follows=TicketState.REQUOTED)
    policy = a_policy(approval=Approval.AUTO if is_bad else Approval.ASK)
    view = a_policy_view(
        text, policy=policy, is_unwritten=is_bad, is_open=not is_bad, problem="account_without_key"
    )
    view = replace(view, funds=some_funds(is_bad=is_bad))
    funds = FundsView(engine=text, account=text, funds=some_funds(is_bad=is_bad))
    live = an_open_trade(instrument=instrument)
    record = AuditView(number=1, at="12:00", who=text, deed=text, outcome=text if is_bad else "", said=text)
    check = Check(code=text, is_kept=False, value=Decimal(2), limit=Decimal(1), unit="x", detail=text)
    return {
        "s": asked if is_bad else standing,
        "tickets": [] if is_bad else [standing, asked],
        "engines": [text, text],
        "engine": text,
        "latch_line": "🛑 <b>KILL L1</b> · all\n",
        "effect": EffectWords(delta="0 → 0.01", limit=text[:8]),
        "d": a_draft(instrument, is_cut=is_bad),
        "orders": [] if is_bad else [DeskOrder(order=order, engine=text, is_paper=False)],
        "positions": [] if is_bad else [DeskPosition(standing=a_standing(live), engine=text, is_paper=True)],
        "v": view,
        "views": [view, a_policy_view(text, cools="9:58")],
        "amount": Decimal(500),
        "giving": funds,
        "getting": funds,
        "funds": [] if is_bad else [funds, funds],
        "wait": text,
        "phrase": text,
        "most_order": Decimal(200),
        "most_day": Decimal(1000),
        "verdict": Verdict(ruling=Ruling.DENY, quantity=Decimal(0), decisive=check, checks=(check,)),
        "records": [] if is_bad else [record],
        "by": text,
    }
