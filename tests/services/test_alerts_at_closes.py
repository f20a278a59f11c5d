"""Alerts on indicators: each close judged once and in order, told exactly once, whatever happens."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from engines.alerts.alert import Alert, AlertState
from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from ports.alerts import closes_mark
from ports.candles import Series
from ports.errors import Refused, Transient
from ports.messages import Screen
from ports.people import Person
from services.alerting.columns import ColumnSource
from services.alerting.standing import Told
from services.alerts import Alerts
from services.indicators import Indicators
from services.market.options import MarketOptions
from services.market.ring import Rings
from services.markets import Markets
from services.outbox import Outbox
from services.people import People
from tests.build.clock import NOON, HandClock
from tests.build.indicators import FakeCompiler, FakeLibrary
from tests.build.markets import FakeMarketSource, a_ticker, an_instrument
from tests.build.messenger import RecordingMessenger
from tests.build.people import a_person
from tests.build.stores import MemoryDesk

VERA = a_person(13, name="Vera")
HOUR_S, H1 = 3600, Timeframe.H1
BARS = 300
NOON_MS = int(NOON.timestamp() * 1000)


def candles(closes: list[float], *, frame: Timeframe = H1) -> Candles:
    """Candles at 100 until noon; after it they close at these prices."""
    prices = np.array([100.0] * BARS + closes)
    places = np.arange(-BARS, len(closes), dtype=np.int64)
    return Candles(
        time_ms=NOON_MS + frame.ms * places,
        open=prices,
        high=prices,
        low=prices,
        close=prices,
        volume=np.ones(len(prices)),
    )


@dataclass(slots=True)
class Floor:
    """Alerts over a venue in memory, at an hour past noon each; `start` forgets all but the stores."""

    stores: MemoryDesk
    source: FakeMarketSource
    clock: HandClock
    people: People
    library: FakeLibrary = field(default_factory=FakeLibrary)
    rings: Rings = field(default_factory=Rings)
    told: list[Told] = field(default_factory=list)
    closes: list[float] = field(default_factory=list)
    alerts: Alerts = field(init=False)
    markets: Markets = field(init=False)

    async def start(self) -> None:
        """A desk that has read its stores."""
        options = MarketOptions(answer_within_s=0.3, person_patience_s=(), patience_s=())
        self.markets = Markets(self.source, None, self.clock, options)
        indicators = Indicators(self.library, FakeCompiler())
        self.alerts = Alerts(
            self.stores.alerts,
            self.people,
            self.markets,
            self.source,
            Outbox(self.stores.outbox, RecordingMessenger(), self.clock),
            self.clock,
            self.view,
            columns=ColumnSource(markets=self.markets, rings=self.rings, indicators=indicators),
        )
        await self.alerts.load()
        await self.markets.quote("BTCUSDT")

    def view(self, person: Person, told: Told) -> Screen:
        self.told.append(told)
        return Screen(html=f"{person.name} #{told.alert.id}")

    async def arm(self, text: str) -> Alert:
        standing, _ = await self.alerts.arm(VERA, text)
        return standing.alert

    def pass_by(self, *closes: float) -> None:
        """Hours pass that close at these prices; nobody looks."""
        self.closes += closes
        self.source.bars = candles(self.closes)
        self.clock.move(HOUR_S * len(closes))

    async def close(self, *closes: float) -> None:
        """Hours pass, and each close is judged."""
        for one in closes:
            self.pass_by(one)
            await self.alerts.settle()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """With the loops at work."""
        loops = asyncio.create_task(self.alerts.run())
        try:
            yield
        finally:
            loops.cancel()
            with suppress(asyncio.CancelledError):
                await loops

    async def until_told(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.pushes) < count:
                await asyncio.sleep(0.005)

    @property
    def pushes(self) -> list[str]:
        return [push.row.message.dedupe for push in self.stores.outbox.pushes]

    @property
    def hours(self) -> list[float]:
        """When what was told happened."""
        return [(told.at - NOON) / timedelta(hours=1) for told in self.told]

    def asked(self) -> list[str]:
        """Candles that the venue was asked for."""
        return [one for one in self.source.asked if one.startswith("candles")]


@pytest.fixture
async def floor() -> Floor:
    stores, clock = MemoryDesk(), HandClock()
    await stores.people.add(VERA)
    people = People(stores.people, stores.facts, clock, lambda: "CODE")
    await people.load()
    listed = [an_instrument("BTC"), an_instrument("ETH")]
    source = FakeMarketSource(listed, [a_ticker("BTCUSDT", "100"), a_ticker("ETHUSDT", "100")])
    source.bars = candles([])
    floor = Floor(stores, source, clock, people)
    await floor.start()
    return floor


class TestTelling:
    async def test_the_close_at_which_it_turns_true_is_told_once(self, floor: Floor) -> None:
        alert = await floor.arm("btc close < 90")
        await floor.close(95, 89, 88, 100, 80)

        assert floor.pushes == [f"alert:{alert.id}:1"]
        (told,) = floor.told
        assert (told.price, told.at, told.is_late) == (Decimal("89.0"), NOON + timedelta(hours=2), False)
        assert (told.readings[0].left, told.readings[0].right) == (89, 90)
        assert floor.alerts.list(VERA) == []

    async def test_looking_again_at_the_same_close_tells_nothing_new(self, floor: Floor) -> None:
        await floor.arm("btc close < 90 every 1m")
        await floor.close(89)
        asked = len(floor.asked())
        for _ in range(3):
            await floor.alerts.settle()

        assert len(floor.pushes) == 1
        assert len(floor.asked()) == asked

    async def test_a_repeating_one_turns_again_after_its_rest(self, floor: Floor) -> None:
        await floor.arm("btc close < 90 every 3h")
        await floor.close(89, 100, 89, 89, 100, 89)

        assert floor.hours == [1, 6]

    async def test_the_running_loops_judge_when_a_candle_has_closed(self, floor: Floor) -> None:
        await floor.arm("btc close < 90")
        async with floor.running():
            floor.pass_by(89)
            floor.alerts.candle_closed()
            await floor.until_told(1)

    async def test_a_market_that_waits_for_its_indicator_holds_back_no_other(self, floor: Floor) -> None:
        slow = await floor.arm("btc cci20 < 90")
        async with floor.running():
            async with floor.library.hold:
                floor.pass_by(80)
                floor.alerts.candle_closed()
                await asyncio.sleep(0.01)
                quick = await floor.arm("eth close < 70")
                floor.pass_by(69)
                floor.alerts.candle_closed()
                await floor.until_told(1)
                assert floor.pushes == [f"alert:{quick.id}:1"]

            await floor.until_told(2)
            assert floor.pushes[1] == f"alert:{slow.id}:1"

    async def test_one_computation_serves_all_alerts_of_a_market(self, floor: Floor) -> None:
        for level in range(20):
            await floor.arm(f"btc cci20 < {level} or close > {300 + level}")
        asked, reckoned = len(floor.asked()), len(floor.library.asked)
        await floor.close(99)

        assert len(floor.asked()) == asked + 1
        assert len(floor.library.asked) == reckoned + 1

    async def test_markets_are_judged_apart(self, floor: Floor) -> None:
        await floor.arm("btc close < 90")
        await floor.arm("eth close < 90")
        await floor.close(89)

        assert sorted(told.alert.symbol for told in floor.told) == ["BTCUSDT", "ETHUSDT"]

    async def test_its_market_is_kept_until_it_is_over(self, floor: Floor) -> None:
        alert = await floor.arm("eth close < 90")
        assert floor.markets.kept == {"ETHUSDT"}
        await floor.alerts.mute(VERA, alert.id)
        assert floor.markets.kept == frozenset()
        await floor.alerts.unmute(VERA, alert.id)
        await floor.close(89)

        assert len(floor.pushes) == 1
        assert floor.markets.kept == frozenset()

    async def test_one_muted_or_deleted_says_nothing(self, floor: Floor) -> None:
        muted, deleted = await floor.arm("btc close < 90"), await floor.arm("btc close < 91")
        await floor.alerts.mute(VERA, muted.id)
        await floor.alerts.delete(VERA, deleted.id)
        await floor.close(80)

        assert floor.pushes == []

    async def test_one_that_expired_says_nothing(self, floor: Floor) -> None:
        await floor.arm("btc close < 90 for 90m")
        await floor.close(95, 80)

        assert floor.pushes == []
        assert floor.alerts.count == 0

    async def test_candles_in_memory_are_asked_first(self, floor: Floor) -> None:
        series = Series(venue="bybit", kind=MarketKind.SPOT, symbol="BTCUSDT", timeframe=H1)
        await floor.arm("btc close < 90")
        floor.pass_by(89)
        floor.rings.open(series).take(floor.source.bars)
        asked = floor.asked()
        await floor.alerts.settle()

        assert len(floor.pushes) == 1
        assert floor.asked() == asked

    async def test_candles_in_memory_with_a_hole_are_not_believed(self, floor: Floor) -> None:
        series = Series(venue="bybit", kind=MarketKind.SPOT, symbol="BTCUSDT", timeframe=H1)
        await floor.arm("btc close < 90")
        floor.pass_by(100, 89)
        rows = floor.source.bars
        floor.rings.open(series).take(rows.rows(0, BARS))
        floor.rings.open(series).take(rows.rows(BARS + 1))
        await floor.alerts.settle()

        assert floor.hours == [2]


class TestWhatWasMissed:
    async def test_every_close_is_judged_afterwards_in_order_and_told_late(self, floor: Floor) -> None:
        alert = await floor.arm("btc close < 90 every 1h")
        await floor.close(100)
        floor.pass_by(89, 100, 100, 88, 100)

        await floor.start()
        async with floor.running():
            await floor.until_told(2)

        assert floor.hours == [2, 5]
        assert [told.is_late for told in floor.told] == [True, True]
        assert floor.pushes == [f"alert:{alert.id}:1", f"alert:{alert.id}:2"]

    async def test_it_is_not_told_again_after_another_start(self, floor: Floor) -> None:
        await floor.arm("btc close < 90 every 1h")
        await floor.close(89)
        for _ in range(3):
            await floor.start()
            await floor.alerts.settle()

        assert floor.hours == [1]

    async def test_a_kill_before_it_was_written_loses_nothing(self, floor: Floor) -> None:
        alert = await floor.arm("btc close < 90")
        floor.stores.alerts.failure = Transient("disk", kind="database")
        floor.pass_by(89)
        with pytest.raises(Transient):
            await floor.alerts.settle()
        assert floor.pushes == []
        floor.stores.alerts.failure = None
        floor.pass_by(100)

        await floor.start()
        await floor.alerts.settle()

        assert floor.pushes == [f"alert:{alert.id}:1"]
        assert floor.told[-1].at == NOON + timedelta(hours=1)

    async def test_the_mark_says_how_far_it_is_judged(self, floor: Floor) -> None:
        await floor.arm("btc close < 90")
        await floor.close(99, 99)

        assert await floor.stores.alerts.marks() == {closes_mark("BTCUSDT"): floor.clock.now()}

    async def test_candles_that_are_not_there_yet_are_asked_for_again(self, floor: Floor) -> None:
        await floor.arm("btc close < 90")
        floor.clock.move(HOUR_S)
        await floor.alerts.settle()
        assert (await floor.stores.alerts.marks())[closes_mark("BTCUSDT")] < floor.clock.now()

        floor.source.bars = candles([89])
        await floor.alerts.settle()
        assert floor.pushes == []  # it was asked a moment ago
        floor.clock.move(5)
        await floor.alerts.settle()

        assert floor.hours == [1]

    async def test_a_venue_that_does_not_answer_is_asked_again(self, floor: Floor) -> None:
        await floor.arm("btc close < 90")
        floor.source.failure = Transient("down")
        floor.pass_by(89)
        await floor.alerts.settle()
        floor.source.failure = None
        floor.clock.move(5)
        await floor.alerts.settle()

        assert floor.hours == [1]

    async def test_what_lies_too_far_back_is_left_alone(self, floor: Floor) -> None:
        await floor.arm("btc close < 90 every 1m")
        floor.pass_by(89, *[100.0] * 510, 89)
        await floor.start()
        await floor.alerts.settle()

        assert floor.hours == [512]

    async def test_markets_whose_alerts_are_deleted_while_they_wait_their_turn_are_passed_over(
        self, floor: Floor
    ) -> None:
        coins = ("ADA", "DOGE", "LTC", "SOL", "XRP")
        floor.source.listed += [an_instrument(coin) for coin in coins]
        floor.source.prices |= {f"{coin}USDT": a_ticker(f"{coin}USDT", "100") for coin in coins}
        await floor.start()
        alerts = [await floor.arm(f"{coin.lower()} close < 90") for coin in coins]
        floor.pass_by(89)
        floor.source.delay_s = 0.02

        judging = asyncio.create_task(floor.alerts.settle())
        await asyncio.sleep(0.01)
        await floor.alerts.delete(VERA, alerts[-1].id)
        await judging

        assert sorted(floor.pushes) == [f"alert:{alert.id}:1" for alert in alerts[:-1]]

    async def test_an_indicator_that_cannot_be_reckoned_decides_nothing(self, floor: Floor) -> None:
        alert = await floor.arm("btc cci20 < 90")
        floor.library.failing = {"cci"}
        await floor.close(80)
        assert floor.pushes == []
        floor.library.failing = set()
        await floor.close(80)

        assert floor.pushes == [f"alert:{alert.id}:1"]


class TestArming:
    async def test_what_is_true_already_is_not_armed(self, floor: Floor) -> None:
        alert = await floor.arm("btc close > 90")
        assert not alert.is_armed
        await floor.close(99, 89, 99)

        assert floor.hours == [3]

    @pytest.mark.parametrize("others", [[], ["btc close > 300"]])
    async def test_a_close_that_comes_while_it_is_armed_counts(self, floor: Floor, others: list[str]) -> None:
        for other in others:
            await floor.arm(other)
        floor.source.delay_s = 0.05
        arming = asyncio.create_task(floor.arm("btc close < 90"))
        await asyncio.sleep(0.01)
        floor.pass_by(89)
        if others:
            await floor.alerts.settle()

        assert (await arming).is_armed
        await floor.close(100)

        assert floor.hours == [1]

    async def test_what_is_not_known_yet_is_not_armed(self, floor: Floor) -> None:
        floor.source.bars = candles([]).rows(BARS - 5)
        alert = await floor.arm("btc ema20 < 300")

        assert not alert.is_armed

    async def test_the_outlook_arms_nothing(self, floor: Floor) -> None:
        floor.pass_by(89, 100, 89, 100)
        draft = await floor.alerts.read(VERA, "btc close < 90")
        outlook = await floor.alerts.outlook(draft)

        assert (outlook.history.is_true, outlook.history.turned_true) == (False, 2)
        assert outlook.readings[0].left == 100
        assert floor.alerts.count == 0

    async def test_one_brought_back_is_judged_by_the_close_of_now(self, floor: Floor) -> None:
        alert = await floor.arm("btc close < 90")
        await floor.alerts.delete(VERA, alert.id)
        await floor.close(89)

        back = await floor.alerts.restore(VERA, alert.id)

        assert (back.alert.state, back.alert.is_armed) == (AlertState.WATCHING, False)
        await floor.close(100, 89)
        assert floor.hours == [3]

    async def test_one_is_brought_back_while_the_venue_does_not_answer(self, floor: Floor) -> None:
        alert = await floor.arm("btc close < 90")
        await floor.alerts.mute(VERA, alert.id)
        floor.clock.move(HOUR_S)
        floor.source.failure = Transient("down")

        loud = await floor.alerts.unmute(VERA, alert.id)

        assert not loud.alert.is_armed

    async def test_a_wish_without_a_coin_offers_coins(self, floor: Floor) -> None:
        with pytest.raises(Refused) as refused:
            await floor.arm("rsi < 30")

        assert refused.value.code == "alert_coin"
        assert ("BTC", "alert BTCUSDT rsi < 30") in refused.value.params["forms"]  # type: ignore[operator]  # a list
