"""The same run by replay and by kernel, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np

from engines.core.candle import IntArray
from engines.core.instrument import MarketKind
from engines.core.moment import utc
from engines.core.side import Direction
from engines.orders.proposal import Proposal
from engines.orders.subaccount import EngineName
from engines.orders.trade import Target
from engines.simulate.columns import round_columns
from engines.simulate.history import History, RecordedMarket
from engines.simulate.kernel import table
from engines.simulate.kernel.points import Point, played
from engines.simulate.kernel.prepare import counted, prepared, terms_row
from engines.simulate.kernel.runs import as_run
from engines.simulate.replay.replay import Played
from engines.simulate.run import Round
from engines.simulate.terms import Terms
from engines.strategies.strategy import Sight, Snapshot
from tests.build.replaying import NoParams, Wants

D = Decimal
GUARD = D("0.02")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Something wanted at the close of bar `row`: distances in ticks from that close, `limit` on the better
    side. `until` is in bars from there."""

    row: int
    code: int
    sign: int
    notional: int = 1_000
    limit: int = 0
    stop: int = 0
    trail: int = 0
    targets: tuple[int, ...] = ()
    until: int = 0

    def wants(self, leverage: int, market: RecordedMarket) -> Wants:
        """As a script of the replay has it."""

        def asked(snapshot: Snapshot[float]) -> Sequence[Proposal]:
            return [one for sight in snapshot.markets.values() for one in self._of(sight, leverage, market)]

        return asked

    def _of(self, sight: Sight[float], leverage: int, market: RecordedMarket) -> list[Proposal]:
        direction = Direction.LONG if self.sign > 0 else Direction.SHORT
        held, made = sight.position, list[Proposal]()
        is_other_way = held is not None and held.direction is not direction
        if held is not None and is_other_way and self.code != table.ADD:
            made.append(self._proposal(sight, "close", side=held.direction.exit, reduce_only=True))
        is_free = not sight.is_waiting and (held is None or is_other_way)
        if self.code == table.ADD or (self.code == table.TURN and is_free):
            made.append(self._entry(sight, direction, leverage, market))
        return made

    def _entry(
        self, sight: Sight[float], direction: Direction, leverage: int, market: RecordedMarket
    ) -> Proposal:
        price, tick, sign = sight.price, sight.instrument.tick, self.sign
        shares = {0: (), 1: (D(1),), 2: (D("0.5"), D("0.5")), 3: (D("0.5"), D("0.3"), D("0.2"))}
        length_ms = market.finest.ms
        closes_ms = int(market.series[market.finest].time_ms[self.row]) + length_ms
        return self._proposal(
            sight,
            "open",
            side=direction.entry,
            notional=D(self.notional),
            limit_price=price - self.limit * tick * sign if self.limit else None,
            stop=price - self.stop * tick * sign if self.stop else None,
            trail_distance=self.trail * tick if self.trail else None,
            targets=tuple(
                Target(price=price + ticks * tick * sign, share=share)
                for ticks, share in zip(self.targets, shares[len(self.targets)], strict=True)
            ),
            leverage=D(1 if sight.instrument.kind is MarketKind.SPOT else leverage),
            expires_at=utc(closes_ms + self.until * length_ms) if self.until else None,
        )

    def _proposal(self, sight: Sight[float], deed: str, **more: Any) -> Proposal:
        return Proposal(
            key=f"{self.row}:{deed}",
            engine=EngineName.TREND,
            instrument=sight.instrument,
            max_slippage=GUARD,
            **more,
        )


def by_kernel(
    market: RecordedMarket, asked: Sequence[Asked], terms: Terms, leverage: int, span: tuple[int, int]
) -> Point:
    """The run as the kernel plays it."""
    of = prepared(market, *span)
    rows = np.array([_row(one, market, of.bars[table.CLOSE]) for one in asked], np.int64)
    calls = rows.reshape(-1, table.CALL_SIZE)
    return played(of, "scripted", NoParams(), calls, terms_row(of, terms, leverage), terms.opening)


def _row(one: Asked, market: RecordedMarket, close: IntArray) -> IntArray:
    row, price, sign = np.zeros(table.CALL_SIZE, np.int64), int(close[one.row]), one.sign
    ends_ms = market.series[market.finest].time_ms + market.finest.ms
    until_ms = int(ends_ms[one.row]) + one.until * market.finest.ms
    row[table.NEXT], row[table.CODE] = one.row + 1, one.code * sign
    row[table.LIMIT] = price - one.limit * sign if one.limit else 0
    row[table.STOP] = price - one.stop * sign if one.stop else 0
    row[table.TRAIL], row[table.TARGETS] = one.trail, len(one.targets)
    row[table.UNTIL] = ends_ms.searchsorted(until_ms, side="right") if one.until else len(close) + 1
    row[table.ENTRY_WORST] = row[table.EXIT_WORST] = counted("slippage", GUARD)
    row[table.NOTIONAL] = counted("notional", D(one.notional))
    for place, ticks in enumerate(one.targets):
        row[table.PRICES + place] = price + ticks * sign
    shares = {0: (), 1: (1,), 2: (0.5, 0.5), 3: (0.5, 0.3, 0.2)}[len(one.targets)]
    row[table.SHARES : table.SHARES + len(shares)] = [round(share * 10**8) for share in shares]
    return row


def differences(point: Point, replayed: Played) -> list[str]:
    """Where kernel and replay are not the same run; empty when they are, to the last digit."""
    run, theirs = as_run(point), replayed.run
    found = [
        f"{name} {number}: {mine} is not {his}"
        for name, ours, others in (
            ("fill", run.executions, theirs.executions),
            ("round", run.rounds, theirs.rounds),
        )
        for number, (mine, his) in enumerate(zip(ours, others, strict=False))
        if mine != his
    ]
    if len(run.executions) != len(theirs.executions) or len(run.rounds) != len(theirs.rounds):
        found.append(f"{len(run.executions)} fills, not {len(theirs.executions)}")
    if point.equity != replayed.equity:
        found.append(f"worth {point.equity}, not {replayed.equity}")
    for name in ("time_ms", "equity", "exposure", "net"):
        ours, others = getattr(run.curve, name), getattr(theirs.curve, name)
        if len(ours) != len(others) or not np.allclose(ours, others, rtol=1e-12, atol=1e-7):
            found.append(f"curve: {name}")
    mine_columns, their_columns = point.rounds, round_columns(theirs.rounds)
    for name in mine_columns.__slots__:
        ours, others = getattr(mine_columns, name), getattr(their_columns, name)
        if len(ours) != len(others) or not np.allclose(ours, others, rtol=1e-12, atol=1e-7, equal_nan=True):
            found.append(f"columns: {name}")
    return found


def of_reason(rounds: Sequence[Round]) -> list[str]:
    """How positions ended."""
    return ["open" if one.reason is None else one.reason.value for one in rounds]


def history_of(market: RecordedMarket, span: tuple[int, int]) -> History:
    """One market alone."""
    return History(markets=(market,), start_ms=span[0], stop_ms=span[1])
