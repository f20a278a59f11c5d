"""Who has to agree: real money begins slowly and ends at once."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import pytest

from engines.orders.subaccount import EngineName
from ports.desk_state import Approval, Policy
from ports.errors import Refused, Transient
from ports.tickets import TicketState
from services.policies import Policies
from tests.build.accounts import FakeAccounts
from tests.build.approval_room import ANN, an_approval_room
from tests.build.clock import HandClock
from tests.build.desk_state import MemoryPolicies

MANUAL = EngineName.MANUAL
CHAT = -100


@dataclass(slots=True)
class Room:
    """Policies that nobody has touched yet."""

    clock: HandClock = field(default_factory=HandClock)
    store: MemoryPolicies = field(default_factory=MemoryPolicies)
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    told: list[Approval] = field(default_factory=list)
    policies: Policies = field(init=False)

    def __post_init__(self) -> None:
        self.policies = Policies(store=self.store, accounts=self.accounts, clock=self.clock, tell=self._tell)

    async def _tell(self, policy: Policy) -> None:
        self.told.append(policy.approval)

    async def go_live(self) -> None:
        await self.policies.arm(MANUAL, by=ANN, chat_id=CHAT)
        await self.policies.go_live(MANUAL, by=ANN, chat_id=CHAT)


async def test_everything_is_on_paper_at_first_and_no_account_is_opened() -> None:
    room = Room()
    await room.policies.load()
    await room.policies.open_accounts()

    assert {policy.approval for policy in room.policies.all()} == {Approval.PAPER}
    assert room.accounts.opened == []
    assert room.policies.sub_account(MANUAL).is_paper


async def test_real_money_counts_only_after_the_cooling_off() -> None:
    room = Room()
    await room.go_live()

    assert room.policies.of(MANUAL).approval is Approval.ASK
    assert room.policies.cools_for(room.policies.of(MANUAL)) == 600
    assert not room.policies.is_live(MANUAL)
    room.clock.move(599)
    assert room.policies.sub_account(MANUAL).is_paper
    room.clock.move(1)
    assert room.policies.sub_account(MANUAL).account == "bybit"


async def test_the_end_of_the_cooling_off_is_told_once_also_after_a_restart() -> None:
    room = Room()
    await room.go_live()
    again = Room(clock=room.clock, store=room.store)
    await again.policies.load()
    await again.policies.look()
    room.clock.move(600)
    await again.policies.look()
    await again.policies.look()

    assert again.told == [Approval.ASK]


async def test_within_the_cooling_off_it_can_be_taken_back() -> None:
    room = Room()
    await room.go_live()
    await room.policies.go_paper(MANUAL, by=ANN)
    room.clock.move(601)
    await room.policies.look()

    assert not room.policies.is_live(MANUAL)
    assert room.told == [Approval.ASK, Approval.PAPER]


@pytest.mark.parametrize(("by", "chat", "after_s"), [(12, CHAT, 0), (ANN, 5, 0), (ANN, CHAT, 121)])
async def test_only_who_asked_may_confirm_there_and_soon(by: int, chat: int, after_s: int) -> None:
    room = Room()
    await room.policies.arm(MANUAL, by=ANN, chat_id=CHAT)
    room.clock.move(after_s)

    with pytest.raises(Refused, match="live_not_armed"):
        await room.policies.go_live(MANUAL, by=by, chat_id=chat)
    assert room.policies.of(MANUAL).approval is Approval.PAPER


async def test_a_confirmation_counts_once() -> None:
    room = Room()
    await room.go_live()
    await room.policies.go_paper(MANUAL, by=ANN)

    with pytest.raises(Refused, match="live_not_armed"):
        await room.policies.go_live(MANUAL, by=ANN, chat_id=CHAT)


async def test_an_account_that_cannot_be_opened_refuses_the_switch() -> None:
    room = Room()
    room.accounts.refusals["bybit"] = "account_key_withdraws"

    with pytest.raises(Refused, match="account_key_withdraws"):
        await room.policies.arm(MANUAL, by=ANN, chat_id=CHAT)
    with pytest.raises(Refused, match="live_not_armed"):
        await room.policies.go_live(MANUAL, by=ANN, chat_id=CHAT)


async def test_at_a_start_accounts_of_live_engines_are_opened_and_one_holds_back_no_other() -> None:
    room = Room()
    for engine, account in ((MANUAL, "bybit"), (EngineName.NEUTRAL, "gate")):
        await room.store.put(Policy(engine=engine, approval=Approval.ASK, account=account))
    room.accounts.refusals["bybit"] = "account_without_key"
    await room.policies.load()
    await room.policies.open_accounts()

    assert room.accounts.opened == ["gate"]


async def test_an_account_is_opened_while_something_is_held_there_though_its_engine_is_on_paper() -> None:
    room = Room()
    room.policies.holding = lambda: {"gate", "paper"}
    await room.policies.load()
    await room.policies.open_accounts()

    assert room.accounts.opened == ["gate"]


async def test_limits_can_be_set_for_a_live_engine_only_and_end_with_asking() -> None:
    room = Room()
    with pytest.raises(Refused, match="not_live"):
        await room.policies.automate(MANUAL, most_order=Decimal(1), most_day=Decimal(2), by=ANN)
    await room.go_live()
    automatic = await room.policies.automate(MANUAL, most_order=Decimal(200), most_day=Decimal(1000), by=ANN)
    asking = await room.policies.ask(MANUAL, by=ANN)

    assert (automatic.approval, automatic.most_order) == (Approval.AUTO, Decimal(200))
    assert automatic.live_from == room.clock.wire_now() + timedelta(minutes=10)
    assert (asking.approval, asking.most_order, asking.most_day) == (Approval.ASK, Decimal(0), Decimal(0))


@pytest.mark.parametrize(
    ("order", "day"), [("0", "10"), ("-1", "10"), ("20", "10"), ("1", "NaN"), ("1", "1e9")]
)
async def test_impossible_limits_are_refused(order: str, day: str) -> None:
    room = Room()
    await room.go_live()

    with pytest.raises(Refused, match="bad_auto_limits"):
        await room.policies.automate(MANUAL, most_order=Decimal(order), most_day=Decimal(day), by=ANN)
    assert room.policies.of(MANUAL).approval is Approval.ASK


class LockedPolicies(MemoryPolicies):
    """A store whose database may be locked, or take what it is told without an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.is_locked = False
        self.is_deaf = False

    async def put(self, policy: Policy) -> None:
        if self.is_locked:
            raise Transient("locked", kind="database")
        await super().put(policy)
        if self.is_deaf:
            raise Transient("gone", kind="database")


async def test_switching_off_does_not_wait_for_the_database() -> None:
    store = LockedPolicies()
    room = Room(store=store)
    await room.go_live()
    room.clock.move(600)
    store.is_locked = True
    await room.policies.go_paper(MANUAL, by=ANN)

    assert not room.policies.is_live(MANUAL)
    assert room.policies.is_unwritten(MANUAL)


class SlowPolicies(MemoryPolicies):
    """A store that answers once it may."""

    def __init__(self) -> None:
        super().__init__()
        self.may_answer = asyncio.Event()
        self.is_asked = asyncio.Event()

    async def put(self, policy: Policy) -> None:
        self.is_asked.set()
        await self.may_answer.wait()
        await super().put(policy)


async def test_switching_off_waits_for_no_other_change_and_outlasts_it() -> None:
    store = SlowPolicies()
    room = Room(store=store)
    store.may_answer.set()
    await room.go_live()
    room.clock.move(600)
    store.may_answer.clear()
    store.is_asked.clear()
    async with asyncio.TaskGroup() as both:
        more = both.create_task(_refused_to_automate(room))
        await store.is_asked.wait()
        both.create_task(room.policies.go_paper(MANUAL, by=ANN))
        await asyncio.sleep(0)
        assert not room.policies.is_live(MANUAL)
        store.may_answer.set()

    assert more.result()
    assert room.policies.of(MANUAL).approval is Approval.PAPER
    assert [one.approval for one in await store.all()] == [Approval.PAPER]
    assert not room.policies.is_unwritten(MANUAL)


async def _refused_to_automate(room: Room) -> bool:
    try:
        await room.policies.automate(MANUAL, most_order=Decimal(200), most_day=Decimal(1000), by=ANN)
    except Refused as error:
        return error.code == "not_live"
    return False


async def test_what_could_not_be_stored_is_stored_as_soon_as_the_database_allows() -> None:
    store = LockedPolicies()
    room = Room(store=store)
    await room.go_live()
    store.is_locked = True
    await room.policies.go_paper(MANUAL, by=ANN)
    await room.policies.look()
    assert [one.approval for one in await store.all()] == [Approval.ASK]
    store.is_locked = False
    await room.policies.look()

    assert [one.approval for one in await store.all()] == [Approval.PAPER]
    assert not room.policies.is_unwritten(MANUAL)


async def test_asking_again_does_not_wait_for_the_database_and_larger_limits_do() -> None:
    store = LockedPolicies()
    room = Room(store=store)
    await room.go_live()
    await room.policies.automate(MANUAL, most_order=Decimal(200), most_day=Decimal(1000), by=ANN)
    store.is_locked = True
    with pytest.raises(Transient):
        await room.policies.automate(MANUAL, most_order=Decimal(300), most_day=Decimal(1000), by=ANN)
    assert room.policies.of(MANUAL).most_order == 200
    await room.policies.ask(MANUAL, by=ANN)
    assert room.policies.of(MANUAL).approval is Approval.ASK


async def test_a_switch_on_whose_answer_was_lost_is_not_found_at_the_next_start() -> None:
    store = LockedPolicies()
    room = Room(store=store)
    store.is_deaf = True
    with pytest.raises(Transient):
        await room.go_live()
    assert [one.approval for one in await store.all()] == [Approval.ASK]
    store.is_deaf = False
    await room.policies.look()

    assert [one.approval for one in await store.all()] == [Approval.PAPER]


async def test_switching_on_does() -> None:
    store = LockedPolicies()
    room = Room(store=store)
    store.is_locked = True
    with pytest.raises(Transient):
        await room.go_live()

    assert room.policies.of(MANUAL).approval is Approval.PAPER


async def test_going_back_to_paper_takes_open_tickets_back() -> None:
    room = await an_approval_room()
    ticket = await room.ask()
    await room.proposals.policies.go_paper(MANUAL, by=ANN)
    await room.proposals.tickets.look()

    assert (await room.ticket(ticket.id)).state is TicketState.WITHDRAWN
