"""Proposals go where the policy of their engine says, once."""

import asyncio
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from engines.core.side import Side
from engines.orders.order import ExecutionStyle, Intent, OrderKind, OrderState
from engines.orders.trade import Target, Trade
from engines.risk.verdict import Check, Ruling, Verdict
from ports.desk_state import Approval
from ports.errors import Refused
from ports.tickets import Effect, TicketState
from services.ticketing.proposal import Route
from tests.build.approval_room import (
    ADMIN_CHAT,
    ANN,
    TOM,
    VERA,
    a_proposal,
    an_approval_room,
)
from tests.build.orders import PERP
from tests.build.tickets import an_effect


async def test_on_paper_it_goes_by_itself_to_the_engines_own_account() -> None:
    room = await an_approval_room(approval=Approval.PAPER)
    outcome = await room.proposals.submit(a_proposal(), {VERA: 7})
    await room.show()

    assert (outcome.route, outcome.trade.owner, outcome.trade.quantity) == (Route.PAPER, -108, Decimal(1))
    assert room.venue.submits == []
    assert room.shown(VERA) == f"{outcome.ticket.id} paper filled 1"
    assert [one.message_id for one in room.messenger.deliveries] == [7]


async def test_with_real_money_it_asks() -> None:
    room = await an_approval_room()
    outcome = await room.proposals.submit(a_proposal())
    await room.show()

    assert (outcome.route, outcome.ticket.state) == (Route.TICKET, TicketState.OPEN)
    assert {one.chat_id for one in room.messenger.deliveries} == {ADMIN_CHAT, TOM}
    assert room.venue.submits == []


async def test_below_the_limits_it_goes_by_itself_and_the_admins_see_it() -> None:
    room = await an_approval_room()
    await room.policy(Approval.AUTO, most_order=Decimal(150), most_day=Decimal(250))
    outcome = await room.proposals.submit(a_proposal())
    await room.hear()
    await room.show()

    assert (outcome.route, outcome.ticket.decided_by) == (Route.AUTO, None)
    assert room.venue.submits == [outcome.ticket.order_id]
    assert room.shown(ADMIN_CHAT) == f"{outcome.ticket.id} approved filled 1"


async def test_above_the_limit_of_one_order_it_asks() -> None:
    room = await an_approval_room()
    await room.policy(Approval.AUTO, most_order=Decimal(100), most_day=Decimal(1000))

    assert (await room.proposals.submit(a_proposal())).route is Route.TICKET


async def test_above_the_limit_of_the_day_it_asks_until_the_next_day() -> None:
    room = await an_approval_room()
    await room.policy(Approval.AUTO, most_order=Decimal(150), most_day=Decimal(250))
    routes = [(await room.proposals.submit(a_proposal(f"wish {n}"))).route for n in range(3)]
    room.clock.move(12 * 3600 + 1)
    room.set("100")

    assert routes == [Route.AUTO, Route.AUTO, Route.TICKET]
    assert (await room.proposals.submit(a_proposal("tomorrow"))).route is Route.AUTO


async def test_the_limit_of_the_day_holds_for_many_at_once_and_across_a_restart() -> None:
    room = await an_approval_room()
    await room.policy(Approval.AUTO, most_order=Decimal(150), most_day=Decimal(250))
    outcomes = await asyncio.gather(*(room.proposals.submit(a_proposal(f"wish {n}")) for n in range(6)))
    again = await an_approval_room(room)

    assert [one.route for one in outcomes].count(Route.AUTO) == 2
    assert again.proposals.spending.today("manual") == Decimal("200.2")
    assert (await again.proposals.submit(a_proposal("later"))).route is Route.TICKET


async def test_what_did_not_go_is_not_counted() -> None:
    room = await an_approval_room()
    await room.policy(Approval.AUTO, most_order=Decimal(150), most_day=Decimal(150))
    room.books.failure = RuntimeError("the disk is gone")
    with pytest.raises(RuntimeError):
        await room.proposals.submit(a_proposal("lost"))
    room.books.failure = None

    assert room.proposals.spending.today("manual") == 0
    assert (await room.proposals.submit(a_proposal("next"))).route is Route.AUTO


async def test_the_same_wish_is_acted_on_once_also_after_a_restart() -> None:
    room = await an_approval_room(approval=Approval.PAPER)
    first, second = await asyncio.gather(*(room.proposals.submit(a_proposal()) for _ in range(2)))
    again = await an_approval_room(room)
    third = await again.proposals.submit(a_proposal())

    assert [first.is_repeat, second.is_repeat, third.is_repeat] == [False, True, True]
    assert first.ticket.id == second.ticket.id == third.ticket.id
    assert third.trade.quantity == 1


async def test_stop_and_targets_belong_to_the_position_it_opens() -> None:
    room = await an_approval_room(approval=Approval.PAPER)
    targets = (Target(price=Decimal(110), share=Decimal(1)),)
    opened = await room.proposals.submit(a_proposal(stop=Decimal(95), targets=targets))
    added = await room.proposals.submit(a_proposal("more", stop=Decimal(90)))

    assert (opened.trade.stop, opened.trade.targets) == (Decimal(95), targets)
    assert (added.trade.id, added.trade.quantity, added.trade.stop) == (
        opened.trade.id,
        Decimal(2),
        Decimal(95),
    )


async def test_its_stop_follows_the_price_where_it_says_how_far_behind() -> None:
    room = await an_approval_room(approval=Approval.PAPER)
    opened = await room.proposals.submit(a_proposal(stop=Decimal(95), trail_distance=Decimal(5)))
    added = await room.proposals.submit(a_proposal("more", stop=Decimal(90), trail_distance=Decimal(1)))

    assert (opened.trade.stop, opened.trade.trail_distance) == (Decimal(95), Decimal(5))
    assert (added.trade.id, added.trade.trail_distance) == (opened.trade.id, Decimal(5))


async def test_a_size_in_money_is_put_on_the_lot_grid() -> None:
    room = await an_approval_room()
    draft = await room.proposals.draft(a_proposal(quantity=None, notional=Decimal(333)))

    assert draft.intent.quantity == Decimal("3.326")
    assert (draft.quote.best, draft.quote.worst) == (Decimal("100.1"), Decimal("100.6"))
    assert (draft.intent.decision_price, draft.intent.max_slippage) == (Decimal("100.1"), Decimal("0.005"))


async def test_a_limit_rests_at_its_own_price() -> None:
    room = await an_approval_room()
    draft = await room.proposals.draft(a_proposal(limit_price=Decimal(98)))

    assert (draft.intent.kind, draft.intent.limit_price) == (OrderKind.LIMIT, Decimal(98))
    assert (draft.quote.expected, draft.intent.style) == (Decimal(98), ExecutionStyle.SINGLE)


async def test_what_reduces_is_never_more_than_is_held() -> None:
    room = await an_approval_room(approval=Approval.PAPER)
    await room.proposals.submit(a_proposal())
    out = a_proposal("out", side=Side.SELL, quantity=Decimal(5), reduce_only=True)
    outcome = await room.proposals.submit(out)

    assert outcome.orders[0].intent.quantity == 1
    assert outcome.trade.quantity == 0
    with pytest.raises(Refused, match="nothing_to_reduce"):
        await room.proposals.submit(a_proposal("again", side=Side.SELL, reduce_only=True))


async def test_what_reduces_goes_where_the_position_is_whatever_the_policy_says_now() -> None:
    room = await an_approval_room()
    ticket = await room.ask()
    await room.proposals.tickets.approve(ticket.id, room.person(ANN))
    await room.hear()
    await room.proposals.policies.go_paper(a_proposal().engine, by=ANN)
    outcome = await room.proposals.submit(a_proposal("out", side=Side.SELL, reduce_only=True))

    assert (outcome.route, outcome.orders[0].intent.account) == (Route.TICKET, "bybit")


async def test_the_other_direction_is_not_opened_beside_a_position() -> None:
    room = await an_approval_room(approval=Approval.PAPER)
    await room.proposals.submit(a_proposal())

    with pytest.raises(Refused, match="desk_holds_opposite"):
        await room.proposals.submit(a_proposal("short", side=Side.SELL))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"quantity": Decimal("0.00001")}, "too_small"),
        ({"quantity": Decimal("0.01")}, "too_small"),
        ({"stop": Decimal(105)}, "stop_wrong_side"),
        ({"targets": (Target(price=Decimal(90), share=Decimal(1)),)}, "target_wrong_side"),
        ({"leverage": Decimal(50)}, "bad_leverage"),
    ],
)
async def test_what_cannot_be_is_refused_and_nothing_is_written(fields: dict[str, Any], code: str) -> None:
    room = await an_approval_room()
    with pytest.raises(Refused, match=code):
        await room.proposals.submit(a_proposal(**fields))

    assert room.books.changes == []


async def test_an_account_that_is_not_open_takes_no_orders() -> None:
    room = await an_approval_room()
    room.accounts.opened.clear()

    with pytest.raises(Refused, match="account_closed"):
        await room.proposals.submit(a_proposal())


async def test_without_a_fresh_book_nothing_is_proposed() -> None:
    room = await an_approval_room()
    room.source.failures = 1
    with pytest.raises(Refused, match="no_fresh_price"):
        await room.proposals.submit(a_proposal())

    assert room.books.changes == []


class OneCoin:
    """A gate that lets half a coin go, or nothing."""

    def __init__(self, most: Decimal) -> None:
        self.most = most

    def judge(self, intent: Intent, trade: Trade) -> Verdict:
        check = Check(code="per_order", is_kept=False, value=intent.quantity, limit=self.most)
        if intent.quantity <= self.most:
            return Verdict(ruling=Ruling.ALLOW, quantity=intent.quantity)
        ruling = Ruling.SHRINK if self.most else Ruling.DENY
        return Verdict(ruling=ruling, quantity=self.most, decisive=check, checks=(check,))

    def effect(self, intent: Intent, trade: Trade, price: Decimal) -> Effect:
        return an_effect(notional=intent.quantity * price)


async def test_a_size_beyond_the_limits_is_cut_before_anybody_is_asked() -> None:
    room = await an_approval_room(gate=OneCoin(Decimal("0.5")))
    outcome = await room.proposals.submit(a_proposal())

    assert outcome.orders[0].intent.quantity == Decimal("0.5")
    assert outcome.ticket.effect.notional == Decimal("50.05")
    assert (outcome.ticket.effect.asked, outcome.ticket.effect.cut_by) == (Decimal("100.1"), "per_order")


async def test_what_the_gate_forbids_is_not_asked() -> None:
    room = await an_approval_room(gate=OneCoin(Decimal(0)))
    with pytest.raises(Refused) as caught:
        await room.proposals.submit(a_proposal())

    assert caught.value.code == "not_allowed"
    assert room.books.changes == []


async def test_the_gate_is_asked_again_at_the_tap() -> None:
    gate = OneCoin(Decimal(5))
    room = await an_approval_room(gate=gate)
    ticket = await room.ask()
    gate.most = Decimal(0)
    with pytest.raises(Refused, match="not_allowed"):
        await room.proposals.tickets.approve(ticket.id, room.person(ANN))

    assert room.venue.submits == []
    assert (await room.ticket(ticket.id)).state is TicketState.OPEN
    gate.most = Decimal(5)
    await room.proposals.tickets.approve(ticket.id, room.person(ANN))
    [order] = await room.orders_of(ticket)
    assert order.state is not OrderState.AWAITING_APPROVAL


async def test_an_order_is_on_the_grid_of_the_venue_that_it_goes_to() -> None:
    room = await an_approval_room()
    coarse = replace(PERP, tick=Decimal("0.5"), lot=Decimal("0.01"))
    room.venue.grids = [coarse]
    wish: dict[str, Any] = {
        "quantity": Decimal("1.005"),
        "limit_price": Decimal("99.9"),
        "stop": Decimal("90.1"),
    }
    ticket = await room.ask(**wish)

    [order] = await room.orders_of(ticket)
    trade = await room.trade_of(ticket)
    assert order.intent.instrument == trade.instrument == coarse
    assert (order.terms.quantity, order.terms.limit_price) == (Decimal(1), Decimal("99.5"))
    assert trade.stop == Decimal(90)


async def test_on_paper_it_keeps_the_grid_that_it_came_with() -> None:
    room = await an_approval_room(approval=Approval.PAPER)
    room.venue.grids = [replace(PERP, lot=Decimal(1))]
    outcome = await room.proposals.submit(a_proposal(quantity=Decimal("0.5")))
    assert outcome.trade.quantity == Decimal("0.5")


async def test_a_market_that_the_venue_does_not_have_is_refused() -> None:
    room = await an_approval_room()
    room.venue.grids = []
    with pytest.raises(Refused, match="not_traded_there"):
        await room.proposals.draft(a_proposal())
