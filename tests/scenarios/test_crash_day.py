"""The fifth of August 2024 as recorded: BTC fell by a fifth in a night and ETH by more.

What must happen is worked out from the recorded candles alone, and it must happen at any pace of the clock.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

import pytest

from bot.app import App
from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between
from sandbox.recording import read_bars, read_funding
from sandbox.world import WorldOptions
from tests.build.account_files import AccountFiles, Row, cut, exported, ledger_in, moment
from tests.build.desk import running_desk
from tests.build.sandbox import ANNA, TOM, Message, Sandbox, running_sandbox, until
from tests.build.trading_wire import STEP_MS, is_told, market_ms, move_to, recorded_days, traded

DAY_MS = Timeframe.D1.ms
EVE = datetime(2024, 8, 4, tzinfo=UTC)
NOON_AFTER = datetime(2024, 8, 5, 12, tzinfo=UTC)
FAST = 7200
TICK = Decimal("0.01")
MAINTENANCE = Decimal("0.005")

SENTENCES = {
    "Anna": ["/trade btc long 1000 x5 no sl no tp", "/trade eth short 400 x2 no sl tp 5% 10% 20%"],
    "Tom": ["/trade eth long 3000 x5 sl 5% no tp"],
    "Eve": ["/trade eth long 4000 x5 no sl no tp", "/trade btc long 500 x5 sl 25% no tp"],
    "Max": ["/trade btc long 2000 x5 sl 3% no tp"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a trade must end by the candles: why, at what price, within which candle."""

    reason: str
    price: Decimal
    start: datetime

    def holds(self, row: Row) -> bool:
        """Whether a line of trades.csv ended so."""
        price = Decimal(row["exit_proceeds"]) / Decimal(row["exited"])
        is_inside = self.start < moment(row["closed_at"]) <= self.start + timedelta(minutes=5, seconds=1)
        return is_inside and (row["close_reason"], price) == (self.reason, self.price)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What was recorded of those days, by symbol: candles, and funding by time."""

    bars: Mapping[str, Candles]
    rates: Mapping[str, Mapping[int, Decimal]]

    @classmethod
    def read(cls, folder: Path) -> "Recorded":
        """Read the files that are played."""
        symbols = ("BTCUSDT", "ETHUSDT")
        bars = {symbol: read_bars(folder / f"binance_{symbol}_perp_5m.csv") for symbol in symbols}
        settled = {symbol: read_funding(folder / f"binance_{symbol}_perp_funding.csv") for symbol in symbols}
        rates = {
            symbol: {int(at): Decimal(f"{rate:.8f}") for at, rate in zip(*columns, strict=True)}
            for symbol, columns in settled.items()
        }
        return cls(bars=bars, rates=rates)

    def highest_open(self, day: datetime) -> datetime:
        """When the highest of the day's candles of BTC opened."""
        rows = between(self.bars["BTCUSDT"], _ms(day), _ms(day) + DAY_MS)
        return _at(int(rows.time_ms[int(rows.open.argmax())]))

    def funding(self, row: Row, files: AccountFiles) -> Decimal:
        """What a trade received: by its size at each settlement, at the price of that moment."""
        total = Decimal(0)
        for at_ms, rate in self.rates[row["symbol"]].items():
            size = files.size_at(row["id"], _at(at_ms))
            if size == 0:
                continue
            before = between(self.bars[row["symbol"]], at_ms - STEP_MS, at_ms)
            total += cut(-size * Decimal(repr(float(before.close[-1]))) * rate)
        return total


def ending_of(row: Row, bars: Candles) -> Ending:
    """How a long without targets ends on those candles: at its stop, or where its margin is gone."""
    quantity, cost = Decimal(row["entered"]), Decimal(row["entry_cost"])
    margin = cut(cost / Decimal(row["leverage"]))
    liquidation = on_grid((cost - margin) / (quantity * (1 - MAINTENANCE)))
    stop = Decimal(row["stop"]) if row["stop"] else Decimal(0)
    level = max(stop, liquidation)
    place = next(at for at, low in enumerate(bars.low.tolist()) if Decimal(repr(low)) <= level)
    start = _at(int(bars.time_ms[place]))
    if stop > liquidation:
        return Ending(reason="stop", price=min(stop, Decimal(repr(float(bars.open[place])))), start=start)
    return Ending(reason="liquidated", price=on_grid((cost - margin) / quantity), start=start)


def on_grid(price: Decimal) -> Decimal:
    """The next price of the grid above."""
    return (price / TICK).to_integral_value(rounding=ROUND_CEILING) * TICK


async def jump(sandbox: Sandbox) -> None:
    """One leap over the night."""
    await move_to(sandbox, _ms(NOON_AFTER))


async def hop(sandbox: Sandbox) -> None:
    """Leaps of odd lengths, each begun before the last one was digested."""
    while (left_ms := _ms(NOON_AFTER) - await market_ms(sandbox)) > 0:
        await sandbox.advance(min(left_ms / 1000, 2777))


async def hurry(sandbox: Sandbox) -> None:
    """The clock runs: the night passes in seconds."""
    await sandbox.set_speed(FAST)

    async def is_over() -> bool:
        return await market_ms(sandbox) >= _ms(NOON_AFTER)

    await until(is_over, "the night is over", within_s=60)
    await sandbox.set_speed(0)


@dataclass(slots=True, kw_only=True)
class Night:
    """A desk whose people went long before the crash, at the highest price of the day before."""

    sandbox: Sandbox
    desk: App
    recorded: Recorded
    people: Mapping[str, int]
    living: dict[str, list[Message]]

    async def begin(self) -> None:
        """Everybody opens what they want, while the clock stands still."""
        for name, sentences in SENTENCES.items():
            user = self.people[name]
            self.living[name] = [await traded(self.sandbox, user, sentence) for sentence in sentences]

    async def end(self) -> dict[str, AccountFiles]:
        """Wait until everything is over and told; the files of all."""

        async def is_over() -> bool:
            return not self.desk.services.trades.register.live()

        await until(is_over, "no trade is left", within_s=40)
        await is_told(self.desk)
        for messages in self.living.values():
            for message in messages:
                await self.sandbox.edited(message, " · closed")
        return {name: await self._funded(user) for name, user in self.people.items()}

    async def _funded(self, user: int) -> AccountFiles:
        """A person's files once all funding is booked: it is published after the settlement, and also paid
        for trades that were closed meanwhile."""

        async def look() -> AccountFiles | None:
            files = await exported(self.sandbox, user)
            is_all = all(Decimal(row["funding"]) == self.recorded.funding(row, files) for row in files.trades)
            return files if is_all else None

        return await until(look, "the funding that the recorded rates and prices mean", within_s=40)


def _ms(at: datetime) -> int:
    return int(at.timestamp() * 1000)


def _at(time_ms: int) -> datetime:
    return datetime.fromtimestamp(time_ms / 1000, UTC)


@pytest.fixture
def recordings(tmp_path: Path, shared_data: Path) -> Path:
    """BTC and ETH around those days."""
    start_ms = _ms(EVE) - 10 * DAY_MS
    return recorded_days(shared_data, tmp_path / "recorded", ["BTC", "ETH"], start_ms, _ms(EVE) + 3 * DAY_MS)


async def a_night(folder: Path, recordings: Path, pass_it: Callable[[Sandbox], Awaitable[None]]) -> list[Row]:
    """Live through it; all trades then, after the checks that hold at any pace."""
    recorded = Recorded.read(recordings)
    start = recorded.highest_open(EVE)
    folder.mkdir()
    async with running_sandbox(folder, WorldOptions(replay=recordings, start=start, speed=0)) as sandbox:
        people = {"Anna": ANNA, "Tom": TOM}
        people |= {name: await sandbox.add_person(name) for name in ("Eve", "Max")}
        traders = ",".join(str(number) for number in people.values())
        async with running_desk(sandbox, market__collected=0, telegram__traders=traders) as desk:
            night = Night(sandbox=sandbox, desk=desk, recorded=recorded, people=people, living={})
            await night.begin()
            await pass_it(sandbox)
            files = await night.end()
            for name, user in people.items():
                assert_sound(files[name], folder, user)
                await assert_told(sandbox, user, files[name])
    trades = [row for one in files.values() for row in one.trades]
    for row in trades:
        if row["direction"] == "long":
            expected = ending_of(row, between(recorded.bars[row["symbol"]], _ms(start), _ms(NOON_AFTER)))
            assert expected.holds(row), (expected, row)
    return trades


def assert_sound(files: AccountFiles, folder: Path, user: int) -> None:
    """The books balance and agree with the database; nobody lost more than the margin, or owes anything."""
    files.assert_agrees()
    assert ledger_in(folder, user) == (files.sums(), len(files.ledger))
    assert files.sums()["cash", "USDT"] == files.cash() > 0
    cash = Decimal(0)
    for row in files.ledger:
        cash += Decimal(row["amount"]) if row["account"] == "cash" else 0
        assert cash >= 0, row
    for row in files.trades:
        entries = [one for one in files.fills if (one["trade_id"], one["purpose"]) == (row["id"], "entry")]
        entry_fee = sum((Decimal(one["fee"]) for one in entries), Decimal(0))
        margin = Decimal(row["entry_cost"]) / Decimal(row["leverage"])
        assert Decimal(row["realised"]) - Decimal(row["fees"]) >= -margin - entry_fee
        if row["close_reason"] == "liquidated":
            lost = Decimal(row["realised"]) - Decimal(row["fees"]) + entry_fee
            assert 0 <= margin + lost < Decimal("1E-7"), "a liquidation takes all of the margin"


async def assert_told(sandbox: Sandbox, user: int, files: AccountFiles) -> None:
    """Each end was told once, in a message of its own and in the living one."""
    texts = [message["text"] for message in await sandbox.from_bot(user)]
    words = {"liquidated": "liquidated", "stop": "stop", "targets": "all targets reached"}
    notices = {"liquidated": "Liquidated", "stop": "Stopped out", "targets": "All targets reached"}
    for row in files.trades:
        about = [text for text in texts if text.startswith(f"#{row['id']} · PAPER")]
        living = [text for text in about if " · closed\n" in text]
        assert len(living) == 1, about
        assert words[row["close_reason"]] in living[0].lower(), living
        told = [text for text in about if text not in living and notices[row["close_reason"]] in text]
        assert len(told) == 1, about


def outcome(trades: Sequence[Row]) -> list[dict[str, str]]:
    """Trades without what only says when a person asked for them."""
    return [{name: value for name, value in row.items() if name != "created_at"} for row in trades]


async def test_the_crash_ends_trades_as_the_candles_say_at_any_pace(tmp_path: Path, recordings: Path) -> None:
    at_once = await a_night(tmp_path / "jump", recordings, jump)
    reasons = [row["close_reason"] for row in at_once]
    assert sorted(reasons) == ["liquidated"] * 3 + ["stop"] * 2 + ["targets"]

    running = await a_night(tmp_path / "hurry", recordings, hurry)
    assert outcome(running) == outcome(at_once)


async def test_the_crash_in_hops_ends_as_the_candles_say(tmp_path: Path, recordings: Path) -> None:
    assert len(await a_night(tmp_path / "hops", recordings, hop)) == 6


async def test_a_crash_made_up_takes_the_margins_and_no_more(sandbox: Sandbox) -> None:
    await sandbox.set_speed(0)
    async with running_desk(sandbox, market__collected=0) as desk:
        falling = await traded(sandbox, TOM, "/trade btc long 3000 x5 no sl no tp")
        rising = await traded(sandbox, ANNA, "/trade btc short 2000 x5 no sl no tp")
        for user, living, percent in ((TOM, falling, -25), (ANNA, rising, 65)):
            await sandbox.advance(120)
            await sandbox.control("POST", "markets/BTCUSDT/shock", {"percent": percent})
            await sandbox.advance(120)
            await sandbox.edited(living, " · closed")
            await is_told(desk)
            files = await exported(sandbox, user)
            assert [row["close_reason"] for row in files.trades] == ["liquidated"]
            assert_sound(files, sandbox.folder, user)
            await assert_told(sandbox, user, files)
