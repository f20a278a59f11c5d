"""Breakers: what pulls a latch, what releases it, and who has to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from engines.ledger import movement
from engines.orders.order import OrderState
from engines.orders.subaccount import EngineName
from engines.risk.latch import Cause, Latch, Scope
from engines.risk.limits import Limits
from engines.risk.verdict import Ruling
from ports.health import FeedHealth
from ports.people import Role
from services.breakers import Breakers
from services.latches import Latches
from tests.build.clock import NOON
from tests.build.gates import BTC, SOL, GateRoom, a_gate_room
from tests.build.latches import LatchDesk
from tests.build.markets import a_ticker
from tests.build.people import a_person
from tests.build.stores import MemoryFacts

D = Decimal
CORE, MANUAL, NEUTRAL, TREND = EngineName.CORE, EngineName.MANUAL, EngineName.NEUTRAL, EngineName.TREND
ANN = a_person(11, role=Role.ADMIN)


def feed(name: str, *, is_ok: bool = True, age_s: float | None = 1.0) -> FeedHealth:
    return FeedHealth(name=f"bybit_{name}", is_ok=is_ok, age_s=age_s, code="streaming")


@dataclass(slots=True, kw_only=True)
class Watch:
    """Breakers over a trading room, with the desk's own latches."""

    room: GateRoom
    facts: MemoryFacts
    latch_desk: LatchDesk
    latches: Latches
    breakers: Breakers
    feeds: list[FeedHealth] = field(default_factory=list)

    @property
    def ids(self) -> Sequence[str]:
        """Latches in force."""
        return sorted(latch.id for latch in self.latches.all())

    async def look(self, *, after_s: float = 0) -> Sequence[str]:
        """Latches in force after a look so much later."""
        self.room.desk.clock.move(after_s)
        await self.breakers.look()
        return self.ids

    async def prices(self, btc: str, sol: str = "20") -> Sequence[str]:
        """Latches in force once the markets stand there."""
        await self.room.prices(btc=btc, sol=sol)
        return await self.look()

    async def restarted(self) -> "Watch":
        """The same desk in a new process."""
        room = await a_gate_room(self.room.desk, facts=self.facts)
        latches = self.latch_desk.restarted()
        return over(room, self.facts, self.latch_desk, latches)


def over(room: GateRoom, facts: MemoryFacts, latch_desk: LatchDesk, latches: Latches) -> Watch:
    feeds: list[FeedHealth] = []
    breakers = Breakers.over(
        room.viewing,
        latches,
        feeds=lambda: feeds,
        account_of=lambda engine: "bybit",
        limits=Limits(),
    )
    breakers.candles.listen()
    return Watch(
        room=room, facts=facts, latch_desk=latch_desk, latches=latches, breakers=breakers, feeds=feeds
    )


async def a_watch() -> Watch:
    facts = MemoryFacts()
    room = await a_gate_room(facts=facts)
    latch_desk = LatchDesk(clock=room.desk.clock)
    await latch_desk.latches.load()
    return over(room, facts, latch_desk, latch_desk.latches)


async def test_nothing_is_watched_while_no_engine_has_an_account() -> None:
    watch = await a_watch()
    await watch.room.desk.open(notional="900")
    watch.feeds += [feed("rest", is_ok=False), feed("stream", is_ok=False)]
    assert await watch.prices("10") == []


async def test_nothing_is_looked_at_before_the_latches_are_known() -> None:
    """Else a latch that is not read yet would look like one that an admin has cleared."""
    watch = await a_watch()
    await watch.room.enter(MANUAL, 9, leverage=5)
    await watch.look()
    pulled = ["daily_loss:manual:paper", "drawdown:desk:paper", "drawdown:manual:paper"]
    assert await watch.prices("75") == pulled
    again = await watch.restarted()
    assert await again.prices("75") == []
    await again.latches.load()
    assert await again.look() == pulled
    mark = again.room.viewing.marks.get("manual:paper")
    assert mark is not None
    assert mark.high_water == D(1000)
    assert mark.is_halted


async def test_a_bad_day_pauses_an_engine_until_the_next() -> None:
    watch = await a_watch()
    await watch.room.enter(MANUAL, 9, leverage=5)
    await watch.look()
    assert await watch.prices("97.1") == []
    assert await watch.prices("96.5") == ["daily_loss:manual:paper"]
    latch = watch.latches.get("daily_loss:manual:paper")
    assert latch is not None
    assert latch.scope == Scope(engine="manual", account="paper")
    assert latch.cause is Cause.DAILY_LOSS
    assert latch.until == NOON + timedelta(hours=12)
    assert latch.detail.startswith("−3.2")
    assert await watch.prices("99") == []


async def test_what_moves_to_another_wallet_is_no_loss_and_back_no_profit() -> None:
    watch = await a_watch()
    trade = await watch.room.trade(MANUAL)
    await watch.look()
    for number, amount in enumerate((D(-600), D(600), D(-300))):
        entry = movement.wallet_transfer(trade.owner, f"bybit:{number}", "USDT", amount, NOON, quote="USDT")
        assert await watch.room.orders.register.book(trade.owner, entry)
        assert await watch.look() == []
    worth = watch.room.viewing.worth()
    assert (worth.equity(trade.owner), worth.contributed([trade.owner])) == (D(700), {"USDT": D(700)})


async def test_the_next_day_begins_without_the_loss_of_the_last() -> None:
    watch = await a_watch()
    await watch.room.enter(MANUAL, 9, leverage=5)
    await watch.look()
    assert await watch.prices("96") == ["daily_loss:manual:paper"]
    watch.room.desk.clock.move(12 * 3600)
    assert await watch.prices("96") == []


async def test_a_drawdown_halts_until_an_admin_lets_the_engine_go_on() -> None:
    watch = await a_watch()
    trade = await watch.room.enter(TREND, "4.4", leverage=2)
    await watch.look()
    await watch.prices("150")
    await watch.look(after_s=1)
    for price in ("145", "140", "135", "130", "125", "120", "115", "110", "105"):
        await watch.prices(price)
        watch.room.desk.clock.move(61)
    watch.room.desk.clock.move(24 * 3600)
    assert await watch.prices("94") == ["drawdown:desk:paper", "drawdown:trend:paper"]
    entry = watch.room.entry(trade, "0.1", worst_price=D(94), decision_price=D(94))
    latch = watch.latches.stopping(entry)
    assert latch is not None
    assert latch.cause is Cause.DRAWDOWN
    assert await watch.prices("150") == ["drawdown:desk:paper", "drawdown:trend:paper"]
    await watch.prices("94")
    for name in ("drawdown:desk:paper", "drawdown:trend:paper"):
        await watch.latches.clear(name, ANN)
    assert await watch.look() == []
    mark = watch.room.viewing.marks.get("trend:paper")
    assert mark is not None
    assert (mark.high_water, mark.is_halted) == (watch.room.viewing.worth().equity(trade.owner), False)
    assert watch.room.gate.judge(entry, trade).ruling is not Ruling.DENY


async def test_core_holds_through_a_crash() -> None:
    """Its losses stop nothing of its own; the desk as a whole takes no more leverage."""
    watch = await a_watch()
    trade = await watch.room.enter(CORE, 22, SOL)
    await watch.look()
    watch.room.desk.clock.move(3600)
    assert await watch.prices("100", sol="10") == ["drawdown:desk:paper"]
    latch = watch.latches.get("drawdown:desk:paper")
    assert latch is not None
    assert latch.scope == Scope(account="paper")
    spot = watch.room.entry(trade, "0.1")
    assert watch.latches.stopping(spot) is None
    perp = watch.room.entry(await watch.room.trade(NEUTRAL, BTC), "0.1")
    assert watch.latches.stopping(perp) == latch


async def test_what_is_not_known_is_no_loss() -> None:
    watch = await a_watch()
    await watch.room.enter(MANUAL, 9, leverage=5)
    await watch.look()
    assert await watch.look(after_s=31) == []


async def tell(watch: Watch, price: str) -> None:
    """A second later a spot price of BTC comes."""
    desk = watch.room.desk
    desk.clock.move(1)
    desk.source.prices["BTCUSDT"] = a_ticker("BTCUSDT", price, at=desk.clock.now())
    await desk.markets.quote("BTCUSDT")


async def test_a_wild_minute_stops_engines_that_trade_the_asset_for_half_an_hour() -> None:
    watch = await a_watch()
    await watch.room.trade(NEUTRAL)
    await watch.room.trade(MANUAL)
    await watch.look()
    await tell(watch, "100")
    assert await watch.look(after_s=10) == []
    await tell(watch, "92.9")
    assert await watch.look() == ["candle:neutral"]
    latch = watch.latches.get("candle:neutral")
    assert latch is not None
    assert (latch.cause, latch.scope, latch.detail) == (Cause.CANDLE, Scope(engine="neutral"), "BTC 7.1 %")
    assert await watch.look(after_s=29 * 60) == ["candle:neutral"]
    assert await watch.look(after_s=59) == ["candle:neutral"]
    assert await watch.look(after_s=1) == []


async def test_engines_are_stopped_by_what_they_hold() -> None:
    watch = await a_watch()
    await watch.room.enter(MANUAL, 1)
    await watch.look()
    await tell(watch, "100")
    watch.room.desk.clock.move(5)
    await tell(watch, "108")
    assert await watch.look() == ["candle:manual"]


async def test_a_restart_keeps_a_wild_candle_s_latch_for_another_half_hour() -> None:
    watch = await a_watch()
    await watch.room.trade(NEUTRAL)
    await watch.look()
    await tell(watch, "100")
    await tell(watch, "90")
    assert await watch.look() == ["candle:neutral"]
    again = await watch.restarted()
    await again.latches.load()
    assert await again.look(after_s=20 * 60) == ["candle:neutral"]
    assert await again.look(after_s=29 * 60) == ["candle:neutral"]
    assert await again.look(after_s=60) == []


async def test_without_prices_nothing_enters_until_they_were_there_for_a_minute() -> None:
    watch = await a_watch()
    await watch.room.trade(MANUAL)
    watch.feeds[:] = [feed("rest"), feed("stream", is_ok=False)]
    assert await watch.look() == []
    watch.feeds[:] = [feed("rest", is_ok=False), feed("stream", is_ok=False)]
    assert await watch.look() == ["feed:spot"]
    latch = watch.latches.get("feed:spot")
    assert latch is not None
    assert latch.scope == Scope()
    watch.feeds[:] = [feed("rest")]
    assert await watch.look(after_s=59) == ["feed:spot"]
    assert await watch.look(after_s=1) == []


async def test_silent_candles_stop_what_reads_candles() -> None:
    watch = await a_watch()
    await watch.room.trade(MANUAL)
    await watch.room.trade(TREND)
    watch.feeds[:] = [feed("candles", is_ok=False)]
    assert await watch.look() == ["feed:candles:trend"]


async def test_a_feed_that_never_spoke_is_not_silent_yet() -> None:
    watch = await a_watch()
    await watch.room.trade(MANUAL)
    watch.feeds[:] = [feed("perps", is_ok=False, age_s=None)]
    assert await watch.look() == []


async def test_what_a_person_pulled_is_left_alone() -> None:
    watch = await a_watch()
    await watch.room.trade(MANUAL)
    await watch.latches.pull(Latch(id="drill:feed", scope=Scope(), cause=Cause.FEED, pulled_at=NOON))
    assert await watch.look() == ["drill:feed"]


async def test_how_assets_go_together_is_learned_once_a_minute() -> None:
    watch = await a_watch()
    trade = await watch.room.enter(MANUAL, 1)
    held = watch.room.orders.register.get(trade.id)
    assert held is not None
    assert held.orders[0].state is OrderState.FILLED
    await watch.look()
    asked = len(watch.room.desk.source.asked)
    await watch.look(after_s=59)
    assert len(watch.room.desk.source.asked) == asked
