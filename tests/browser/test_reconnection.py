"""A sandbox that goes away and comes back."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.conftest import OpenTab, StartSandbox
from tests.browser.wire import TOM, BotHand, Control


def test_the_page_says_so_and_reads_everything_again(
    start_sandbox: StartSandbox, open_tab: OpenTab, tmp_path: Path
) -> None:
    sandbox = start_sandbox("--no-bot", "--state", str(tmp_path))
    control, bot = Control(sandbox.url), BotHand(sandbox.url)
    control.say(TOM, "/start")
    doomed = bot.write(TOM, "doomed")
    chat = open_tab(sandbox.url).open(TOM)
    expect(chat.message(doomed)).to_be_visible()
    expect(chat.part("banner")).to_be_hidden()

    sandbox.stop()
    expect(chat.part("banner")).to_have_text("The sandbox is not answering. Trying again…")
    chat.write("nobody hears this")
    expect(chat.part("toast")).to_have_text("The sandbox is not answering.")
    expect(chat.composer).to_have_value("nobody hears this")

    sandbox.start()
    bot.call("deleteMessage", chat_id=TOM, message_id=doomed)
    expect(chat.part("banner")).to_be_hidden()
    expect(chat.message(doomed)).to_have_count(0)
    chat.composer.press("Enter")
    expect(chat.messages.last).to_contain_text("nobody hears this")
    while_refused = "ERR_CONNECTION_REFUSED"
    chat.problems[:] = [problem for problem in chat.problems if while_refused not in problem]
