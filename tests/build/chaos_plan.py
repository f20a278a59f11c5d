"""What a desk is to do in a round of chaos, or in a week of it, drawn from a seed."""

from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import cycle
from random import Random
from typing import Any

from sandbox.wiretap import Phase
from tests.build.venue_worlds import BYBIT, GATE

COINS = ("BTC", "ETH")
"""Of perpetuals the first is held long, the second short: an account may have one position a market."""
QUANTITIES = {"BTC": ("0.01", "0.02", "0.05"), "ETH": ("0.1", "0.2", "0.5")}
MOST_EVENTS = 80
"""The latest event of the wire that a life is ended at; a quiet round has some eighty."""
MOST_COMMITS = 16
_ON_SPOT = 0.3
ACTIONS = (3, 6)
TIMEOUT_S = 2.0
"""After which a request of the desk is given up."""
HOUR_S = 3600.0
WEEK_S = 7 * 24 * HOUR_S
_PAUSES_S = (0.0, 60.0, HOUR_S, 3 * HOUR_S)
_OF_MONEY = ("/transaction-log", "/wallet-balance", "/wallet/", "/account_book", "/unified/accounts")
"""Pieces of the paths that the desk asks when it compares its books with the venue's."""


class Deed(StrEnum):
    """What an action is."""

    TAKE = "take"
    GUARDED = "guarded"
    REST = "rest"
    MAKER = "maker"
    PROTECTED = "protected"
    REDUCE = "reduce"
    LEAVE = "leave"
    PAIR = "pair"
    APPROVED = "approved"
    COMPARE = "compare"
    TRANSFER = "transfer"
    WAIT = "wait"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that the desk wants, under a name of its own, so that after a restart it wants the same.
    It is of the perpetual unless it `is_spot`. A stop stands `away` from the price. `until_s` is up to when
    it waits: market seconds since the world began."""

    name: str
    deed: Deed
    account: str
    coin: str
    quantity: str
    pause_s: float
    is_spot: bool = False
    away: str = "0.1"
    until_s: float = 0.0


class Step(StrEnum):
    """What a life is counted by."""

    WIRE = "wire"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """When a life ends: at the `number`-th step of that kind in it. Of the wire only events count that have
    `path` in their name. Afterwards the market goes on for `dead_s` seconds without the desk."""

    number: int
    phase: Phase
    step: Step = Step.WIRE
    path: str = ""
    dead_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A stage of a round: what is wanted, when the desk is killed, what is wrong with the venues until the
    last life, and to when the market goes on after it (seconds since the world began)."""

    seed: int
    actions: tuple[Action, ...]
    kills: tuple[Kill, ...]
    faults: dict[str, dict[str, Any]]
    until_s: float = 0.0


def a_plan(seed: int) -> Plan:
    """The plan of that seed, always the same."""
    return _a_plan(Random(seed), str(seed), seed)


def a_week(seed: int, stages: int) -> tuple[Plan, ...]:
    """Seven market days in so many stages."""
    random, length_s = Random(seed), WEEK_S / stages
    return tuple(_a_stage(random, seed, number, length_s) for number in range(stages))


def a_money_plan(seed: int) -> Plan:
    """Killed where the desk moves money, where it asks what moved, and where it books that; each time
    something has moved, and positions have paid funding."""
    random, phases = Random(seed), cycle(Phase)
    wishes = (
        (Deed.TAKE, BYBIT, "0.05"),
        (Deed.TAKE, GATE, "0.05"),
        (Deed.TRANSFER, BYBIT, ""),
        (Deed.COMPARE, BYBIT, ""),
    )
    actions = tuple(
        replace(
            _action(random, f"{seed}", number), deed=deed, account=account, coin=COINS[0], quantity=quantity
        )
        for number, (deed, account, quantity) in enumerate(wishes)
    )
    paths = ("/inter-transfer", "/inter-transfer", *_OF_MONEY)
    asked = [Kill(number=1, phase=next(phases), path=path, dead_s=9 * HOUR_S) for path in paths]
    booked = [
        Kill(number=number, phase=phase, step=Step.JOURNAL, dead_s=9 * HOUR_S)
        for number in (1, 2)
        for phase in Phase
    ]
    return Plan(seed=seed, actions=actions, kills=(*asked, *booked), faults={})


def _a_stage(random: Random, seed: int, number: int, length_s: float) -> Plan:
    """The desk lives through half of it, some of the rest passes while it is dead."""
    name, began_s = f"{seed}:{number}", number * length_s
    plan = _a_plan(random, name, seed)
    kills = tuple(replace(kill, dead_s=random.uniform(0, length_s / 4)) for kill in plan.kills)
    place = random.randrange(1, len(plan.actions) + 1)
    wait = replace(
        plan.actions[0],
        name=f"{name}:wait",
        deed=Deed.WAIT,
        until_s=began_s + length_s * random.uniform(0.6, 0.9),
    )
    actions = (*plan.actions[:place], wait, *plan.actions[place:])
    return replace(plan, actions=actions, kills=kills, until_s=began_s + length_s)


def _a_plan(random: Random, name: str, seed: int) -> Plan:
    actions = tuple(_action(random, name, number) for number in range(random.randint(*ACTIONS)))
    kills = tuple(_kill(random, most) for most in (MOST_EVENTS, MOST_EVENTS // 2))
    return Plan(seed=seed, actions=actions, kills=kills, faults=_faults(random))


def _kill(random: Random, most: int) -> Kill:
    """Mostly anywhere on the wire; now and then at a commit, or where money is asked for."""
    phase, dead_s = random.choice(list(Phase)), random.choice(_PAUSES_S)
    where = random.random()
    if where < 0.2:
        number = random.randint(1, MOST_COMMITS)
        return Kill(number=number, phase=phase, step=Step.JOURNAL, dead_s=dead_s)
    if where < 0.35:
        path = random.choice(("/inter-transfer", *_OF_MONEY))
        return Kill(number=random.randint(1, 3), phase=phase, path=path, dead_s=dead_s)
    return Kill(number=random.randint(1, most), phase=phase, dead_s=dead_s)


def _action(random: Random, name: str, number: int) -> Action:
    coin = random.choice(COINS)
    deeds = (Deed.TAKE, Deed.PROTECTED) if number == 0 else tuple(set(Deed) - {Deed.WAIT})
    return Action(
        name=f"{name}:{number}",
        deed=random.choice(sorted(deeds)),
        account=random.choice((BYBIT, GATE)),
        coin=coin,
        quantity=random.choice(QUANTITIES[coin]),
        pause_s=random.choice((0.0, 0.0, 0.05, 0.2)),
        is_spot=random.random() < _ON_SPOT,
    )


_CREATE = {BYBIT: ["/order/create"], GATE: ["/futures/usdt/orders"]}
_BUSY = {BYBIT: "10006", GATE: "TOO_MANY_REQUESTS"}


def _faults(random: Random) -> dict[str, dict[str, Any]]:
    """One kind of trouble at a venue, or none."""
    kinds: tuple[dict[str, Any], ...] = (
        {},
        {},
        {"down": True, "count": 2, "methods": "create"},
        {"down": True, "after": True, "count": 2, "methods": "create"},
        {"status": 503, "count": 3},
        {"status": 500, "after": True, "count": 3},
        {"malformed": True, "after": True, "count": 2, "methods": "create"},
        {"delay_s": 0.1},
        {"delay_s": TIMEOUT_S + 0.5, "count": 1, "methods": "create"},
        {"delay_s": TIMEOUT_S + 0.5, "after": True, "count": 1, "methods": "create"},
        {"repeat": True, "shuffle": True},
        {"replay": 20, "cut_after": 4},
        {"lost_cancel": True},
        {"late_fill_s": 0.3},
        {"status": 429, "retry_after": 1, "count": 3},
        {"code": "busy", "count": 3, "methods": "create"},
        {"skew_ms": random.choice((-30_000, 30_000))},
        {"skew_ms": random.choice((-30_000, 30_000)), "count": 30},
        {"halted": [f"{random.choice(COINS)}USDT"], "count": 15},
        {"silent": True, "count": 8},
    )
    faults = {}
    for account in (BYBIT, GATE):
        fault = dict(random.choice(kinds))
        if fault.get("methods"):
            fault["methods"] = _CREATE[account]
        if fault.get("code"):
            fault["code"] = _BUSY[account]
        if fault:
            faults[account] = fault
    return faults
