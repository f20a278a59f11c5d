"""Which signal, market or timeframe a request is about."""

from collections.abc import Sequence

from engines.core.instrument import Instrument
from engines.core.timeframe import Timeframe
from engines.market.timeframes import parse_timeframe
from engines.signals.decision import ENTRY_FRAMES
from engines.signals.signal import Signal
from handlers.ui.request import Request
from ports.errors import Refused

_LONGEST_NUMBER = 18
_SHOWN = 24


async def find_market(request: Request, names: Sequence[str]) -> Instrument:
    """The one market among the words; Bitcoin when none is named. Words that name none are passed over beside
    one that does, unless they have digits: those say something. Raises `Refused`: `unknown_symbol`,
    `signal_one_market`."""
    found: Instrument | None = None
    unknown: Refused | None = None
    for word in names or ("BTC",):
        try:
            instrument = await request.services.markets.resolve(word)
        except Refused as error:
            if error.code != "unknown_symbol" or any(letter.isdecimal() for letter in word):
                raise
            unknown = unknown or error
            continue
        if found is not None and found.symbol != instrument.symbol:
            raise Refused("signal_one_market", text=word[:_SHOWN], pair=found.pair)
        found = instrument
    if found is None:
        raise unknown or Refused("unknown_symbol", text="", near=[])
    return found


def number_in(text: str) -> str | None:
    """The number of a signal: `#12` always, `12` unless it is a timeframe."""
    bare = text.strip()
    if bare.startswith(("#", "№")):
        return bare.lstrip("#№").strip()
    return bare if bare.isdecimal() and parse_timeframe(bare) is None else None


async def signal_of(request: Request, number: str) -> Signal:
    """The signal of that number. Raises `Refused("no_such_signal")`."""
    if not number.isdecimal() or len(number) > _LONGEST_NUMBER:
        raise Refused("no_such_signal")
    return await request.services.signals.get(int(number))


def live_signal(request: Request, symbol: str, timeframe: Timeframe | None = None) -> Signal | None:
    """The newest live signal of a market; of that timeframe where it is one of entries."""
    found = [
        one
        for one in request.services.signals.live()
        if one.proposal.instrument.symbol == symbol
        and (timeframe not in ENTRY_FRAMES or one.proposal.timeframe is timeframe)
    ]
    return max(found, key=lambda one: one.id, default=None)


def entry_frame(asked: Timeframe | None) -> Timeframe | None:
    """The timeframe of entries that is nearest to the one asked for."""
    if asked is None:
        return None
    return min(ENTRY_FRAMES, key=lambda one: max(one.ms / asked.ms, asked.ms / one.ms))
