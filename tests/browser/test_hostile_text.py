"""Text that wants to be more than text."""

import json

from playwright.sync_api import Route, expect

from tests.browser.chat_page import ChatPage
from tests.browser.wire import TOM, BotHand, Control

TYPED = [
    "<img src=x onerror=\"window.broken='typed'\">",
    "<script>window.broken='typed'</script>",
    "</div><iframe srcdoc='<script>parent.broken=1</script>'>",
    "&lt;b&gt; &amp; ${window.broken='typed'} {{7*7}}",
    "\u202egnp.exe \u0000 zalgo \u0300\u0301\u0302" + "a" * 2_000,
]
FORGED = """<img src="x" onerror="window.broken='img'"><svg onload="window.broken='svg'"></svg>
<script>window.broken='script'</script><iframe src="javascript:parent.broken='frame'"></iframe>
<a href="javascript:window.broken='link'">link</a><a href="data:text/html,x">data</a>
<a href="https://example.com/" onclick="window.broken='click'" style="position:fixed">honest</a>
<b onmouseover="window.broken='hover'" style="position:fixed;inset:0" id="app" class="toast">bold</b>
<form action="https://example.com"><input name="token"><button>go</button></form>
<math><mtext><style><img src=x onerror="window.broken='mutation'"></style></mtext></math>
<meta http-equiv="refresh" content="0;url=https://example.com"><base href="https://example.com/">"""


def test_what_people_type_is_shown_as_they_typed_it(chat: ChatPage, control: Control) -> None:
    chat.open(TOM)
    for text in TYPED:
        sent = control.say(TOM, text)
        shown = chat.message(sent["id"]).get_by_test_id("text")
        expect(shown).to_contain_text(sent["text"][:40])
        assert shown.locator("img, script, iframe, b").count() == 0
    assert chat.page.evaluate("window.broken") is None
    assert not chat.overflows()


def test_markup_that_a_server_let_through_is_still_inert(chat: ChatPage, control: Control) -> None:
    sent = control.say(TOM, "/start")

    def forge(route: Route) -> None:
        answer = route.fetch()
        messages = json.loads(answer.text())
        for message in messages:
            message["html"] = FORGED
        route.fulfill(response=answer, body=json.dumps(messages))

    chat.page.route("**/control/chats/*/messages*", forge)
    chat.open(TOM)
    shown = chat.message(sent["id"]).get_by_test_id("text")
    expect(shown).to_contain_text("honest")
    assert shown.locator("img, script, iframe, form, input, style, meta, base, math").count() == 0
    assert shown.locator("[onclick], [onmouseover], [style], [id]").count() == 0
    assert [link.get_attribute("href") for link in shown.locator("a").all()] == ["https://example.com/"]
    shown.get_by_text("bold").hover()
    assert chat.page.evaluate("window.broken") is None
    blocked = "Content Security Policy"
    chat.problems[:] = [problem for problem in chat.problems if blocked not in problem]


def test_addresses_and_button_words_cannot_escape_either(
    chat: ChatPage, bot: BotHand, control: Control
) -> None:
    control.say(TOM, "/start")
    word = "<b>\"'&</b>"
    sent = bot.write(
        TOM,
        'see <a href="https://example.com/?a=1&amp;b=&quot;2">this</a>',
        reply_markup={"inline_keyboard": [[{"text": word, "callback_data": "x"}]]},
    )
    chat.open(TOM)
    link = chat.message(sent).get_by_role("link", name="this")
    expect(link).to_have_attribute("href", "https://example.com/?a=1&b=%222")
    expect(link).to_have_attribute("rel", "noopener noreferrer")
    expect(chat.button(sent, word)).to_be_visible()
