"""Putting an account together. Nothing is imported, opened or asked before the account is first used."""

import asyncio
import importlib
from collections.abc import Callable
from dataclasses import dataclass

from adapters.venues.bybit_acts import BybitActs
from adapters.venues.bybit_codes import bybit_meaning
from adapters.venues.bybit_reads import BybitReads
from adapters.venues.bybit_stream import bybit_lines
from adapters.venues.calls import PAUSES_S, Asking, Calls
from adapters.venues.ccxt_books import CcxtBooks
from adapters.venues.ccxt_venue import CcxtVenue
from adapters.venues.gate_acts import GateActs
from adapters.venues.gate_codes import gate_meaning
from adapters.venues.gate_reads import GateReads
from adapters.venues.gate_stream import gate_lines
from adapters.venues.governor import Governor
from adapters.venues.keys import keys_of
from adapters.venues.private_stream import PING_S, PrivateSockets
from ports.clock import Clock

ACCOUNTS = ("bybit", "gate")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """How an account is reached. `base_url` sends its requests elsewhere; the quotas are requests a second,
    `patience_s` how long one waits for its turn; `pauses_s` lie between the tries of a read."""

    base_url: str | None = None
    timeout_ms: int = 5_000
    recv_window_ms: int = 5_000
    acts_per_s: float = 10
    reads_per_s: float = 20
    patience_s: float = 30
    pauses_s: tuple[float, ...] = PAUSES_S
    ping_s: float = PING_S


def build_account(
    account: str, wiring: Wiring, get_secret: Callable[[str], str | None], clock: Clock
) -> tuple[CcxtVenue, CcxtBooks]:
    """The venue and the books of `account` (one of `ACCOUNTS`). Raises `KeyError` for another."""
    meaning_of = {"bybit": bybit_meaning, "gate": gate_meaning}[account]
    calls = Calls(
        account,
        lambda: _opened(account, wiring, get_secret),
        meaning_of,
        acts=_governor(f"{account} orders", wiring.acts_per_s),
        reads=_governor(f"{account} reads", wiring.reads_per_s),
        patience_s=wiring.patience_s,
        pauses_s=wiring.pauses_s,
    )
    if account == "bybit":
        return _bybit(calls, wiring, clock)
    return _gate(calls, wiring, clock)


def _bybit(calls: Calls, wiring: Wiring, clock: Clock) -> tuple[CcxtVenue, CcxtBooks]:
    reads = BybitReads(calls, clock)
    stream = PrivateSockets(calls.account, lambda: bybit_lines(calls, wiring.base_url), ping_s=wiring.ping_s)
    venue = CcxtVenue(calls.account, BybitActs(calls, reads), reads, clock)
    return venue, CcxtBooks(calls, reads, stream)


def _gate(calls: Calls, wiring: Wiring, clock: Clock) -> tuple[CcxtVenue, CcxtBooks]:
    reads = GateReads(calls, clock)
    stream = PrivateSockets(
        calls.account, lambda: gate_lines(calls, reads, wiring.base_url), ping_s=wiring.ping_s
    )
    venue = CcxtVenue(calls.account, GateActs(calls, reads), reads, clock)
    return venue, CcxtBooks(calls, reads, stream)


def _governor(name: str, per_s: float) -> Governor:
    return Governor(name, per_s=per_s, burst=max(per_s, 1.0))


async def _opened(account: str, wiring: Wiring, get_secret: Callable[[str], str | None]) -> Asking:
    keys = keys_of(account, get_secret)
    clients = await asyncio.to_thread(importlib.import_module, "adapters.venues.clients")
    client: Asking = clients.open_client(
        account,
        keys,
        base_url=wiring.base_url,
        timeout_ms=wiring.timeout_ms,
        recv_window_ms=wiring.recv_window_ms,
    )
    return client
