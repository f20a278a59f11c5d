"""Alerts on the wire: told once, through kills, silence and jumps of the clock."""

from bot.app import App
from tests.build.desk import desk_process
from tests.build.sandbox import ANNA, TOM, VERA, Message, Sandbox, until

FIRED = "🔔"


async def shock(sandbox: Sandbox, percent: float, symbol: str = "BTCUSDT") -> None:
    """Move a coin from now on."""
    await sandbox.control("POST", f"markets/{symbol}/shock", {"percent": percent})


async def arm(sandbox: Sandbox, wish: str, user: int = VERA) -> Message:
    """Ask for an alert; the answer that it is armed."""
    answer = await sandbox.ask(user, f"/alert {wish}")
    assert "armed" in answer["text"], answer["text"]
    return answer


async def told(sandbox: Sandbox, armed: Message) -> list[str]:
    """What was pushed to that chat since it was armed."""
    found = await sandbox.from_bot(armed["chat"], after=armed["id"])
    return [one["text"] for one in found if FIRED in one["text"] and "<code>" in one["html"]]


async def until_told(sandbox: Sandbox, armed: Message) -> str:
    """The first push."""

    async def look() -> str | None:
        return next(iter(await told(sandbox, armed)), None)

    return await until(look, "the alert is told")


async def test_a_price_that_reaches_the_level_is_told_once(sandbox: Sandbox, desk: App) -> None:
    armed = await arm(sandbox, "btc +5%")

    await shock(sandbox, 6)
    text = await until_told(sandbox, armed)
    await shock(sandbox, -5)
    await shock(sandbox, 6)
    await sandbox.advance(60)

    assert "BTC/USDT" in text
    assert "or above" in text
    await sandbox.ask(VERA, "/alerts")
    assert len(await told(sandbox, armed)) == 1
    assert "No alerts yet" in (await sandbox.ask(VERA, "/alerts"))["text"]


async def test_everybody_hears_their_own(sandbox: Sandbox, desk: App) -> None:
    ours, theirs = await arm(sandbox, "eth -5% 1h"), await arm(sandbox, "eth high 1d", user=TOM)

    await shock(sandbox, -8, "ETHUSDT")

    assert "down 5 %" in await until_told(sandbox, ours)
    assert await told(sandbox, theirs) == []
    await shock(sandbox, 40, "ETHUSDT")
    assert "new high" in await until_told(sandbox, theirs)


async def test_undo_and_mute_keep_it_silent(sandbox: Sandbox, desk: App) -> None:
    undone, muted = await arm(sandbox, "btc +5%"), await arm(sandbox, "btc +6%", user=TOM)
    await sandbox.tap(VERA, undone, "Undo")
    await sandbox.edited(undone, "deleted")
    await sandbox.tap(TOM, await sandbox.ask(TOM, "/alerts 2"), "Mute")
    await until(lambda: _says(sandbox, TOM, "muted"), "it is muted")

    await shock(sandbox, 10)
    loud = await arm(sandbox, "btc +5%", user=ANNA)
    await shock(sandbox, 10)

    await until_told(sandbox, loud)
    assert await told(sandbox, undone) == []
    assert await told(sandbox, muted) == []


async def _says(sandbox: Sandbox, user: int, words: str) -> bool:
    return words in (await sandbox.ask(user, "/alerts"))["text"]


async def test_killed_at_the_tick_it_is_told_once_after_the_start(sandbox: Sandbox) -> None:
    async with desk_process(sandbox) as desk:
        await sandbox.ask(VERA, "/price btc")
        armed = await arm(sandbox, "btc +5%")
        await sandbox.advance(5)

        await shock(sandbox, 6)
        await desk.kill()
        await desk.start()

        await until_told(sandbox, armed)
        await sandbox.advance(120)
        await sandbox.ask(VERA, "/alerts")
        assert len(await told(sandbox, armed)) == 1


async def test_killed_after_it_was_told_it_is_not_told_again(sandbox: Sandbox) -> None:
    async with desk_process(sandbox) as desk:
        await sandbox.ask(VERA, "/price btc")
        armed = await arm(sandbox, "btc +5% every 1h")
        await shock(sandbox, 6)
        await until_told(sandbox, armed)
        await sandbox.ask(VERA, "/alerts")  # by then the outbox knows that it was delivered

        await desk.kill()
        await desk.start()
        await sandbox.advance(60)
        await shock(sandbox, -3)
        await shock(sandbox, 4)

        assert "#1 BTC" in (await sandbox.ask(VERA, "/alerts"))["text"]
        assert len(await told(sandbox, armed)) == 1


async def test_what_happened_while_the_desk_was_down_is_told_late_with_its_time(sandbox: Sandbox) -> None:
    async with desk_process(sandbox) as desk:
        await sandbox.ask(VERA, "/price btc")
        armed = await arm(sandbox, "btc +20%")
        await sandbox.advance(5)
        await desk.kill()

        await sandbox.advance(300)
        await shock(sandbox, 25)
        await sandbox.advance(120)
        await shock(sandbox, -20)
        await sandbox.advance(1200)
        await desk.start()

        text = await until_told(sandbox, armed)
        assert "candles say so" in text
        assert "min ago" in text
        await sandbox.ask(VERA, "/alerts")
        assert len(await told(sandbox, armed)) == 1


async def test_what_the_silence_of_the_exchange_hid_is_found(sandbox: Sandbox, desk: App) -> None:
    armed = await arm(sandbox, "btc +20%")
    await sandbox.break_(bybit={"down": True})
    await sandbox.advance(120)
    await shock(sandbox, 25)
    await sandbox.advance(120)
    await shock(sandbox, -20)
    await sandbox.advance(600)

    await sandbox.heal()

    assert "candles say so" in await until_told(sandbox, armed)


async def test_a_jump_of_the_clock_over_the_level_and_back_is_found(sandbox: Sandbox, desk: App) -> None:
    armed = await arm(sandbox, "btc +20%")
    await sandbox.set_speed(0)
    await sandbox.break_(bybit={"silent": True, "down": True})
    await shock(sandbox, 25)
    await sandbox.advance(60)
    await shock(sandbox, -20)
    await sandbox.heal()

    await sandbox.advance(6 * 3600)

    await until_told(sandbox, armed)
    assert len(await told(sandbox, armed)) == 1


QUARTER_S = 900


async def arm_formula(sandbox: Sandbox, wish: str, user: int = VERA) -> Message:
    """Ask for an alert on indicators and arm what is shown."""
    offer = await sandbox.ask(user, f"/alert {wish}")
    await sandbox.tap(user, offer, "Arm")
    return await sandbox.edited(offer, "armed")


async def test_an_alert_on_indicators_is_told_at_the_close_once(sandbox: Sandbox, desk: App) -> None:
    armed = await arm_formula(sandbox, "btc close crosses above 1.05 * ema50 15m or rsi > 99")
    assert await told(sandbox, armed) == []

    await shock(sandbox, 20)
    await sandbox.advance(QUARTER_S)
    text = await until_told(sandbox, armed)
    await sandbox.advance(2 * QUARTER_S)

    assert "close crosses above 1.05 × EMA 50 or RSI 14 above 99" in text
    await sandbox.ask(VERA, "/alerts")
    assert len(await told(sandbox, armed)) == 1
    assert "No alerts yet" in (await sandbox.ask(VERA, "/alerts"))["text"]


async def test_a_close_while_the_desk_was_killed_is_told_late_once(sandbox: Sandbox) -> None:
    async with desk_process(sandbox) as desk:
        armed = await arm_formula(sandbox, "btc close > 1.05 * ema50 15m every 4h")
        await sandbox.advance(QUARTER_S)
        await desk.kill()

        await shock(sandbox, 20)
        await sandbox.advance(3 * QUARTER_S)
        await desk.start()

        text = await until_told(sandbox, armed)
        assert "candles say so" in text
        await desk.kill()
        await desk.start()
        await sandbox.advance(QUARTER_S)
        assert "#1 BTC" in (await sandbox.ask(VERA, "/alerts"))["text"]
        assert len(await told(sandbox, armed)) == 1
