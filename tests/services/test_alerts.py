"""Alerts: told within the tick, exactly once, whatever happens in between."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest

from engines.alerts.alert import Alert, AlertState, NewExtreme, PercentMove, Way
from engines.core.candle import Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from ports.errors import Refused, Stale, Transient
from ports.markets import PriceOf
from ports.messages import Button, Screen
from ports.people import Person, Role
from services.alerting.columns import ColumnSource
from services.alerting.standing import Told
from services.alerting.terms import MOST
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
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ZERO = timedelta(0)
MINUTE_S, DAY_MS = 60, 86_400_000
Row = tuple[float, float, float, float]


@dataclass(slots=True)
class Floor:
    """Alerts over a venue in memory; `restart` forgets all but the stores."""

    stores: MemoryDesk
    source: FakeMarketSource
    clock: HandClock
    people: People
    told: list[Told] = field(default_factory=list)
    alerts: Alerts = field(init=False)
    markets: Markets = field(init=False)

    async def start(self) -> None:
        """A desk that has read its stores."""
        options = MarketOptions(answer_within_s=0.3, person_patience_s=(), patience_s=())
        self.markets = Markets(self.source, None, self.clock, options)
        outbox = Outbox(self.stores.outbox, RecordingMessenger(), self.clock)
        self.alerts = Alerts(
            self.stores.alerts,
            self.people,
            self.markets,
            self.source,
            outbox,
            self.clock,
            self.view,
            columns=ColumnSource(
                markets=self.markets, rings=Rings(), indicators=Indicators(FakeLibrary(), FakeCompiler())
            ),
        )
        await self.alerts.load()
        await self.markets.quote("BTCUSDT")

    def view(self, person: Person, told: Told) -> Screen:
        self.told.append(told)
        return Screen(html=f"{person.name} #{told.alert.id}", keyboard=((Button(text="x", data="x"),),))

    async def arm(self, text: str, person: Person = VERA) -> Alert:
        standing, _ = await self.alerts.arm(person, text)
        return standing.alert

    async def price(self, last: str, *, after_s: float = 1, symbol: str = "BTCUSDT") -> None:
        """The price of a moment later, and everything it does."""
        self.clock.move(after_s)
        await self.say(last, symbol=symbol)
        await self.alerts.settle()

    async def say(self, last: str, *, symbol: str = "BTCUSDT", age_s: float = 0) -> None:
        """A price from the poll of the venue."""
        at = self.clock.now() - timedelta(seconds=age_s)
        self.source.prices[symbol] = a_ticker(symbol, last, at=at)
        await self.markets._load_tickers()

    def past(self, frame: Timeframe, *rows: Row, begins: timedelta = ZERO) -> None:
        """What the venue says happened from `begins` past noon."""
        start_ms = int((NOON + begins).timestamp() * 1000)
        columns = np.array(rows, dtype=np.float64).reshape(-1, 4).T
        self.source.past[MarketKind.SPOT, "BTCUSDT", frame, PriceOf.TRADES] = Candles(
            time_ms=frame.floor(start_ms) + frame.ms * np.arange(len(rows), dtype=np.int64),
            open=columns[0],
            high=columns[1],
            low=columns[2],
            close=columns[3],
            volume=np.ones(len(rows)),
        )

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
        await until(lambda: len(self.pushes) >= count)

    @property
    def pushes(self) -> list[str]:
        return [push.row.message.dedupe for push in self.stores.outbox.pushes]


async def until(look: Callable[[], bool]) -> None:
    """Wait for it."""
    async with asyncio.timeout(5):
        while not look():
            await asyncio.sleep(0.005)


@pytest.fixture
async def floor() -> Floor:
    stores, clock = MemoryDesk(), HandClock()
    await stores.people.add(VERA)
    await stores.people.add(a_person(14, name="Tom", role=Role.TRADER))
    people = People(stores.people, stores.facts, clock, lambda: "CODE")
    await people.load()
    source = FakeMarketSource(
        [an_instrument("BTC"), an_instrument("ETH")],
        [a_ticker("BTCUSDT", "90000"), a_ticker("ETHUSDT", "3000")],
    )
    floor = Floor(stores, source, clock, people)
    await floor.start()
    return floor


class TestTelling:
    async def test_the_tick_that_reaches_the_level_is_told_once(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k")
        for last in ("99999", "100000", "100001", "99000", "100500"):
            await floor.price(last)

        assert floor.pushes == [f"alert:{alert.id}:1"]
        assert (floor.told[0].price, floor.told[0].is_late) == (Decimal(100_000), False)
        assert floor.alerts.list(VERA) == []

    async def test_the_push_goes_to_the_person_and_is_loud(self, floor: Floor) -> None:
        await floor.arm("btc > 100k")
        await floor.price("100000")

        (push,) = floor.stores.outbox.pushes
        assert push.row.message.chat_id == VERA.id
        assert not push.row.message.is_silent

    async def test_the_running_loops_tell_without_being_asked(self, floor: Floor) -> None:
        await floor.arm("btc > 100k")
        async with floor.running():
            await floor.say("100000")
            await floor.until_told(1)

    async def test_a_repeating_one_is_told_once_in_each_rest(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k every 1h")
        for _ in range(3):
            await floor.price("100000")
            await floor.price("99000")
        await floor.price("99000", after_s=20)
        for _ in range(130):
            await floor.price("99000", after_s=29)
        await floor.price("100000")

        assert floor.pushes == [f"alert:{alert.id}:1", f"alert:{alert.id}:2"]

    async def test_one_that_rests_is_listed_as_such_and_stays_silent_when_candles_are_read(
        self, floor: Floor
    ) -> None:
        alert = await floor.arm("btc > 100k every 1h")
        await floor.price("100000")
        (standing,) = floor.alerts.list(VERA)
        assert (standing.alert.is_armed, standing.alert.count) == (False, 1)

        floor.past(Timeframe.M1, *[(100_000, 101_000, 98_000, 99_000)] * 10)
        async with floor.running():
            await floor.price("99000", after_s=600)
            await until(lambda: bool([one for one in floor.source.asked if "history" in one]))
            await floor.price("100500")

        assert floor.pushes == [f"alert:{alert.id}:1"]

    async def test_a_stale_price_tells_nothing(self, floor: Floor) -> None:
        await floor.arm("btc > 100k")
        floor.clock.move(60)
        await floor.say("100000", age_s=31)
        await floor.alerts.settle()

        assert floor.pushes == []

    async def test_a_price_of_zero_tells_nothing(self, floor: Floor) -> None:
        await floor.arm("btc < 80k")
        await floor.price("0")

        assert floor.pushes == []

    async def test_the_markets_of_alerts_are_streamed(self, floor: Floor) -> None:
        stream = asyncio.create_task(floor.markets.run_tickers())
        alert = await floor.arm("eth > 4000")
        await until(lambda: "ETHUSDT" in floor.source.watched)
        stream.cancel()
        await asyncio.gather(stream, return_exceptions=True)

        await floor.alerts.delete(VERA, alert.id)
        assert floor.alerts.count == 0

    @pytest.mark.parametrize("change", [{"role": Role.BLOCKED}, {"is_reachable": False}])
    async def test_who_lost_their_role_hears_nothing_and_finds_it_muted(
        self, floor: Floor, change: dict[str, object]
    ) -> None:
        alert = await floor.arm("btc > 100k")
        await floor.people.change(VERA.id, **change)
        await floor.price("100000")

        assert floor.pushes == []
        assert [one.alert.state for one in floor.alerts.list(VERA)] == [AlertState.MUTED]
        assert (await floor.alerts.get(VERA, alert.id)).alert.count == 0

    async def test_a_burst_of_many_is_told_in_full(self, floor: Floor) -> None:
        for number in range(150):
            await floor.arm(f"btc > {100_000 + number}")
        await floor.price("101000")

        assert len(floor.pushes) == 150
        assert floor.alerts.count == 0

    async def test_while_the_database_is_in_trouble_nothing_is_lost(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k")
        floor.stores.alerts.failure = Transient("locked", kind="database")
        with pytest.raises(Transient):
            await floor.price("100000")
        floor.stores.alerts.failure = None

        await floor.alerts.settle()

        assert floor.pushes == [f"alert:{alert.id}:1"]


class TestRaces:
    @pytest.mark.parametrize("deed", ["mute", "delete"])
    async def test_what_is_muted_or_deleted_between_price_and_telling_is_not_told(
        self, floor: Floor, deed: str
    ) -> None:
        alert = await floor.arm("btc > 100k every 1h")
        await floor.say("100000")
        await getattr(floor.alerts, deed)(VERA, alert.id)
        await floor.alerts.settle()

        assert floor.pushes == []
        await floor.price("99000", after_s=20)
        await floor.price("100500", after_s=20)
        assert floor.pushes == []

    async def test_unmuted_it_counts_from_the_price_of_then(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k")
        await floor.alerts.mute(VERA, alert.id)
        await floor.price("101000")

        standing = await floor.alerts.unmute(VERA, alert.id)
        assert not standing.alert.is_armed
        await floor.price("102000")
        assert floor.pushes == []
        await floor.price("99000")
        await floor.price("100000")
        assert floor.pushes == [f"alert:{alert.id}:1"]

    async def test_a_deleted_one_comes_back(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k")
        await floor.alerts.delete(VERA, alert.id)
        assert floor.alerts.list(VERA) == []

        await floor.alerts.restore(VERA, alert.id)
        await floor.price("100000")

        assert floor.pushes == [f"alert:{alert.id}:1"]

    async def test_again_tells_the_next_time_under_a_key_of_its_own(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k")
        await floor.price("100000")
        await floor.alerts.restore(VERA, alert.id)
        await floor.alerts.restore(VERA, alert.id)
        await floor.price("100100")
        await floor.price("99000")
        await floor.price("100000")

        assert floor.pushes == [f"alert:{alert.id}:1", f"alert:{alert.id}:2"]

    async def test_a_tap_twice_is_one_deed(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k")

        await asyncio.gather(*(floor.alerts.mute(VERA, alert.id) for _ in range(3)))

        assert [one.alert.state for one in floor.alerts.list(VERA)] == [AlertState.MUTED]

    async def test_nobody_touches_the_alerts_of_others(self, floor: Floor) -> None:
        alert, tom = await floor.arm("btc > 100k"), a_person(14)
        for deed in (floor.alerts.get, floor.alerts.mute, floor.alerts.delete, floor.alerts.restore):
            with pytest.raises(Refused, match="not_yours"):
                await deed(tom, alert.id)
        with pytest.raises(Refused, match="alert_gone"):
            await floor.alerts.get(VERA, 999)
        assert await floor.alerts.delete_all(tom, upto=999) == 0

    async def test_delete_all_spares_what_came_after_the_question(self, floor: Floor) -> None:
        first, second = await floor.arm("btc > 100k"), await floor.arm("btc > 101k")
        third = await floor.arm("btc > 102k")

        assert await floor.alerts.delete_all(VERA, upto=second.id) == 2

        assert [one.alert.id for one in floor.alerts.list(VERA)] == [third.id]
        assert first.id < second.id


class TestArming:
    async def test_the_same_wish_twice_is_one_alert(self, floor: Floor) -> None:
        first, is_new = await floor.alerts.arm(VERA, "btc > 100k")
        assert is_new

        second, is_new = await floor.alerts.arm(VERA, "биток выше 100к")

        assert not is_new
        assert second.alert == first.alert

    async def test_nobody_has_more_than_a_person_can_read(self, floor: Floor) -> None:
        for number in range(MOST):
            await floor.arm(f"btc > {100_000 + number}")

        with pytest.raises(Refused, match="alert_too_many"):
            await floor.arm("btc > 200k")
        await floor.arm("btc > 200k", a_person(14))

    async def test_an_unknown_coin_brings_the_near_ones(self, floor: Floor) -> None:
        with pytest.raises(Refused) as refused:
            await floor.arm("bct > 100k")

        assert refused.value.code == "unknown_symbol"
        assert refused.value.params["near"]

    @pytest.mark.parametrize("text", ["", "   ", "what is this", "> 100k"])
    async def test_what_cannot_be_understood_changes_nothing(self, floor: Floor, text: str) -> None:
        with pytest.raises(Refused):
            await floor.arm(text)

        assert floor.alerts.count == 0

    async def test_without_a_fresh_price_nothing_is_armed(self, floor: Floor) -> None:
        floor.clock.move(120)
        floor.source.failure = Transient("down")

        with pytest.raises(Stale):
            await floor.arm("btc > 100k")

    async def test_one_that_lasts_ends_by_itself(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k for 1h")
        await floor.price("99000", after_s=20)
        floor.clock.move(3600)
        await floor.alerts.settle()
        await floor.price("100000")

        assert floor.pushes == []
        with pytest.raises(Refused, match="alert_gone"):
            await floor.alerts.restore(VERA, alert.id)

    async def test_one_that_is_over_but_not_swept_yet_is_not_told(self, floor: Floor) -> None:
        await floor.arm("btc > 100k for 1m")
        for _ in range(4):
            floor.clock.move(20)
            await floor.say("99000")
        await floor.say("100000")
        await floor.alerts.settle()

        assert floor.pushes == []
        assert floor.alerts.count == 0

    async def test_the_distance_is_of_the_price_now(self, floor: Floor) -> None:
        await floor.arm("btc > 99000")

        (standing,) = floor.alerts.list(VERA)

        assert standing.distance == Decimal("0.1")


class TestWindowsAndDays:
    async def test_a_move_is_measured_with_the_past_hour(self, floor: Floor) -> None:
        floor.past(Timeframe.M1, (90_000, 94_000, 90_000, 90_000), begins=-10 * MINUTE)
        alert = await floor.arm("btc -5% 1h")

        await floor.price("89300")

        assert floor.pushes == [f"alert:{alert.id}:1"]
        assert floor.told[0].move == 1 - Decimal(89_300) / Decimal(94_000)

    async def test_a_move_that_happened_already_waits_for_the_next(self, floor: Floor) -> None:
        floor.past(Timeframe.M1, (90_000, 99_000, 90_000, 90_000), begins=-10 * MINUTE)

        alert = await floor.arm("btc -5% 1h")

        assert not alert.is_armed
        await floor.price("89900")
        assert floor.pushes == []

    async def test_a_move_is_armed_without_candles_too(self, floor: Floor) -> None:
        floor.source.failure = Transient("down")
        alert = await floor.arm("btc -5% 1h")
        floor.source.failure = None
        async with floor.running():
            await until(lambda: floor.alerts.list(VERA)[0].reading == 0)
            await floor.say("90000")
            await floor.say("85000")
            await floor.until_told(1)

        assert floor.pushes == [f"alert:{alert.id}:1"]

    def days(self, floor: Floor, *highs: float) -> None:
        rows = [(90_000, high, 80_000, 90_000) for high in highs]
        floor.past(Timeframe.D1, *rows, begins=-timedelta(days=len(highs)))

    async def test_a_new_high_is_one_of_the_days_asked_for(self, floor: Floor) -> None:
        self.days(floor, 99_000, 93_000, 92_000)
        alert = await floor.arm("btc high 2d")
        (standing,) = floor.alerts.list(VERA)
        assert standing.reading == 93_000

        await floor.price("93000")
        assert floor.pushes == []
        await floor.price("93000.01")
        assert floor.pushes == [f"alert:{alert.id}:1"]

    async def test_today_as_far_as_it_went_counts(self, floor: Floor) -> None:
        self.days(floor, 93_000, 92_000)
        floor.past(Timeframe.M5, (90_000, 95_000, 90_000, 90_000), begins=-6 * HOUR)
        await floor.arm("btc high 2d")

        await floor.price("94000")
        assert floor.pushes == []
        await floor.price("95001")
        assert len(floor.pushes) == 1

    async def test_more_days_than_the_market_has_are_refused_with_those_it_has(self, floor: Floor) -> None:
        self.days(floor, 93_000, 92_000)

        with pytest.raises(Refused) as refused:
            await floor.arm("btc high 30d")

        assert refused.value.code == "alert_history"
        assert refused.value.params["forms"] == [("BTC high 2d", "alert BTCUSDT high 2d")]
        assert floor.alerts.count == 0

    async def test_many_windows_on_one_market_live_together(self, floor: Floor) -> None:
        self.days(floor, 93_000, 92_000)
        for text in ("btc -5% 1h", "btc +3% 15m", "btc ±9% 24h", "btc high 2d", "btc low 1d", "btc 100k"):
            await floor.arm(text)

        await floor.price("93100")

        assert [told.alert.condition for told in floor.told] == [
            PercentMove(Way.UP, Decimal("0.03"), timedelta(minutes=15)),
            NewExtreme(Way.UP, 2),
        ]


class TestAfterTheDeskWasAway:
    async def test_a_touch_while_it_was_down_is_told_late_once_with_its_time(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k")
        await floor.price("99000")
        floor.past(
            Timeframe.M1,
            (99_000, 99_500, 98_000, 99_000),
            (99_000, 99_500, 98_000, 99_000),
            (99_000, 100_400, 98_000, 99_000),
            (99_000, 99_500, 98_000, 99_000),
        )
        floor.clock.move(600)
        floor.source.prices["BTCUSDT"] = a_ticker("BTCUSDT", "99000", at=floor.clock.now())

        await floor.start()
        async with floor.running():
            await floor.until_told(1)
        await floor.start()
        async with floor.running():
            await floor.price("100500")

        assert floor.pushes == [f"alert:{alert.id}:1"]
        (told,) = floor.told
        assert told.is_late
        assert NOON + 2 * MINUTE <= told.at < NOON + 3 * MINUTE

    async def test_a_restart_before_the_telling_was_written_tells_it(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k")
        await floor.price("99000")
        floor.clock.move(1)
        await floor.say("100000")
        floor.past(Timeframe.M1, (99_000, 100_000, 98_000, 100_000))

        await floor.start()
        async with floor.running():
            await floor.until_told(1)

        assert floor.pushes == [f"alert:{alert.id}:1"]

    async def test_a_restart_after_the_telling_tells_nothing_more(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k every 1h")
        await floor.price("100000")
        floor.past(Timeframe.M1, (99_000, 100_000, 98_000, 100_000), (99_000, 100_000, 98_000, 100_000))
        floor.clock.move(60)

        await floor.start()
        async with floor.running():
            await floor.price("99000")
            await floor.price("100000")

        assert floor.pushes == [f"alert:{alert.id}:1"]

    async def test_one_armed_again_before_the_restart_is_still_armed(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k every 1m")
        await floor.price("100000")
        for _ in range(4):
            await floor.price("99000", after_s=20)

        await floor.start()
        async with floor.running():
            await floor.price("100000")
            await floor.until_told(2)

        assert floor.pushes == [f"alert:{alert.id}:1", f"alert:{alert.id}:2"]

    async def test_a_muted_one_stays_muted(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k")
        await floor.alerts.mute(VERA, alert.id)

        await floor.start()
        await floor.price("100000")

        assert floor.pushes == []
        assert [one.alert.state for one in floor.alerts.list(VERA)] == [AlertState.MUTED]

    async def test_a_jump_over_the_level_and_back_is_found(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k")
        await floor.price("99000")
        floor.past(Timeframe.M1, *[(99_000, 99_500, 98_000, 99_000)] * 5, (99_000, 101_000, 98_000, 99_000))
        async with floor.running():
            await floor.price("98500", after_s=600)
            await floor.until_told(1)

        assert floor.pushes == [f"alert:{alert.id}:1"]

    async def test_without_candles_the_price_of_now_counts_after_a_moment(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k")
        await floor.price("99000")
        await floor.price("100000", after_s=600)  # nobody asks for candles: the loops do not run
        assert floor.pushes == []

        await floor.price("100100", after_s=6)

        assert floor.pushes == [f"alert:{alert.id}:1"]

    async def test_months_away_are_lived_through_in_coarse_candles(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k")
        await floor.price("99000")
        hours = [(99_000.0, 99_500.0, 98_000.0, 99_000.0)] * 500
        hours[400] = (99_000, 103_000, 98_000, 99_000)
        floor.past(Timeframe.H1, *hours)
        floor.clock.move(500 * 3600)
        floor.source.prices["BTCUSDT"] = a_ticker("BTCUSDT", "99000", at=floor.clock.now())

        await floor.start()
        async with floor.running():
            await floor.until_told(1)

        assert floor.pushes == [f"alert:{alert.id}:1"]
        assert abs(floor.told[0].at - (NOON + 400 * HOUR)) <= HOUR

    async def test_what_is_over_for_a_month_is_forgotten(self, floor: Floor) -> None:
        alert = await floor.arm("btc > 100k")
        await floor.alerts.delete(VERA, alert.id)
        assert await floor.alerts.forget_old() == 0

        floor.clock.move(31 * 86_400)

        assert await floor.alerts.forget_old() == 1
        with pytest.raises(Refused, match="alert_gone"):
            await floor.alerts.restore(VERA, alert.id)


def test_ways_are_opposite() -> None:
    assert Way.UP.opposite is Way.DOWN
    assert Way.DOWN.opposite is Way.UP
