"""From a proposal to an intent: measured against the market, cut to what the limits allow."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from engines.orders import drafting
from engines.orders.drafting import Quote
from engines.orders.order import Intent
from engines.orders.plan import least_notional
from engines.orders.proposal import Proposal
from engines.orders.subaccount import PAPER, SubAccount
from engines.orders.trade import Trade
from engines.risk.verdict import Ruling
from ports.clock import Clock
from ports.desk_state import Approval
from ports.errors import Refused
from services.policies import Policies
from services.ticketing.proposal import Draft, Route
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
        quantity = drafting.sized(proposal, trade, best)
        if quantity <= 0:
            raise Refused("too_small", least=least_notional(proposal.instrument, best))
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
            trade=drafting.with_levels(proposal, trade, intent.quantity),
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
        return replace(draft, intent=intent, trade=drafting.with_levels(proposal, trade, intent.quantity))

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
        now = self.clock.now()
        expires_at = self._expires_at(proposal, now)
        intent = drafting.intent_of(
            proposal, sub_account, trade, quantity, quote, now=now, expires_at=expires_at
        )
        return intent, quote

    def _check(self, proposal: Proposal, intent: Intent, quote: Quote) -> None:
        problem = drafting.find_problem(proposal, intent.quantity, quote, most_leverage=self.most_leverage)
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
