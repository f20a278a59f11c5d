"""Messages as Telegram would show them."""

import pytest
from playwright.sync_api import expect

from tests.browser.chat_page import ChatPage
from tests.browser.pictures import a_png
from tests.browser.wire import TOM, BotHand, Control


@pytest.fixture
def ready(chat: ChatPage, control: Control) -> ChatPage:
    control.say(TOM, "/start")
    return chat.open(TOM)


def test_edits_are_marked_and_deletions_vanish(ready: ChatPage, bot: BotHand) -> None:
    sent = bot.write(TOM, "before")
    expect(ready.message(sent)).not_to_contain_text("edited")
    bot.call("editMessageText", chat_id=TOM, message_id=sent, text="after")
    expect(ready.message(sent)).to_contain_text("after")
    expect(ready.message(sent)).to_contain_text("edited")
    bot.call("deleteMessage", chat_id=TOM, message_id=sent)
    expect(ready.message(sent)).to_have_count(0)


def test_a_photo_opens_over_the_page_and_an_edit_changes_it(ready: ChatPage, bot: BotHand) -> None:
    sent = bot.upload("sendPhoto", "photo", "chart.png", a_png(1080, 720), TOM, "a chart")
    photo = ready.message(sent).get_by_test_id("photo")
    photo.click()
    expect(ready.part("lightbox").get_by_role("img")).to_be_visible()
    ready.page.keyboard.press("Escape")
    expect(ready.part("lightbox")).to_have_count(0)
    expect(ready.message(sent)).to_contain_text("a chart")
    ready.settle()
    assert ready.is_at_end()


def test_a_document_downloads_under_its_name(ready: ChatPage, bot: BotHand) -> None:
    sent = bot.upload("sendDocument", "document", "journal.csv", b"a,b\n" * 400, TOM)
    link = ready.message(sent).get_by_test_id("document")
    expect(link).to_contain_text("journal.csv")
    expect(link).to_contain_text("1.6 KB")
    with ready.page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "journal.csv"
    assert download.value.path().read_bytes() == b"a,b\n" * 400


def test_the_pinned_bar_leads_to_the_message(ready: ChatPage, bot: BotHand) -> None:
    pinned = bot.write(TOM, "the cockpit")
    for number in range(40):
        bot.write(TOM, f"line {number}")
    expect(ready.part("pinned")).to_have_count(0)
    bot.call("pinChatMessage", chat_id=TOM, message_id=pinned)
    expect(ready.part("pinned")).to_contain_text("the cockpit")
    expect(ready.message(pinned)).not_to_be_in_viewport()
    ready.part("pinned").click()
    expect(ready.message(pinned)).to_be_in_viewport()
    bot.call("unpinChatMessage", chat_id=TOM)
    expect(ready.part("pinned")).to_have_count(0)


def test_new_messages_are_followed_only_from_the_end(ready: ChatPage, bot: BotHand) -> None:
    for number in range(40):
        last = bot.write(TOM, f"line {number}")
    expect(ready.message(last)).to_be_in_viewport()
    ready.part("thread").evaluate("box => { box.scrollTop = 0; }")
    expect(ready.part("to-bottom")).to_be_in_viewport()
    bot.write(TOM, "news")
    newest = bot.write(TOM, "more news")
    expect(ready.part("to-bottom")).to_have_text("2")
    expect(ready.message(newest)).not_to_be_in_viewport()
    ready.part("to-bottom").click()
    expect(ready.message(newest)).to_be_in_viewport()
    ready.part("thread").evaluate("box => { box.scrollTop = 0; }")
    ready.write("mine")
    expect(ready.messages.last).to_be_in_viewport()


def test_long_chats_draw_older_messages_as_the_reader_goes_up(
    ready: ChatPage, bot: BotHand, control: Control
) -> None:
    first = control.messages(TOM)[0]["id"]
    for number in range(200):
        bot.write(TOM, f"line {number}")
    ready.open(TOM)
    expect(ready.messages).to_have_count(150)
    ready.part("thread").evaluate("box => { box.scrollTop = 0; }")
    expect(ready.messages).to_have_count(201)
    expect(ready.message(first)).not_to_be_in_viewport()


def test_hidden_and_folded_text_opens_and_stays_open_through_an_edit(ready: ChatPage, bot: BotHand) -> None:
    lines = "\n".join(f"reason {number}" for number in range(9))
    html = f"floor <tg-spoiler>82 000</tg-spoiler>\n<blockquote expandable>{lines}</blockquote>"
    sent = bot.write(TOM, html)
    text = ready.message(sent).get_by_test_id("text")
    quote = text.locator("blockquote")
    folded = quote.evaluate("node => node.clientHeight")
    quote.click()
    assert quote.evaluate("node => node.clientHeight") > folded * 2
    text.get_by_role("button", name="Hidden text").press("Enter")
    bot.call("editMessageText", chat_id=TOM, message_id=sent, text=f"{html}\nmore", parse_mode="HTML")
    expect(text).to_contain_text("more")
    expect(quote).to_have_attribute("aria-expanded", "true")
    expect(text.get_by_role("button", name="Hidden text")).to_have_count(0)


def test_a_tap_on_code_copies_it(ready: ChatPage, bot: BotHand) -> None:
    sent = bot.write(TOM, "ticket <code>7F3K</code>")
    ready.message(sent).get_by_text("7F3K").click()
    expect(ready.part("toast")).to_have_text("Copied to clipboard")
    assert ready.page.evaluate("navigator.clipboard.readText()") == "7F3K"


def test_the_bots_doings_show_until_it_writes(ready: ChatPage, bot: BotHand) -> None:
    bot.call("sendChatAction", chat_id=TOM, action="upload_photo")
    expect(ready.part("typing")).to_have_text("sending a photo")
    bot.write(TOM, "done")
    expect(ready.part("typing")).to_have_count(0)


def test_an_answer_quotes_what_it_answers(ready: ChatPage, bot: BotHand, control: Control) -> None:
    sent = bot.write(TOM, "which one?")
    ready.message(sent).hover()
    ready.message(sent).get_by_role("button", name="Reply").click()
    expect(ready.part("answering")).to_contain_text("which one?")
    ready.write("this one")
    expect(ready.messages.last).to_contain_text("Perpetuumwhich one?this one", use_inner_text=False)
    assert control.messages(TOM)[-1]["reply_to"] == sent
    expect(ready.part("answering")).to_be_hidden()
