"""What the desk did in a session comes out again when the session is replayed.

The desk trades its signals on paper, over the wire, in a market made up. Then the candles that it has stored
are played through `engines.simulate.replay`. The desk heard candles over a stream as they closed, asked the
order book and its own register; the replay reads the store and knows no book. Both have to want the same.

Compared of every intent, exactly: when it was made (the clock stands still at each close), its name, which
stands for the key, market, side, style, limit, stop and targets. A size is compared to within one lot, after
the gate has cut it: the desk divides its money by the best price of the other side and the replay by the
close, a tick away, and what the entries before have cost differs as little.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.outside import open_candles
from bot.settings import load
from engines.core.candle import Candles
from engines.core.instrument import Instrument, MarketKind
from engines.core.moment import utc
from engines.core.side import Side
from engines.core.timeframe import Timeframe
from engines.market.plan import KEPT
from engines.orders.naming import first_order, intent_name
from engines.orders.order import ExecutionStyle
from engines.signals.proposal import LEAST_PUSHED
from engines.signals.proposal import Proposal as Idea
from engines.simulate.history import History, RecordedMarket
from engines.simulate.replay.replay import Played, play
from engines.simulate.terms import Terms
from engines.strategies.technical import Technical, TechnicalParams
from ports.candles import CandleStore, Series
from sandbox.world import WorldOptions
from services.ticketing.roll import Filed
from tests.build.desk import environment_of, running_desk
from tests.build.expected_signals import expected_signals, made_ms
from tests.build.markets import an_instrument
from tests.build.recordings import JANUARY_MS, write_bars
from tests.build.sandbox import Sandbox, running_sandbox, until
from tests.build.trading_wire import move_to
from tests.build.trends import a_trend

PAST_DAYS, DAYS = 40, 2
M15_MS = Timeframe.M15.ms
START_MS = JANUARY_MS + PAST_DAYS * Timeframe.D1.ms + 75 * M15_MS + 7 * 60_000
CLOSES = 3
"""A long and a short at the first, one of them of the hour; a long at the third."""
LAST_CLOSE_MS = Timeframe.M15.floor(START_MS) + CLOSES * M15_MS
TRENDS: Mapping[str, tuple[int, float]] = {
    "BTC": (8, 0.00006),
    "ETH": (8, -0.00006),
    "SOL": (3, 0.00006),
    "XRP": (7, -0.00006),
}
"""Seed and rise of each coin. That of Ripple has a signal at the first close that is not sure enough to be
traded, and for which the one at the third has to wait."""
BALANCE = Decimal(1000)
DESK: dict[str, Any] = {
    "market__collected": 100,
    "market__collected_min_turnover_usd": 0,
    "paper__balance_usdt": BALANCE,
    "paper__signals": "true",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is the same in the session and in its replay."""

    at: datetime
    name: str
    market: tuple[MarketKind, str]
    side: Side
    style: ExecutionStyle
    limit: Decimal | None
    stop: Decimal | None
    targets: tuple[tuple[Decimal, Decimal], ...]


def coins(folder: Path) -> Mapping[str, Sequence[Idea]]:
    """A folder with the candles of every coin, of coin and perpetual alike; the signals in them by coin."""
    found: dict[str, Sequence[Idea]] = {}
    for base, (seed, rise) in TRENDS.items():
        fives = a_trend(PAST_DAYS + DAYS, start_ms=JANUARY_MS, seed=seed, rise=rise)
        write_bars(folder / f"binance_{base}USDT_5m.csv", fives)
        write_bars(folder / f"binance_{base}USDT_perp_5m.csv", fives)
        found[base] = expected_signals(fives, an_instrument(base), START_MS, LAST_CLOSE_MS)
    return found


async def lived(sandbox: Sandbox, desk: App, ideas: Sequence[Idea]) -> None:
    """The session, close by close: each when prices are there and what was ordered before is held."""
    await until(lambda: knows(desk), "every market was looked at", within_s=150)
    for number in range(1, CLOSES + 1):
        close_ms = LAST_CLOSE_MS - (CLOSES - number) * M15_MS
        made = [one for one in ideas if made_ms(one) <= close_ms]
        pushed = [one for one in made if one.confidence >= LEAST_PUSHED]
        await move_to(sandbox, close_ms - 1000)
        await until(lambda: is_fresh(desk), "prices before the close")
        await move_to(sandbox, close_ms)
        await until(partial(counts, desk, len(made)), f"{len(made)} signals", within_s=30)
        await until(partial(holds, desk, len(pushed)), f"{len(pushed)} positions", within_s=30)


async def knows(desk: App) -> bool:
    filling = desk.services.candles.filling
    is_filled = 0 < filling.series == filling.done
    return is_filled and all(desk.services.signals.known(f"{base}USDT") for base in TRENDS)


async def is_fresh(desk: App) -> bool:
    instruments = [await desk.services.perps.instrument(f"{base}USDT") for base in TRENDS]
    return all(one is not None and desk.services.trades.prices.fresh(one) for one in instruments)


async def counts(desk: App, signals: int) -> bool:
    return len(await desk.services.signals.latest(limit=100)) >= signals


async def holds(desk: App, positions: int) -> bool:
    filed = desk.services.proposals.tickets.latest(100)
    return len([one for one in filed if one.trade.quantity]) == positions


async def recorded(sandbox: Sandbox, desk: App) -> History:
    """What the desk has stored of the market, up to the last close. It collects coins; in this world the
    perpetuals have the same candles."""
    nowhere = sandbox.folder / "no such file"
    store = await open_candles(load(environ=environment_of(sandbox), dotenv=nowhere, toml=nowhere))
    markets: list[RecordedMarket] = []
    try:
        for base in TRENDS:
            coin = desk.services.markets.instrument(f"{base}USDT")
            perpetual = await desk.services.perps.instrument(f"{base}USDT")
            assert coin is not None
            assert perpetual is not None
            series = {one: await stored(store, coin, one) for one in KEPT}
            markets += [RecordedMarket(instrument=one, series=series) for one in (coin, perpetual)]
    finally:
        await store.close()
    return History(markets=tuple(markets), start_ms=START_MS, stop_ms=LAST_CLOSE_MS + 1)


async def stored(store: CandleStore, coin: Instrument, timeframe: Timeframe) -> Candles:
    name = Series(venue="bybit", kind=MarketKind.SPOT, symbol=coin.symbol, timeframe=timeframe)
    return (await store.between(name, 0, LAST_CLOSE_MS)).closed_before(LAST_CLOSE_MS, timeframe.ms)


def wish_of(filed: Filed) -> Wish:
    """Of an intent of the desk."""
    intent, trade = filed.intent, filed.trade
    return Wish(
        at=intent.created_at,
        name=intent.id,
        market=intent.instrument.key,
        side=intent.side,
        style=intent.style,
        limit=intent.limit_price,
        stop=trade.stop,
        targets=tuple((one.price, one.share) for one in trade.targets),
    )


def wishes_of(played: Played) -> list[Wish]:
    """Of everything that the strategy wanted in the replay."""
    return [
        Wish(
            at=utc(one.at_ms),
            name=intent_name(one.proposal.engine, one.proposal.key),
            market=one.proposal.instrument.key,
            side=one.proposal.side,
            style=one.proposal.style,
            limit=one.proposal.limit_price,
            stop=one.proposal.stop,
            targets=tuple((each.price, each.share) for each in one.proposal.targets),
        )
        for one in played.wanted
    ]


def sizes_of(played: Played) -> Mapping[str, Decimal]:
    """Sizes of what the gate let go in the replay, by order."""
    sent = [line.text.split() for line in played.lines if line.text.startswith("sent ")]
    return {order_id: Decimal(quantity) for _, order_id, _, quantity in sent}


@pytest.mark.timeout(400)
async def test_a_session_replayed_gives_the_same_intents(tmp_path: Path) -> None:
    ideas = coins(tmp_path / "candles")
    options = WorldOptions(replay=tmp_path / "candles", start=utc(START_MS), speed=0)
    async with (
        running_sandbox(tmp_path, options) as sandbox,
        running_desk(sandbox, has_prices=False, **DESK) as desk,
    ):
        await lived(sandbox, desk, list(chain.from_iterable(ideas.values())))
        filed = list(reversed(desk.services.proposals.tickets.latest(100)))
        history = await recorded(sandbox, desk)

    played = play(history, Technical(), TechnicalParams(), Terms(opening=BALANCE))
    assert [wish_of(one) for one in filed] == wishes_of(played)
    assert {one.side for one in wishes_of(played)} == {Side.BUY, Side.SELL}

    sizes = sizes_of(played)
    assert [first_order(one.intent.id) for one in filed] == list(sizes)
    differing = [abs(one.intent.quantity - sizes[first_order(one.intent.id)]) for one in filed]
    assert max(differing) <= filed[0].intent.instrument.lot
