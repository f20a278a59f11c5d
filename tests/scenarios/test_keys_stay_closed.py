"""While nothing is live no key is read and the store of secrets is not touched: a desk that starts, trades on
paper, answers and compares, with keys lying in reach. The first switch to real money is what reads them."""

import secrets
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from adapters.secrets.sealing import COSTS
from adapters.secrets.vault import Vault
from bot.logs import MASK, Redactor
from bot.secrets import STORE
from sandbox.telegram.chats import ADMIN_CHAT_ID
from tests.build.desk import running_desk
from tests.build.sandbox import ANNA, TOM, Sandbox, onboard

HALVES = ("BYBIT_API_KEY", "BYBIT_API_SECRET", "GATE_API_KEY", "GATE_API_SECRET")
_touched: list[str] = []
_watched: list[str] = []


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: every file that is opened, by whatever thread or library."""
    if _watched and event == "open" and str(arguments[0]).endswith(_watched[0]):
        _touched.append(str(arguments[0]))


sys.addaudithook(_watch)


@pytest.fixture
def touched() -> Iterator[list[str]]:
    """Each time that a store of secrets was opened."""
    _touched.clear()
    _watched.append(STORE)
    yield _touched
    _watched.clear()


async def a_day_on_paper(sandbox: Sandbox) -> None:
    """What people do with a desk."""
    await onboard(sandbox, TOM)
    offer = await sandbox.ask(TOM, "/trade btc long 100 sl 3% tp 2% x2")
    await sandbox.tap(TOM, offer, "Open")
    await sandbox.edited(offer, "#1")
    for question in ("/status", "/reconcile", "/live", "/live manual"):
        assert (await sandbox.ask(ANNA, question))["text"]


async def switch_on(sandbox: Sandbox, having: str) -> None:
    """Ask for real money; the answer."""
    said = await sandbox.say(ANNA, "/live manual on", chat=ADMIN_CHAT_ID)
    await sandbox.next_from_bot(ADMIN_CHAT_ID, after=said["id"], having=having)


async def test_keys_at_hand_are_not_read(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is read is masked from then on, so that what is not masked was not read."""
    values = {name: f"{name.lower()}-{secrets.token_hex(8)}" for name in HALVES}
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    shown = Redactor().known
    async with running_desk(sandbox):
        await a_day_on_paper(sandbox)
        assert [shown(value) for value in values.values()] == list(values.values())

        await switch_on(sandbox, "refuses the key")
        assert shown(values["BYBIT_API_KEY"]) == shown(values["BYBIT_API_SECRET"]) == MASK
        assert shown(values["GATE_API_KEY"]) == values["GATE_API_KEY"]


async def test_an_encrypted_store_stays_closed_and_wants_no_passphrase(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, touched: list[str], tmp_path: Path
) -> None:
    for name in HALVES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("SECRETS_PASSPHRASE", raising=False)
    monkeypatch.chdir(tmp_path)  # no .env of the checkout
    vault = Vault(sandbox.folder / "desk" / STORE, cost=COSTS[0])
    for name in HALVES:
        vault.set(name, "a value", "a passphrase of length", now=datetime.now(UTC))
    async with running_desk(sandbox):
        touched.clear()  # settings asked for its names, which stand in the open
        await a_day_on_paper(sandbox)
        assert touched == []

        await switch_on(sandbox, "cannot be read")
        assert touched
