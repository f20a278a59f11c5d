"""What the desk's engines hold and have under way, from the register."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from engines.orders.subaccount import is_person
from engines.orders.trade import Trade
from engines.risk.exposure import Holding
from services.trading.register import Held, Register


@dataclass(slots=True, repr=False)
class Holdings:
    """Holdings by sub-account. `listen` comes once, before anything is traded."""

    register: Register
    _trades: dict[int, set[int]] = field(default_factory=dict)
    _measured: dict[int, tuple[Held, Holding]] = field(default_factory=dict)

    def listen(self) -> None:
        """Know what is live, and hear of what comes."""
        for held in self.register.live():
            self._hear(held)
        self.register.on_change.append(self._hear)

    def of(self, owner: int) -> Sequence[Holding]:
        """Live trades of a sub-account as they are at this moment."""
        return [one for trade_id in list(self._trades.get(owner, ())) if (one := self._now(owner, trade_id))]

    def note(self, trade: Trade) -> None:
        """Look out for a trade that may be reserved in the register before it is stored."""
        if not is_person(trade.owner):
            self._trades.setdefault(trade.owner, set()).add(trade.id)

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
        self.note(held.trade)
