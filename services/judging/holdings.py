"""What the desk's engines hold and have under way, from the register."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from engines.orders.order import Intent
from engines.orders.subaccount import is_person
from engines.orders.trade import Trade
from engines.risk.exposure import Holding
from services.trading.register import Held, Register


@dataclass(slots=True)
class Holdings:
    """Holdings by sub-account. `listen` comes once, before anything is traded. A reservation is an entry that
    passed the gate and is not in the register yet: it counts as one under way."""

    register: Register
    _reserved: dict[str, Holding] = field(default_factory=dict)
    _trades: dict[int, set[int]] = field(default_factory=dict)
    _measured: dict[int, tuple[Held, Holding]] = field(default_factory=dict)

    def listen(self) -> None:
        """Know what is live, and hear of what comes."""
        for held in self.register.live():
            self._hear(held)
        self.register.on_change.append(self._hear)

    def of(self, owner: int) -> Sequence[Holding]:
        """Live trades of a sub-account as they are at this moment, and what is reserved for it."""
        live = [one for trade_id in list(self._trades.get(owner, ())) if (one := self._now(owner, trade_id))]
        return [*live, *(one for one in self._reserved.values() if one.owner == owner)]

    def reserve(self, intent: Intent, trade: Trade) -> None:
        """Count the entry as under way until `release`."""
        if not intent.reduce_only and not is_person(intent.owner):
            fresh = replace(trade, quantity=Decimal(0), entry_cost=Decimal(0), exit_proceeds=Decimal(0))
            reserved = Holding.of(replace(fresh, realised=Decimal(0)), ())
            self._reserved[intent.id] = replace(reserved, working={intent.id: intent.quantity})

    def release(self, intent_id: str) -> None:
        """It is in the register now, or will never be."""
        self._reserved.pop(intent_id, None)

    def _now(self, owner: int, trade_id: int) -> Holding | None:
        held = self.register.get(trade_id)
        if held is None:
            self._trades[owner].discard(trade_id)
            self._measured.pop(trade_id, None)
            return None
        known = self._measured.get(trade_id)
        if known is None or known[0] is not held:
            known = self._measured[trade_id] = (held, Holding.of(held.trade, held.orders))
        return known[1]

    def _hear(self, held: Held) -> None:
        if not is_person(held.trade.owner):
            self._trades.setdefault(held.trade.owner, set()).add(held.trade.id)
