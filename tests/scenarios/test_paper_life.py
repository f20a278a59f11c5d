"""A paper trade's whole life over the wire: opened by buttons, walked to its targets and back by the market.

Afterwards the screen, the exported files and the database must tell the same, to the last digit.
"""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from bot.app import App
from engines.core.timeframe import Timeframe
from sandbox.world import WorldOptions
from tests.build.account_files import AccountFiles, cut, exported, ledger_in, moment, shown
from tests.build.desk import running_desk
from tests.build.sandbox import TOM, Message, Sandbox, running_sandbox, until
from tests.build.trading_wire import (
    Walk,
    after_candle,
    bybit,
    candles_of,
    find_start,
    heard,
    is_told,
    market_ms,
    move_to,
    opened,
    press,
    recorded_days,
    traded,
    walk_of,
)

DAY_MS, HOUR_MS = Timeframe.D1.ms, Timeframe.H1.ms
EIGHT_HOURS_MS = 8 * HOUR_MS
LOOKED_THROUGH_MS = 12 * DAY_MS
SETTLED_OVER_MS = 3 * DAY_MS
"""How long the test goes on after the walk."""
RECORDED_FROM = datetime(2025, 3, 1, tzinfo=UTC)
FLAGS = {"long": 1, "short": -1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the confirm step says of its levels."""

    entry: Decimal
    stop: Decimal
    targets: tuple[Decimal, ...]

    @classmethod
    def read(cls, text: str) -> "Offer":
        """Read it as a person does."""
        rows = re.findall(r"^(Entry|Stop|TP\d)\s+([\d,.]+)", text, re.MULTILINE)
        entry, stop, *targets = (Decimal(price.replace(",", "")) for _, price in rows)
        return cls(entry=entry, stop=stop, targets=tuple(targets))


World = Callable[[], AbstractAsyncContextManager[tuple[Sandbox, App]]]


@pytest.fixture(params=["synthetic", "recorded"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> World:
    """A desk in a market that stands still between jumps: made up, and as recorded."""

    @asynccontextmanager
    async def open_world() -> AsyncIterator[tuple[Sandbox, App]]:
        options = WorldOptions(speed=0)
        if request.param == "recorded":
            shared: Path = request.getfixturevalue("shared_data")
            start_ms = int(RECORDED_FROM.timestamp() * 1000)
            stop_ms = start_ms + LOOKED_THROUGH_MS + SETTLED_OVER_MS
            days = recorded_days(
                shared, tmp_path / "recorded", ["BTC", "ETH"], start_ms - 10 * DAY_MS, stop_ms
            )
            options = WorldOptions(replay=days, start=RECORDED_FROM, speed=0)
        async with (
            running_sandbox(tmp_path, options) as sandbox,
            running_desk(sandbox, market__collected=0) as desk,
        ):
            yield sandbox, desk

    return open_world


async def go_where_it_walks(sandbox: Sandbox, symbol: str, way: str) -> None:
    """Let the clock jump to where a trade suggested by the desk will reach two targets and come back."""
    now_ms = await market_ms(sandbox)
    stop_ms = now_ms + LOOKED_THROUGH_MS
    spot = sandbox.world.market.spot(now_ms)[symbol]
    hours = spot.candles(HOUR_MS, now_ms - 200 * HOUR_MS, stop_ms, stop_ms)
    bars = candles_of(sandbox, symbol, now_ms, stop_ms)
    await move_to(sandbox, find_start(bars, hours, sign=FLAGS[way]))


async def opened_by_buttons(sandbox: Sandbox, coin: str, way: str) -> tuple[Message, Offer]:
    """Price, Long or Short, Open: all in one message."""
    price = await sandbox.ask(TOM, f"/price {coin}")
    offer = await press(sandbox, TOM, price, way.title(), "At risk")
    levels = Offer.read(offer["text"])
    assert len(levels.targets) == 3
    living = await opened(sandbox, TOM, offer)
    assert living["id"] == price["id"]
    assert f"#1 · PAPER · {coin.upper()}/USDT {way}\n" in living["text"]
    return living, levels


async def walked(sandbox: Sandbox, living: Message, walk: Walk) -> None:
    """Let the market go that way: the same message tells each step."""
    await after_candle(sandbox, walk.first_ms)
    await sandbox.edited(living, "✓ ")
    now = await sandbox.message(living)
    assert now is not None
    assert re.search(r"^Stop +[\d,.]+ +entry", now["text"], re.MULTILINE), now["text"]
    assert now["text"].count("✓") == 1

    await after_candle(sandbox, walk.second_ms)
    await heard(sandbox, TOM, "Target 2 reached")
    await until_text(sandbox, living, lambda text: text.count("✓") == 2, "two targets in the living message")

    await after_candle(sandbox, walk.back_ms)
    over = await sandbox.edited(living, " · closed")
    assert re.search(r"^stop · ", over["text"], re.MULTILINE)
    assert [button["text"] for row in over["buttons"] for button in row] == ["Again", "Chart", "Portfolio"]
    assert over["sender"] == "bot"
    assert over["edits"] >= 5
    await heard(sandbox, TOM, "Stopped out")


async def until_text(sandbox: Sandbox, message: Message, is_so: Callable[[str], bool], what: str) -> Message:
    """The message once its text is so."""

    async def look() -> Message | None:
        now = await sandbox.message(message)
        return now if now is not None and is_so(now["text"]) else None

    return await until(look, what)


def assert_filled_as_walked(files: AccountFiles, levels: Offer, walk: Walk) -> None:
    """Fills of the first trade: at the levels that were offered, in the candles that met them."""
    fills = [row for row in files.fills if row["trade_id"] == "1"]
    assert [row["purpose"] for row in fills] == ["entry", "target", "target", "stop"]
    entry, first, second, back = fills
    assert Decimal(entry["price"]) == levels.entry
    assert [Decimal(row["price"]) for row in (first, second, back)] == [*levels.targets[:2], levels.entry]
    sizes = [Decimal(row["quantity"]) for row in fills]
    assert sizes[0] == sum(sizes[1:])
    for size, share in zip(sizes[1:3], ("0.5", "0.3"), strict=True):
        assert 0 <= sizes[0] * Decimal(share) - size < Decimal("0.001")
    for row, end_ms in ((first, walk.first_ms), (second, walk.second_ms), (back, walk.back_ms)):
        end = datetime.fromtimestamp(end_ms / 1000, UTC)
        assert end - timedelta(minutes=5) < moment(row["at"]) <= end + timedelta(seconds=1)


async def closed_by_hand(sandbox: Sandbox) -> None:
    """Three more ends: the Close button, `/close` with half and with all."""
    second = await traded(sandbox, TOM, "/trade btc short 150 x2 sl 20% tp 30%")
    await sandbox.advance(1800)
    await sandbox.tap(TOM, second, "Close")
    await sandbox.edited(second, "closed by you")

    third = await traded(sandbox, TOM, "/trade eth long 200 x3 no sl no tp")
    quantity = re.search(r"^([\d.]+) ETH", third["text"], re.MULTILINE)
    assert quantity is not None
    await sandbox.advance(1800)
    half = await sandbox.ask(TOM, "/close eth half")
    assert f"{Decimal(quantity[1]) / 2:f}"[:5] in half["text"]
    await sandbox.advance(1800)
    whole = await sandbox.ask(TOM, "/close")
    assert "closed by you" in whole["text"]


async def expected_funding(sandbox: Sandbox, files: AccountFiles, trade_id: str, symbol: str) -> Decimal:
    """What a trade must have received, from the venue's rates and marks and the fills' times."""
    first = next(fill for fill in files.fills if fill["trade_id"] == trade_id)
    total = Decimal(0)
    begin_ms = int(moment(first["at"]).timestamp() * 1000)
    end_ms = await market_ms(sandbox)
    for row in (await bybit(sandbox, "funding/history", symbol, startTime=begin_ms, endTime=end_ms))["list"]:
        at_ms = int(row["fundingRateTimestamp"])
        size = files.size_at(trade_id, datetime.fromtimestamp(at_ms / 1000, UTC))
        minute = await bybit(
            sandbox, "mark-price-kline", symbol, interval=1, start=at_ms - 60_000, end=at_ms - 60_000
        )
        total += cut(-size * Decimal(minute["list"][0][4]) * Decimal(row["fundingRate"]))
    return total


async def mark_of(sandbox: Sandbox, symbol: str) -> Decimal:
    return Decimal((await bybit(sandbox, "tickers", symbol))["list"][0]["markPrice"])


async def assert_all_agree(sandbox: Sandbox, desk: App) -> AccountFiles:
    """Portfolio, files and database: one account. One trade is still open, a perpetual of BTC."""
    files = await exported(sandbox, TOM)
    files.assert_agrees()
    assert ledger_in(sandbox.folder, TOM) == (files.sums(), len(files.ledger))

    held = [one for one in files.positions().values() if one.quantity]
    assert len(held) == 1
    mark = await mark_of(sandbox, "BTCUSDT")
    margin, unrealised = held[0].margin, held[0].unrealised(mark)
    equity = files.cash() + margin + unrealised
    screen = await sandbox.ask(TOM, "/portfolio")
    text = screen["text"]
    assert screen["photo"] is not None
    assert f"\n{shown(equity)} USDT" in text
    assert f"in all {shown(equity - 1000, has_sign=True)}" in text
    assert (
        f"Free {shown(files.cash())} · margin {shown(margin)} · open {shown(unrealised, has_sign=True)}"
        in text
    )

    closed = [row for row in files.trades if row["state"] == "closed"]
    nets = [Decimal(row["net"]) for row in closed]
    assert f"{len(closed)} closed trades" in text
    assert f"best {shown(max(nets), has_sign=True)} · worst {shown(min(nets), has_sign=True)}" in text
    fees = sum((Decimal(row["fees"]) for row in closed), Decimal(0))
    assert f"\nFees {shown(fees)}" in text
    return files


@pytest.mark.parametrize("way", ["long", "short"])
async def test_a_trade_walks_to_two_targets_and_back_and_the_books_agree(world: World, way: str) -> None:
    async with world() as (sandbox, desk):
        await go_where_it_walks(sandbox, "BTCUSDT", way)
        start_ms = await market_ms(sandbox)
        living, levels = await opened_by_buttons(sandbox, "btc", way)
        bars = candles_of(sandbox, "BTCUSDT", start_ms, start_ms + 2 * DAY_MS)
        risk = abs(levels.entry - levels.stop)
        walk = walk_of(bars, float(levels.entry), float(risk), sign=FLAGS[way])

        await walked(sandbox, living, walk)
        await closed_by_hand(sandbox)
        await traded(sandbox, TOM, "/trade btc long 100 x5 no sl no tp")
        now_ms = await market_ms(sandbox)
        await move_to(sandbox, (now_ms // EIGHT_HOURS_MS + 2) * EIGHT_HOURS_MS + 60_000)

        async def is_funded() -> bool:
            files = await exported(sandbox, TOM)
            return sum(row["kind"] == "funding" and row["trade_id"] == "4" for row in files.ledger) >= 4

        await until(is_funded, "two settlements are booked")
        files = await assert_all_agree(sandbox, desk)
        assert_filled_as_walked(files, levels, walk)
        for row in files.trades:
            assert Decimal(row["funding"]) == await expected_funding(
                sandbox, files, row["id"], row["symbol"]
            ), row
        await is_told(desk)
        told = [one["text"] for one in await sandbox.from_bot(TOM)]
        for words in ("Target 1 reached", "Target 2 reached", "Stopped out"):
            assert sum(words in text for text in told) == 1, words
        listed = (await sandbox.ask(TOM, "/trades"))["text"]
        rows = [row for row in listed.splitlines() if row.startswith("#")]
        assert [row.split()[0] for row in rows] == ["#4", "#3", "#2", "#1"]
