"""Who has to agree to an engine's orders: on paper nobody, with real money a person or the limits of one.

An engine without a policy of its own is on paper. Real money begins after a cooling-off and ends at once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, Protocol

import structlog

from engines.orders.subaccount import PAPER, EngineName, SubAccount
from ports.clock import Clock
from ports.desk_state import Approval, Policy, PolicyStore
from ports.errors import Refused, Transient
from ports.venue_books import KeyRights

log = structlog.get_logger()

ACCOUNTS: Final[Mapping[EngineName, str]] = {
    **dict.fromkeys(EngineName, "bybit"),
    EngineName.NEUTRAL: "gate",
    EngineName.TOUCH: "polygon",
}
"""Where the real money of each engine lies, unless its policy says otherwise."""

TYPED_WITHIN: Final = timedelta(minutes=2)
"""How long after it was asked for a confirmation may be typed."""
MOST_LIMIT: Final = Decimal(10_000_000)
_LOOK_S: Final = 1.0
_OPEN_AGAIN_S: Final = 30.0


class Accounts(Protocol):
    """The venue accounts of the desk. No key is read before one of them is opened."""

    async def open(self, account: str) -> None:
        """Read its key, check what the key may do, and connect; nothing when it is open already.

        Raises `Refused`: `account_unknown`, `account_without_key`, `account_key_withdraws`,
        `account_key_reads_only`, `account_key_refused`, `account_unreachable`, each with `account`.
        """
        ...

    def is_open(self, account: str) -> bool:
        """Whether orders can go there."""
        ...

    def is_monitored(self, account: str) -> bool:
        """Whether it is read, and no order can go there."""
        ...

    def rights(self, account: str) -> KeyRights | None:
        """What the key of an account may do; `None` while it is not in use."""
        ...

    async def close(self) -> None:
        """Release connections. May be called twice."""
        ...

    def problem(self, account: str) -> str:
        """The code of the last refusal; empty when there was none."""
        ...


@dataclass(slots=True, kw_only=True, repr=False)
class Policies:
    """Policies in memory and in the store. More real money begins once it is stored, less of it at once;
    what could not be stored is in force and is stored as soon as the database allows. Times are wire time:
    people wait for real.

    `on_change` hears of every policy that begins to count, also of one whose cooling-off has ended; `tell`
    tells people. `holding` names accounts where the desk still has something: what an engine bought before it
    was put back on paper has to be protected and sold.
    """

    store: PolicyStore
    accounts: Accounts
    clock: Clock
    tell: Callable[[Policy], Awaitable[None]]
    cooling: timedelta = timedelta(minutes=10)
    holding: Callable[[], Collection[str]] = frozenset
    on_change: list[Callable[[Policy], None]] = field(default_factory=list)
    _policies: dict[EngineName, Policy] = field(default_factory=dict)
    _armed: dict[tuple[int, int, EngineName], datetime] = field(default_factory=dict)
    _cooling: set[EngineName] = field(default_factory=set)
    _unwritten: set[EngineName] = field(default_factory=set)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def load(self) -> None:
        """Read what is stored; must run before anything else."""
        self._policies = {one.engine: one for one in await self.store.all()}
        self._cooling = {one.engine for one in self._policies.values() if self.cools_for(one) > 0}

    async def open_accounts(self) -> None:
        """Open what engines with real money need, or hold something at, and is not open. One that cannot be
        opened holds back no other: its engines are refused until it can."""
        live = {one.account for one in self._policies.values() if one.approval is not Approval.PAPER}
        for account in sorted(live.union(self.holding()) - {PAPER}):
            if not self.accounts.is_open(account):
                try:
                    await self.accounts.open(account)
                except Refused as error:
                    log.error("account_not_open", account=account, reason=error.code)

    async def run(self) -> None:
        """Endless: open accounts that are needed, say so when a cooling-off has ended."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._keep_open(), name="accounts")
            while True:
                await self.look()
                await asyncio.sleep(_LOOK_S)

    async def _keep_open(self) -> None:
        while True:
            await self.open_accounts()
            await asyncio.sleep(_OPEN_AGAIN_S)

    async def look(self) -> None:
        """Tell of those whose cooling-off has ended since the last look; write down what is not yet."""
        for engine in sorted(self._unwritten):
            await self._write(engine)
        over = {engine for engine in self._cooling if self.cools_for(self.of(engine)) == 0}
        self._cooling -= over
        for engine in sorted(over):
            await self._spread(self.of(engine))

    def is_unwritten(self, engine: EngineName) -> bool:
        """Whether the database may say otherwise of it than is in force: a restart would go by that."""
        return engine in self._unwritten

    def all(self) -> Sequence[Policy]:
        """Every engine's, as stored, in the order of the engines."""
        return [self.of(engine) for engine in EngineName]

    def of(self, engine: EngineName) -> Policy:
        """An engine's, as stored: perhaps it is still cooling off."""
        return self._policies.get(engine) or Policy(engine=engine, account=ACCOUNTS[engine])

    def in_force(self, engine: EngineName) -> Policy:
        """An engine's, as it counts now."""
        policy = self.of(engine)
        return replace(policy, approval=Approval.PAPER) if self.cools_for(policy) > 0 else policy

    def cools_for(self, policy: Policy) -> float:
        """Seconds until its switch to real money counts."""
        if policy.live_from is None or policy.approval is Approval.PAPER:
            return 0.0
        return max((policy.live_from - self.clock.wire_now()).total_seconds(), 0.0)

    def is_live(self, engine: EngineName) -> bool:
        """Whether its orders go to a venue now."""
        return self.in_force(engine).approval is not Approval.PAPER

    def sub_account(self, engine: EngineName) -> SubAccount:
        """Where its new orders are booked now."""
        policy = self.in_force(engine)
        return SubAccount(engine=engine, account=policy.account if self.is_live(engine) else PAPER)

    async def arm(self, engine: EngineName, *, by: int, chat_id: int) -> Policy:
        """Begin a switch to real money: the account is opened, and the person has to type what confirms it.

        Raises `Refused`: `already_live` (`engine`), and as `Accounts.open` does.
        """
        policy = self.of(engine)
        if policy.approval is not Approval.PAPER:
            raise Refused("already_live", engine=engine)
        await self.accounts.open(policy.account)
        self._armed[by, chat_id, engine] = self.clock.wire_now()
        return policy

    async def go_live(self, engine: EngineName, *, by: int, chat_id: int) -> Policy:
        """The typed confirmation: after the cooling-off every order of the engine needs a ticket.

        Raises `Refused("live_not_armed")` (`engine`) when nobody asked for it here a moment ago.
        """
        armed_at = self._armed.pop((by, chat_id, engine), None)
        now = self.clock.wire_now()
        if armed_at is None or now - armed_at > TYPED_WITHIN:
            raise Refused("live_not_armed", engine=engine)
        return await self._put(
            replace(self.of(engine), approval=Approval.ASK, live_from=now + self.cooling), by=by
        )

    async def go_paper(self, engine: EngineName, *, by: int) -> Policy:
        """At once, also while it cannot be written down: new orders go to the paper account. What is held at
        the venue stays."""
        cleared = replace(
            self.of(engine),
            approval=Approval.PAPER,
            live_from=None,
            most_order=Decimal(0),
            most_day=Decimal(0),
        )
        return await self._put(cleared, by=by)

    async def ask(self, engine: EngineName, *, by: int) -> Policy:
        """Every order needs a ticket again. Raises `Refused("not_live")` (`engine`)."""
        policy = replace(
            self._live(engine), approval=Approval.ASK, most_order=Decimal(0), most_day=Decimal(0)
        )
        return await self._put(policy, by=by)

    async def automate(
        self, engine: EngineName, *, most_order: Decimal, most_day: Decimal, by: int
    ) -> Policy:
        """Orders below `most_order` go by themselves, up to `most_day` a UTC day (USDT).

        Raises `Refused`: `not_live` (`engine`), `bad_auto_limits`.
        """
        policy = self._live(engine)
        check_limits(most_order, most_day)
        policy = replace(policy, approval=Approval.AUTO, most_order=most_order, most_day=most_day)
        return await self._put(policy, by=by)

    def _live(self, engine: EngineName) -> Policy:
        policy = self.of(engine)
        if policy.approval is Approval.PAPER:
            raise Refused("not_live", engine=engine)
        return policy

    async def _put(self, policy: Policy, *, by: int) -> Policy:
        before = self.of(policy.engine)
        policy = replace(policy, changed_by=by, changed_at=self.clock.wire_now())
        if _is_safer(policy, before):
            self._unwritten.add(policy.engine)
            self._take(policy)  # less real money is what was wanted: it waits for nobody
            await self._write(policy.engine)
        else:
            await self._begin(policy, before)
        await self._spread(policy)
        return policy

    async def _begin(self, policy: Policy, before: Policy) -> None:
        """In force once it is stored, unless less was wanted meanwhile: that is stored again then. Raises
        `Refused("not_live")` (`engine`), `Transient`."""
        async with self._lock:
            self._unwritten.add(policy.engine)
            if self.of(policy.engine) == before:
                await self.store.put(policy)
            if self.of(policy.engine) != before:
                raise Refused("not_live", engine=policy.engine)
            self._take(policy)
            self._unwritten.discard(policy.engine)

    async def _write(self, engine: EngineName) -> None:
        """What is in force, also after a switch whose answer was lost: that may be stored, and is not."""
        async with self._lock:
            policy = self.of(engine)
            try:
                await self.store.put(policy)
            except Transient as error:
                log.error("policy_unwritten", engine=engine, error=str(error))
            else:
                if self.of(engine) == policy:
                    self._unwritten.discard(engine)

    def _take(self, policy: Policy) -> None:
        self._policies[policy.engine] = policy
        if self.cools_for(policy) > 0:
            self._cooling.add(policy.engine)
        else:
            self._cooling.discard(policy.engine)
        for hear in self.on_change:
            hear(policy)

    async def _spread(self, policy: Policy) -> None:
        log.info("policy", engine=policy.engine, approval=policy.approval, account=policy.account)
        try:
            await self.tell(policy)
        except Transient as error:
            log.warning("policy_not_told", engine=policy.engine, error=str(error))


def _is_safer(policy: Policy, before: Policy) -> bool:
    """Whether less goes by itself, or with real money at all, than before."""
    if policy.approval is not Approval.AUTO:
        return policy.approval is Approval.PAPER or before.approval is Approval.AUTO
    is_less = policy.most_order <= before.most_order and policy.most_day <= before.most_day
    return before.approval is Approval.AUTO and is_less


def check_limits(most_order: Decimal, most_day: Decimal) -> None:
    """Raise `Refused("bad_auto_limits")` unless they are positive, finite and fit each other."""
    are_numbers = most_order.is_finite() and most_day.is_finite()
    if not are_numbers or not 0 < most_order <= most_day <= MOST_LIMIT:
        raise Refused("bad_auto_limits", most=MOST_LIMIT)
