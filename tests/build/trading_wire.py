"""People who trade over the wire, recordings that are played to them, and stretches of a market chosen from
its candles."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.app import App
from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.indicators.atr import atr
from engines.market.aggregation import between
from tests.build.recordings import write_lines
from tests.build.sandbox import Message, Sandbox, until

STEP_MS = Timeframe.M5.ms
SETTLING_S = 5
"""Market seconds after the end of a candle by which the desk may have it."""

_ROOM = 0.0015
"""How much an entry may differ from the price that the candles tell, as a fraction: the spread is inside."""
_ATRS = 1.5
"""Average true ranges to the stop that a balanced person is offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """A way through a market: to the first target, the second, and back to where it began. Times are the ends
    of the candles that did it."""

    start_ms: int
    first_ms: int
    second_ms: int
    back_ms: int


async def press(sandbox: Sandbox, user: int, message: Message, button: str, having: str) -> Message:
    """Tap a button; the same message once it says `having`."""
    answer = await sandbox.tap(user, message, button)
    assert answer is not None, f"nobody answered the tap on {button!r}"
    return await sandbox.edited(message, having)


async def opened(sandbox: Sandbox, user: int, offer: Message) -> Message:
    """Tap Open on a confirm step; its message as the living message of an open trade."""
    await sandbox.tap(user, offer, "Open")
    return await sandbox.edited(offer, "→")


async def traded(sandbox: Sandbox, user: int, sentence: str) -> Message:
    """Open a trade by a sentence and the button under the answer."""
    return await opened(sandbox, user, await sandbox.ask(user, sentence))


async def heard(sandbox: Sandbox, user: int, words: str) -> None:
    """Wait for a message that says so."""
    await sandbox.next_from_bot(user, having=words)


def candles_of(sandbox: Sandbox, symbol: str, start_ms: int, stop_ms: int) -> Candles:
    """Five-minute candles of a perpetual, also of what has not happened yet: the test knows the future."""
    book = sandbox.world.market.perps(start_ms)[symbol]
    return book.candles(STEP_MS, start_ms, stop_ms, stop_ms)


def find_start(bars: Candles, hours: Candles, *, sign: int, longest: int = 288) -> int:
    """When to open a trade (`sign` -1: a short) whose stop and targets the desk suggests, so that the market
    goes to the first two targets and back, and it does not matter what happened inside its candles.

    `bars` are of the market traded, `hours` those that the suggestion is measured by.
    """
    ranges = atr(hours)
    for start in range(len(bars) - longest):
        at_ms = int(bars.time_ms[start])
        known = int(np.searchsorted(hours.time_ms, at_ms - Timeframe.H1.ms, side="right")) - 1
        risk = float(ranges[known]) * _ATRS
        ahead = between(bars, at_ms, at_ms + longest * STEP_MS)
        entry = float(bars.open[start])
        found = {_places(ahead, entry * (1 + room), risk, sign) for room in (-_ROOM, _ROOM)}
        if len(found) == 1 and None not in found:
            return at_ms
    raise AssertionError("no such way in these candles")


def walk_of(bars: Candles, entry: float, risk: float, *, sign: int) -> Walk:
    """The walk of `bars` from a trade opened before the first of them."""
    places = _places(bars, entry, risk, sign)
    assert places is not None
    first_ms, second_ms, back_ms = (int(bars.time_ms[place]) + STEP_MS for place in places)
    return Walk(start_ms=int(bars.time_ms[0]), first_ms=first_ms, second_ms=second_ms, back_ms=back_ms)


def _places(bars: Candles, entry: float, risk: float, sign: int) -> tuple[int, int, int] | None:
    """Places of the candles that reach one risk and two, and of the one that comes back to the entry; `None`
    where it is not clear from the candles alone that this was the order, or a stop or third target comes
    in between."""
    high, low = (bars.high, bars.low) if sign > 0 else (-bars.low, -bars.high)
    start = entry * sign
    first, second = _first(high >= start + risk), _first(high >= start + 2 * risk)
    if first is None or second is None:
        return None
    back = _first(low[first:] <= start)
    if back is None or back == 0 or not first < second < first + back:
        return None
    back += first
    is_stopped = float(low[: first + 1].min()) <= start - risk
    is_finished = float(high[: back + 1].max()) >= start + 3 * risk
    return None if is_stopped or is_finished else (first, second, back)


def _first(flags: npt.NDArray[np.bool_]) -> int | None:
    found = np.flatnonzero(flags)
    return int(found[0]) if len(found) else None


async def market_ms(sandbox: Sandbox) -> int:
    """Market time."""
    return int((await sandbox.control("GET", "state"))["clock"]["market_ms"])


async def move_to(sandbox: Sandbox, at_ms: int) -> None:
    """Let the clock jump to a moment."""
    await sandbox.advance((at_ms - await market_ms(sandbox)) / 1000)


async def after_candle(sandbox: Sandbox, end_ms: int) -> None:
    """Let the clock jump to where the candle that ends then can be had."""
    await move_to(sandbox, end_ms + SETTLING_S * 1000)


def recorded_days(shared: Path, folder: Path, coins: Sequence[str], start_ms: int, stop_ms: int) -> Path:
    """A folder with the recorded five-minute candles of those days, once as spot and once as the perpetual,
    and the recorded funding: what the desk trades has exactly the recorded prices."""
    for coin in coins:
        name = f"binance_{coin}USDT"
        lines = _lines_of(shared / "ohlcv" / f"{name}_5m.csv.gz", start_ms, stop_ms)
        write_lines(folder / f"{name}_5m.csv", lines)
        write_lines(folder / f"{name}_perp_5m.csv", lines)
        rates = _lines_of(shared / "derivatives" / f"{name}_perp_funding.csv.gz", start_ms, stop_ms)
        write_lines(folder / f"{name}_perp_funding.csv", rates)
    return folder


def _lines_of(path: Path, start_ms: int, stop_ms: int) -> list[str]:
    """The headings, and the rows of that time as they stand in the file."""
    headings, *rows = gzip.decompress(path.read_bytes()).decode().splitlines()
    return [headings, *(row for row in rows if start_ms <= int(row.partition(",")[0]) < stop_ms)]


async def bybit(sandbox: Sandbox, path: str, symbol: str, **query: int) -> dict[str, Any]:
    """Ask the venue's twin, past the desk."""
    params = {"category": "linear", "symbol": symbol, **{name: str(value) for name, value in query.items()}}
    async with sandbox.http.get(f"{sandbox.url}/bybit/v5/market/{path}", params=params) as response:
        answer = await response.json()
    assert answer["retCode"] == 0, answer
    return dict(answer["result"])


async def is_told(desk: App) -> None:
    """Wait until nothing that was to be told is unsent."""

    async def look() -> bool:
        return not await desk.services.outbox.store.unsent()

    await until(look, "everything is told")
