"""Several people in one browser."""

from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.wire import ADMINS, ANNA, SAM, TOM, VERA, BotHand, Control


def test_unread_badges_count_per_person_and_chat_until_they_look(
    chat: ChatPage, control: Control, bot: BotHand
) -> None:
    control.say(ANNA, "/start")
    chat.open(TOM)
    expect(chat.part(f"user-{ANNA}").get_by_label("unread")).to_have_count(0)
    bot.write(ANNA, "one")
    bot.write(ANNA, "two")
    bot.write(ADMINS, "three")
    expect(chat.part(f"user-{ANNA}").get_by_label("3 unread")).to_be_visible()
    expect(chat.part(f"unread-{ADMINS}")).to_have_text("1")
    expect(chat.page).to_have_title("(4) Perpetuum sandbox")
    chat.part(f"user-{ANNA}").click()
    expect(chat.part(f"unread-{ADMINS}")).to_have_text("1")
    expect(chat.part(f"unread-{ANNA}")).to_have_count(0)
    chat.part(f"chat-{ADMINS}").click()
    expect(chat.part(f"user-{ANNA}").get_by_label("unread")).to_have_count(0)
    expect(chat.part(f"user-{TOM}").get_by_label("1 unread")).to_be_visible()


def test_everyone_has_a_private_chat_and_only_members_the_group(chat: ChatPage, control: Control) -> None:
    control.say(ANNA, "hello")
    chat.open(ANNA)
    expect(chat.messages).to_have_count(1)
    chat.part(f"chat-{ADMINS}").click()
    chat.part(f"user-{TOM}").click()
    expect(chat.page.get_by_role("heading", name="Desk admins")).to_be_visible()
    for outsider in (VERA, SAM):
        chat.part(f"user-{outsider}").click()
        expect(chat.part("start")).to_be_visible()
        expect(chat.part(f"chat-{ADMINS}")).to_have_count(0)


def test_a_group_names_who_wrote(chat: ChatPage, control: Control, bot: BotHand) -> None:
    mine = control.say(ANNA, "mine", ADMINS)["id"]
    theirs = control.say(TOM, "theirs", ADMINS)["id"]
    answer = bot.write(ADMINS, "answer")
    chat.open(ANNA, ADMINS)
    expect(chat.message(theirs).locator(".sender")).to_have_text("Tom")
    expect(chat.message(answer).locator(".sender")).to_have_text("Perpetuum")
    expect(chat.message(mine).locator(".sender")).to_have_count(0)


def test_writing_goes_out_in_the_speakers_name_and_the_draft_waits(chat: ChatPage, control: Control) -> None:
    control.say(VERA, "/start")
    control.say(TOM, "/start")
    chat.open(TOM)
    chat.composer.fill("half a thou")
    chat.part(f"user-{VERA}").click()
    expect(chat.composer).to_have_value("")
    chat.composer.press_sequentially("one")
    chat.composer.press("Shift+Enter")
    chat.composer.press_sequentially("two")
    chat.composer.press("Enter")
    expect(chat.messages.last).to_contain_text("one\ntwo", use_inner_text=True)
    assert control.messages(VERA)[-1]["sender"] == VERA
    chat.part(f"user-{TOM}").click()
    expect(chat.composer).to_have_value("half a thou")


def test_language_and_block_are_the_persons_to_change(chat: ChatPage, control: Control) -> None:
    control.say(VERA, "/start")
    chat.open(VERA)
    for item in ("language", "block"):
        chat.part("chat-menu").click()
        chat.part(item).click()
    chat.part("chat-menu").click()
    expect(chat.part("language")).to_have_text("Telegram in English")
    expect(chat.part("block")).to_have_text("Unblock the bot")
    vera = next(user for user in control.state()["users"] if user["id"] == VERA)
    assert (vera["language"], vera["blocked"]) == ("ru", True)
