"""From an update to its answer: which command or button, sent or edited, late or in time."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from aiogram.types import Chat, InaccessibleMessage, Update, User
from aiogram.types import Message as TelegramMessage
from aiogram.types.callback_query import CallbackQuery
from aiogram.types.sticker import Sticker

from ports.errors import Transient
from ports.people import Role
from sandbox.telegram.conversation import block
from tests.build.conversation import Conversation, Message, a_conversation
from tests.build.fake_venue import FakeVenue
from tests.build.telegram import ANNA, GROUP, SAM, TOM, VERA


@pytest.fixture
async def at() -> AsyncIterator[Conversation]:
    async with a_conversation() as conversation:
        yield conversation


def names(message: Message) -> list[str]:
    return [button["text"] for row in message["buttons"] for button in row]


@pytest.mark.parametrize(
    "text", ["btc", "/price btc", "/price@perpetuum_sandbox_bot btc", "/price@Perpetuum_Sandbox_Bot btc"]
)
async def test_a_question_is_answered_with_one_message(at: Conversation, text: str) -> None:
    [answer] = await at.say(VERA, text)

    assert answer["text"].startswith("BTC/USDT · spot")
    assert names(answer) == ["Chart", "Watch", "Refresh", "Alert"]


@pytest.mark.parametrize("text", ["/price@another_bot btc", "/ban@another_bot", "/start@another_bot"])
async def test_what_is_meant_for_another_bot_is_left_to_it(at: Conversation, text: str) -> None:
    assert await at.say(TOM, text, chat=GROUP) == []


@pytest.mark.parametrize("text", ["btc", "hello everybody", "top", "price btc"])
async def test_talk_in_the_admin_group_is_left_alone(at: Conversation, text: str) -> None:
    assert await at.say(TOM, text, chat=GROUP) == []


async def test_commands_in_the_admin_group_are_answered_there_by_role(at: Conversation) -> None:
    [price] = await at.say(TOM, "/price btc", chat=GROUP)
    assert price["chat"] == GROUP
    [refused] = await at.say(TOM, "/users", chat=GROUP)
    assert "Your role does not allow that" in refused["text"]
    [users] = await at.say(ANNA, "/users", chat=GROUP)
    assert "People" in users["text"]

    toast = await at.tap(TOM, users, "Vera")

    assert toast is not None
    assert toast.text == "You may not do that."
    assert (await at.heard(GROUP))[-1]["edits"] == 0


@pytest.mark.parametrize("language", ["en", "ru"])
@pytest.mark.parametrize(
    "text", ["/users", "people", "/price nosuchcoinatall", "/settings zone xyzzy", "/language fr"]
)
async def test_refusals_are_answers_in_the_persons_language(
    at: Conversation, text: str, language: str
) -> None:
    await at.desk.services.people.change(VERA, language=language)

    [answer] = await at.say(VERA, text)

    is_russian = any("а" <= letter <= "я" for letter in answer["text"])
    assert is_russian == (language == "ru")


@pytest.mark.parametrize(
    "text",
    ["<b>", "{{7*7}}", "%s", "🙂", "مرحبا", "a\0b", "\u202eabc", "x" * 4000, "&lt;", "</code>", "/<i>"],
)
async def test_hostile_text_comes_back_as_text(at: Conversation, text: str) -> None:
    answers = await at.say(VERA, text)

    assert answers
    assert all("Something broke" not in answer["text"] for answer in answers)
    assert all("<i>" not in answer["html"] and "<b>" not in answer["html"] for answer in answers)


async def test_a_tap_changes_its_own_message(at: Conversation) -> None:
    [screen] = await at.say(VERA, "/price btc")

    toast = await at.tap(VERA, screen, "Watch")

    assert toast is not None
    assert toast.text == ""
    [after] = await at.heard(VERA)
    assert (after["id"], after["edits"]) == (screen["id"], 1)
    assert "Watch list" in after["text"]


async def test_a_chart_is_redrawn_in_place_and_a_price_under_it_is_new(at: Conversation) -> None:
    [chart] = await at.say(VERA, "/chart btc")
    await at.tap(VERA, chart, "4h")
    [chart] = await at.heard(VERA)
    assert chart["edits"] == 1
    assert chart["photo"]

    await at.tap(VERA, chart, "Price")
    _, price = await at.heard(VERA)
    assert price["photo"] is None

    await at.tap(VERA, price, "Chart")
    assert [bool(one["photo"]) for one in await at.heard(VERA)] == [True, False, True]


async def test_an_error_behind_a_tap_leaves_the_screen_as_it_was(at: Conversation) -> None:
    [screen] = await at.say(VERA, "/price btc")
    at.desk.source.failure = Transient("down")

    await at.tap(VERA, screen, "Chart")

    before, error = await at.heard(VERA)
    assert before["edits"] == 0
    assert "exchange does not answer" in error["text"]


async def test_the_cockpit_stays_the_cockpit_whatever_is_tapped_on_it(at: Conversation) -> None:
    [cockpit] = await at.say(VERA, "/start")
    assert cockpit["pinned"]

    for button, words in (
        ("Top", "Biggest"),
        ("Status", "Feeds"),
        ("Settings", "Time zone"),
        ("Help", "Markets"),
    ):
        await at.tap(VERA, cockpit, button)
        first, *_, last = await at.heard(VERA)
        assert first["edits"] == 0
        assert words in last["text"]


async def test_a_screen_that_was_deleted_meanwhile_comes_anew(at: Conversation) -> None:
    [screen] = await at.say(VERA, "/price btc")
    query = CallbackQuery(
        id="1",
        from_user=User(id=VERA, is_bot=False, first_name="Vera"),
        chat_instance="x",
        data="px:ETHUSDT",
        message=InaccessibleMessage(
            chat=Chat(id=VERA, type="private"), message_id=screen["id"] + 1000, date=0
        ),
    )
    await at.dispatcher.feed_update(at.telegram.bot, Update(update_id=1, callback_query=query), is_late=False)

    assert (await at.heard(VERA))[-1]["text"].startswith("ETH/USDT")


@pytest.mark.parametrize("data", ["zz:1", "", ":", "nonsense", "🙂"])
async def test_a_button_of_another_time_is_told_so(at: Conversation, data: str) -> None:
    await at.say(VERA, "/price btc")
    before = len(await at.heard(VERA))
    chat = at.telegram.twin.chats.get(VERA)
    assert chat is not None
    message = next(one for one in chat.messages.values() if one.is_from_bot)
    message.keyboard = [[{"text": "Old", "callback_data": data}]]

    toast = await at.tap(VERA, {"chat": VERA, "id": message.id}, "Old")

    assert toast is not None
    assert "from another time" in toast.text
    assert len(await at.heard(VERA)) == before


async def test_a_button_without_its_message_is_silent(at: Conversation) -> None:
    query = CallbackQuery(
        id="1", from_user=User(id=VERA, is_bot=False, first_name="Vera"), chat_instance="x", data="px:BTCUSDT"
    )

    await at.dispatcher.feed_update(at.telegram.bot, Update(update_id=1, callback_query=query), is_late=False)

    assert await at.heard(VERA) == []


async def test_a_screen_with_tables_takes_the_place_of_a_text_and_gives_it_back(at: Conversation) -> None:
    await at.desk.services.people.change(VERA, sees_rich=True)
    [account] = await at.say(VERA, "/portfolio")
    assert account["rich"]

    await at.tap(VERA, account, "Trades")
    [trades] = (await at.heard(VERA))[-1:]
    assert (trades["id"], trades["rich"]) == (account["id"], None)

    [top] = await at.say(VERA, "/top volume")
    await at.tap(VERA, top, "Gainers")
    now = (await at.heard(VERA))[-1]
    assert (now["id"], now["edits"], bool(now["rich"])) == (top["id"], 1, True)


async def test_a_late_answer_is_classic_so_that_its_note_is_seen(at: Conversation) -> None:
    await at.desk.services.people.change(VERA, sees_rich=True)
    [answer] = await at.say(VERA, "/portfolio", is_late=True, after_s=630)
    assert answer["text"].startswith("I was away")
    assert answer["rich"] is None


async def test_a_late_question_is_answered_with_a_note(at: Conversation) -> None:
    [answer] = await at.say(VERA, "btc", is_late=True, after_s=630)

    assert answer["text"].startswith("I was away; you asked this 10 min ago. This is how it is now:")
    assert "87,210.50" in answer["text"]


async def test_a_question_that_waited_a_moment_needs_no_note(at: Conversation) -> None:
    [answer] = await at.say(VERA, "btc", is_late=True, after_s=5)

    assert answer["text"].startswith("BTC/USDT")


@pytest.mark.parametrize("text", ["/watch btc", "watch btc", "/settings zone berlin", "/language ru"])
async def test_a_late_order_is_explained_and_done_only_by_its_button(at: Conversation, text: str) -> None:
    before = at.desk.person(VERA)

    [answer] = await at.say(VERA, text, is_late=True, after_s=630)

    assert "I did not do it" in answer["text"]
    assert "10 min ago" in answer["text"]
    assert at.desk.person(VERA) == before
    await at.tap(VERA, answer, "Do it now")
    assert at.desk.person(VERA) != before


@pytest.mark.parametrize("text", ["/close", "close", "закрой"])
async def test_a_late_deed_that_needs_no_words_is_not_done_either(at: Conversation, text: str) -> None:
    [answer] = await at.say(TOM, text, is_late=True, after_s=630)

    assert "I did not do it" in answer["text"]
    assert names(answer) == ["Do it now"]


async def test_a_late_order_of_any_length_is_quoted_in_short(at: Conversation) -> None:
    [answer] = await at.say(VERA, "/watch " + "btc " * 900, is_late=True, after_s=630)

    assert len(answer["text"]) < 400
    assert names(answer) == []


async def test_a_late_tap_reads_but_changes_nothing(at: Conversation) -> None:
    [screen] = await at.say(VERA, "/price btc")

    toast = await at.tap(VERA, screen, "Watch", is_late=True)
    assert toast is not None
    assert "nothing was done. Press again" in toast.text
    assert at.desk.person(VERA).watchlist == ()

    toast = await at.tap(VERA, screen, "Chart", is_late=True)
    assert toast is not None
    assert toast.text == ""
    assert (await at.heard(VERA))[-1]["photo"]


async def test_a_picture_or_a_sticker_is_told_what_can_be_read(at: Conversation) -> None:
    await at.say(VERA, "/help")
    message = TelegramMessage(
        message_id=9,
        date=datetime.now(UTC),
        chat=Chat(id=VERA, type="private"),
        from_user=User(id=VERA, is_bot=False, first_name="Vera"),
        sticker=Sticker(
            file_id="f",
            file_unique_id="u",
            type="regular",
            width=1,
            height=1,
            is_animated=False,
            is_video=False,
        ),
    )
    in_group = message.model_copy(update={"chat": Chat(id=GROUP, type="supergroup")})
    for number, one in enumerate((message, in_group)):
        await at.dispatcher.feed_update(at.telegram.bot, Update(update_id=number, message=one), is_late=False)

    assert "I read text" in (await at.heard(VERA))[-1]["text"]
    assert await at.heard(GROUP) == []


async def test_notes_of_telegram_itself_are_no_messages(at: Conversation) -> None:
    message = TelegramMessage(
        message_id=9,
        date=datetime.now(UTC),
        chat=Chat(id=VERA, type="private"),
        from_user=User(id=VERA, is_bot=False, first_name="Vera"),
    )

    await at.dispatcher.feed_update(at.telegram.bot, Update(update_id=1, message=message), is_late=False)

    assert await at.heard(VERA) == []


async def test_who_blocks_the_bot_is_remembered_until_they_come_back(at: Conversation) -> None:
    vera = at.telegram.twin.people.get(VERA)
    assert vera is not None
    block(at.telegram.twin, vera, is_blocked=True)
    await at.listen()
    assert not at.desk.person(VERA).is_reachable

    block(at.telegram.twin, vera, is_blocked=False)
    await at.listen()
    assert at.desk.person(VERA).is_reachable


async def test_an_answer_that_cannot_arrive_marks_the_person_and_their_next_word_clears_it(
    at: Conversation,
) -> None:
    await at.telegram.say(VERA, "/help")
    vera = at.telegram.twin.people.get(VERA)
    assert vera is not None
    vera.has_blocked = True  # the update about it never comes
    await at.listen()
    assert not at.desk.person(VERA).is_reachable

    vera.has_blocked = False
    await at.say(VERA, "/help")
    assert at.desk.person(VERA).is_reachable


async def test_while_telegram_fails_nothing_breaks_and_the_next_question_is_answered(
    at: Conversation,
) -> None:
    [screen] = await at.say(VERA, "/price btc")
    at.telegram.faults.merge(
        {"telegram": {"status": 500, "methods": ["sendMessage", "editMessageText", "answerCallbackQuery"]}}
    )
    assert await at.say(VERA, "btc") == []
    assert await at.tap(VERA, screen, "Refresh", wait_s=0.05) is None

    at.telegram.faults.clear()

    assert len(await at.say(VERA, "btc")) == 1


async def test_the_notices_buttons_belong_to_admins_of_that_chat(at: Conversation) -> None:
    await at.say(SAM, "hello")
    [notice] = await at.heard(GROUP)

    toast = await at.tap(TOM, notice, "Trader")
    assert toast is not None
    assert toast.text == "You may not do that."
    assert at.desk.services.people.get(SAM) is None

    await at.tap(ANNA, notice, "Trader")
    await at.tap(ANNA, (await at.heard(GROUP))[0], "Change")
    [card] = await at.heard(GROUP)
    assert at.desk.person(SAM).role is Role.TRADER
    assert names(card) == ["viewer", "✓ trader", "admin", "Block", "Back"]


async def audited(at: Conversation) -> list[tuple[int | None, int | None, str, str, object]]:
    """The audit log, the oldest first."""
    await at.desk.services.audit.flush()
    stored = reversed(await at.desk.services.audit.latest(limit=50))
    return [(one.person_id, one.chat_id, one.deed, one.outcome, one.params["text"]) for _, one in stored]


async def test_a_difference_is_mended_by_button_and_kept_by_its_name(at: Conversation) -> None:
    venue = FakeVenue(at.desk.clock)
    venue.money["USDT"] = Decimal(1000)
    await at.desk.services.trades.orders.open(venue.account, venue, venue)
    await at.desk.services.reconciliation.conclude(venue.account)
    at.desk.clock.move(1)
    venue.money["USDT"] = Decimal("1005.5")
    [card] = await at.say(ANNA, "/reconcile bybit")
    for button in (names(card)[0], "Ignore", "Ignore"):
        await at.tap(ANNA, card, button)
        card = (await at.heard(ANNA))[-1]

    assert "Ask again" not in card["text"]
    await at.desk.services.audit.flush()
    [(_, record), *_] = await at.desk.services.audit.latest(limit=1)
    assert (record.deed, record.outcome) == ("rx", "done")
    assert {"ignore", "bybit", "balance:USDT"} <= set(map(str, record.params.values()))


async def test_who_changed_or_tried_to_change_something_is_kept(at: Conversation) -> None:
    await at.say(VERA, "/watch eth")
    await at.say(VERA, "/settings zone xyzzy")
    await at.say(TOM, "/users", chat=GROUP)
    await at.say(VERA, "/watch btc", is_late=True)
    assert await audited(at) == [
        (VERA, VERA, "/watch", "done", "eth"),
        (VERA, VERA, "/settings", "unknown_zone", "zone xyzzy"),
        (TOM, GROUP, "/users", "not_allowed", ""),
        (VERA, VERA, "/watch", "late", "btc"),
    ]


async def test_a_pressed_button_that_changes_something_is_kept(at: Conversation) -> None:
    [price] = await at.say(VERA, "/price btc")
    await at.tap(VERA, price, "Watch")
    [users] = await at.say(ANNA, "/users", chat=GROUP)
    await at.tap(TOM, users, "Vera")
    deeds = [(person, deed, outcome) for person, _, deed, outcome, _ in await audited(at)]
    assert deeds[0][::2] == (VERA, "done")
    assert deeds[1][::2] == (TOM, "not_allowed")


async def test_what_is_only_read_is_nobodys_business(at: Conversation) -> None:
    for text in ("btc", "/price btc", "/top", "/help", "/settings", "/status"):
        await at.say(VERA, text)
    assert await audited(at) == []
