"""The desk of a replay: wishes become orders here, orders become fills, and fills become entries in the
books.

Everything goes the road of the live desk: `engines.orders.drafting`, the gate, `engines.orders.lifecycle`,
`engines.orders.protection` and `engines.orders.settlement`. What differs is the venue, and that is a bar.
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Context, Decimal
from operator import attrgetter
from typing import Final

from engines.core.altered import altered
from engines.core.instrument import Toward
from engines.core.move import Move
from engines.core.side import Side
from engines.orders import plan as plans
from engines.orders.drafting import Quote, find_problem, intent_of, sized, with_levels
from engines.orders.execution import CALLED_BACK
from engines.orders.lifecycle import apply
from engines.orders.naming import first_order
from engines.orders.order import (
    Amended,
    Canceled,
    Expired,
    Fill,
    Filled,
    Intent,
    Liquidity,
    Opened,
    Order,
    OrderKind,
    OrderState,
    Purpose,
    Submitted,
    Terms,
)
from engines.orders.position import bankruptcy_price
from engines.orders.proposal import Proposal
from engines.orders.protection import Exit, after_entry, decide
from engines.orders.settlement import settle_funding
from engines.orders.story import told
from engines.orders.subaccount import SubAccount
from engines.orders.trade import Trade, TradeState
from engines.risk.verdict import Check, Ruling, Verdict
from engines.risk.view import Market
from engines.simulate import costs
from engines.simulate.history import Gate, Outage
from engines.simulate.replay.books import Books
from engines.simulate.replay.gatekeeper import Gatekeeper
from engines.simulate.replay.instant import utc
from engines.simulate.replay.journal import Journal, named
from engines.simulate.replay.lane import Lane, Wish, is_post_only, new_trade
from engines.simulate.replay.tally import Tally
from engines.simulate.run import Blocked
from engines.simulate.terms import Terms as RunTerms
from engines.strategies.strategy import MarketKey

_ZERO: Final = Decimal(0)
_FORBIDS: Final = {"BUY": Side.SELL, "SELL": Side.BUY}
BEYOND_GUARD: Final = "beyond_guard"
"""The reason of an order at the market that found no price as good as it had to be."""
_MOST_LEVERAGE: Final = Decimal(1000)
"""How much leverage is left to the limits of the gate to judge."""
_READABLE: Final = Context(prec=8)
"""As many digits of a measured figure as a person reads."""


@dataclass(slots=True)
class Desk:
    """Acts for one account."""

    terms: RunTerms
    sub_account: SubAccount
    books: Books
    gatekeeper: Gatekeeper
    journal: Journal
    tally: Tally
    outages: Sequence[Outage]
    gates: Mapping[MarketKey, Sequence[Gate]]
    blocked: list[Blocked] = field(default_factory=list)
    _keys: set[str] = field(default_factory=set)
    _trades: int = 0

    # What the strategy wants.

    def wish(self, lane: Lane, proposal: Proposal, at_ms: int) -> None:
        """Take a proposal up: the same key once. While the venue cannot be reached it waits."""
        price = lane.price_at(at_ms)
        if proposal.key in self._keys or price is None or lane.is_over:
            self.journal.write(at_ms, f"ignored {proposal.key}")
            return
        self._keys.add(proposal.key)
        wish = Wish(proposal=proposal, price=price, at_ms=at_ms)
        if (gate := self._forbidding(lane, proposal.side, at_ms)) is not None:
            self._refuse(
                wish, proposal.quantity or _ZERO, at_ms, "signal", f"{gate} forbids a {proposal.side}"
            )
        elif self.is_out(lane, at_ms):
            lane.outbox.append(wish)
        else:
            self.submit(lane, wish, at_ms, lane.tape.closed_at(at_ms))

    def is_out(self, lane: Lane, at_ms: int) -> bool:
        """Whether the venue of a market cannot be reached."""
        return any(
            one.start_ms <= at_ms < one.stop_ms and one.key in (None, lane.instrument.key)
            for one in self.outages
        )

    def empty_outbox(self, lane: Lane, at_ms: int) -> None:
        """Send what waited, once the venue can be reached and has shown a price again."""
        if not lane.outbox or self.is_out(lane, at_ms) or lane.tape.closed_at(at_ms) != utc(at_ms):
            return
        wishes, lane.outbox = lane.outbox, []
        for wish in wishes:
            self.submit(lane, wish, at_ms, lane.tape.closed_at(at_ms))

    def submit(self, lane: Lane, wish: Wish, at_ms: int, seen_at: datetime) -> None:
        """Measure a wish, have it judged and send what may go. The price of the market is of `seen_at`."""
        proposal, now = wish.proposal, utc(at_ms)
        if proposal.expires_at is not None and now >= proposal.expires_at:
            self.journal.write(at_ms, f"expired {proposal.key}")
            return
        trade = self._trade(lane, wish, at_ms)
        if trade is None:
            return
        leaving = lane.leaving() if proposal.reduce_only else _ZERO
        free = replace(trade, quantity=trade.quantity - leaving) if leaving else trade
        quote = _quote(wish, self.terms.slippage)
        quantity = sized(proposal, free, wish.price)
        if quantity <= 0:
            least = plans.least_notional(lane.instrument, wish.price)
            self._refuse(wish, _ZERO, at_ms, "too_small", f"less than {_figure(least)}")
            return
        problem = find_problem(proposal, quantity, quote, most_leverage=_MOST_LEVERAGE)
        if problem is not None:
            said = ", ".join(f"{name} {_figure(value)}" for name, value in problem.params.items())
            self._refuse(wish, quantity, at_ms, problem.code, said)
            return
        intent = intent_of(
            proposal, self.sub_account, trade, quantity, quote, now=now, expires_at=proposal.expires_at
        )
        self._judge(lane, wish, intent, trade, at_ms, seen_at)

    def _judge(
        self, lane: Lane, wish: Wish, intent: Intent, trade: Trade, at_ms: int, seen_at: datetime
    ) -> None:
        age_s = (utc(at_ms) - seen_at).total_seconds()
        verdict = self.gatekeeper.judge(intent, trade, Market(price=wish.price, age_s=age_s), at_ms)
        if verdict.ruling is not Ruling.ALLOW:
            self._note(wish, intent.quantity, verdict, at_ms)
        if verdict.ruling is Ruling.DENY:
            return
        if verdict.ruling is Ruling.SHRINK:
            intent = _smaller(intent, verdict.quantity)
        order = _sent(intent)
        levelled = with_levels(wish.proposal, trade, intent.quantity)
        is_followed = levelled.trail_distance is not None and trade.trail_distance is None
        lane.trade = lane.best_seen(levelled) if is_followed and trade.quantity else levelled
        lane.send(order, at_ms)
        self.journal.write(at_ms, f"sent {order.id} {intent.side} {intent.quantity}")

    def _trade(self, lane: Lane, wish: Wish, at_ms: int) -> Trade | None:
        """The trade that a wish belongs to; `None` where it has to wait or cannot be."""
        proposal, trade = wish.proposal, lane.trade
        is_other_way = trade is not None and trade.direction is not proposal.direction
        if proposal.reduce_only:
            if lane.held is None or is_other_way or lane.leaving() >= lane.held.quantity:
                self._refuse(wish, proposal.quantity or _ZERO, at_ms, "nothing_to_reduce", "nothing is held")
                return None
            return lane.held
        if trade is not None and is_other_way:
            if trade.quantity and lane.leaving() >= trade.quantity:
                lane.behind.append(wish)
            else:
                self._refuse(wish, proposal.quantity or _ZERO, at_ms, "desk_holds_opposite", "still held")
            return None
        if trade is not None:
            return trade
        self._trades += 1
        return new_trade(
            self._trades,
            self.sub_account.owner,
            lane.instrument,
            proposal.direction,
            proposal.leverage,
            utc(at_ms),
        )

    def _forbidding(self, lane: Lane, side: Side, at_ms: int) -> str | None:
        """The signal in force, where it forbids that side."""
        gates = self.gates.get(lane.instrument.key, ())
        heard = bisect_right(gates, at_ms, key=attrgetter("at_ms"))
        says = gates[heard - 1].says if heard else None
        return says if says is not None and _FORBIDS.get(says) is side else None

    # What the market does.

    def open_bar(self, lane: Lane, at_ms: int) -> None:
        """The next bar opens: orders that waited for it meet its first price; what could not be taken rests.
        An entry behind the close of the opposite position goes as soon as that is closed."""
        row, met = lane.meeting, set[str]()
        while True:
            order = next((one for one in lane.fresh if one.id not in met), None)
            if order is not None:
                met.add(order.id)
                self._meet_open(lane, order, row, at_ms)
            elif lane.behind and not lane.leaving():
                wishes, lane.behind = lane.behind, []
                for wish in wishes:
                    self.submit(lane, wish, at_ms, utc(at_ms))
            else:
                break
        lane.meeting = row + 1
        lane.changed()

    def _meet_open(self, lane: Lane, order: Order, row: int, at_ms: int) -> None:
        """One order at an open. What a bar has no room for waits for the next."""
        price = lane.tape.price(int(lane.tape.open[row]))
        if is_post_only(order):
            self._rest(lane, replace(order, terms=_joined(order, price)), at_ms)
            return
        side, terms = order.intent.side, order.terms
        bound = terms.worst_price if terms.kind is OrderKind.MARKET else terms.limit_price
        room = None if bound is None else (bound - price) * side.sign
        if terms.kind is OrderKind.LIMIT and room is not None and room <= 0:
            self._rest(lane, order, at_ms)
        elif room is not None and room < 0:
            self.journal.write(at_ms, f"unfilled {order.id}: {price} is worse than {bound}")
            self._end(lane, apply(order, Canceled(at=utc(at_ms), reason=BEYOND_GUARD)), at_ms)
        elif quantity := self._takeable(lane, order, row):
            taken = self._slipped(lane, price, side, row)
            if bound is not None:
                taken = min(taken, bound, key=lambda one: one * side.sign)
            lane.fresh.remove(order)
            lane.since = lane.since if lane.held is not None else row
            after = self._fill(lane, order, taken, quantity, Liquidity.TAKER, at_ms)
            if after.left and lane.trade is not None:
                lane.fresh.insert(0, after)

    def _rest(self, lane: Lane, order: Order, at_ms: int) -> None:
        """An order goes into the book."""
        lane.fresh = [one for one in lane.fresh if one.id != order.id]
        lane.resting.append(apply(order, Opened(at=utc(at_ms))))

    def close_bar(self, lane: Lane, row: int) -> None:
        """A bar has ended: stops, targets and resting limits have met it, the worse order of events first."""
        move, at_ms = lane.tape.move(row), int(lane.tape.closes_ms[row])
        was_held = lane.held is not None
        self._join_again(lane, move, at_ms)
        if was_held:
            self._protect(lane, move, row, at_ms)
        for order in list(lane.resting):
            self._serve(lane, order, move, row, at_ms, is_first=not was_held)

    def _join_again(self, lane: Lane, move: Move, at_ms: int) -> None:
        """Post-only orders have followed the price to where the bar began."""
        for place, order in enumerate(lane.resting):
            if is_post_only(order):
                terms = _joined(order, move.open)
                lane.resting[place] = apply(order, Amended(at=utc(at_ms), terms=terms))

    def _protect(self, lane: Lane, move: Move, row: int, at_ms: int) -> None:
        trade = lane.held
        if trade is None:
            return
        if trade.seen_at > move.since:  # an entry inside this bar: what is left of it is news
            trade = altered(trade, seen_at=move.since)
        decision = decide(trade, move)
        lane.trade = decision.trade
        for event in decision.events:
            if event.code == "stop_moved":
                self.journal.write(at_ms, f"stop {trade.id} to {event.price}")
        if decision.exits:  # what is coming to its end is not added to any more
            self._call_back(lane, at_ms, [one for one in lane.orders() if not one.intent.reduce_only])
        for exit_ in decision.exits:
            self._leave(lane, exit_, row, at_ms)
        if decision.events:
            lane.changed()

    def _leave(self, lane: Lane, exit_: Exit, row: int, at_ms: int) -> None:
        """An exit of the protection, filled where it was triggered: a target at its price, a stop worse."""
        trade = lane.held
        assert trade is not None
        price, liquidity = exit_.trigger_price, Liquidity.TAKER
        if exit_.purpose is Purpose.TARGET:
            liquidity = Liquidity.MAKER
        elif exit_.purpose is Purpose.LIQUIDATION:
            price = bankruptcy_price(trade) or price
        else:
            price = self._slipped(lane, price, trade.direction.exit, row)
        reason = "" if exit_.number is None else str(exit_.number)
        self._exit(lane, exit_.purpose, exit_.quantity, price, liquidity, at_ms, exit_.trigger_price, reason)

    def _exit(
        self,
        lane: Lane,
        purpose: Purpose,
        quantity: Decimal,
        price: Decimal,
        liquidity: Liquidity,
        at_ms: int,
        trigger: Decimal,
        reason: str = "",
    ) -> None:
        """An order that closes at `price`, from its beginning to its end."""
        trade, at = lane.held, utc(at_ms)
        assert trade is not None
        number = self.tally.exits(trade.id)
        intent = Intent(
            id=f"{trade.id}-{number}",
            owner=trade.owner,
            account=self.sub_account.account,
            engine=self.sub_account.engine.value,
            trade_id=trade.id,
            instrument=trade.instrument,
            side=trade.direction.exit,
            quantity=trade.instrument.quantity(quantity),
            kind=OrderKind.MARKET,
            purpose=purpose,
            trigger_price=trigger,
            reduce_only=True,
            reason=reason,
            created_at=at,
        )
        order = _sent(intent)
        self._fill(lane, order, price, intent.quantity, liquidity, at_ms)

    def _serve(self, lane: Lane, order: Order, move: Move, row: int, at_ms: int, *, is_first: bool) -> None:
        """A resting limit, filled where the market traded through it. What is left of the bar after an entry
        meets the new position."""
        if order not in lane.resting:
            return
        limit, side = order.terms.limit_price, order.intent.side
        assert limit is not None
        extreme = move.low if side is Side.BUY else move.high
        if (limit - extreme) * side.sign <= 0:
            return
        quantity = self._takeable(lane, order, row)
        if quantity == 0:
            return
        lane.resting.remove(order)
        lane.since = lane.since if lane.held is not None else row + 1
        after = self._fill(lane, order, limit, quantity, Liquidity.MAKER, at_ms)
        if after.left and lane.trade is not None:
            lane.resting.append(after)
        trade = lane.held
        if trade is not None and is_first and not order.intent.reduce_only:
            self._protect(lane, after_entry(move, trade, limit), row, at_ms)

    def expire(self, lane: Lane, at_ms: int) -> None:
        """Orders whose time is over end."""
        now = utc(at_ms)
        for order in [*lane.fresh, *lane.resting]:
            if order.intent.expires_at is not None and order.intent.expires_at <= now:
                self.journal.write(at_ms, f"expired {order.id}")
                self._end(lane, apply(order, Expired(at=now)), at_ms)

    def fund(self, lane: Lane, rate: float, at_ms: int) -> None:
        """A settlement: what is held pays or receives."""
        trade, mark = lane.held, lane.tape.mark_at(at_ms)
        if trade is None or mark is None:
            return
        amount = costs.funding_payment(trade.direction, trade.quantity, mark, Decimal(repr(rate)))
        after, entries = settle_funding(trade, amount, self.books.cash, utc(at_ms))
        lane.trade = after
        lane.changed()
        self.books.book(entries)
        self.journal.write(at_ms, f"funding {trade.id} {after.funding - trade.funding}")

    def delist(self, lane: Lane, at_ms: int) -> None:
        """The market is gone: what is under way ends, what is held is closed at the last close."""
        lane.is_over = True
        lane.behind, lane.outbox = [], []
        for order in [*lane.fresh, *lane.resting]:
            self._end(lane, apply(order, Canceled(at=utc(at_ms), reason="delisted")), at_ms)
        trade, price = lane.held, lane.price_at(at_ms)
        if trade is not None and price is not None:
            self._exit(lane, Purpose.MANUAL, trade.quantity, price, Liquidity.TAKER, at_ms, price)

    # What both come to.

    def _fill(
        self, lane: Lane, order: Order, price: Decimal, quantity: Decimal, liquidity: Liquidity, at_ms: int
    ) -> Order:
        trade, kind = lane.trade, lane.instrument.kind
        assert trade is not None
        fee = self.terms.fees.fee(kind, liquidity, price * quantity)
        fill = Fill(
            id=f"{len(order.fill_ids) + 1}",
            order_id=order.id,
            price=price,
            quantity=quantity,
            fee=fee,
            liquidity=liquidity,
            at=utc(at_ms),
        )
        telling = told(order, trade, Filled(at=fill.at, fill=fill))
        self.books.book(telling.entries)
        lane.trade = telling.trade
        lane.changed()
        if not order.intent.reduce_only:
            self.gatekeeper.entered(price * quantity, at_ms)
        charged = telling.trade.fees - trade.fees
        self.tally.fill(telling.trade, order, fill, charged)
        self.journal.write(
            at_ms,
            f"fill {order.id} {order.intent.purpose} {named(lane.instrument)} {order.intent.side}"
            f" {quantity} at {price} fee {charged} {liquidity} cash {self.books.cash}",
        )
        if telling.trade.state is TradeState.CLOSED:
            self._close(lane, at_ms)
        return telling.order

    def _close(self, lane: Lane, at_ms: int) -> None:
        """A trade is over: its orders are called back."""
        trade = lane.trade
        assert trade is not None
        self.tally.close(trade)
        self.journal.write(at_ms, f"closed {trade.id} {trade.close_reason} net {trade.net}")
        lane.trade = None
        self._call_back(lane, at_ms, [one for one in lane.orders() if one.intent.trade_id == trade.id])

    def _call_back(self, lane: Lane, at_ms: int, orders: Sequence[Order]) -> None:
        for order in orders:
            self.journal.write(at_ms, f"called back {order.id}")
            self._end(lane, apply(order, Canceled(at=utc(at_ms), reason=CALLED_BACK)), at_ms)

    def _end(self, lane: Lane, order: Order, at_ms: int) -> None:
        """An order is over; a trade that never was with it."""
        lane.fresh = [one for one in lane.fresh if one.id != order.id]
        lane.resting = [one for one in lane.resting if one.id != order.id]
        trade = lane.trade
        if trade is not None and trade.state is TradeState.WAITING and not any(lane.orders()):
            lane.trade = None
        lane.changed()

    def _slipped(self, lane: Lane, price: Decimal, side: Side, row: int) -> Decimal:
        """A price moved against whoever trades at the market, on the grid, never beyond the bar."""
        is_purchase = side is Side.BUY
        exact = price * (1 + self.terms.slippage * side.sign)
        worse = lane.instrument.price(exact, Toward.UP if is_purchase else Toward.DOWN)
        tape = lane.tape
        return (
            min(worse, tape.price(int(tape.high[row])))
            if is_purchase
            else max(worse, tape.price(int(tape.low[row])))
        )

    def _takeable(self, lane: Lane, order: Order, row: int) -> Decimal:
        """How much of an order a bar has room for; of one that reduces, no more than is held still."""
        held, share, wanted = lane.held, self.terms.participation, order.left
        if order.intent.reduce_only:
            wanted = _ZERO if held is None else min(wanted, held.quantity)
        if share is None:
            return wanted
        return min(wanted, lane.instrument.quantity(Decimal(repr(float(lane.tape.volume[row]))) * share))

    def _note(self, wish: Wish, asked: Decimal, verdict: Verdict, at_ms: int) -> None:
        decisive = verdict.decisive
        assert decisive is not None
        self._block(wish, asked, verdict.quantity, verdict.ruling, at_ms, decisive.code, _said(decisive))

    def _refuse(self, wish: Wish, asked: Decimal, at_ms: int, gate: str, reason: str) -> None:
        self._block(wish, asked, _ZERO, Ruling.DENY, at_ms, gate, reason)

    def _block(
        self, wish: Wish, asked: Decimal, allowed: Decimal, ruling: Ruling, at_ms: int, gate: str, reason: str
    ) -> None:
        proposal = wish.proposal
        self.blocked.append(
            Blocked(
                at=utc(at_ms),
                instrument=proposal.instrument,
                side=proposal.side,
                key=proposal.key,
                asked=asked,
                allowed=allowed,
                ruling=ruling,
                gate=gate,
                reason=reason,
            )
        )
        self.journal.write(at_ms, f"{ruling} {proposal.key} {allowed} of {asked}: {gate} {reason}")


def _sent(intent: Intent) -> Order:
    """The order of an intent that has passed the gate, on its way."""
    at = intent.created_at
    checked = Order(
        id=first_order(intent.id),
        intent=intent,
        terms=Terms.of(intent),
        state=OrderState.VALIDATED,
        created_at=at,
        updated_at=at,
    )
    return apply(checked, Submitted(at=at))


def _joined(order: Order, price: Decimal) -> Terms:
    """A post-only order at the best price of its own side: where the market stands, unless it may not."""
    intent, sign = order.intent, order.intent.side.sign
    bounds = [bound for bound in (intent.limit_price, intent.worst_price) if bound is not None]
    limit = min((price, *bounds), key=lambda one: one * sign)
    return Terms(quantity=order.terms.quantity, kind=OrderKind.LIMIT, limit_price=limit, is_post_only=True)


def _quote(wish: Wish, slippage: Decimal) -> Quote:
    """What the order would cost, reckoned from the price at the decision."""
    proposal, price = wish.proposal, wish.price
    if proposal.limit_price is not None:
        limit, sign = proposal.limit_price, proposal.side.sign
        return Quote(best=price, expected=min(price, limit, key=lambda one: one * sign), worst=limit)
    instrument, is_purchase = proposal.instrument, proposal.side is Side.BUY
    expected = instrument.price(
        price * (1 + slippage * proposal.side.sign), Toward.UP if is_purchase else Toward.DOWN
    )
    worst = plans.worst_price(instrument, proposal.side, price, proposal.max_slippage)
    return Quote(best=price, expected=expected, worst=worst)


def _smaller(intent: Intent, quantity: Decimal) -> Intent:
    """The intent with less of it; its cost shrinks in proportion."""
    cost = None if intent.most_cost is None else intent.most_cost * quantity / intent.quantity
    return replace(intent, quantity=quantity, most_cost=cost)


def _said(check: Check) -> str:
    if check.value is None:
        return check.detail
    bound = "" if check.limit is None else f" of {_figure(check.limit)}"
    return f"{_figure(check.value)}{bound} {check.unit} {check.detail}".rstrip()


def _figure(value: object) -> str:
    return f"{_READABLE.normalize(value):f}" if isinstance(value, Decimal) else f"{value}"
