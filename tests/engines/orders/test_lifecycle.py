"""The order machine: what may follow what, and that no order of reports fills more than was ordered."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engines.orders.lifecycle import (
    FINAL,
    TRANSITIONS,
    IllegalTransition,
    Overfill,
    apply,
    child_id,
    is_final,
)
from engines.orders.order import (
    Acknowledged,
    Amended,
    ApprovalAsked,
    CalledOff,
    CancelAsked,
    Canceled,
    Denied,
    Expired,
    Filled,
    FoundAbsent,
    Opened,
    Order,
    OrderEvent,
    OrderKind,
    OrderState,
    OutcomeUnclear,
    QueueMoved,
    Submitted,
    Terms,
    Validated,
    VenueRejected,
)
from tests.build.orders import NOW, a_fill, after, an_intent, an_order

S = OrderState


def filled(quantity: object, fill_id: str = "f1", price: object = 100) -> Filled:
    fill = a_fill(price, quantity, id=fill_id, fee=Decimal("0.05"))
    return Filled(at=after(3), fill=fill)


ONE_OF_EACH: Sequence[OrderEvent] = (
    Validated(at=NOW),
    Denied(at=NOW, reason="no"),
    ApprovalAsked(at=NOW),
    Submitted(at=NOW),
    Acknowledged(at=NOW),
    Opened(at=NOW, queue_ahead=Decimal(2)),
    QueueMoved(at=NOW, queue_ahead=Decimal(1)),
    Amended(at=NOW, terms=Terms(quantity=Decimal("0.8"), kind=OrderKind.LIMIT, limit_price=Decimal(99))),
    filled("0.4"),
    CancelAsked(at=NOW),
    CalledOff(at=NOW, reason="called_back"),
    Canceled(at=NOW),
    VenueRejected(at=NOW, reason="no"),
    Expired(at=NOW),
    OutcomeUnclear(at=NOW),
    FoundAbsent(at=NOW),
)


def after_all(order: Order, events: Sequence[OrderEvent]) -> Order:
    for event in events:
        order = apply(order, event)
    return order


def test_the_usual_life_of_a_limit_order() -> None:
    walked = [an_order()]
    for event in (
        Validated(at=after(1)),
        ApprovalAsked(at=after(1)),
        Submitted(at=after(2)),
        Acknowledged(at=after(2)),
        Opened(at=after(2), queue_ahead=Decimal(5)),
        QueueMoved(at=after(3), queue_ahead=Decimal(2)),
        filled("0.4", "a", price=100),
        filled("0.6", "b", price=110),
    ):
        walked.append(apply(walked[-1], event))
    assert [order.state for order in walked] == [
        S.CREATED,
        S.VALIDATED,
        S.AWAITING_APPROVAL,
        S.SENT,
        S.ACKNOWLEDGED,
        S.OPEN,
        S.OPEN,
        S.PARTIALLY_FILLED,
        S.FILLED,
    ]
    assert [order.queue_ahead for order in walked[5:]] == [5, 2, 0, 0]
    last = walked[-1]
    assert (last.filled, last.left) == (Decimal(1), Decimal(0))
    assert (last.cost, last.fees, last.average_price) == (Decimal(106), Decimal("0.10"), Decimal(106))
    assert (last.fill_ids, last.updated_at) == (("a", "b"), after(3))


@pytest.mark.parametrize(
    ("state", "event"),
    [(state, event) for state, event in product(S, ONE_OF_EACH) if (state, type(event)) not in TRANSITIONS],
    ids=lambda value: value.value if isinstance(value, S) else type(value).__name__,
)
def test_a_pair_that_is_not_in_the_table_is_refused(state: OrderState, event: OrderEvent) -> None:
    with pytest.raises(IllegalTransition, match=f"t12-1 is {state}: {type(event).__name__}"):
        apply(an_order(state), event)


@pytest.mark.parametrize(("state", "event"), TRANSITIONS, ids=lambda value: str(getattr(value, "value", "")))
def test_a_pair_of_the_table_leads_where_it_says(state: OrderState, event: type[OrderEvent]) -> None:
    example = next(each for each in ONE_OF_EACH if type(each) is event)
    assert apply(an_order(state), example).state is TRANSITIONS[state, event]


def test_every_state_can_be_reached_from_the_first() -> None:
    reached = {S.CREATED}
    for _ in S:
        reached |= {target for (state, _), target in TRANSITIONS.items() if state in reached}
    assert reached | {S.FILLED} == set(S)


def test_what_is_over_stays_over_except_when_proof_of_absence_was_wrong() -> None:
    revived = [row for row, target in TRANSITIONS.items() if row[0] in FINAL and target is not row[0]]
    assert revived == [(S.ABSENT, Filled)]
    assert all(is_final(state) == (state in FINAL) for state in S)


def test_nothing_is_sent_twice() -> None:
    assert [state for state, event in TRANSITIONS if event is Submitted] == [S.VALIDATED, S.AWAITING_APPROVAL]


def test_a_fill_told_twice_counts_once() -> None:
    once = apply(an_order(S.OPEN), filled("0.4"))
    assert apply(once, filled("0.4")) is once
    assert apply(apply(once, Canceled(at=NOW)), filled("0.4")).has_late_fill is False


@pytest.mark.parametrize("state", [S.CANCELED, S.EXPIRED, S.ABSENT])
def test_a_fill_after_the_end_counts_and_is_flagged(state: OrderState) -> None:
    late = apply(an_order(state), filled("0.4"))
    assert (late.filled, late.has_late_fill) == (Decimal("0.4"), True)
    assert apply(late, filled("0.6", "b")).state is S.FILLED


def test_a_fill_during_the_cancel_is_not_late() -> None:
    order = apply(an_order(S.CANCEL_PENDING), filled("0.4"))
    assert (order.state, order.has_late_fill) == (S.CANCEL_PENDING, False)
    assert apply(order, Canceled(at=NOW)).state is S.CANCELED
    assert apply(order, filled("0.6", "b")).state is S.FILLED


def test_more_than_the_size_is_refused() -> None:
    order = apply(an_order(S.OPEN), filled("0.7"))
    with pytest.raises(Overfill, match=r"only 0\.3 is left"):
        apply(order, filled("0.301", "b"))


@pytest.mark.parametrize(("price", "quantity"), [(0, 1), (-1, 1), (100, 0), (100, -1)])
def test_an_impossible_fill_is_refused(price: int, quantity: int) -> None:
    with pytest.raises(IllegalTransition, match="fill f1"):
        apply(an_order(S.OPEN), filled(quantity, price=price))


def test_another_orders_fill_is_refused() -> None:
    stray = Filled(at=NOW, fill=a_fill(order_id="t13-1"))
    with pytest.raises(IllegalTransition, match="belongs to order t13-1"):
        apply(an_order(S.OPEN), stray)


@pytest.mark.parametrize("event", [VenueRejected(at=NOW, reason="no"), FoundAbsent(at=NOW)])
def test_what_was_filled_in_part_was_there(event: OrderEvent) -> None:
    order = apply(apply(an_order(S.CANCEL_PENDING), filled("0.4")), OutcomeUnclear(at=NOW))
    with pytest.raises(IllegalTransition, match="has fills"):
        apply(order, event)


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (Opened(at=NOW), S.OPEN),
        (filled(1), S.FILLED),
        (filled("0.5"), S.PARTIALLY_FILLED),
        (VenueRejected(at=NOW, reason="margin"), S.REJECTED),
        (FoundAbsent(at=NOW), S.ABSENT),
        (Canceled(at=NOW, reason="depth"), S.CANCELED),
    ],
)
def test_an_unclear_outcome_is_cleared_up(event: OrderEvent, state: OrderState) -> None:
    unclear = apply(an_order(S.SENT), OutcomeUnclear(at=NOW))
    assert unclear.state is S.UNKNOWN
    assert apply(unclear, event).state is state


def test_an_order_found_again_keeps_what_it_had() -> None:
    lost = after_all(an_order(S.OPEN), [filled("0.4"), CancelAsked(at=NOW), OutcomeUnclear(at=NOW)])
    assert lost.state is S.UNKNOWN
    for found in (Acknowledged(at=NOW), Opened(at=NOW)):
        assert apply(lost, found).state is S.PARTIALLY_FILLED


def test_what_is_called_off_after_its_end_says_so() -> None:
    order = apply(an_order(S.OPEN), Canceled(at=NOW, reason="gone"))
    assert apply(order, CalledOff(at=NOW, reason="called_back")).reason == "called_back"


def test_the_first_reason_stays() -> None:
    order = apply(an_order(S.OPEN), Canceled(at=NOW, reason="asked"))
    assert apply(order, Canceled(at=NOW, reason="again")).reason == "asked"


def test_a_late_report_brings_no_queue_back() -> None:
    order = after_all(
        an_order(S.SENT), [Opened(at=NOW, queue_ahead=Decimal(5)), QueueMoved(at=NOW, queue_ahead=Decimal(2))]
    )
    order = after_all(
        order, [QueueMoved(at=NOW, queue_ahead=Decimal(4)), Opened(at=NOW, queue_ahead=Decimal(5))]
    )
    assert order.queue_ahead == 2


def test_time_of_the_last_change_never_goes_back() -> None:
    order = apply(an_order(S.SENT, updated_at=after(9)), Acknowledged(at=after(1)))
    assert order.updated_at == after(9)


def test_any_order_of_the_same_reports_ends_the_same() -> None:
    reports: tuple[OrderEvent, ...] = (
        Acknowledged(at=NOW),
        Opened(at=NOW),
        filled("0.4", "a", price=100),
        filled("0.3", "b", price=101),
        Canceled(at=NOW),
    )
    ends = {
        (order.state, order.filled, order.cost, order.fees)
        for each in permutations(reports)
        for order in [after_all(an_order(S.SENT), each)]
    }
    assert ends == {(S.CANCELED, Decimal("0.7"), Decimal("70.3"), Decimal("0.10"))}


def test_children_have_ids_of_their_own() -> None:
    assert child_id("t12_entry", 2) == "t12_entry-2"
    names = [child_id(intent, number) for intent in ("a", "a-1", "a-1-1") for number in (0, 1, 11)]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(("intent", "number"), [("", -1), ("a", -1), ("x" * 27, 1), ("a b", 1), ("é", 1)])
def test_an_id_that_a_venue_would_not_take_is_refused(intent: str, number: int) -> None:
    with pytest.raises(ValueError, match="not a client order id"):
        child_id(intent, number)


lots = st.integers(1, 40).map(lambda count: Decimal(count) / 1000)


class ReportsInAnyOrder(RuleBasedStateMachine):
    """A venue works an order truthfully; its reports are delivered in any order, repeated, or much later.

    The desk's order may lag behind the venue's, but never says more than happened, and agrees in the end.
    """

    @initialize(size=lots)
    def send(self, size: Decimal) -> None:
        self.order = an_order(S.SENT, intent=an_intent(quantity=size))
        self.executed: dict[str, Filled] = {}
        self.told: set[str] = set()
        self.reports: list[OrderEvent] = [Acknowledged(at=NOW), Opened(at=NOW, queue_ahead=Decimal(3))]
        self.is_working = True

    @precondition(lambda self: self.is_working and self.left_at_venue() > 0)
    @rule(quantity=lots, price=st.integers(1, 10**6), fee=st.integers(0, 50))
    def venue_fills(self, quantity: Decimal, price: int, fee: int) -> None:
        name = f"v{len(self.executed)}"
        part = min(quantity, self.left_at_venue())
        fill = a_fill(Decimal(price) / 10, part, id=name, fee=Decimal(fee) / 1000)
        self.executed[name] = Filled(at=after(len(self.executed)), fill=fill)
        self.reports.append(self.executed[name])

    @precondition(lambda self: self.is_working)
    @rule(report=st.sampled_from([Canceled(at=after(50), reason="asked"), Expired(at=after(50))]))
    def venue_ends_it(self, report: OrderEvent) -> None:
        self.is_working = False
        self.reports.append(report)

    @rule()
    def request_breaks(self) -> None:
        if self.order.state in (S.SENT, S.CANCEL_PENDING):
            self.order = apply(self.order, OutcomeUnclear(at=NOW))

    @precondition(lambda self: self.order.state in (S.SENT, S.ACKNOWLEDGED, S.OPEN, S.PARTIALLY_FILLED))
    @rule()
    def desk_asks_to_cancel(self) -> None:
        self.order = apply(self.order, CancelAsked(at=NOW))

    @rule(data=st.data())
    def deliver_any(self, data: st.DataObject) -> None:
        self.deliver(data.draw(st.sampled_from(self.reports)))

    def deliver(self, report: OrderEvent) -> None:
        self.order = apply(self.order, report)
        if isinstance(report, Filled):
            self.told.add(report.fill.id)

    def left_at_venue(self) -> Decimal:
        return self.order.intent.quantity - sum(each.fill.quantity for each in self.executed.values())

    @invariant()
    def says_what_it_was_told(self) -> None:
        known = [self.executed[name].fill for name in self.told]
        assert self.order.filled == sum(fill.quantity for fill in known) <= self.order.intent.quantity
        assert self.order.cost == sum(fill.price * fill.quantity for fill in known)
        assert self.order.fees == sum(fill.fee for fill in known)
        assert set(self.order.fill_ids) == self.told
        assert len(self.order.fill_ids) == len(self.told)
        assert (self.order.state is S.FILLED) == (self.order.left == 0)

    def teardown(self) -> None:
        if not hasattr(self, "order"):
            return
        for report in self.reports:
            self.deliver(report)
        self.says_what_it_was_told()
        assert self.told == set(self.executed)
        assert self.order.filled == self.order.intent.quantity - self.left_at_venue()
        assert self.is_working or is_final(self.order.state)


TestReportsInAnyOrder = ReportsInAnyOrder.TestCase


@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=6))
def test_fills_in_any_order_and_repeated_sum_to_the_same(order: list[int], again: list[int]) -> None:
    fills = [filled(Decimal(number + 1) / 100, f"f{number}", price=100 + number) for number in range(6)]
    end = after_all(an_order(S.SENT), [fills[number] for number in [*order, *again]])
    straight = after_all(an_order(S.SENT), fills)
    assert replace(end, fill_ids=()) == replace(straight, fill_ids=())


def test_the_venue_s_own_number_is_kept_once_it_is_known() -> None:
    order = apply(an_order(S.SENT), Acknowledged(at=NOW, venue_id="v-1"))
    assert apply(order, Acknowledged(at=NOW)).venue_id == "v-1"


def amended(quantity: str) -> Amended:
    return Amended(at=NOW, terms=Terms(quantity=Decimal(quantity), kind=OrderKind.LIMIT))


def test_an_amended_order_is_full_at_its_new_size() -> None:
    order = apply(apply(an_order(S.OPEN), filled("0.4")), amended("0.5"))
    assert (order.state, order.left) == (S.PARTIALLY_FILLED, Decimal("0.1"))


@pytest.mark.parametrize("quantity", ["0.4", "0.3", "1.1"])
def test_an_order_is_never_amended_beyond_its_intent_nor_below_what_is_filled(quantity: str) -> None:
    order = apply(an_order(S.OPEN), filled("0.4"))
    with pytest.raises(IllegalTransition, match="filled"):
        apply(order, amended(quantity))
