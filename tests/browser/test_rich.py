"""Rich messages in the chat page: as the twin takes them, and as the desk writes them."""

import pytest
from playwright.sync_api import ViewportSize, expect

from tests.browser.chat_page import ChatPage
from tests.browser.conftest import DESKTOP, PHONE, OpenTab, StartSandbox
from tests.browser.looks import Screenshot, looks_of
from tests.browser.sandbox_process import SandboxProcess
from tests.browser.test_desk import TABLES, answer_to, begin, silence
from tests.browser.wire import TOM, BotHand, Control
from tests.build.screens import the_rendering
from tests.test_words import context

WORDS = {
    "en": {"language": "English", "risk": "Balanced", "open": "Open", "settings": "Settings"},
    "ru": {"language": "Русский", "risk": "Средне", "open": "Открыть", "settings": "Настройки"},
}
HOSTILE = "&lt;img src=x onerror=alert(1)&gt;&lt;script&gt;alert(1)&lt;/script&gt;"


def rich(bot: BotHand, html: str) -> int:
    return int(bot.call("sendRichMessage", chat_id=TOM, rich_message={"html": html})["message_id"])


def a_wide_table(columns: int = 12) -> str:
    heads = "".join(f"<th>Column {number}</th>" for number in range(columns))
    cells = "".join(f'<td align="right">1,234.{number:02}</td>' for number in range(columns))
    return f"<table bordered striped><tr>{heads}</tr><tr>{cells}</tr><tr>{cells}</tr></table>"


@pytest.fixture
def tom(outside_world: SandboxProcess, open_tab: OpenTab) -> ChatPage:
    """Tom's chat on a phone, once he has started the bot."""
    Control(outside_world.url).say(TOM, "/start")
    return open_tab(outside_world.url, viewport=PHONE).open(TOM, TOM)


def test_every_block_is_drawn(tom: ChatPage, bot: BotHand) -> None:
    number = rich(
        bot,
        "<h2>Heading</h2><p>one <b>two</b> <a href='https://x.example/'>three</a><br>four</p><hr/>"
        "<ul><li>point</li></ul><blockquote>said<cite>who</cite></blockquote><aside>loud</aside>"
        "<pre>code</pre><table bordered striped compact><caption>Caption</caption>"
        "<tr><th>H</th></tr><tr><td align='right'>1</td></tr></table><footer>end</footer>",
    )
    bubble = tom.message(number)
    expect(bubble.locator("h2")).to_have_text("Heading")
    expect(bubble.locator("p").first).to_contain_text("one two three")
    expect(bubble.locator("a")).to_have_attribute("href", "https://x.example/")
    expect(bubble.locator("table.bordered.striped.compact td.right")).to_have_text("1")
    for tag, words in {
        "li": "point",
        "blockquote": "said",
        "aside": "loud",
        "pre": "code",
        "footer": "end",
    }.items():
        expect(bubble.locator(tag)).to_contain_text(words)
    expect(bubble).to_contain_text("Caption")
    expect(tom.part("chat-list")).to_contain_text("Heading one two")


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
def test_a_wide_table_scrolls_inside_its_bubble(
    outside_world: SandboxProcess, open_tab: OpenTab, bot: BotHand, viewport: ViewportSize
) -> None:
    Control(outside_world.url).say(TOM, "/start")
    chat = open_tab(outside_world.url, viewport=viewport).open(TOM, TOM)
    number = rich(bot, a_wide_table())
    box = chat.message(number).get_by_test_id("table")
    expect(box).to_be_visible()
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    assert not chat.overflows()


def test_details_open_and_stay_open_when_the_message_is_edited(tom: ChatPage, bot: BotHand) -> None:
    number = rich(bot, "<p>before</p><details><summary>More</summary>hidden</details>")
    inside = tom.message(number).locator(".details-inside")
    expect(inside).to_be_hidden()
    tom.message(number).locator("summary").click()
    expect(inside).to_be_visible()
    html = "<p>after</p><details><summary>More</summary>hidden</details>"
    bot.call("editMessageText", chat_id=TOM, message_id=number, rich_message={"html": html})
    expect(tom.message(number)).to_contain_text("after")
    expect(inside).to_be_visible()


def test_hostile_text_in_a_table_is_text(tom: ChatPage, bot: BotHand) -> None:
    number = rich(bot, f"<table><tr><td>{HOSTILE}</td></tr></table>")
    expect(tom.message(number)).to_contain_text("<script>alert(1)</script>")
    expect(tom.message(number).locator("img, script")).to_have_count(0)


@pytest.mark.parametrize("viewport", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize(("scheme", "language"), [("dark", "ru"), ("light", "en")])
def test_full_tables_fit_a_phone_and_a_desk(
    outside_world: SandboxProcess,
    open_tab: OpenTab,
    bot: BotHand,
    screenshot: Screenshot,
    viewport: ViewportSize,
    scheme: str,
    language: str,
) -> None:
    """Every rich screen with as much in it as there can be; the pictures are kept."""
    Control(outside_world.url).say(TOM, "/start")
    chat = open_tab(outside_world.url, viewport=viewport, scheme=scheme).open(TOM, TOM)
    speech = the_rendering().speech(language)
    for name in ("signals", "record", "portfolio"):
        values = context("PEPE", is_bad=False) | {"has_curve": False}
        number = rich(bot, speech.render(f"rich/{name}.html", **values))
        for details in chat.message(number).locator("summary").all():
            details.click()
        chat.settle()
        screenshot(chat.page, f"rich-full-{name}-{viewport['width']}-{language}-{scheme}")
        assert not chat.overflows(), name


@pytest.mark.parametrize("language", ["en", "ru"])
def test_a_person_who_sees_tables_gets_them(
    start_sandbox: StartSandbox, open_tab: OpenTab, screenshot: Screenshot, language: str
) -> None:
    """Looked at in each theme and language; the pictures are kept."""
    words = WORDS[language]
    sandbox = start_sandbox("--speed", "3")
    chat = open_tab(sandbox.url, viewport=PHONE).open(TOM, TOM)
    look = looks_of(chat, screenshot, "rich", language)
    begin(chat, words["language"], words["risk"], sees_tables=None)
    expect(chat.part("rich-photo")).to_be_visible()
    look("probe")
    chat.page.get_by_role("button", name=TABLES[words["language"]][True], exact=True).click()
    expect(chat.part("rich")).to_have_count(0)
    silence(chat)
    for wish in ("long btc 300 x3", "short eth 200 x2", "long sol 50"):
        answer_to(chat, wish).get_by_role("button", name=words["open"], exact=True).click()
        expect(chat.messages.last).to_contain_text("PAPER")
    account = answer_to(chat, "/portfolio")
    expect(account.get_by_test_id("table").first).to_contain_text("BTC")
    expect(account.get_by_test_id("rich-photo")).to_be_visible()
    look("portfolio")
    for screen in ("top", "screen", "signals", "record"):
        expect(answer_to(chat, f"/{screen}").get_by_test_id("rich")).to_be_visible()
        look(screen)
    answer_to(chat, "/settings")
    look("settings")
