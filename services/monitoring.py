"""Accounts that are watched without trading: a key that may only read is enough for them."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import structlog

from ports.errors import Refused
from services.accounts import VenueAccounts

log = structlog.get_logger()

AGAIN_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Monitoring:
    """Keeps those that are `wanted` connected, whatever the engines do; without any no key is read."""

    accounts: VenueAccounts
    wanted: Sequence[str] = ()

    async def run(self) -> None:
        """Endless."""
        while True:
            await self.look()
            await asyncio.sleep(AGAIN_S)

    async def look(self) -> None:
        """Connect those that are not. One that cannot be holds back no other."""
        for account in self.wanted:
            try:
                await self.accounts.monitor(account)
            except Refused as error:
                log.error("account_not_monitored", account=account, reason=error.code)

    def problems(self) -> Mapping[str, str]:
        """Those that should be watched and are not, with the code of why."""
        in_use = self.accounts.in_use()
        return {one: self.accounts.problem(one) for one in self.wanted if one not in in_use}
