"""Who may use Gate's private side, and which account each key opens."""

from typing import Final

from engines.simulate.exchange.account import Setup
from sandbox.accounts import KEYS, MAIN, ApiKey

CLASSIC: Final = ApiKey(
    key="SANDBOXCLASSIC0000",
    secret="sandbox-classic-secret-for-loopback-only",  # noqa: S106 - opens make-believe money
)
"""A key to an account that is not unified: spot and futures have wallets of their own."""

GATE_KEYS: Final = {**KEYS, CLASSIC.key: CLASSIC}
"""By the key."""

UNIFIED_SETUP: Final = Setup(name=MAIN, spot_wallet="spot", perp_wallet="spot")
CLASSIC_SETUP: Final = Setup(name="classic", spot_wallet="spot", perp_wallet="futures")
SETUPS: Final = (UNIFIED_SETUP, CLASSIC_SETUP)

_USERS: Final = {MAIN: 1000001, CLASSIC_SETUP.name: 1000002}


def account_name(key: ApiKey) -> str:
    """The account that a key opens."""
    return CLASSIC_SETUP.name if key is CLASSIC else MAIN


def user_of(account: str) -> int:
    """The number by which Gate knows an account."""
    return _USERS[account]
