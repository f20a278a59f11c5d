"""From a proposal to an intent: measured against the market, cut to what the limits allow."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from engines.orders import plan as plans
from engines.orders.naming import intent_name
from engines.orders.order import ExecutionStyle, Intent, OrderKind, Purpose
from engines.orders.plan import Plan
from engines.orders.proposal import Proposal
from engines.orders.subaccount import PAPER, SubAccount
from engines.orders.trade import Trade
from engines.risk.verdict import Ruling
from ports.clock import Clock
from ports.desk_state import Approval
from ports.errors import Refused
from services.policies import Policies
from services.ticketing.proposal import Draft, Quote, Route
from services.ticketing.quoting import Quoting
from services.ticketing.road import Road
from services.ticketing.spending import Spending
from services.trading.register import Register

SENT_WITHIN_S = 60.0
"""Real seconds after which what goes by itself is not sent any more."""


@dataclass(slots=True, repr=False)
class Drafting:
    """Measures proposals; changes nothing. `waits_s` is how long a ticket waits for a person, `most_leverage`
    the desk's limit."""

    road: Road
    register: Register
    policies: Policies
    quoting: Quoting
    spending: Spending
    clock: Clock
    waits_s: float
    most_leverage: Decimal

    async def draft(self, proposal: Proposal, *, on_paper: bool = False) -> Draft:
        """What the proposal comes to now; with `on_paper` on the engine's paper account, whatever its policy.

        Raises `Refused`: `no_fresh_price` (`pair`), `nothing_to_reduce` (`pair`), `desk_holds_opposite`
        (`pair`, `trade_id`), `proposal_expired`, `account_closed` (`account`), and of an entry what
        `engines.orders.plan.find_problem` names; `not_traded_there` (`account`, `pair`).
        """
        if proposal.expires_at is not None and self.clock.now() >= proposal.expires_at:
            raise Refused("proposal_expired")
        sub_account = self._sub_account(proposal, on_paper=on_paper)
        if not sub_account.is_paper and not self.policies.accounts.is_open(sub_account.account):
            raise Refused("account_closed", account=sub_account.account)
        proposal = proposal.at(await self.road.instrument(sub_account.account, proposal.instrument))
        trade = await self._trade(proposal, sub_account)
        best = await self.quoting.best(proposal.instrument, proposal.side)
        quantity = _quantity(proposal, trade, best)
        intent, quote = await self._measured(proposal, sub_account, trade, quantity)
        self._check(proposal, intent, quote)
        verdict = self.road.judge(intent, trade)
        asked: dict[str, Any] = {}
        if verdict.ruling is Ruling.SHRINK:
            asked = {"asked": quantity * quote.expected, "cut_by": verdict.reason}
            intent, quote = await self._measured(proposal, sub_account, trade, verdict.quantity)
        return Draft(
            proposal=proposal,
            sub_account=sub_account,
            trade=_with_levels(proposal, trade, intent),
            intent=intent,
            quote=quote,
            verdict=verdict,
            effect=replace(self.road.effect(intent, trade, quote.expected), **asked),
            route=self._route(proposal, sub_account, intent.quantity * quote.expected),
        )

    async def renewed(self, draft: Draft) -> Draft:
        """The same draft for the position as it is by now: what it was measured for may be over since."""
        proposal = draft.proposal
        trade = await self.road.trade_for(
            draft.sub_account, proposal.instrument, proposal.direction, leverage=proposal.leverage
        )
        intent = replace(draft.intent, trade_id=trade.id)
        return replace(draft, intent=intent, trade=_with_levels(proposal, trade, intent))

    def _sub_account(self, proposal: Proposal, *, on_paper: bool) -> SubAccount:
        """Where the policy says; what reduces belongs where the position is."""
        engine = proposal.engine
        if on_paper:
            return SubAccount(engine=engine, account=PAPER)
        now = self.policies.sub_account(engine)
        live = SubAccount(engine=engine, account=self.policies.of(engine).account)
        if proposal.reduce_only and now.is_paper and self._held(proposal, live):
            return live
        return now

    def _held(self, proposal: Proposal, sub_account: SubAccount) -> bool:
        return any(
            held.trade.quantity and held.trade.instrument.key == proposal.instrument.key
            for held in self.register.live(sub_account.owner)
        )

    async def _trade(self, proposal: Proposal, sub_account: SubAccount) -> Trade:
        instrument, direction = proposal.instrument, proposal.direction
        for held in self.register.live(sub_account.owner):
            trade = held.trade
            is_other_way = trade.instrument.key == instrument.key and trade.direction is not direction
            if is_other_way and not proposal.reduce_only:
                raise Refused("desk_holds_opposite", pair=instrument.pair, trade_id=trade.id)
        trade = await self.road.trade_for(sub_account, instrument, direction, leverage=proposal.leverage)
        if proposal.reduce_only and not trade.quantity:
            raise Refused("nothing_to_reduce", pair=instrument.pair)
        return trade

    async def _measured(
        self, proposal: Proposal, sub_account: SubAccount, trade: Trade, quantity: Decimal
    ) -> tuple[Intent, Quote]:
        quote = await self.quoting.quote(
            proposal.instrument,
            proposal.side,
            quantity,
            max_slippage=proposal.max_slippage,
            limit_price=proposal.limit_price,
        )
        return self._intent(proposal, sub_account, trade, quantity, quote), quote

    def _intent(
        self, proposal: Proposal, sub_account: SubAccount, trade: Trade, quantity: Decimal, quote: Quote
    ) -> Intent:
        now, is_limit = self.clock.now(), proposal.limit_price is not None
        return Intent(
            id=intent_name(proposal.engine, proposal.key),
            owner=sub_account.owner,
            account=sub_account.account,
            engine=proposal.engine.value,
            trade_id=trade.id,
            instrument=proposal.instrument,
            side=proposal.side,
            quantity=quantity,
            kind=OrderKind.LIMIT if is_limit else OrderKind.MARKET,
            purpose=Purpose.CLOSE if proposal.reduce_only else Purpose.ENTRY,
            limit_price=proposal.limit_price,
            worst_price=None if is_limit else quote.worst,
            most_cost=None if proposal.reduce_only else quantity * max(quote.worst, quote.expected),
            style=_style(proposal, is_limit=is_limit),
            decision_price=quote.best,
            max_slippage=None if is_limit else proposal.max_slippage,
            reduce_only=proposal.reduce_only,
            reason=proposal.reason,
            created_at=now,
            expires_at=self._expires_at(proposal, now),
        )

    def _check(self, proposal: Proposal, intent: Intent, quote: Quote) -> None:
        if proposal.reduce_only:
            return
        plan = Plan(
            instrument=proposal.instrument,
            direction=proposal.direction,
            price=quote.expected,
            worst_price=quote.worst,
            quantity=intent.quantity,
            leverage=proposal.leverage,
            stop=proposal.stop,
            targets=proposal.targets,
        )
        problem = plans.find_problem(plan, most_leverage=self.most_leverage)
        if problem is not None:
            raise Refused(problem.code, **problem.params)

    def _expires_at(self, proposal: Proposal, now: datetime) -> datetime:
        """Market time after which it is not sent any more, the wait for a person included."""
        real_s = SENT_WITHIN_S + self.waits_s
        own = now + timedelta(seconds=real_s * max(self.clock.speed, 1.0))
        return own if proposal.expires_at is None else min(own, proposal.expires_at)

    def _route(self, proposal: Proposal, sub_account: SubAccount, notional: Decimal) -> Route:
        if sub_account.is_paper:
            return Route.PAPER
        policy = self.policies.in_force(proposal.engine)
        is_free = policy.approval is Approval.AUTO and self.spending.allows(policy, notional)
        return Route.AUTO if is_free else Route.TICKET


def _quantity(proposal: Proposal, trade: Trade, price: Decimal) -> Decimal:
    """The size on the grid; what reduces is never more than is held."""
    instrument = proposal.instrument
    quantity = proposal.quantity
    if quantity is None and proposal.notional is not None:
        quantity = proposal.notional / (proposal.limit_price or price)
    if proposal.reduce_only:
        quantity = trade.quantity if quantity is None else min(quantity, trade.quantity)
    on_grid = instrument.quantity(quantity or Decimal(0))
    if on_grid <= 0:
        raise Refused("too_small", least=plans.least_notional(instrument, price))
    return on_grid


def _style(proposal: Proposal, *, is_limit: bool) -> ExecutionStyle:
    """A limit is one order, unless it is to rest."""
    if is_limit and proposal.style is not ExecutionStyle.POST_ONLY:
        return ExecutionStyle.SINGLE
    return proposal.style


def _with_levels(proposal: Proposal, trade: Trade, intent: Intent) -> Trade:
    """The trade with what the entry brings along; one that has levels keeps them."""
    if proposal.reduce_only:
        return trade
    wanted = replace(trade, wanted=trade.wanted + intent.quantity)
    if trade.stop is not None or trade.targets:
        return wanted
    return replace(wanted, stop=proposal.stop, targets=proposal.targets)
