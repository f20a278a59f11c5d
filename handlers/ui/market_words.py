"""A market and a timeframe among words, in any order: `btc 1h`, `1ч биток`, `eth 4 hours please`."""

from dataclasses import dataclass

from engines.core.timeframe import Timeframe
from engines.market.timeframes import parse_timeframe

_ENGLISH = "for on of the a please pls now what about in at is and"
_RUSSIAN = "на по для о про пожалуйста плиз сейчас что там с"
_FILLERS = {*_ENGLISH.split(), *_RUSSIAN.split()}
LONGEST = 200


@dataclass(frozen=True, slots=True)
class MarketWords:
    """Words that may name a market, and the timeframe that was named."""

    names: tuple[str, ...]
    timeframe: Timeframe | None


def read_market(text: str) -> MarketWords:
    """What `text` names; a number and its unit may stand apart (`4 часа`)."""
    words = [word.strip("?!.,;«»“”\"'()") for word in text[:LONGEST].replace(",", " ").split()]
    words = [part for word in words if word for part in _parts(word)]
    names: list[str] = []
    timeframe: Timeframe | None = None
    place = 0
    while place < len(words):
        pair = " ".join(words[place : place + 2])
        is_pair = words[place].isdecimal() and " " in pair and parse_timeframe(pair) is not None
        found = parse_timeframe(pair if is_pair else words[place]) if timeframe is None else None
        if found is not None:
            timeframe = found
        elif words[place].lower() not in _FILLERS:
            names.append(words[place])
        place += 2 if found is not None and is_pair else 1
    return MarketWords(tuple(names), timeframe)


def _parts(word: str) -> list[str]:
    """A market and a timeframe behind a colon, as in buttons, stand apart: `BTCUSDT:1h`."""
    market, _, frame = word.rpartition(":")
    return [market, frame] if market and parse_timeframe(frame) is not None else [word]
