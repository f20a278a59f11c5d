"""The desk's accounts at the sandbox's venues: API keys and what lies in the wallets when a world is born."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

VENUES: Final = ("bybit", "gate")
"""Services that are exchanges with accounts."""

MAIN: Final = "main"
"""The account that every key belongs to; each venue has one."""

OPENING: Final = {
    "USDT": Decimal(100_000),
    "BTC": Decimal(1),
    "ETH": Decimal(10),
}
"""What the trading wallet holds at first."""

SAVINGS: Final = {"USDT": Decimal(50_000)}
"""What lies in the wallet that does not trade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key of the main account, the same at every venue. `age_days` is how old it was when the world was
    born, `ends_days` in how many it ends (`None`: never). `is_bound_to_ip`: to this machine."""

    key: str
    secret: str
    can_trade: bool = True
    can_withdraw: bool = False
    is_bound_to_ip: bool = True
    age_days: int = 7
    ends_days: int | None = 83


def _a_key(name: str, **rights: Any) -> ApiKey:
    return ApiKey(
        key=f"SANDBOX{name.upper():0<11}", secret=f"sandbox-{name}-secret-for-loopback-only", **rights
    )


TRADING: Final = _a_key("trade")
READING: Final = _a_key("read", can_trade=False)
WITHDRAWING: Final = _a_key("withdraw", can_withdraw=True)
UNBOUND: Final = _a_key("unbound", is_bound_to_ip=False)
OLD: Final = _a_key("old", age_days=100, ends_days=None)
ENDED: Final = _a_key("ended", age_days=91, ends_days=-1)

KEYS: Final = {one.key: one for one in (TRADING, READING, WITHDRAWING, UNBOUND, OLD, ENDED)}
"""By the key."""
