"""New markets: told once when they appear, and never for what was only away."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

import orjson
import structlog

from engines.core.instrument import Instrument
from ports.clock import Clock
from ports.errors import Refused, Transient
from ports.markets import MarketSource
from ports.people import Facts
from services.market.quote import Quote
from services.markets import Markets

log = structlog.get_logger()

KNOWN_FACT = "listings"
LOOKED_FACT = "listings_looked_at"
QUOTE = "USDT"
FORGOTTEN_AFTER = timedelta(days=7)
"""A market that comes back sooner is the old one."""
LONG_AWAY = timedelta(days=1)
"""Who looked longer ago tells in one message what is new; and believes what it sees, however short."""
PRICE_AWAITED = timedelta(minutes=6)
"""How long a new market may be without a price before it is told without one."""
MANY = 10
"""More new markets at once than this are told in one message."""
LEAST_PAUSE = timedelta(seconds=1)
"""Real time between two looks, however fast market time runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewMarkets:
    """What was found at one look. `quotes` has the prices that are known, by symbol; `is_summary` says that
    it is one message whatever the number."""

    instruments: Sequence[Instrument]
    quotes: dict[str, Quote]
    found_at: datetime
    is_summary: bool


@dataclass(frozen=True, slots=True)
class _Find:
    """Symbols found at one look that nobody was told of yet."""

    at: str
    symbols: tuple[str, ...]
    is_summary: bool


@dataclass(slots=True, repr=False)
class _Memory:
    """What is durable: every market that is known, since when those are away that are, and what is untold."""

    known: set[str]
    gone: dict[str, str] = field(default_factory=dict)
    finds: list[_Find] = field(default_factory=list)

    def notice(self, symbols: Collection[str], now: datetime, *, is_summary: bool) -> None:
        """Take down what came and what went. What was away for long is forgotten, and new when it is back."""
        here = set(symbols)
        since = {symbol: datetime.fromisoformat(at) for symbol, at in self.gone.items()}
        self.known -= {symbol for symbol, at in since.items() if now - at > FORGOTTEN_AFTER}
        self.gone = {symbol: self.gone.get(symbol, now.isoformat()) for symbol in self.known - here}
        fresh = here - self.known
        is_misread = len(fresh) > max(MANY, len(self.known))  # the list cannot double: it was cut before
        self.known |= fresh
        if fresh and not is_misread:
            find = _Find(now.isoformat(), tuple(sorted(fresh)), is_summary or len(fresh) > MANY)
            self.finds.append(find)

    def dump(self) -> str:
        finds = [asdict(find) for find in self.finds]
        return orjson.dumps({"known": sorted(self.known), "gone": self.gone, "finds": finds}).decode()

    @classmethod
    def load(cls, text: str) -> "_Memory":
        kept = orjson.loads(text)
        finds = [_Find(find["at"], tuple(find["symbols"]), find["is_summary"]) for find in kept["finds"]]
        return cls(set(kept["known"]), dict(kept["gone"]), finds)


@dataclass(slots=True, repr=False)
class Listings:
    """Compares the venue's spot markets against USDT with those known, and hands what is new to `tell`.

    What was found is written down before it is told, and told again when we die in between: `tell` drops
    what it was told before. Times are market time.
    """

    source: MarketSource
    markets: Markets
    facts: Facts
    clock: Clock
    tell: Callable[[NewMarkets], Awaitable[None]]
    _tried_at: datetime | None = None

    async def look(self) -> None:
        """Look once. A venue that does not answer, or says too little to be believed, is asked again."""
        await self._rest()
        try:
            found = await self.source.instruments()
        except Transient as error:
            log.warning("listings_not_read", error=str(error))
            return
        kept, away = await self.facts.get(KNOWN_FACT), await self._away()
        memory = None if kept is None else _Memory.load(kept)
        symbols = {one.symbol for one in found if one.quote == QUOTE}
        if not _is_believed(symbols, memory, away):
            log.warning("listings_not_believed", found=len(symbols))
            return
        now, memory = self.clock.now(), memory or _Memory(symbols)
        memory.notice(symbols, now, is_summary=away > LONG_AWAY)
        if memory.dump() != kept:
            await self.facts.put(KNOWN_FACT, memory.dump())
        await self.facts.put(LOOKED_FACT, now.isoformat())
        if memory.finds:
            self.markets.learn(found)  # whoever hears of it can ask for its price at once
            for find in tuple(memory.finds):
                await self._tell(memory, find)

    async def _tell(self, memory: _Memory, find: _Find) -> None:
        """Tell what is ready of a find; the rest waits for its price."""
        at = datetime.fromisoformat(find.at)
        listed = [one for one in map(self.markets.instrument, find.symbols) if one is not None]
        quotes = await self._quotes(listed)
        is_patient = not find.is_summary and self.clock.now() - at < PRICE_AWAITED
        ready = [one for one in listed if one.symbol in quotes or not is_patient]
        if ready:
            news = NewMarkets(instruments=ready, quotes=quotes, found_at=at, is_summary=find.is_summary)
            await self.tell(news)
        left = tuple(one.symbol for one in listed if one not in ready)
        if left != find.symbols:
            place = memory.finds.index(find)
            memory.finds[place : place + 1] = [replace(find, symbols=left)] if left else []
            await self.facts.put(KNOWN_FACT, memory.dump())

    async def _quotes(self, instruments: Sequence[Instrument]) -> dict[str, Quote]:
        """Fresh prices of those that have one; all prices come with one request."""
        symbols = [one.symbol for one in instruments]
        for symbol in symbols[:1]:
            with suppress(Transient, Refused):
                await self.markets.quote(symbol)
        return {one.instrument.symbol: one for one in self.markets.quotes(symbols) if not one.is_stale}

    async def _away(self) -> timedelta:
        """How long nobody has looked."""
        at = await self.facts.get(LOOKED_FACT)
        return timedelta.max if at is None else self.clock.now() - datetime.fromisoformat(at)

    async def _rest(self) -> None:
        """Leave the venue in peace for a moment since the last look."""
        since = self.clock.wire_now() - (self._tried_at or self.clock.wire_now() - LEAST_PAUSE)
        await asyncio.sleep(max((LEAST_PAUSE - since).total_seconds(), 0.0))
        self._tried_at = self.clock.wire_now()


def _is_believed(symbols: Collection[str], memory: _Memory | None, away: timedelta) -> bool:
    """Whether that can be all markets there are: nothing never, less than half only after a long time."""
    if memory is None or away > LONG_AWAY:
        return bool(symbols)
    return 2 * len(symbols) >= max(len(memory.known - memory.gone.keys()), 1)
