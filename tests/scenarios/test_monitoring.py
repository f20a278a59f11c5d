"""A key that may only read, on the whole desk: accounts are watched, and no engine can be switched on."""

import pytest

from sandbox.accounts import READING, UNBOUND, VENUES, ApiKey
from sandbox.telegram.chats import ADMIN_CHAT_ID
from services.policies import Accounts
from tests.build.desk import running_desk
from tests.build.sandbox import ANNA, Sandbox, until


def use(monkeypatch: pytest.MonkeyPatch, key: ApiKey) -> None:
    """Put a key where the desk looks for those of its venues."""
    for venue in VENUES:
        monkeypatch.setenv(f"{venue.upper()}_API_KEY", key.key)
        monkeypatch.setenv(f"{venue.upper()}_API_SECRET", key.secret)


async def test_both_venues_are_watched_and_not_traded_at(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, READING)
    async with running_desk(sandbox, venues__monitored="bybit, gate") as desk:
        accounts = desk.services.policies.accounts
        await until(lambda: _all(accounts), "both accounts to be watched", within_s=30)

        status = (await sandbox.ask(ANNA, "/status"))["text"]
        assert "key of Bybit · 7 days old · monitoring only" in status
        assert "key of Gate · 7 days old · monitoring only" in status
        books = (await sandbox.ask(ANNA, "/reconcile"))["text"]
        assert books.count("Monitoring only: no order goes there.") == 2
        assert books.count("USDT 100,000") == 2

        for engine in ("manual", "neutral"):
            said = await sandbox.say(ANNA, f"/live {engine} on", chat=ADMIN_CHAT_ID)
            refusal = await sandbox.next_from_bot(ADMIN_CHAT_ID, after=said["id"], having="may only read")
            assert "make one at the venue that may trade and may not withdraw" in refusal["text"]
        assert not any(desk.services.policies.is_live(one.engine) for one in desk.services.policies.all())
        assert desk.services.trades.orders.books == {}


async def test_a_key_bound_to_no_address_is_said_when_an_engine_is_switched_on(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, UNBOUND)
    async with running_desk(sandbox):
        said = await sandbox.say(ANNA, "/live manual on", chat=ADMIN_CHAT_ID)
        question = await sandbox.next_from_bot(ADMIN_CHAT_ID, after=said["id"], having="To confirm")
        assert "Bind it to this machine's address" in question["text"]
        await sandbox.next_from_bot(ADMIN_CHAT_ID, after=said["id"], having="🔑")


async def _all(accounts: Accounts) -> bool:
    return all(accounts.is_monitored(venue) for venue in VENUES)
