"""What somebody wants to see on a chart: a coin, a timeframe and indicators, in any order."""

from collections.abc import Sequence
from dataclasses import dataclass

from engines.core.instrument import Instrument
from engines.core.timeframe import Timeframe
from engines.indicators.catalog import Spec, find, near
from engines.market.timeframes import parse_timeframe
from handlers.ui.request import Request
from ports.errors import Refused

FRAMES = (Timeframe.M5, Timeframe.M15, Timeframe.H1, Timeframe.H4, Timeframe.D1)
DEFAULT = Timeframe.H1
_COIN = "BTC"
_LONGEST_PHRASE = 6
_LONGEST_TEXT = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ChartWish:
    """The chart that is wanted."""

    instrument: Instrument
    timeframe: Timeframe
    specs: Sequence[Spec] = ()

    @property
    def names(self) -> str:
        """The indicators in the shortest words that are understood."""
        return " ".join(one.short for one in self.specs)


@dataclass(slots=True)
class _Reading:
    """What the words said so far."""

    instrument: Instrument | None = None
    timeframe: Timeframe | None = None
    specs: tuple[Spec, ...] = ()
    unknown: str | None = None


async def read_wish(request: Request) -> ChartWish:
    """The chart that the words behind the command ask for; Bitcoin's where they name no coin.

    Raises `Refused` for a coin, an indicator or a timeframe that is not known.
    """
    read = _Reading()
    words = _words(request.args)
    while words:
        words = words[await _take(request, read, words) :]
    wish = ChartWish(
        instrument=read.instrument or await request.services.markets.resolve(_COIN),
        timeframe=read.timeframe or DEFAULT,
        specs=tuple(dict.fromkeys(read.specs)),
    )
    if read.unknown is not None:
        raise _refusal(read.unknown, wish, is_timed=read.timeframe is not None)
    return wish


def _words(args: str) -> list[str]:
    """Words of `args`; a timeframe behind a colon, as in buttons, stands alone: `BTCUSDT:4h`."""
    words = []
    for word in args.replace(",", " ").split():
        market, _, frame = word.rpartition(":")
        words.extend([market, frame] if market and parse_timeframe(frame) is not None else [word])
    return words


async def _take(request: Request, read: _Reading, words: list[str]) -> int:
    """Understand the beginning of `words`; how many of them."""
    # "1h" is a timeframe wherever it stands; only the first word that names a market is a market.
    if read.timeframe is None and (timeframe := parse_timeframe(words[0])) is not None:
        read.timeframe = timeframe
        return 1
    spec, length = _indicator(words)
    if read.instrument is None and length < 2 and read.unknown is None:
        try:
            read.instrument = await request.services.markets.resolve(words[0])
        except Refused:
            if spec is None:
                raise
        else:
            return 1
    if spec is None:
        read.unknown = read.unknown or words[0]
        return 1
    read.specs += (spec,)
    return length


def _indicator(words: Sequence[str]) -> tuple[Spec | None, int]:
    """The indicator that the longest beginning of `words` names: `stoch rsi`, `bb 20 2`."""
    for length in range(min(len(words), _LONGEST_PHRASE), 0, -1):
        if (spec := find(" ".join(words[:length]))) is not None:
            return spec, length
    return None, 0


def _refusal(word: str, wish: ChartWish, *, is_timed: bool) -> Refused:
    symbol, text = wish.instrument.symbol, word[:_LONGEST_TEXT]
    names = [] if word[0].isdigit() else near(word)
    if names or is_timed:
        known = f"chart {symbol} {wish.timeframe.value} {wish.names}".strip()
        return Refused("unknown_indicator", text=text, forms=[(name, f"{known} {name}") for name in names])
    forms = [(frame.value, f"chart {symbol} {frame.value} {wish.names}".strip()) for frame in FRAMES]
    return Refused("unknown_timeframe", text=text, forms=forms)
