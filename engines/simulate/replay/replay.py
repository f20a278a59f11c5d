"""A strategy played on recorded markets, through the very code that trades.

What a strategy proposes at the close of a bar becomes an intent (`engines.orders.drafting`), meets the gate
(`engines.risk.judge`), becomes an order (`engines.orders.lifecycle`), is filled by a bar, settled
(`engines.orders.settlement`) and booked (`engines.ledger`); stops, targets and liquidation are those of
`engines.orders.protection`. Money is Decimal throughout. Everything that happens is a line of a journal,
whose hash is the run's digest: the same input gives the same digest, whatever was skipped on the way.

Order of events at a moment T:

1.  Bars that end at T have met what stood: first the position's stop, liquidation and targets on the way
    open -> adverse extreme -> favourable extreme -> close, then limits that rest. A limit is filled at its
    price and only where the market traded through it. An entry that rests and is filled opens a position for
    the rest of the bar, of which only the adverse extreme and the close count.
2.  Funding of T is settled on what is held, at the mark: the close of the last mark candle, else the traded
    close. Funding inside a bar is settled before the bar meets anything but its open.
3.  A market that is delisted at T: what is under way ends, what is held is closed at the last close.
4.  Orders whose time is over at T end.
5.  The account is looked at: high-water mark, worth at the beginning of the UTC day, one entry of the curve
    a close.
6.  What waited for an outage to end is sent at the first close after it, then readers hear what closed at T
    and the strategy decides. Each proposal is measured at the last close and judged then.
7.  Bars that open at T meet orders that waited for them. At the market: the open, moved by the slippage
    against us, never beyond the range of the bar. Where the open is worse than `max_slippage` from the price
    at the decision nothing is filled; where only the slipped price is, the guard is the price. A new limit
    that the market opens beyond takes, at the slipped open or its limit; else it rests from here on. An
    entry against a position whose close is under way is judged and filled right behind that close, at the
    same open.

What is pessimistic beside that: a stop is filled at its price, or at the open beyond it, moved by the
slippage, never beyond the bar. What is not: a target is filled where it is touched, at its price or a better
open, without slippage, as a maker.
Post-only orders join the price at every open and are filled where it trades through that.
`MAKER_THEN_MARKET` is taken as market: a bar cannot show five seconds. A liquidation is filled at the
bankruptcy price. Fills at an open have the time of the open, all others that of the bar's end.
`participation` bounds entries and closes that were decided, not stops and targets. Coarser mark candles than
the bars bound nothing: the traded prices stand for the mark then, except for funding.

The gate is that of the desk. A drawdown that halts the engine halts it for the rest of the run, because only
an admin clears that latch; other latches do not exist here. Positions are on isolated margin, as on paper.
Worth is reckoned at traded closes. Where a signal gates a market, `BUY` forbids to sell there and `SELL` to
buy, entries and ways out alike; stops, targets and liquidation go on.

Between two such moments nothing can happen. A compiled scan (`touch`) finds the next bar that touches
anything, the strategy names the closes at which it may want something (`Strategy.wakes`), and only there
this path runs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from engines.core.candle import IntArray
from engines.core.timeframe import Timeframe
from engines.ledger.entry import Balances, Entry
from engines.orders.proposal import Proposal
from engines.orders.subaccount import PAPER, SubAccount
from engines.simulate.history import History
from engines.simulate.replay.books import Books
from engines.simulate.replay.desk import Desk
from engines.simulate.replay.eyes import Eyes
from engines.simulate.replay.gatekeeper import Gatekeeper
from engines.simulate.replay.instant import utc
from engines.simulate.replay.journal import Journal, Line, proposed
from engines.simulate.replay.lane import Lane
from engines.simulate.replay.tally import Tally
from engines.simulate.replay.tape import series_of, taped
from engines.simulate.replay.watch import Watch
from engines.simulate.run import Run
from engines.simulate.terms import Terms
from engines.strategies.params import told
from engines.strategies.strategy import Strategy

Hear = Callable[[int, int], None]

_NEVER: Final = 2**62
_TELLINGS: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A proposal that `decide` gave at `at_ms` (UTC ms)."""

    at_ms: int
    proposal: Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A run with everything that happened in it: proposals as they were made, the journal, the ledger and
    what it comes to, and the worth at the end to the last digit."""

    run: Run
    wanted: Sequence[Wanted]
    lines: Sequence[Line]
    entries: Sequence[Entry]
    balances: Balances
    equity: Decimal


def replay(
    history: History,
    strategy: Strategy[Any, Any, Any],
    params: Any,
    terms: Terms,
    *,
    hear: Hear | None = None,
) -> Run:
    """Play a strategy. `hear(done, total)` is told now and then how many bars are over; what it raises ends
    the replay. Raises `ValueError` for a history that cannot be played."""
    return play(history, strategy, params, terms, hear=hear).run


def play(
    history: History,
    strategy: Strategy[Any, Any, Any],
    params: Any,
    terms: Terms,
    *,
    hear: Hear | None = None,
    is_skipping: bool = True,
) -> Played:
    """The same with everything that happened. Without `is_skipping` every bar is played and every close
    asked: slow, with the same outcome."""
    return _Player(history, strategy, params, terms, hear, is_skipping=is_skipping).play()


class _Player:
    """One replay from its first moment to its last."""

    def __init__(
        self,
        history: History,
        strategy: Strategy[Any, Any, Any],
        params: Any,
        terms: Terms,
        hear: Hear | None,
        *,
        is_skipping: bool,
    ) -> None:
        _check(history)
        start, quote = utc(history.start_ms), history.markets[0].instrument.quote
        self._history, self._strategy, self._params, self._terms = history, strategy, params, terms
        self._hear, self._is_skipping = hear, is_skipping
        self._lanes = [_lane(history, place) for place in range(len(history.markets))]
        sub_account = SubAccount(engine=strategy.engine, account=PAPER)
        self._books = Books(sub_account.owner, quote, terms.opening, start)
        self._watch = Watch(self._lanes, self._books, terms.limits.halt_at, start)
        self._journal = Journal()
        self._tally = Tally()
        gatekeeper = Gatekeeper(
            terms, strategy.engine, self._lanes, self._books, self._watch, _daily(history)
        )
        self._desk = Desk(
            terms,
            sub_account,
            self._books,
            gatekeeper,
            self._journal,
            self._tally,
            history.outages,
            history.gates,
        )
        self._eyes = Eyes(strategy, params, self._lanes)
        self._asks = self._asking()
        self._ask = 0
        self._state = strategy.start(params)
        self._wanted: list[Wanted] = []
        self._told = 0
        self._is_halted = False

    def play(self) -> Played:
        """All of it."""
        self._watch.note(self._history.start_ms)
        for time_ms in self._moments():
            self._step(time_ms)
            self._tell()
        stop_ms = self._history.stop_ms
        self._watch.before(stop_ms + 1)
        self._say_halted()
        self._tell(is_over=True)
        equity = self._watch.equity(stop_ms)
        self._leave_open(stop_ms)
        self._journal.write(stop_ms, f"end {equity} cash {self._books.cash}")
        return Played(
            run=self._run(),
            wanted=self._wanted,
            lines=self._journal.lines,
            entries=self._books.entries,
            balances=self._books.balances,
            equity=equity,
        )

    def _asking(self) -> IntArray:
        """The moments at which the strategy is asked."""
        wakes = self._strategy.wakes(self._eyes.closes, self._params) if self._is_skipping else None
        times = self._eyes.times() if wakes is None else wakes
        start, stop = times.searchsorted((self._history.start_ms, self._history.stop_ms))
        return times[start:stop]

    def _moments(self) -> Iterator[int]:
        """One after the other, each found when everything before it is over."""
        done_ms = self._history.start_ms - 1
        while (next_ms := self._next(done_ms)) <= self._history.stop_ms:
            yield next_ms
            done_ms = next_ms

    def _next(self, done_ms: int) -> int:
        next_ms = int(self._asks[self._ask]) if self._ask < len(self._asks) else _NEVER
        for lane in self._lanes:
            next_ms = min(next_ms, self._next_of(lane, done_ms))
        return next_ms

    def _next_of(self, lane: Lane, done_ms: int) -> int:
        """When something may happen in a market."""
        times = [_NEVER]
        tape = lane.tape
        touch = lane.touch(is_skipping=self._is_skipping)
        if touch is not None:
            times.append(int(tape.closes_ms[touch[0]]))
        if (open_ms := lane.next_open_ms()) is not None:
            times.append(open_ms)
        if lane.held is not None and tape.fundings is not None:
            row = int(tape.fundings.time_ms.searchsorted(done_ms, side="right"))
            if row < len(tape.fundings.time_ms):
                times.append(int(tape.fundings.time_ms[row]))
        if not lane.is_over and tape.market.delisted_ms is not None:
            times.append(tape.market.delisted_ms)
        times += [_ms(one.intent.expires_at) for one in lane.orders() if one.intent.expires_at is not None]
        if lane.outbox and (row := tape.rows_by(done_ms)) < tape.stop:
            times.append(int(tape.closes_ms[row]))
        return min(max(time, done_ms + 1) for time in times)

    def _step(self, time_ms: int) -> None:
        self._watch.before(time_ms)
        self._say_halted()
        for lane in self._lanes:
            self._close_bars(lane, time_ms)
        for lane in self._lanes:
            self._settle(lane, time_ms)
        self._watch.note(time_ms)
        self._watch.at(time_ms)
        self._say_halted()
        if time_ms >= self._history.stop_ms:
            return
        for lane in self._lanes:
            self._desk.empty_outbox(lane, time_ms)
        self._decide(time_ms)
        for lane in self._lanes:
            if lane.next_open_ms() == time_ms:
                self._desk.open_bar(lane, time_ms)
                self._watch.note(time_ms + 1)

    def _say_halted(self) -> None:
        """Once, when a drawdown has halted the engine."""
        halted_ms = self._watch.halted_ms
        if halted_ms is not None and not self._is_halted:
            self._is_halted = True
            self._journal.write(halted_ms, f"halted {self._terms.limits.halt_at} below the high-water mark")

    def _close_bars(self, lane: Lane, time_ms: int) -> None:
        """Play the bars that have ended by now; those that touch nothing are passed over."""
        tape = lane.tape
        stop = min(tape.rows_by(time_ms), tape.stop)
        while (touch := lane.touch(is_skipping=self._is_skipping)) is not None and touch[0] < stop:
            row, is_touched = touch
            lane.pass_to(row)
            if is_touched:
                self._desk.close_bar(lane, row)
                lane.row = row + 1  # protection has moved the trailing stop as far as that bar may
            else:
                lane.pass_to(row + 1)
            lane.changed()
        lane.pass_to(max(stop, lane.row))

    def _settle(self, lane: Lane, time_ms: int) -> None:
        """Funding, the end of the market, and orders whose time is over."""
        fundings = lane.tape.fundings
        if lane.held is not None and fundings is not None:
            row = int(fundings.time_ms.searchsorted(time_ms))
            if row < len(fundings.time_ms) and fundings.time_ms[row] == time_ms:
                self._desk.fund(lane, float(fundings.rate[row]), time_ms)
        delisted_ms = lane.tape.market.delisted_ms
        if delisted_ms is not None and time_ms >= delisted_ms and not lane.is_over:
            self._desk.delist(lane, time_ms)
        self._desk.expire(lane, time_ms)

    def _decide(self, time_ms: int) -> None:
        if self._ask >= len(self._asks) or self._asks[self._ask] != time_ms:
            return
        self._ask += 1
        snapshot = self._eyes.look(time_ms, self._watch.equity(time_ms))
        proposals, self._state = self._strategy.decide(snapshot, self._state, self._params)
        lanes = {lane.instrument.key: lane for lane in self._lanes}
        for proposal in proposals:
            self._wanted.append(Wanted(at_ms=time_ms, proposal=proposal))
            self._journal.write(time_ms, proposed(proposal))
            self._desk.wish(lanes[proposal.instrument.key], proposal, time_ms)

    def _leave_open(self, stop_ms: int) -> None:
        for lane in self._lanes:
            trade, price = lane.held, lane.price_at(stop_ms)
            if trade is not None and price is not None:
                self._tally.leave_open(trade, price, utc(stop_ms))
                self._journal.write(stop_ms, f"open {trade.id} {trade.quantity} at {price}")

    def _run(self) -> Run:
        history, halted_ms = self._history, self._desk.gatekeeper.halted_ms
        return Run(
            strategy=self._strategy.name,
            params=told(self._params),
            symbols=tuple(lane.instrument.symbol for lane in self._lanes),
            start=utc(history.start_ms),
            stop=utc(history.stop_ms),
            opening=self._terms.opening,
            bars=sum(lane.tape.stop - lane.tape.first for lane in self._lanes),
            curve=self._watch.curve(),
            rounds=tuple(self._tally.rounds),
            executions=tuple(self._tally.executions),
            blocked=tuple(self._desk.blocked),
            digest=self._journal.digest,
            halted_at=None if halted_ms is None else utc(halted_ms),
        )

    def _tell(self, *, is_over: bool = False) -> None:
        if self._hear is None:
            return
        total = sum(lane.tape.stop - lane.tape.first for lane in self._lanes)
        done = total if is_over else sum(lane.row - lane.tape.first for lane in self._lanes)
        if is_over or done - self._told >= max(total / _TELLINGS, 1):
            self._told = done
            self._hear(done, total)


def _check(history: History) -> None:
    if not history.markets:
        raise ValueError("no market to play: name one at least")
    quotes = {market.instrument.quote for market in history.markets}
    if len(quotes) > 1:
        raise ValueError(f"markets in {', '.join(sorted(quotes))}: play those of one currency together")
    keys = [market.instrument.key for market in history.markets]
    if len(set(keys)) != len(keys):
        raise ValueError("a market is there twice")
    if history.stop_ms <= history.start_ms:
        raise ValueError("the end has to come after the start")


def _lane(history: History, place: int) -> Lane:
    tape = taped(history.markets[place], history.start_ms, history.stop_ms)
    return Lane(tape=tape, row=tape.first)


def _daily(history: History) -> dict[str, Any]:
    """Candles of a day by asset, for correlations; none of one market alone."""
    if len(history.markets) < 2:
        return {}
    return {
        market.instrument.base: series_of(market, (Timeframe.D1,))[Timeframe.D1] for market in history.markets
    }


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
