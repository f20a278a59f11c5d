"""A browser, and a sandbox for it. Every test gets a sandbox of its own: it starts in under a second."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from tests.browser.chat_page import ChatPage
from tests.browser.sandbox_process import ROOT, SandboxProcess
from tests.browser.wire import BotHand, Control
from tests.build.needs import missing

SCREENSHOTS = ROOT / "artefacts" / "screenshots"
PHONE = ViewportSize(width=390, height=844)
DESKTOP = ViewportSize(width=1200, height=800)
PATIENCE_MS = 30_000
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

StartSandbox = Callable[..., SandboxProcess]
OpenTab = Callable[..., ChatPage]
TakeScreenshot = Callable[[Page, str], Path]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The machine's Chromium."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None:
        missing("Chromium")
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found, args=_ARGUMENTS)
        yield chromium
        chromium.close()


@pytest.fixture
def start_sandbox() -> Iterator[StartSandbox]:
    """Starts sandboxes with the given arguments of `perpetuum sandbox`; they end with the test."""
    started: list[SandboxProcess] = []

    def start(*arguments: str) -> SandboxProcess:
        started.append(SandboxProcess(*arguments))
        return started[-1]

    yield start
    for sandbox in started:
        sandbox.stop()


@pytest.fixture
def outside_world(start_sandbox: StartSandbox) -> SandboxProcess:
    """A sandbox without a bot: the test plays it."""
    return start_sandbox("--no-bot")


@pytest.fixture
def control(outside_world: SandboxProcess) -> Control:
    """The control API of the sandbox without a bot."""
    return Control(outside_world.url)


@pytest.fixture
def bot(outside_world: SandboxProcess) -> BotHand:
    """The bot of the sandbox without one."""
    return BotHand(outside_world.url)


@pytest.fixture
def open_tab(browser: Browser) -> Iterator[OpenTab]:
    """Opens tabs: `open_tab(url, viewport=PHONE, scheme="dark")`. The page must not fail in any of them."""
    tabs: list[ChatPage] = []

    def open_it(url: str, *, viewport: ViewportSize = DESKTOP, scheme: str = "dark") -> ChatPage:
        is_phone = viewport["width"] < 900
        context = browser.new_context(
            viewport=viewport,
            device_scale_factor=2 if is_phone else 1,
            has_touch=is_phone,
            is_mobile=is_phone,
            color_scheme="light" if scheme == "light" else "dark",
            reduced_motion="reduce",
            locale="en-GB",
            timezone_id="UTC",
            permissions=["clipboard-read", "clipboard-write"],
        )
        context.set_default_timeout(PATIENCE_MS)
        tabs.append(ChatPage(context.new_page(), url))
        return tabs[-1]

    yield open_it
    problems = [problem for tab in tabs for problem in tab.problems]
    for tab in tabs:
        tab.page.context.close()
    assert problems == []


@pytest.fixture
def chat(outside_world: SandboxProcess, open_tab: OpenTab) -> ChatPage:
    """The page of the sandbox without a bot, on a desktop; not opened yet."""
    return open_tab(outside_world.url)


@pytest.fixture(scope="session")
def screenshot() -> TakeScreenshot:
    """Writes `artefacts/screenshots/NAME.png` when nothing moves any more."""

    def take(page: Page, name: str) -> Path:
        file = SCREENSHOTS / f"{name}.png"
        page.screenshot(path=file, animations="disabled")
        return file

    return take
