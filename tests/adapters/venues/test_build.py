"""Accounts cost nothing and open nothing before they are used."""

import subprocess
import sys

import pytest

from adapters.venues.build import ACCOUNTS, Wiring, build_account
from adapters.venues.keys import Keys, keys_of
from ports.errors import Rejected
from tests.build.clock import HandClock


@pytest.mark.parametrize("account", ACCOUNTS)
async def test_keys_are_asked_for_when_the_account_is_first_used(account: str) -> None:
    asked: list[str] = []

    def get_secret(name: str) -> str | None:
        asked.append(name)
        return None

    venue, books = build_account(account, Wiring(base_url="http://127.0.0.1:9"), get_secret, HandClock())
    assert (venue.name, books.account, asked) == (account, account, [])
    with pytest.raises(Rejected, match=f"set {account.upper()}_API_KEY and {account.upper()}_API_SECRET"):
        await books.balances()
    assert asked == [f"{account.upper()}_API_KEY", f"{account.upper()}_API_SECRET"]
    await books.close()


def test_an_account_that_we_do_not_know_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        build_account("nowhere", Wiring(), lambda name: None, HandClock())


def test_keys_are_never_shown() -> None:
    keys = keys_of("bybit", {"BYBIT_API_KEY": "public", "BYBIT_API_SECRET": "hush"}.get)
    assert keys == Keys(key="public", secret="hush")
    assert "hush" not in f"{keys!r} {keys}"


def test_building_an_account_does_not_import_the_library() -> None:
    script = (
        "import sys; from adapters.venues.build import Wiring, build_account;"
        "build_account('gate', Wiring(), lambda name: None, None); print('ccxt' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "False"
