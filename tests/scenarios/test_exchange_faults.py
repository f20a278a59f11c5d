"""The exchange down, slow, garbled or silent: no price is ever old in silence."""

from typing import Any

import pytest

from bot.app import App
from tests.build.desk import running_desk
from tests.build.sandbox import VERA, Sandbox, onboard, until

TEN_MINUTES = 600
FAULTS: dict[str, dict[str, Any]] = {
    "down": {"down": True},
    "bad gateway": {"status": 503, "silent": True},
    "too many requests": {"status": 429, "silent": True},
    "malformed": {"malformed": True, "silent": True},
    "slow": {"delay_s": 20, "silent": True},
}


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
async def test_an_old_price_says_its_age_and_the_next_fresh_one_does_not(
    sandbox: Sandbox, desk: App, fault: dict[str, Any]
) -> None:
    await sandbox.set_speed(0)
    assert "stale" not in (await sandbox.ask(VERA, "/price btc"))["text"]
    await sandbox.break_(bybit=fault)
    await sandbox.advance(TEN_MINUTES)

    old = await sandbox.ask(VERA, "/price btc")

    assert "stale 10 min" in old["text"]
    assert "do not act on it" in old["text"]
    await sandbox.heal()

    async def is_fresh() -> bool:
        return "stale" not in (await sandbox.ask(VERA, "/price btc"))["text"]

    await until(is_fresh, "a fresh price after the exchange is back")


async def test_a_table_of_old_prices_says_how_old_they_are(sandbox: Sandbox, desk: App) -> None:
    await sandbox.set_speed(0)
    await sandbox.break_(bybit={"down": True})
    await sandbox.advance(TEN_MINUTES)

    assert "up to 10 min old" in (await sandbox.ask(VERA, "/price btc eth"))["text"]
    assert "up to 10 min old" in (await sandbox.ask(VERA, "/top"))["text"]


async def test_a_chart_of_an_exchange_that_is_down_is_an_answer_with_a_way_on(
    sandbox: Sandbox, desk: App
) -> None:
    await sandbox.break_(bybit={"down": True})

    answer = await sandbox.ask(VERA, "/chart btc 4h")
    assert "does not answer" in answer["text"]
    assert answer["photo"] is None

    await sandbox.heal()
    await sandbox.tap(VERA, answer, "Try again")
    assert (await sandbox.next_from_bot(VERA, after=answer["id"]))["photo"] is not None


async def test_the_cockpit_shows_the_broken_feed_until_it_is_mended(sandbox: Sandbox, desk: App) -> None:
    cockpit = await onboard(sandbox, VERA)
    await sandbox.edited(cockpit, "BTC")
    await sandbox.break_(bybit={"down": True})

    await sandbox.edited(cockpit, "Bybit stream: out of reach")

    await sandbox.heal()

    async def is_mended() -> bool:
        now = await sandbox.message(cockpit)
        return now is not None and "Bybit" not in now["text"]

    await until(is_mended, "a cockpit without complaints")


async def test_a_silent_stream_is_noticed_while_prices_stay_fresh(sandbox: Sandbox) -> None:
    async with running_desk(sandbox, market__stale_after_s=10):
        cockpit = await onboard(sandbox, VERA)
        await sandbox.edited(cockpit, "BTC")
        await sandbox.break_(bybit={"silent": True})

        await sandbox.edited(cockpit, "Bybit stream: ")

        assert "stale" not in (await sandbox.ask(VERA, "/price btc"))["text"]
        assert "⚠️ Bybit stream" in (await sandbox.ask(VERA, "/status"))["text"]


async def test_without_the_reference_venue_the_price_stands_alone(sandbox: Sandbox, desk: App) -> None:
    await sandbox.set_speed(0)

    async def is_compared() -> bool:
        return "Binance" in (await sandbox.ask(VERA, "/price btc"))["text"]

    await until(is_compared, "the reference price")
    await sandbox.break_(binance={"down": True})
    await sandbox.advance(TEN_MINUTES)

    alone = await sandbox.ask(VERA, "/price btc")

    assert alone["text"].startswith("BTC/USDT")
    assert "Binance" not in alone["text"]


async def test_a_lost_clock_is_shown_and_found_again(sandbox: Sandbox, desk: App) -> None:
    await sandbox.break_(clock={"down": True})

    async def says(words: str) -> bool:
        return words in (await sandbox.ask(VERA, "/status"))["text"]

    await until(lambda: says("⚠️ Sandbox clock"), "the clock is missed")
    await sandbox.heal()
    await until(lambda: says("✓ Sandbox clock"), "the clock is back")


async def test_a_desk_started_while_the_exchange_is_down_says_so_and_recovers(sandbox: Sandbox) -> None:
    await sandbox.break_(bybit={"down": True})
    async with running_desk(sandbox, has_prices=False):
        assert "not here yet" in (await sandbox.ask(VERA, "/price btc"))["text"]
        assert "⚠️ Bybit REST" in (await sandbox.ask(VERA, "/status"))["text"]

        await sandbox.heal()

        assert (await sandbox.ask(VERA, "/price btc"))["text"].startswith("BTC/USDT")
