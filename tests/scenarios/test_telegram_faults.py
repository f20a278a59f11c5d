"""Telegram down, slow, refusing or garbled: the desk says so, recovers, and loses nothing that matters."""

from typing import Any

import pytest

from bot.app import App
from tests.build.desk import running_desk
from tests.build.sandbox import ADMIN_CHAT, ANNA, SAM, TOM, VERA, Sandbox, onboard, until

NOTICE = "Somebody unknown wrote to me"
FAULTS: dict[str, dict[str, Any]] = {
    "down": {"down": True},
    "bad gateway": {"status": 502},
    "asked to wait": {"status": 429, "retry_after": 1},
    "malformed": {"malformed": True},
    "slow": {"delay_s": 0.5},
}
every_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())


@every_fault
async def test_a_question_asked_meanwhile_is_answered_once(
    sandbox: Sandbox, desk: App, fault: dict[str, Any]
) -> None:
    await sandbox.break_(telegram={**fault, "count": 3})

    answer = await sandbox.ask(VERA, "/price btc")

    assert answer["text"].startswith("BTC/USDT")
    await sandbox.heal()
    await sandbox.ask(VERA, "/status")
    first, _ = await sandbox.from_bot(VERA)
    assert first["id"] == answer["id"]


@every_fault
async def test_a_push_arrives_exactly_once(sandbox: Sandbox, desk: App, fault: dict[str, Any]) -> None:
    await sandbox.break_(telegram={**fault, "count": 2, "methods": ["sendMessage"]})

    await sandbox.say(SAM, "let me in")

    await sandbox.next_from_bot(ADMIN_CHAT, having=NOTICE)
    await sandbox.ask(ANNA, "/price btc")
    assert len(await sandbox.from_bot(ADMIN_CHAT)) == 1


async def test_a_malformed_update_does_not_hold_up_the_next(sandbox: Sandbox, desk: App) -> None:
    bodies: list[dict[str, Any]] = [{}, {"bogus": 1}, {"message_id": "x", "chat": None}, {"chat": []}]
    for body in bodies:
        sandbox.world.telegram.updates.push("message", body)

    assert (await sandbox.ask(VERA, "/price btc"))["text"].startswith("BTC/USDT")


async def test_a_pin_that_fails_costs_nothing_but_the_pin(sandbox: Sandbox, desk: App) -> None:
    await sandbox.break_(telegram={"malformed": True, "methods": ["pinChatMessage"]})
    question = await sandbox.ask(VERA, "/start")

    await sandbox.tap(VERA, question, "on:lang:en")
    await sandbox.tap(VERA, await sandbox.edited(question, "How boldly"), "on:risk:bold")

    await sandbox.edited(question, "Do you see a table?")


async def test_tables_that_telegram_refuses_come_in_the_classic_form(sandbox: Sandbox, desk: App) -> None:
    await onboard(sandbox, TOM)
    settings = await sandbox.ask(TOM, "/settings")
    await sandbox.tap(TOM, settings, "rp:try")
    await sandbox.edited(settings, "Do you see a table?")
    await sandbox.tap(TOM, settings, "rp:yes")
    await sandbox.edited(settings, "shown")

    await sandbox.break_(telegram={"status": 400, "methods": ["sendRichMessage"], "count": 1})

    account = await sandbox.ask(TOM, "/portfolio")
    assert (account["rich"], account["text"].startswith("Portfolio · PAPER")) == (None, True)
    assert (await sandbox.ask(TOM, "/portfolio"))["rich"]


async def test_admins_hear_of_a_long_outage_and_not_of_a_short_one(sandbox: Sandbox) -> None:
    async with running_desk(sandbox, tell_after_s=2.0):
        await sandbox.ask(ANNA, "/price btc")
        await sandbox.break_(telegram={"status": 502, "count": 1})
        await sandbox.ask(ANNA, "/price btc")
        assert await sandbox.from_bot(ADMIN_CHAT) == []

        await sandbox.break_(telegram={"status": 502, "count": 3})

        told = await sandbox.next_from_bot(ADMIN_CHAT, having="Telegram was out of reach")
        await sandbox.ask(ANNA, "/price btc")
        assert len(await sandbox.from_bot(ADMIN_CHAT)) == 1
        assert "I went on working" in told["text"]


async def test_the_market_is_followed_while_telegram_is_dead(sandbox: Sandbox, desk: App) -> None:
    await sandbox.set_speed(0)
    before = await desk.services.markets.quote("BTCUSDT")
    await sandbox.break_(telegram={"down": True})

    await sandbox.advance(86_400)

    async def is_followed() -> bool:
        (now,) = desk.services.markets.quotes(["BTCUSDT"])
        return now.ticker.at > before.ticker.at and not now.is_stale

    await until(is_followed, "a price of the next day")
    assert [feed.name for feed in desk.services.markets.feeds() if not feed.is_ok] == []
    await sandbox.heal()
    assert (await sandbox.ask(VERA, "/price btc"))["text"].startswith("BTC/USDT")


async def test_the_cockpit_says_that_another_copy_of_the_bot_is_running(sandbox: Sandbox, desk: App) -> None:
    cockpit = await onboard(sandbox, VERA)

    await sandbox.break_(telegram={"status": 409, "methods": ["getUpdates"]})
    await sandbox.edited(cockpit, "another copy of the bot is running")

    await sandbox.heal()

    async def is_well() -> bool:
        now = await sandbox.message(cockpit)
        return now is not None and "another copy" not in now["text"]

    await until(is_well, "the cockpit forgets the other copy")
    assert "Telegram · fine" in (await sandbox.ask(VERA, "/status"))["text"]


async def test_a_desk_started_while_telegram_is_down_begins_when_it_is_back(sandbox: Sandbox) -> None:
    said = await sandbox.say(VERA, "/price btc")
    await sandbox.break_(telegram={"down": True, "methods": ["getMe"], "count": 2})

    async with running_desk(sandbox):
        answer = await sandbox.next_from_bot(VERA, after=said["id"])

    assert answer["text"].startswith("BTC/USDT")


async def test_a_person_who_blocks_the_bot_is_left_alone_until_they_come_back(
    sandbox: Sandbox, desk: App
) -> None:
    cockpit = await onboard(sandbox, VERA)
    await sandbox.block(VERA)

    async def is_unreachable() -> bool:
        person = desk.services.people.get(VERA)
        return person is not None and not person.is_reachable

    await until(is_unreachable, "Vera is marked unreachable")
    await sandbox.control("POST", "markets/BTCUSDT/shock", {"percent": 10})
    await sandbox.ask(ANNA, "/price btc")

    await sandbox.block(VERA, blocked=False)
    await sandbox.ask(VERA, "/price btc")
    before = await sandbox.message(cockpit)
    assert before is not None
    await sandbox.control("POST", "markets/BTCUSDT/shock", {"percent": 10})

    async def is_edited() -> bool:
        now = await sandbox.message(cockpit)
        return now is not None and now["edits"] > before["edits"]

    await until(is_edited, "the cockpit goes on")


async def test_an_answer_to_somebody_who_has_just_blocked_the_bot_breaks_nothing(
    sandbox: Sandbox, desk: App
) -> None:
    await sandbox.ask(VERA, "/price btc")
    await sandbox.break_(telegram={"status": 403, "methods": ["sendMessage"], "count": 1})
    await sandbox.say(VERA, "/price eth")

    async def is_unreachable() -> bool:
        person = desk.services.people.get(VERA)
        return person is not None and not person.is_reachable

    await until(is_unreachable, "Vera is marked unreachable")
    assert (await sandbox.ask(VERA, "/price eth"))["text"].startswith("ETH/USDT")
