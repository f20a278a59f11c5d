"""The first minute of a new person, and the cockpit that they keep."""

from bot.app import App
from tests.build.sandbox import ANNA, TOM, VERA, Message, Sandbox, onboard, until


def buttons(message: Message) -> list[str]:
    """Texts of all buttons."""
    return [button["text"] for row in message["buttons"] for button in row]


async def test_a_newcomer_answers_three_questions_and_has_a_pinned_cockpit(
    sandbox: Sandbox, desk: App
) -> None:
    question = await sandbox.ask(VERA, "/start")
    assert buttons(question) == ["English", "Русский"]

    await sandbox.tap(VERA, question, "English")
    risk = await sandbox.edited(question, "How boldly")
    assert buttons(risk) == ["Cautious", "Balanced", "Bold"]
    assert await sandbox.pinned(VERA) is None

    await sandbox.tap(VERA, risk, "Balanced")
    table = await sandbox.edited(question, "Do you see a table?")
    assert [block["type"] for block in table["rich"]["blocks"][:3]] == ["heading", "photo", "table"]
    assert buttons(table) == ["I see a table", "No table"]
    await sandbox.tap(VERA, table, "I see a table")
    await sandbox.edited(question, "You are ready")
    cockpit = await until(lambda: sandbox.pinned(VERA), "a pinned cockpit")
    assert "PAPER" in cockpit["text"]
    await sandbox.edited(cockpit, "BTC")


async def test_who_sees_tables_gets_a_portfolio_in_one_and_turns_them_off_again(
    sandbox: Sandbox, desk: App
) -> None:
    await onboard(sandbox, TOM)
    settings = await sandbox.ask(TOM, "/settings")
    await sandbox.tap(TOM, settings, "rp:try")
    await sandbox.edited(settings, "Do you see a table?")
    await sandbox.tap(TOM, settings, "rp:yes")
    await sandbox.edited(settings, "Tables inside messages: shown")

    account = await sandbox.ask(TOM, "/portfolio")
    assert account["rich"]["blocks"][0] == {"type": "heading", "text": "Portfolio · PAPER", "size": 3}

    await sandbox.tap(TOM, settings, "rp:no")
    await sandbox.edited(settings, "Tables inside messages: not shown")
    assert (await sandbox.ask(TOM, "/portfolio"))["rich"] is None


async def test_a_setting_changes_the_cockpit_in_place(sandbox: Sandbox, desk: App) -> None:
    cockpit = await onboard(sandbox, VERA)
    assert "UTC" in cockpit["text"]

    await sandbox.ask(VERA, "/settings zone tokyo")

    await sandbox.edited(cockpit, "Asia/Tokyo")
    assert (await sandbox.pinned(VERA) or {})["id"] == cockpit["id"]


async def test_the_watch_list_and_the_price_move_the_cockpit(sandbox: Sandbox, desk: App) -> None:
    cockpit = await onboard(sandbox, VERA)

    await sandbox.ask(VERA, "/watch eth")
    own = await sandbox.edited(cockpit, "ETH")
    assert "BTC" not in own["text"]

    shocked = await sandbox.control("POST", "markets/ETHUSDT/shock", {"percent": 10})
    await sandbox.edited(cockpit, f"{float(shocked['last']):,.0f}"[:3])


async def test_a_newcomer_who_chooses_russian_is_spoken_to_in_russian(sandbox: Sandbox, desk: App) -> None:
    await onboard(sandbox, VERA, "Русский")

    answer = await sandbox.ask(VERA, "/language")

    assert answer["text"].startswith("Язык")


async def test_a_second_start_replaces_the_cockpit(sandbox: Sandbox, desk: App) -> None:
    first = await onboard(sandbox, ANNA)

    second = await sandbox.ask(ANNA, "/start")

    async def is_pinned() -> bool:
        return bool((await sandbox.pinned(ANNA) or {})["id"] == second["id"])

    await until(is_pinned, "the new cockpit is pinned")
    assert second["id"] > first["id"]
