"""The chat page as a person uses it."""

import re

from playwright.sync_api import Locator, Page, expect


class ChatPage:
    """The page of one sandbox in one browser tab. `problems` collects what went wrong inside it."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda word: self.problems.append(word.text) if word.type == "error" else None)

    def open(self, user: int | None = None, chat: int | None = None) -> "ChatPage":
        """Open the page anew, at a view of its own choice or at a given one."""
        view = [f"user={user}"] if user else []
        view += [f"chat={chat}"] if chat else []
        self.page.goto("about:blank")
        self.page.goto(f"{self.url}/#{'&'.join(view)}")
        expect(self.page.get_by_test_id("ticker")).not_to_be_empty()
        return self

    def part(self, test_id: str) -> Locator:
        """An element by its test id."""
        return self.page.get_by_test_id(test_id)

    @property
    def messages(self) -> Locator:
        """All messages on screen."""
        return self.page.get_by_test_id(re.compile(r"^message-\d+$"))

    @property
    def composer(self) -> Locator:
        return self.part("composer")

    def message(self, message_id: int) -> Locator:
        return self.part(f"message-{message_id}")

    def button(self, message_id: int, text: str) -> Locator:
        """A button under a message."""
        return self.message(message_id).get_by_role("button", name=text, exact=True)

    def write(self, text: str) -> None:
        """Type and send."""
        self.composer.fill(text)
        self.composer.press("Enter")

    def is_at_end(self) -> bool:
        """Whether the newest message is on screen."""
        script = "box => box.scrollHeight - box.scrollTop - box.clientHeight < 2"
        return bool(self.part("thread").evaluate(script))

    def overflows(self) -> bool:
        """Whether anything makes the page or the conversation scroll sideways."""
        script = """() => [document.documentElement, document.querySelector('[data-testid=thread]')]
            .some((box) => box.scrollWidth > box.clientWidth)"""
        return bool(self.page.evaluate(script))

    def settle(self) -> None:
        """Wait until the pictures are there and nothing moves."""
        self.page.wait_for_function("() => [...document.images].every((image) => image.complete)")
        self.page.wait_for_function(
            "() => document.getAnimations().every((one) => one.effect.getTiming().iterations === Infinity)"
        )
