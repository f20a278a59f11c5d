"""What a desk is to do in a round of chaos, drawn from a seed."""

from dataclasses import dataclass
from enum import StrEnum
from random import Random
from typing import Any

from sandbox.wiretap import Phase
from tests.build.venue_worlds import BYBIT, GATE

COINS = ("BTC", "ETH")
"""The first is held long, the second short: an account may have one position a market."""
QUANTITIES = {"BTC": ("0.01", "0.02", "0.05"), "ETH": ("0.1", "0.2", "0.5")}
MOST_EVENTS = 60
"""The latest event of the wire that a life is ended at; a quiet round has some forty."""
ACTIONS = (3, 6)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something that the desk wants, under a name of its own, so that after a restart it wants the same."""

    name: str
    deed: Deed
    account: str
    coin: str
    quantity: str
    pause_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kill:
    """When a life ends: at the `number`-th event of the wire in it."""

    number: int
    phase: Phase


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A round: what is wanted, when the desk is killed, what is wrong with the venues until the last life."""

    seed: int
    actions: tuple[Action, ...]
    kills: tuple[Kill, ...]
    faults: dict[str, dict[str, Any]]


def a_plan(seed: int) -> Plan:
    """The plan of that seed, always the same."""
    random = Random(seed)
    actions = tuple(_action(random, seed, number) for number in range(random.randint(*ACTIONS)))
    kills = tuple(
        Kill(number=random.randint(1, most), phase=random.choice(list(Phase)))
        for most in (MOST_EVENTS, MOST_EVENTS // 2)
    )
    return Plan(seed=seed, actions=actions, kills=kills, faults=_faults(random))


def _action(random: Random, seed: int, number: int) -> Action:
    coin = random.choice(COINS)
    deeds = (Deed.TAKE, Deed.PROTECTED) if number == 0 else tuple(Deed)
    return Action(
        name=f"{seed}:{number}",
        deed=random.choice(deeds),
        account=random.choice((BYBIT, GATE)),
        coin=coin,
        quantity=random.choice(QUANTITIES[coin]),
        pause_s=random.choice((0.0, 0.0, 0.05, 0.2)),
    )


_CREATE = {BYBIT: ["/order/create"], GATE: ["/futures/usdt/orders"]}


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
        {"repeat": True, "shuffle": True},
        {"replay": 20, "cut_after": 4},
        {"lost_cancel": True},
        {"late_fill_s": 0.3},
    )
    faults = {}
    for account in (BYBIT, GATE):
        fault = dict(random.choice(kinds))
        if fault.get("methods"):
            fault["methods"] = _CREATE[account]
        if fault:
            faults[account] = fault
    return faults
