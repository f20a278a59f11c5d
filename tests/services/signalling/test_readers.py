"""Who hears of a signal: a long one of BTC on the hour, with a confidence of 0.78."""

from datetime import timedelta
from typing import Any

import pytest

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from ports.people import Mute, Noise, Role, SignalFilter
from services.signalling.readers import readers
from tests.build.clock import NOON
from tests.build.people import a_person
from tests.build.signals import a_proposal

SECOND = timedelta(seconds=1)
STRONG, SOUND, WEAK = 0.71, 0.66, 0.55


def hears(confidence: float = STRONG, **fields: Any) -> bool:
    person = a_person(**{"is_onboarded": True} | fields)
    return list(readers([person], a_proposal(confidence=confidence), NOON)) == [person.id]


def test_a_viewer_who_was_never_asked_hears_what_is_sound() -> None:
    assert hears(STRONG)
    assert hears(SOUND)
    assert not hears(WEAK)


@pytest.mark.parametrize(
    "fields",
    [
        {"role": Role.BLOCKED},
        {"is_onboarded": False},
        {"is_reachable": False},
        {"mutes": (Mute("BTCUSDT", NOON + SECOND),)},
    ],
)
def test_some_hear_nothing(fields: dict[str, Any]) -> None:
    assert not hears(**fields)


def test_a_mute_ends_and_is_of_one_market() -> None:
    assert hears(mutes=(Mute("BTCUSDT", NOON), Mute("ETHUSDT", NOON + SECOND)))


def test_the_quiet_hear_strong_ones_only() -> None:
    assert hears(STRONG, noise=Noise.QUIET)
    assert not hears(SOUND, noise=Noise.QUIET)
    assert not hears(0.7, noise=Noise.QUIET), "strong is above 0.7"


@pytest.mark.parametrize(
    ("wanted", "is_heard"),
    [
        (SignalFilter(is_on=False), False),
        (SignalFilter(coins=("BTCUSDT",)), True),
        (SignalFilter(coins=("ETHUSDT",)), False),
        (SignalFilter(direction=Direction.LONG), True),
        (SignalFilter(direction=Direction.SHORT), False),
        (SignalFilter(timeframes=(Timeframe.H1,)), True),
        (SignalFilter(timeframes=(Timeframe.M15,)), False),
        (SignalFilter(least=0.66), True),
        (SignalFilter(least=0.67), False),
        (SignalFilter(strong_only=True), False),
        (SignalFilter(only_watched=True), False),
    ],
)
def test_filters(wanted: SignalFilter, is_heard: bool) -> None:
    assert hears(SOUND, signals=wanted) is is_heard


def test_strong_only_leaves_the_strong() -> None:
    assert hears(STRONG, signals=SignalFilter(strong_only=True, least=0.5))
    assert not hears(WEAK, signals=SignalFilter(strong_only=True, least=0.5))


def test_one_who_wants_weak_ones_gets_them() -> None:
    assert hears(WEAK, signals=SignalFilter(least=0.5))


def test_watched_markets_only() -> None:
    only = SignalFilter(only_watched=True)
    assert hears(signals=only, watchlist=("ETHUSDT", "BTCUSDT"))
    assert not hears(signals=only, watchlist=("ETHUSDT",))


def test_of_many_each_is_asked() -> None:
    people = [a_person(number, is_onboarded=number % 2 == 0) for number in range(1, 6)]
    assert list(readers(people, a_proposal(), NOON)) == [2, 4]
