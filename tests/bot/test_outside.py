"""The outside as built from settings: how the road to Telegram feels, and which clock tells the time."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiogram.types import Update

from adapters.clock import SystemClock
from adapters.telegram.polling import PollingState
from bot.outside import Telegram, build_sources, build_telegram, running_clock
from bot.settings import Settings, load
from ports.errors import Transient
from sandbox.telegram.people import BOT_TOKEN
from tests.build.telegram import TelegramDesk, telegram_desk


def settings_for(url: str, **more: str) -> Settings:
    environ = {"TELEGRAM_BOT_TOKEN": BOT_TOKEN, "PERPETUUM_TELEGRAM__API_URL": url, **more}
    return load(environ=environ, dotenv=Path("no.env"), toml=Path("no.toml"))


@pytest.fixture
async def twin() -> AsyncIterator[TelegramDesk]:
    async with telegram_desk() as desk:
        yield desk


@pytest.fixture
async def telegram(twin: TelegramDesk) -> AsyncIterator[Telegram]:
    built = build_telegram(settings_for(twin.url, PERPETUUM_TELEGRAM__CHAT_BURST="7"))
    yield built
    await built.close()


async def ignored(update: Update, is_late: bool) -> None:
    return None


async def unheard(away_s: float) -> None:
    return None


def in_state(telegram: Telegram, **fields: object) -> tuple[str, bool]:
    """Code and health of a road whose polling is in that state."""
    polling = telegram.listen(ignored, timeout_s=1, watchdog_s=30, on_return=unheard)
    polling.state = PollingState(**fields)  # type: ignore[arg-type] # the cases below name its fields
    health = telegram.health()
    return health.code, health.is_ok


async def test_the_bot_introduces_itself(telegram: Telegram) -> None:
    assert await telegram.introduce() == ("perpetuum_sandbox_bot", "")
    assert telegram.outbound.limiter.rates.chat_burst == 7


async def test_a_refused_token_is_told_from_an_outage(twin: TelegramDesk, telegram: Telegram) -> None:
    twin.faults.merge({"telegram": {"status": 401, "count": 1}})
    assert await telegram.introduce() == (None, "refused")
    twin.faults.merge({"telegram": {"malformed": True}})
    name, problem = await telegram.introduce()
    assert name is None
    assert problem.startswith("ClientDecodeError")
    assert "\n" not in problem


@pytest.mark.parametrize(
    ("fields", "code", "is_ok"),
    [
        ({}, "waiting", False),
        ({"answered_at": 1.0}, "polling", True),
        ({"answered_at": 1.0, "failing_since": 0.0}, "failing", False),
        ({"failing_since": 2.0}, "failing", False),
        ({"answered_at": 1.0, "failing_since": 2.0, "is_conflict": True}, "conflict", False),
        ({"is_conflict": True}, "conflict", False),
        ({"answered_at": 1.0, "is_silent": True}, "quiet", False),
    ],
)
async def test_the_road_says_what_is_wrong_with_it(
    telegram: Telegram, fields: dict[str, object], code: str, is_ok: bool
) -> None:
    assert telegram.health().code == "waiting"
    assert in_state(telegram, **fields) == (code, is_ok)


async def test_without_a_token_there_is_no_road() -> None:
    with pytest.raises(ValueError, match="no Telegram token"):
        build_telegram(Settings())


async def test_the_second_venue_is_left_out_where_it_is_not_wanted() -> None:
    primary, reference = build_sources(
        settings_for("http://127.0.0.1:9", PERPETUUM_MARKET__REFERENCE="false"), SystemClock()
    )
    assert primary.venue == "bybit"
    assert reference is None
    await primary.close()


async def test_outside_the_sandbox_the_clock_is_the_machines() -> None:
    async with running_clock(Settings(), within_s=1) as clock:
        assert isinstance(clock, SystemClock)


async def test_a_clock_that_tells_no_time_is_given_up() -> None:
    settings = settings_for("http://127.0.0.1:9", PERPETUUM_DESK__CLOCK_URL="ws://127.0.0.1:9/clock")
    with pytest.raises(Transient, match="no market clock"):
        async with running_clock(settings, within_s=0.3):
            pytest.fail("it told the time")
