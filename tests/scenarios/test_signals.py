"""A signal over the wire: a candle closes, the card arrives, is traded on paper, and both messages live."""

import re
import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from engines.core.candle import Bar, Candles
from engines.core.instrument import MarketKind
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between
from engines.market.plan import FIVE
from engines.signals.course import advance, begin
from engines.signals.proposal import Proposal
from engines.signals.signal import Course, SignalState
from engines.signals.stretch import stretch_of
from ports.people import SignalFilter
from sandbox.recording import read_bars
from sandbox.world import WorldOptions
from tests.build.desk import desk_process, running_desk
from tests.build.expected_signals import expected_signals, made_ms
from tests.build.markets import an_instrument
from tests.build.needs import missing
from tests.build.recordings import JANUARY_MS, write_bars
from tests.build.sandbox import TOM, VERA, Message, Sandbox, onboard, running_sandbox, until
from tests.build.trading_wire import after_candle, move_to, opened
from tests.build.trends import a_trend

DAY_MS = Timeframe.D1.ms
PAST_DAYS, DAYS = 40, 5
COLLECTING: dict[str, Any] = {"market__collected": 100, "market__collected_min_turnover_usd": 0}
RECORDED_MS = int(datetime(2024, 2, 10, tzinfo=UTC).timestamp() * 1000)
ENDED = re.compile("🏁|◼|✕|⌛")
COMPILED_WITHIN_S = 150.0
"""A first start compiles its kernels."""
EVERYTHING = SignalFilter(least=0.5)
STRONG_ONLY = SignalFilter(least=0.5, strong_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """A market in which a signal is going to be made, and where its way ends."""

    symbol: str
    folder: Path
    proposal: Proposal
    end_ms: int

    @property
    def at_ms(self) -> int:
        """When it is made."""
        return made_ms(self.proposal)


def story_of(folder: Path, base: str, five: Candles, start_ms: int) -> Story:
    """The first signal after `start_ms` that is not strong and goes to all its targets, in a folder that a
    sandbox plays."""
    symbol = f"{base}USDT"
    stop_ms = start_ms + DAYS * DAY_MS
    five = between(five, start_ms - PAST_DAYS * DAY_MS, stop_ms)
    found = expected_signals(five, an_instrument(base), start_ms, stop_ms - DAY_MS, is_cooling=False)
    for proposal in found:
        course = played(proposal, between(five, made_ms(proposal), stop_ms))
        if course.state is SignalState.TP3 and course.ended_at is not None and not proposal.is_strong:
            write_bars(folder / f"binance_{symbol}_5m.csv", five)
            write_bars(folder / f"binance_{symbol}_perp_5m.csv", five)
            end_ms = round(course.ended_at.timestamp() * 1000)
            return Story(symbol=symbol, folder=folder, proposal=proposal, end_ms=end_ms)
    raise AssertionError("no such signal in these candles")


def played(proposal: Proposal, five: Candles) -> Course:
    """How it goes, candle by candle."""
    course = begin(proposal)
    for row in range(len(five)):
        course, _ = advance(proposal, course, stretch_of(None, _bar(five, row)))
    return course


def _bar(five: Candles, row: int) -> Bar:
    values = {name: float(getattr(five, name)[row]) for name in ("open", "high", "low", "close", "volume")}
    time_ms = int(five.time_ms[row])
    return Bar(
        symbol="",
        kind=MarketKind.SPOT,
        timeframe=FIVE,
        time_ms=time_ms,
        is_closed=True,
        at_ms=time_ms + FIVE.ms,
        **values,
    )


@pytest.fixture(params=["synthetic", "recorded"])
def story(request: pytest.FixtureRequest, tmp_path: Path) -> Story:
    """Bitcoin in a market made up, and Solana in February 2024 as it was recorded."""
    folder = tmp_path / "candles"
    if request.param == "synthetic":
        trend = a_trend(PAST_DAYS + DAYS, start_ms=JANUARY_MS)
        return story_of(folder, "BTC", trend, JANUARY_MS + PAST_DAYS * DAY_MS)
    shared: Path = request.getfixturevalue("shared_data")
    path = shared / "ohlcv" / "binance_SOLUSDT_5m.csv.gz"
    if not path.exists():
        missing(path.name)
    return story_of(folder, "SOL", read_bars(path), RECORDED_MS)


@asynccontextmanager
async def world_of(story: Story, tmp_path: Path, *, before_s: float = 400.0) -> AsyncIterator[Sandbox]:
    """The outside world, so long before the signal."""
    start = datetime.fromtimestamp(story.at_ms / 1000 - before_s, UTC)
    async with running_sandbox(tmp_path, WorldOptions(replay=story.folder, start=start)) as sandbox:
        yield sandbox


async def listening(desk: App, symbol: str) -> None:
    """Everything is collected that a signal rests on."""

    async def look() -> bool:
        filling = desk.services.candles.filling
        return symbol in desk.services.candles.symbols and 0 < filling.series == filling.done

    await until(look, "candles are collected", within_s=60)
    await until(lambda: _known(desk, symbol), "the market was looked at", within_s=COMPILED_WITHIN_S)


async def _known(desk: App, symbol: str) -> bool:
    return desk.services.signals.known(symbol) is not None


async def wanting(sandbox: Sandbox, desk: App) -> None:
    """Tom wants every signal, Vera strong ones only."""
    for user, wanted in ((TOM, EVERYTHING), (VERA, STRONG_ONLY)):
        await onboard(sandbox, user)
        await desk.services.people.change(user, signals=wanted)


async def cards(sandbox: Sandbox, user: int, proposal: Proposal) -> Sequence[Message]:
    """Messages that show the signal of that pair."""
    title = f"{proposal.instrument.pair} · {proposal.direction.name} · {proposal.timeframe}"
    return [
        one for one in await sandbox.from_bot(user) if title in one["text"] and "Confidence" in one["text"]
    ]


async def card_of(sandbox: Sandbox, user: int, proposal: Proposal) -> Message:
    """The first of them, once it is there."""

    async def look() -> Message | None:
        found = await cards(sandbox, user, proposal)
        return found[0] if found else None

    return await until(look, "a card", within_s=COMPILED_WITHIN_S)


async def ended(sandbox: Sandbox, message: Message, pattern: str, *, within_s: float = 60.0) -> Message:
    """The message once it tells an end."""

    async def look() -> Message | None:
        now = await sandbox.message(message)
        return now if now is not None and re.search(pattern, now["text"]) else None

    return await until(look, f"{pattern} in message {message['id']}", within_s=within_s)


@pytest.mark.timeout(400)
async def test_a_candle_closes_and_the_card_lives_beside_its_trade(story: Story, tmp_path: Path) -> None:
    async with (
        world_of(story, tmp_path) as sandbox,
        running_desk(sandbox, has_prices=False, **COLLECTING) as desk,
    ):
        await wanting(sandbox, desk)
        await listening(desk, story.symbol)
        await move_to(sandbox, story.at_ms + 500)

        card = await card_of(sandbox, TOM, story.proposal)
        assert card["photo"] is not None
        assert f"Confidence {story.proposal.confidence * 100:.0f}" in card["text"]
        live = desk.services.signals.live()
        assert [one.proposal.entry for one in live] == [story.proposal.entry]
        assert [Decimal(one) for one in live[0].proposal.targets] == list(story.proposal.targets)

        trade = await paper_traded(sandbox, card)
        await sandbox.set_speed(900)
        over = await ended(sandbox, card, ENDED.pattern)
        assert "🏁" in over["text"]
        closed = await ended(sandbox, trade, "closed")
        await sandbox.set_speed(0)

        assert "all targets reached" in closed["text"]
        assert len(await cards(sandbox, TOM, story.proposal)) == 1, "edited, never sent again"
        assert await cards(sandbox, VERA, story.proposal) == [], "it was not strong"
        assert "Record" in [button["text"] for row in over["buttons"] for button in row]


async def paper_traded(sandbox: Sandbox, card: Message) -> Message:
    """Trade the signal by its button and the confirm step."""
    await sandbox.tap(TOM, card, "Paper trade")
    offer = await sandbox.next_from_bot(TOM, after=card["id"], having="At risk")
    return await opened(sandbox, TOM, offer)


@pytest.mark.timeout(400)
async def test_killed_twice_it_is_one_card_that_lives_to_its_end(tmp_path: Path) -> None:
    trend = a_trend(PAST_DAYS + DAYS, start_ms=JANUARY_MS)
    story = story_of(tmp_path / "candles", "BTC", trend, JANUARY_MS + PAST_DAYS * DAY_MS)
    async with world_of(story, tmp_path) as sandbox:
        async with running_desk(sandbox, has_prices=False, **COLLECTING) as desk:
            await wanting(sandbox, desk)
            await listening(desk, story.symbol)
        async with desk_process(sandbox, **COLLECTING) as process:
            await until(
                lambda: _says(process.output(), "signals_watch"), "it collects", within_s=COMPILED_WITHIN_S
            )
            await move_to(sandbox, story.at_ms + 200)
            await process.kill()
            await process.start()
            card = await card_of(sandbox, TOM, story.proposal)
            await until(lambda: _is_kept(sandbox, card), "the desk has written down where its card is")
            await process.kill()
            await after_candle(sandbox, story.end_ms - 2 * FIVE.ms)
            await process.start()
            await after_candle(sandbox, story.end_ms)
            over = await ended(sandbox, card, ENDED.pattern, within_s=COMPILED_WITHIN_S)
            assert "🏁" in over["text"]
            assert len(await cards(sandbox, TOM, story.proposal)) == 1
            assert await cards(sandbox, VERA, story.proposal) == []


async def _is_kept(sandbox: Sandbox, card: Message) -> bool:
    """Whether the card is in the database; until then a killed desk would send it again."""
    with closing(sqlite3.connect(sandbox.folder / "desk" / "desk.sqlite3")) as database:
        rows = database.execute("SELECT message_id FROM signal_cards WHERE person_id = ?", (TOM,)).fetchall()
    return rows == [(card["id"],)]


async def _says(output: str, words: str) -> bool:
    return words in output
