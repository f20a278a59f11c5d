"""High-water marks of sub-accounts and of the whole desk: kept in memory for the gate, and as facts."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date
from decimal import Decimal

from engines.risk.mark import Mark, first_mark, moved, rebased
from ports.clock import Clock
from ports.people import Facts
from services.judging.worth import Worth


@dataclass(slots=True, repr=False)
class Marks:
    """`observe` moves marks in memory; `save` writes down those that changed. Before `load` there are
    none, and whoever needs one has to do without."""

    facts: Facts
    worth: Callable[[], Worth]
    clock: Clock
    _marks: dict[str, Mark] = field(default_factory=dict)
    _saved: dict[str, Mark] = field(default_factory=dict)
    _is_loaded: bool = False

    async def load(self, names: Sequence[str]) -> None:
        """Read those of these names. Raises `Transient`: there are none still."""
        for name in names:
            text = await self.facts.get(_fact(name))
            if text is not None:
                self._marks[name] = self._saved[name] = _read(text)
        self._is_loaded = True

    @property
    def is_loaded(self) -> bool:
        """Whether it is known what was written down."""
        return self._is_loaded

    def today(self) -> date:
        """The UTC day of market time."""
        return self.clock.now().astimezone(UTC).date()

    def get(self, name: str) -> Mark | None:
        """The mark of an account, or of the desk."""
        return self._marks.get(name) if self._is_loaded else None

    def observe(self, name: str, owners: Sequence[int], equity: Decimal | None) -> Mark | None:
        """The mark after these accounts were found to be worth that together; as it was while that is not
        known."""
        if not self._is_loaded or equity is None:
            return self.get(name)
        worth, known, now = self.worth(), self._marks.get(name), self.clock.now()
        contributed = worth.contributed(owners)
        if known is None:
            after: Mark | None = first_mark(equity, contributed, now)
        else:
            prices = worth.coin_prices(sorted({*known.contributed, *contributed}))
            after = moved(known, equity, contributed, prices, now)
        if after is not None:
            self._marks[name] = after
        return self.get(name)

    def halt(self, name: str) -> None:
        """A latch stands for its loss."""
        self._marks[name] = replace(self._marks[name], is_halted=True)

    def rebase(self, name: str, equity: Decimal) -> None:
        """The latch was cleared: losses count from here."""
        self._marks[name] = rebased(self._marks[name], equity)

    async def save(self) -> None:
        """Write down what changed. Raises `Transient`; it is tried again with the next."""
        for name, mark in self._marks.items():
            if self._saved.get(name) != mark:
                await self.facts.put(_fact(name), _written(mark))
                self._saved[name] = mark


def _fact(name: str) -> str:
    return f"risk_mark:{name}"


def _written(mark: Mark) -> str:
    return json.dumps(
        {
            "high_water": str(mark.high_water),
            "day": mark.day.isoformat(),
            "day_start": str(mark.day_start),
            "contributed": {asset: str(amount) for asset, amount in mark.contributed.items()},
            "is_halted": mark.is_halted,
        }
    )


def _read(text: str) -> Mark:
    known = json.loads(text)
    return Mark(
        high_water=Decimal(known["high_water"]),
        day=date.fromisoformat(known["day"]),
        day_start=Decimal(known["day_start"]),
        contributed={asset: Decimal(amount) for asset, amount in known["contributed"].items()},
        is_halted=known["is_halted"],
    )
