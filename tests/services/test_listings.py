"""New markets are told once; what was away, misread or there before is none."""

import asyncio
from dataclasses import dataclass, field
from decimal import Decimal

import pytest

from ports.errors import Transient
from services.listings import Listings, NewMarkets
from services.market.options import MarketOptions
from services.markets import Markets
from tests.build.clock import HandClock
from tests.build.markets import FakeMarketSource, a_ticker, an_instrument
from tests.build.stores import MemoryFacts

TWO_MINUTES = 120
DAY_S = 86_400
OLD = ("BTC", "ETH", "SOL", "XRP")
HASTY = MarketOptions(answer_within_s=0.3, person_patience_s=(), patience_s=())


class Died(BaseException):
    """The process ends here."""


@dataclass
class Venue:
    """A venue, and a desk that looks at it; `told` is what was told, with the symbols that had a price."""

    clock: HandClock = field(default_factory=HandClock)
    source: FakeMarketSource = field(default_factory=FakeMarketSource)
    facts: MemoryFacts = field(default_factory=MemoryFacts)
    told: list[NewMarkets] = field(default_factory=list)
    is_dying: bool = False

    def __post_init__(self) -> None:
        self.start()
        for base in OLD:
            self.add(base)

    def start(self) -> None:
        """A desk's process begins, with what was written down."""
        self.markets = Markets(self.source, None, self.clock, HASTY)
        self.listings = Listings(self.source, self.markets, self.facts, self.clock, self.hear)

    async def hear(self, news: NewMarkets) -> None:
        self.told.append(news)
        if self.is_dying:
            raise Died

    def add(self, *bases: str, has_price: bool = True, quote: str = "USDT") -> None:
        for base in bases:
            self.source.listed.append(an_instrument(base, quote))
            if has_price:
                self.price(f"{base}{quote}")

    def price(self, symbol: str) -> None:
        self.source.prices[symbol] = a_ticker(
            symbol, "2.5", turnover_24h=Decimal(1_200_000), at=self.clock.now()
        )

    def drop(self, *bases: str) -> None:
        self.source.listed = [one for one in self.source.listed if one.base not in bases]

    async def look(self, after_s: float = TWO_MINUTES) -> list[tuple[str, ...]]:
        """Look that much later; the symbols of each message told."""
        self.clock.move(after_s)
        for symbol in self.source.prices:
            self.price(symbol)
        self.told.clear()
        await self.listings.look()
        return [tuple(one.symbol for one in news.instruments) for news in self.told]


async def test_the_first_start_tells_nothing_and_a_new_market_is_told_once() -> None:
    venue = Venue()
    assert await venue.look() == []
    assert await venue.look() == []

    venue.add("NEWC")
    assert await venue.look() == [("NEWCUSDT",)]

    (news,) = venue.told
    quote = news.quotes["NEWCUSDT"]
    assert (quote.ticker.last, quote.ticker.turnover_24h) == (Decimal("2.5"), Decimal(1_200_000))
    assert (news.found_at, news.is_summary) == (venue.clock.now(), False)
    assert await venue.look() == []
    venue.start()
    assert await venue.look() == []


async def test_its_price_can_be_asked_for_when_it_is_told() -> None:
    venue = Venue()
    await venue.markets.load()
    await venue.look()
    venue.add("NEWC")
    await venue.look()
    assert (await venue.markets.resolve("newc")).symbol == "NEWCUSDT"


async def test_other_quote_currencies_are_no_news() -> None:
    venue = Venue()
    await venue.look()
    venue.add("NEWC", quote="EUR")
    venue.add("BTC", quote="USDC")
    assert await venue.look() == []


async def test_a_market_that_was_away_for_less_than_a_week_is_the_old_one() -> None:
    venue = Venue()
    await venue.look()
    venue.drop("SOL")
    assert await venue.look() == []
    for _ in range(5):
        assert await venue.look(DAY_S) == []
    venue.add("SOL")
    assert await venue.look(DAY_S) == []
    venue.drop("SOL")
    assert await venue.look() == []
    for _ in range(6):
        assert await venue.look(DAY_S) == []
    venue.add("SOL")
    assert await venue.look() == []


async def test_one_that_comes_back_after_more_than_a_week_is_news() -> None:
    venue = Venue()
    await venue.look()
    venue.drop("SOL")
    for _ in range(9):
        assert await venue.look(DAY_S) == []
    venue.add("SOL")
    assert await venue.look() == [("SOLUSDT",)]


@pytest.mark.parametrize("kept", [(), ("BTC",)])
async def test_an_answer_that_is_much_too_short_is_not_believed(kept: tuple[str, ...]) -> None:
    venue = Venue()
    await venue.look()
    everything = list(venue.source.listed)
    venue.drop(*(set(OLD) - set(kept)))
    assert await venue.look() == []
    venue.source.listed = everything
    venue.add("NEWC")
    assert await venue.look() == [("NEWCUSDT",)]


async def test_an_empty_answer_at_the_first_start_makes_nothing_news() -> None:
    venue = Venue()
    everything, venue.source.listed = list(venue.source.listed), []
    assert await venue.look() == []
    venue.source.listed = everything
    assert await venue.look() == []


async def test_a_first_answer_that_was_cut_makes_nothing_news() -> None:
    venue = Venue()
    venue.add(*(f"C{number}" for number in range(30)))
    everything, venue.source.listed = list(venue.source.listed), venue.source.listed[:5]
    assert await venue.look() == []
    venue.source.listed = everything
    assert await venue.look() == []
    venue.add("NEWC")
    assert await venue.look() == [("NEWCUSDT",)]


async def test_a_venue_that_does_not_answer_is_asked_again() -> None:
    venue = Venue()
    await venue.look()
    venue.add("NEWC")
    venue.source.failure = Transient("down")
    assert await venue.look() == []
    venue.source.failure = None
    assert await venue.look() == [("NEWCUSDT",)]


async def test_a_price_is_waited_for_but_not_for_ever() -> None:
    venue = Venue()
    await venue.look()
    venue.add("LATE", "NEVER", has_price=False)
    venue.add("NEWC")
    assert await venue.look() == [("NEWCUSDT",)]
    assert await venue.look() == []
    venue.price("LATEUSDT")
    assert await venue.look() == [("LATEUSDT",)]
    assert await venue.look() == [("NEVERUSDT",)]
    assert venue.told[0].quotes == {}
    assert await venue.look() == []


async def test_one_that_is_gone_before_it_had_a_price_is_no_news() -> None:
    venue = Venue()
    await venue.look()
    venue.add("LATE", has_price=False)
    assert await venue.look() == []
    venue.drop("LATE")
    assert await venue.look() == []
    assert await venue.look(600) == []


async def test_many_at_once_are_one_message() -> None:
    venue = Venue()
    venue.add(*(f"OLD{number}" for number in range(20)))
    await venue.look()
    venue.add(*(f"C{number:02}" for number in range(12)), has_price=False)
    assert await venue.look() == [tuple(f"C{number:02}USDT" for number in range(12))]
    assert venue.told[0].is_summary
    assert await venue.look() == []


async def test_what_came_during_a_long_absence_is_one_message() -> None:
    venue = Venue()
    await venue.look()
    venue.add("NEWA", "NEWB")
    venue.start()
    assert await venue.look(2 * DAY_S) == [("NEWAUSDT", "NEWBUSDT")]
    assert venue.told[0].is_summary
    assert await venue.look() == []


async def test_what_came_during_a_short_absence_is_told_as_usual() -> None:
    venue = Venue()
    await venue.look()
    venue.add("NEWA")
    venue.start()
    assert await venue.look(3600) == [("NEWAUSDT",)]
    assert not venue.told[0].is_summary


async def test_a_death_while_telling_tells_the_same_again() -> None:
    venue = Venue()
    await venue.look()
    venue.add("NEWC")
    venue.is_dying = True
    with pytest.raises(Died):
        await venue.look()
    first = venue.told[0]
    venue.is_dying = False
    venue.start()
    assert await venue.look() == [("NEWCUSDT",)]
    assert venue.told[0].found_at == first.found_at
    assert await venue.look() == []


async def test_fast_market_time_does_not_make_it_ask_without_a_pause() -> None:
    venue = Venue()
    await venue.look()
    asked = venue.source.asked.count("instruments")
    soon = asyncio.create_task(venue.look(0.8))
    await asyncio.sleep(0.05)
    assert venue.source.asked.count("instruments") == asked
    await soon
    assert venue.source.asked.count("instruments") == asked + 1
