"""Venue accounts of a desk in memory: no venue behind them."""

from dataclasses import dataclass, field

from ports.errors import Refused
from ports.venue_books import KeyRights


@dataclass(slots=True)
class FakeAccounts:
    """`services.policies.Accounts`. Those in `refusals` cannot be opened, for the reason given."""

    refusals: dict[str, str] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    monitored: list[str] = field(default_factory=list)
    keys: dict[str, KeyRights] = field(default_factory=dict)

    async def open(self, account: str) -> None:
        if account in self.refusals:
            raise Refused(self.refusals[account], account=account)
        if account not in self.opened:
            self.opened.append(account)

    def is_open(self, account: str) -> bool:
        return account in self.opened

    async def close(self) -> None:
        """Nothing is connected."""

    def is_monitored(self, account: str) -> bool:
        return account in self.monitored

    def rights(self, account: str) -> KeyRights | None:
        return self.keys.get(account)

    def problem(self, account: str) -> str:
        return self.refusals.get(account, "")
