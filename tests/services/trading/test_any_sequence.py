"""After any sequence of deeds and moves of the market the books agree with themselves, to the last digit."""

import asyncio
import csv
import io
from collections.abc import Coroutine
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engines.core.instrument import MarketKind
from engines.core.perp import Funding
from engines.core.side import Direction
from engines.ledger.entry import posted, sums
from engines.orders.lifecycle import is_final
from engines.orders.trade import Trade
from ports.errors import Refused
from tests.build.paper_desk import TOM, PaperDesk, a_paper_desk, a_wish

SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT")
START = {"BTCUSDT": Decimal(100), "ETHUSDT": Decimal(10), "SOLUSDT": Decimal(20)}

steps = st.integers(-1500, 1500).map(lambda points: Decimal(points) / 10_000)


class Account(RuleBasedStateMachine):
    """Tom trades, the market moves, funding is settled, the desk restarts."""

    @initialize()
    def begin(self) -> None:
        self.runner = asyncio.Runner()
        self.prices = dict(START)
        self.desk: PaperDesk = self.do(a_paper_desk())
        self.settlements = 0

    def do(self, deed: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(deed)

    def try_(self, deed: Coroutine[Any, Any, Any]) -> None:
        """Whether it is refused depends on what came before; then nothing has changed."""
        with suppress(Refused):
            self.do(deed)

    def live(self) -> list[Trade]:
        return [standing.trade for standing in self.desk.trades.live(TOM)]

    @rule(
        symbol=st.sampled_from(SYMBOLS),
        direction=st.sampled_from(Direction),
        notional=st.integers(5, 3000),
        leverage=st.integers(1, 5),
        stop=st.none() | st.integers(1, 30),
        aims=st.lists(st.integers(1, 30), max_size=3, unique=True),
        trail=st.none() | st.integers(1, 20),
        limit=st.none() | st.integers(-5, 5),
    )
    def open(
        self,
        symbol: str,
        direction: Direction,
        notional: int,
        leverage: int,
        stop: int | None,
        aims: list[int],
        trail: int | None,
        limit: int | None,
    ) -> None:
        is_spot = symbol == "SOLUSDT"
        sign, price = direction.sign, self.prices[symbol]
        at = price if limit is None else price * (100 + limit) / 100
        wish = a_wish(
            symbol,
            str(notional),
            direction=Direction.LONG if is_spot else direction,
            leverage="1" if is_spot else str(leverage),
            stop=None if stop is None else at * (100 - stop * sign) / 100,
            targets=tuple(at * (100 + target * sign) / 100 for target in aims),
            trail=None if trail is None else Decimal(trail) / 100,
            limit_price=None if limit is None else at,
        )
        key = self.desk.key()
        self.try_(self.desk.trades.open(self.desk.tom, wish, key=key, chat_id=TOM, message_id=1))

    @rule(symbol=st.sampled_from(SYMBOLS), step=steps, off_mark=st.integers(-3, 3))
    def move(self, symbol: str, step: Decimal, off_mark: int) -> None:
        for one in SYMBOLS:
            if one != symbol:
                self.do(self.desk.tick(str(self.prices[one]), one, after_s=0.1))
        price = max((self.prices[symbol] * (1 + step)).quantize(Decimal("0.01")), Decimal("0.5"))
        self.prices[symbol] = price
        mark = (price * (100 + off_mark) / 100).quantize(Decimal("0.01"))
        self.do(self.desk.tick(str(price), symbol, after_s=0.5, mark=str(mark)))

    @rule(number=st.integers(0, 5), share=st.sampled_from(["0.25", "0.5", "0.333", "1"]))
    def close(self, number: int, share: str) -> None:
        if number < len(live := self.live()):
            key = self.desk.key()
            self.try_(self.desk.trades.close(self.desk.tom, live[number].id, share=Decimal(share), key=key))

    @rule(number=st.integers(0, 5), distance=st.integers(1, 10))
    def protect(self, number: int, distance: int) -> None:
        if number < len(live := self.live()):
            trade = live[number]
            stop = self.prices[trade.instrument.symbol] * (100 - distance * trade.direction.sign) / 100
            self.try_(self.desk.trades.protect(self.desk.tom, trade.id, stop=stop, key=self.desk.key()))

    @rule(symbol=st.sampled_from(["BTCUSDT", "ETHUSDT"]), rate=st.integers(-50, 50))
    def fund(self, symbol: str, rate: int) -> None:
        desk = self.desk
        self.settlements += 1
        at = desk.clock.now() + timedelta(microseconds=self.settlements)
        desk.source.settled.append(Funding(symbol=symbol, rate=Decimal(rate) / 10_000, at=at))
        desk.clock.move(6)
        for one in SYMBOLS:
            desk.set(str(self.prices[one]), one)
        ticker = desk.source.perp_prices[symbol]
        desk.source.perp_prices[symbol] = replace(
            ticker, next_funding_at=desk.clock.now() + timedelta(seconds=1)
        )
        self.do(desk.perps.fresh(symbol))
        self.do(desk.trades.fundings.settle(symbol))

    @rule()
    def restart(self) -> None:
        before = self.desk
        self.desk = self.do(
            a_paper_desk(books=before.books, outbox=before.outbox, clock=before.clock, source=before.source)
        )
        self.desk.keys = before.keys
        self.do(self.desk.recover())

    @rule()
    def reset(self) -> None:
        self.try_(self.desk.trades.reset(self.desk.tom, key=self.desk.key()))

    @invariant()
    def the_ledger_sums_to_zero(self) -> None:
        entries = self.do(self.desk.books.entries(TOM))
        assert all(total == 0 for entry in entries for total in sums(entry.postings).values())
        assert posted({}, entries) == self.balances

    @invariant()
    def balances_agree_with_trades(self) -> None:
        trades: list[Trade] = list(self.do(self.desk.books.trades(TOM, limit=999)))
        for trade in trades:
            is_spot = trade.instrument.kind is MarketKind.SPOT
            account = ("spot", trade.instrument.base) if is_spot else (f"margin:{trade.id}", "USDT")
            if trade.is_live:
                assert self.balances.get(account, Decimal(0)) == (trade.quantity if is_spot else trade.margin)
        if not trades:
            return
        account = self.do(self.desk.trades.register.account(TOM))
        mine = [trade for trade in trades if trade.id > account.earlier]
        cash = self.balances.get(("cash", "USDT"), Decimal(0))
        bound = sum((trade.margin for trade in mine), Decimal(0))
        coins = sum(
            (trade.held_cost for trade in mine if trade.instrument.kind is MarketKind.SPOT), Decimal(0)
        )
        assert cash + bound + coins == 1000 + sum((trade.net for trade in mine), Decimal(0))

    @invariant()
    def nothing_is_spent_that_is_not_there(self) -> None:
        funds = self.desk.trades.orders.funds
        assert funds.cash(TOM) >= 0
        assert all(amount >= 0 for (name, _), amount in self.balances.items() if name == "spot")

    @invariant()
    def orders_do_what_their_intents_wanted(self) -> None:
        for trade in self.do(self.desk.books.trades(TOM, limit=999)):
            orders = self.do(self.desk.books.orders(trade.id))
            for intent in {order.intent.id: order.intent for order in orders}.values():
                done = sum((one.filled for one in orders if one.intent.id == intent.id), Decimal(0))
                assert done <= intent.quantity
            assert trade.is_live or all(is_final(order.state) for order in orders)
            assert trade.entered - trade.exited == trade.quantity >= 0

    @invariant()
    def the_export_agrees_with_the_ledger(self) -> None:
        files = self.do(self.desk.trades.export(self.desk.tom))
        rows = list(csv.DictReader(io.StringIO(files[2].content.decode())))
        totals: dict[tuple[str, str], Decimal] = {}
        for row in rows:
            key = row["account"], row["asset"]
            totals[key] = totals.get(key, Decimal(0)) + Decimal(row["amount"])
        assert {key: total for key, total in totals.items() if total} == self.balances
        fees = sum((Decimal(row["fee"]) for row in csv.DictReader(io.StringIO(files[1].content.decode()))), 0)
        assert fees == totals.get(("fees", "USDT"), Decimal(0))

    @property
    def balances(self) -> dict[tuple[str, str], Decimal]:
        return dict(self.do(self.desk.trades.register.account(TOM)).balances)

    def teardown(self) -> None:
        self.runner.close()


TestAccount = pytest.mark.timeout(300)(Account.TestCase)
TestAccount.settings = settings(max_examples=30, stateful_step_count=25)
