"""Accounts by what their keys may do: traded with, only watched, or refused."""

from dataclasses import dataclass, field, replace

import pytest

from ports.errors import Refused, Rejected, Transient
from ports.venue_books import KeyRights, VenueBooks
from services.accounts import VenueAccounts
from services.monitoring import Monitoring
from tests.build.clock import HandClock
from tests.build.fake_venue import FakeVenue

TRADES = KeyRights(can_trade=True, can_withdraw=False, is_bound_to_ip=True)
READS = replace(TRADES, can_trade=False)


@dataclass
class KeyedVenue(FakeVenue):
    """With a key of these rights, or in trouble when it is asked for them."""

    rights: KeyRights = TRADES
    trouble: Exception | None = None
    is_closed: bool = False

    async def key(self) -> KeyRights:
        if self.trouble is not None:
            raise self.trouble
        return self.rights

    async def close(self) -> None:
        self.is_closed = True


@dataclass
class Room:
    """What keys are set decides over the next connection."""

    rights: KeyRights = TRADES
    trouble: Exception | None = None
    connected: list[KeyedVenue] = field(default_factory=list)
    admitted: list[str] = field(default_factory=list)
    looked: int = 0
    looks_wrong: bool = False

    def __post_init__(self) -> None:
        self.accounts = VenueAccounts(self.connect, self.admit, self.hear)

    async def connect(self, account: str) -> VenueBooks:
        if account == "nowhere":
            raise Refused("account_unknown", account=account)
        self.connected.append(KeyedVenue(HandClock(), account, rights=self.rights, trouble=self.trouble))
        return self.connected[-1]

    async def admit(self, account: str) -> None:
        self.admitted.append(account)

    async def hear(self) -> None:
        self.looked += 1
        if self.looks_wrong:
            raise Transient("no database", kind="database")

    @property
    def left_open(self) -> list[KeyedVenue]:
        return [venue for venue in self.connected if not venue.is_closed]


async def test_without_a_wish_no_key_is_read() -> None:
    room = Room()
    await Monitoring(room.accounts).look()
    assert room.connected == []
    assert dict(room.accounts.in_use()) == {}


async def test_a_key_that_reads_only_is_watched_and_never_traded_with() -> None:
    room = Room(rights=READS)
    await Monitoring(room.accounts, ("bybit",)).look()
    assert room.accounts.is_monitored("bybit")
    assert dict(room.accounts.in_use()) == {"bybit": READS}
    with pytest.raises(Refused, match="account_key_reads_only"):
        await room.accounts.open("bybit")
    assert not room.accounts.is_open("bybit")
    assert room.admitted == []
    assert room.left_open == [room.connected[0]]  # what was watched goes on being watched


async def test_an_engine_whose_key_reads_only_is_refused_and_its_account_watched() -> None:
    room = Room(rights=READS)
    for _ in range(2):
        with pytest.raises(Refused, match="account_key_reads_only"):
            await room.accounts.open("bybit")
    assert room.accounts.monitored() == {"bybit": room.connected[0]}
    assert room.left_open == [room.connected[0]]
    assert room.accounts.problem("bybit") == "account_key_reads_only"


async def test_another_key_that_reads_only_takes_the_place_of_the_former() -> None:
    room = Room(rights=READS)
    await room.accounts.monitor("bybit")
    room.rights = replace(READS, is_bound_to_ip=False)
    with pytest.raises(Refused, match="account_key_reads_only"):
        await room.accounts.open("bybit")
    assert room.left_open == [room.connected[1]]
    assert room.accounts.rights("bybit") == room.rights


async def test_a_key_that_may_trade_opens_what_was_watched() -> None:
    room = Room(rights=READS)
    await room.accounts.monitor("bybit")
    room.rights = TRADES
    await room.accounts.open("bybit")
    assert room.accounts.is_open("bybit")
    assert not room.accounts.is_monitored("bybit")
    assert room.admitted == ["bybit"]
    assert room.left_open == [room.connected[1]]
    await room.accounts.monitor("bybit")
    assert len(room.connected) == 2


async def test_a_key_that_may_trade_is_watched_too_and_no_order_goes_there() -> None:
    room = Room()
    await room.accounts.monitor("gate")
    assert room.accounts.is_monitored("gate")
    assert room.admitted == []


@pytest.mark.parametrize(
    ("rights", "trouble", "code"),
    [
        (replace(READS, can_withdraw=True), None, "account_key_withdraws"),
        (READS, Rejected("no such key"), "account_key_refused"),
        (READS, Transient("nothing", kind="timeout"), "account_unreachable"),
    ],
)
async def test_what_cannot_be_watched_says_why_and_leaves_nothing_open(
    rights: KeyRights, trouble: Exception | None, code: str
) -> None:
    room = Room(rights=rights, trouble=trouble)
    monitoring = Monitoring(room.accounts, ("nowhere", "bybit"))
    await monitoring.look()
    assert monitoring.problems() == {"nowhere": "account_unknown", "bybit": code}
    assert room.left_open == []
    room.rights, room.trouble = READS, None
    await monitoring.look()
    assert monitoring.problems() == {"nowhere": "account_unknown"}


async def test_every_key_that_comes_into_use_is_looked_at() -> None:
    room = Room(looks_wrong=True)  # a look that fails keeps nobody from trading
    await room.accounts.monitor("gate")
    await room.accounts.open("bybit")
    assert room.looked == 2
    assert room.accounts.is_open("bybit")


async def test_all_of_it_is_closed_at_the_end() -> None:
    room = Room()
    await room.accounts.monitor("gate")
    await room.accounts.open("bybit")
    await room.accounts.close()
    assert room.left_open == []
