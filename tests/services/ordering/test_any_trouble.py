"""Whatever the venue, the wire and the process do, the books end equal to the venue's own, and nothing is
sent twice."""

import asyncio
import random
from collections.abc import Coroutine
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engines.ledger.entry import posted, sums
from engines.orders.lifecycle import is_final
from engines.orders.order import ExecutionStyle, OrderKind
from ports.books import Conflict
from ports.errors import Refused, Transient, Uncertain
from tests.build.books import MemoryBooks
from tests.build.clock import HandClock
from tests.build.fake_venue import FakeVenue, Trouble
from tests.build.killing import Countdown, Killed
from tests.build.live_desk import LIVE, LiveDesk, a_live_desk

troubles = st.none() | st.sampled_from(Trouble)
sizes = st.integers(1, 40).map(lambda lots: str(Decimal(lots) / 1000))


class Venue(RuleBasedStateMachine):
    """The desk trades one market; answers are lost, reports come late, twice and in any order, and the
    process is killed at any step."""

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()  # a runner prints the desk at every deed
        self.clock = HandClock()
        self.books, self.venue = MemoryBooks(), FakeVenue(self.clock)
        self.desk: LiveDesk = self.loop.run_until_complete(a_live_desk(books=self.books, venue=self.venue))
        self.count = 0
        self.told: list[Any] = []

    def do(self, deed: Coroutine[Any, Any, Any], kill_at: int | None = None) -> None:
        """Do it; a process that is killed on the way starts again."""
        try:
            self.loop.run_until_complete(deed)
        except (Conflict, Refused, Transient, Uncertain):
            return
        except Killed:
            self.restart()

    def restart(self) -> None:
        self.desk = self.loop.run_until_complete(a_live_desk(books=self.books, venue=self.venue))
        self.loop.run_until_complete(self.desk.orders.returning.recover("bybit"))

    @rule(
        quantity=sizes,
        trouble=troubles,
        share=st.sampled_from(["0", "0.3", "1"]),
        style=st.sampled_from([ExecutionStyle.SINGLE, ExecutionStyle.MAKER_THEN_MARKET, None]),
        kill_at=st.none() | st.integers(1, 6),
    )
    def enter(
        self,
        quantity: str,
        trouble: Trouble | None,
        share: str,
        style: ExecutionStyle | None,
        kill_at: int | None,
    ) -> None:
        if trouble is not None:
            self.venue.on_submit.append(trouble)
        self.venue.partial.append(Decimal(share))
        if kill_at is not None:
            self.desk = self.loop.run_until_complete(
                a_live_desk(books=self.books, venue=self.venue, countdown=Countdown(kill_at))
            )
        self.do(self._enter(quantity, style))
        self.venue.on_submit.clear()
        self.venue.partial.clear()
        if kill_at is not None:
            self.restart()

    async def _enter(self, quantity: str, style: ExecutionStyle | None) -> None:
        self.count += 1
        trade = await self.desk.trade()
        is_limit = style is None
        intent = self.desk.intent(
            trade,
            quantity,
            style=style or ExecutionStyle.SINGLE,
            kind=OrderKind.LIMIT if is_limit else OrderKind.MARKET,
            limit_price=Decimal(99) if is_limit else None,
        )
        self.desk.count = self.count
        await self.desk.orders.place(trade, [intent])

    @rule(number=st.integers(0, 5), trouble=troubles)
    def cancel(self, number: int, trouble: Trouble | None) -> None:
        live = [one for one in self.desk.orders.register.working("bybit") if not is_final(one.state)]
        if number < len(live):
            if trouble is not None:
                self.venue.on_cancel.append(trouble)
            self.do(self.desk.orders.cancel(live[number].id))
            self.venue.on_cancel.clear()

    @rule(number=st.integers(0, 5), quantity=sizes)
    def somebody_trades_with_us(self, number: int, quantity: str) -> None:
        names = [name for name, told in self.venue.orders.items() if told.state.value == "open"]
        if number < len(names):
            self.venue.fill(names[number], quantity)

    @rule(seed=st.integers(0, 2**16), is_shuffled=st.booleans(), is_doubled=st.booleans(), kept=st.booleans())
    def the_stream_tells(self, seed: int, is_shuffled: bool, is_doubled: bool, kept: bool) -> None:
        told, self.venue.stream = self.venue.stream, []
        self.told += told
        if is_shuffled:
            random.Random(seed).shuffle(told)
        if is_doubled:
            told = [*told, *self.told[-10:]]
        if kept:  # the rest was lost with the connection
            told = told[: len(told) // 2]
        for report in told:
            self.desk.orders.hearing.hear("bybit", report)
        self.do(self.desk.orders.hearing.work_off())

    @rule(after_s=st.integers(1, 7), trouble=st.none() | st.just(Trouble.BUSY))
    def time_passes(self, after_s: int, trouble: Trouble | None) -> None:
        if trouble is not None:
            self.venue.on_read.append(trouble)
        self.do(self.desk.look_up(after_s=after_s))
        self.venue.on_read.clear()
        for order in self.desk.orders.register.working("bybit"):
            self.do(self._step(order.intent.trade_id, order.intent.id))

    async def _step(self, trade_id: int, intent_id: str) -> None:
        await self.desk.orders.runner.step(trade_id, intent_id)

    @rule()
    def the_process_is_killed(self) -> None:
        self.restart()

    @invariant()
    def nothing_was_sent_twice(self) -> None:
        assert len(self.venue.submits) == len(set(self.venue.submits))

    @invariant()
    def no_intent_is_filled_beyond_its_size(self) -> None:
        asked: dict[str, Decimal] = {}
        for told in self.venue.orders.values():
            intent_id = told.client_id.rpartition("-")[0]
            asked[intent_id] = asked.get(intent_id, Decimal(0)) + told.filled
        for intent_id, filled in asked.items():
            trade = self.loop.run_until_complete(self.books.by_intent(intent_id))
            assert trade is not None
            orders = self.loop.run_until_complete(self.books.orders(trade.id))
            assert filled <= next(one.intent.quantity for one in orders if one.intent.id == intent_id)

    @invariant()
    def the_ledger_sums_to_zero(self) -> None:
        entries = self.loop.run_until_complete(self.books.entries(LIVE.owner))
        assert all(total == 0 for entry in entries for total in sums(entry.postings).values())
        assert posted({}, entries) == self.desk.orders.register.balances(LIVE.owner)

    def teardown(self) -> None:
        """In the end the venue is asked until nothing is in doubt: then the books are the venue's."""
        if not hasattr(self, "desk"):
            return
        self.restart()
        for _ in range(20):
            self.loop.run_until_complete(self.desk.look_up(after_s=4))
            self.loop.run_until_complete(self.desk.orders.hearing.compare("bybit"))
        bought = sum((one.quantity for one in self.venue.executed), Decimal(0))
        held = sum((one.trade.quantity for one in self.desk.orders.register.live()), Decimal(0))
        assert held == bought
        assert self.desk.orders.resolver.doubted("bybit") == 0
        assert not self.desk.breakers.pulled.keys() - {"starting:bybit"}
        self.loop.close()


TestVenue = Venue.TestCase
TestVenue.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
