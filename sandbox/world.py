"""The whole outside world in one object: clock, market, Telegram, faults, and who watches."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from sandbox.bybit.venue import bybit_exchange
from sandbox.clock import SandboxClock
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults
from sandbox.gate.exchange import gate_exchange
from sandbox.market.market import Market
from sandbox.market.replay import recorded_origin
from sandbox.market.source import Origin
from sandbox.market.synthetic import synthetic_origin
from sandbox.stream import Stream
from sandbox.telegram.keep import ForgetfulKeep, Keep, SqliteKeep
from sandbox.telegram.twin import Telegram
from sandbox.wiretap import Wiretap

STATE_FILE = "sandbox.sqlite3"
DEFAULT_SEED = 7
_TICKERS = 12
_TICKERS_EVERY = 2
_KIND = "world"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldOptions:
    """What kind of world to open.

    `replay` is a folder of recorded candles, a synthetic market without one. `start` is the market time to
    begin at (aware UTC), `speed` market seconds a real second. `state` is a folder in which the world goes
    on from run to run; what is kept there wins over `start`, `speed` and `seed` left at `None`.
    """

    replay: Path | None = None
    start: datetime | None = None
    speed: float | None = None
    seed: int | None = None
    state: Path | None = None


@dataclass(slots=True, kw_only=True)
class World:
    """The parts of a running sandbox."""

    clock: SandboxClock
    market: Market
    telegram: Telegram
    faults: Faults
    wiretap: Wiretap
    venues: Mapping[str, VenueExchange]
    stream: Stream
    keep: Keep

    def clock_view(self) -> dict[str, Any]:
        """The clock as the control API shows it."""
        reading = self.clock.reading()
        at = datetime.fromtimestamp(reading["market_ms"] / 1000, UTC)
        return {
            **reading,
            "market": at.isoformat(timespec="seconds"),
            "source": self.market.source,
            "from_ms": self.market.from_ms,
            "to_ms": self.market.to_ms,
        }

    async def pulse(self, every_s: float = 1.0) -> None:
        """Again and again: remember where the clock stands, show clock and tickers to who watches."""
        beat = 0
        while True:
            await asyncio.sleep(every_s)
            beat += 1
            for venue in self.venues.values():
                venue.now()
            self.remember()
            if self.stream.is_listening:
                self.tell_clock()
                if beat % _TICKERS_EVERY == 0:
                    self.tell_tickers()

    def tell_clock(self) -> None:
        """Show the clock to who watches."""
        if self.stream.is_listening:
            self.stream.tell({"type": "clock", **self.clock_view()})

    def tell_tickers(self) -> None:
        """Show the biggest markets' prices to who watches."""
        if self.stream.is_listening:
            markets = [
                {name: row[name] for name in ("symbol", "last", "change_24h")}
                for row in self.market.snapshot()[:_TICKERS]
            ]
            self.stream.tell({"type": "tickers", "markets": markets})

    def remember(self) -> None:
        """Write where clock and market stand."""
        self.keep.put(_KIND, "clock", self.clock.state())
        self.keep.put(_KIND, "market", self.market.state())
        for venue in self.venues.values():
            venue.remember()

    def apply_faults(self) -> None:
        """Let a change of faults take effect and show it."""
        self.telegram.limits.is_on = self.faults.has_real_limits
        self.telegram.updates.release()
        self.stream.tell({"type": "faults", "faults": self.faults.view()})

    async def release(self) -> None:
        """Let everyone go who waits for something, before the server stops."""
        self.telegram.release()
        await self.stream.close()

    def close(self) -> None:
        """Write the last state; nothing may change after that."""
        for venue in self.venues.values():
            venue.close()
        self.remember()
        self.keep.close()


def build_world(options: WorldOptions, origin: Origin | None = None) -> World:
    """Open a world, with the market `origin` where one is given, else with that of the options. Raises
    `ValueError` for a recording that cannot be played, a start outside of it, or a state folder that belongs
    to another market."""
    keep: Keep = SqliteKeep(options.state / STATE_FILE) if options.state else ForgetfulKeep()
    try:
        return _open_world(options, keep, origin)
    except BaseException:
        keep.close()
        raise


def _open_world(options: WorldOptions, keep: Keep, origin: Origin | None) -> World:
    kept = {str(key): orjson.loads(body) for key, body in keep.load(_KIND)}
    origin = origin or _origin(options, kept.get("market", {}))
    clock = SandboxClock(
        start_ms=origin.start_ms, end_ms=origin.end_ms, wall=time.time, monotonic=time.monotonic
    )
    market = Market(origin, now_ms=clock.now_ms)
    if "market" in kept:  # a world killed while it wrote for the first time may have told its clock only
        market.restore(kept["market"])
        clock.restore(kept["clock"])
    if options.speed is not None:
        clock.set_speed(options.speed)
    stream = Stream()
    telegram = Telegram(audience=stream, wire_ms=clock.wire_ms, monotonic_s=time.monotonic, keep=keep)
    faults = Faults()
    world = World(
        clock=clock,
        market=market,
        telegram=telegram,
        faults=faults,
        wiretap=Wiretap(),
        venues={
            "bybit": bybit_exchange(market, clock, faults, keep),
            "gate": gate_exchange(market, clock, faults, keep),
        },
        stream=stream,
        keep=keep,
    )
    clock.subscribe(world.tell_clock)
    world.faults.subscribe(world.apply_faults)
    return world


def _origin(options: WorldOptions, kept: dict[str, Any]) -> Origin:
    seed = options.seed if options.seed is not None else int(kept.get("seed", DEFAULT_SEED))
    start_ms: int | None = kept.get("from_ms")
    if options.start is not None:
        start_ms = int(options.start.timestamp() * 1000)
    if options.replay is not None:
        return recorded_origin(options.replay, start_ms=start_ms, seed=seed)
    return synthetic_origin(seed, start_ms)
