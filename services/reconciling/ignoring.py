"""Differences that an admin has looked at and leaves as they are, until they change."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from engines.orders.reconcile import Difference
from ports.people import Facts


@dataclass(slots=True, repr=False)
class Ignoring:
    """Remembered in the store, by account."""

    facts: Facts

    async def of(self, account: str) -> Mapping[str, str]:
        """How large each was when it was left, by what it is a difference of."""
        stored = await self.facts.get(_fact(account))
        return {} if stored is None else dict(json.loads(stored))

    async def add(self, account: str, difference: Difference) -> None:
        """Leave it as it is."""
        known = {**await self.of(account), difference.key: difference.state}
        await self.facts.put(_fact(account), json.dumps(known))

    async def keep(self, account: str, found: Iterable[Difference]) -> None:
        """Forget those that are gone or have changed: when they come back, they are new."""
        known, states = await self.of(account), {one.key: one.state for one in found}
        kept = {key: state for key, state in known.items() if states.get(key) == state}
        if kept != known:
            await self.facts.put(_fact(account), json.dumps(kept))


def _fact(account: str) -> str:
    return f"ignored:{account}"
