"""Who is to hear of a signal."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from engines.signals.proposal import Proposal
from ports.people import Noise, Person, Role, SignalFilter


def readers(people: Iterable[Person], proposal: Proposal, now: datetime) -> Sequence[int]:
    """The numbers of those who want it and can be reached; `now` is market time."""
    return [person.id for person in people if _is_served(person) and wants(person, proposal, now)]


def wants(person: Person, proposal: Proposal, now: datetime) -> bool:
    """Whether a person's filter, noise level and mutes let a signal through."""
    symbol = proposal.instrument.symbol
    if any(mute.symbol == symbol and now < mute.until for mute in person.mutes):
        return False
    if person.noise is Noise.QUIET and not proposal.is_strong:
        return False
    return _lets_through(person.signals, proposal, person.watchlist)


def _is_served(person: Person) -> bool:
    return person.role.covers(Role.VIEWER) and person.is_onboarded and person.is_reachable


def _lets_through(wanted: SignalFilter, proposal: Proposal, watchlist: Sequence[str]) -> bool:
    symbol = proposal.instrument.symbol
    return (
        wanted.is_on
        and proposal.confidence >= wanted.least
        and proposal.timeframe in wanted.timeframes
        and wanted.direction in (None, proposal.direction)
        and (not wanted.coins or symbol in wanted.coins)
        and (not wanted.only_watched or symbol in watchlist)
        and (not wanted.strong_only or proposal.is_strong)
    )
