"""One comparison of a sentence about indicators, from its words."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum

from engines.alerts.alert import Way
from engines.alerts.formula import Comparison, Op, Series
from engines.core.timeframe import Timeframe
from engines.indicators.catalog import Spec, split

PRICE_WORDS = {"price", "last", "цена", "цену", "цены", "ценой", "курс", "курса"}
"""What means the close in a comparison, and nothing elsewhere."""

_OPS = {
    (Way.UP, False): Op.ABOVE,
    (Way.DOWN, False): Op.BELOW,
    (Way.UP, True): Op.CROSSES_ABOVE,
    (Way.DOWN, True): Op.CROSSES_BELOW,
    (None, True): Op.CROSSES,
}


class Problem(StrEnum):
    """Why words that are about indicators are no formula."""

    UNCLEAR = "unclear"
    WAY = "way"
    MIXED = "mixed"
    TIMEFRAME = "timeframe"
    LONG = "long"


@dataclass(frozen=True, slots=True)
class Operand:
    """A series as it was said, before its timeframe is known."""

    spec: Spec
    output: str
    said: str
    factor: Decimal = Decimal(1)

    @property
    def is_price(self) -> bool:
        """Whether only the word price was said."""
        return self.said in PRICE_WORDS

    def on(self, timeframe: Timeframe) -> Series:
        """It on candles of that timeframe."""
        return Series(self.spec.name, self.output, timeframe, self.factor)


Side = Operand | Decimal


@dataclass(slots=True)
class Clause:
    """What was said between two joints. `edge` is overbought (up) or oversold (down); `op_place` is how many
    sides were named before the first word that compares. `factor` and `part` wait for their series."""

    sides: list[Side] = field(default_factory=list)
    frames: list[Timeframe] = field(default_factory=list)
    way: Way | None = None
    is_crossing: bool = False
    edge: Way | None = None
    op_place: int | None = None
    factor: Decimal | None = None
    part: str | None = None

    def compare(self, way: Way | None, *, is_crossing: bool = False) -> None:
        """A word that compares; of two ways the first one counts."""
        self.way = self.way or way
        self.is_crossing = self.is_crossing or is_crossing
        self.op_place = len(self.sides) if self.op_place is None else self.op_place

    def name(self, operand: Operand) -> None:
        """A word that names a series."""
        if self.part is not None:
            found = split(f"{operand.spec.name}_{self.part}")
            operand = operand if found is None else replace(operand, spec=found[0], output=found[1])
        self.sides.append(replace(operand, factor=self.factor or Decimal(1)))
        self.factor = self.part = None

    def complete(self, word: str) -> bool:
        """Take a word as the rest of the series named last: `bb upper`, `ema 200`; or, behind the comparison,
        as another output of the same indicator: `macd crosses signal`. Whether it is one."""
        last = self.sides[-1] if self.sides else None
        if not isinstance(last, Operand):
            return False
        found = split(f"{last.said}_{word}") or split(f"{last.spec.name}_{word}")
        if found is None:
            return False
        another = Operand(*found, f"{last.said}_{word}")
        if self.op_place != len(self.sides):
            self.sides[-1] = replace(another, factor=last.factor)
        elif found[0] == last.spec:
            self.name(another)
        else:
            return False
        return True


@dataclass(frozen=True, slots=True)
class Half:
    """A comparison whose timeframes may not have been said."""

    left: Operand
    op: Op
    right: Side
    frames: tuple[Timeframe, ...]

    def on(self, timeframe: Timeframe) -> Comparison | None:
        """It, on `timeframe` where it has none of its own; `None` where it has too many."""
        frames = tuple(dict.fromkeys(self.frames)) or (timeframe,)
        operands = [one for one in (self.left, self.right) if isinstance(one, Operand)]
        if len(frames) > len(operands):
            return None
        first, last = frames[0], frames[-1]
        right = self.right.on(last) if isinstance(self.right, Operand) else self.right
        return Comparison(self.left.on(first), self.op, right)


def finished(clause: Clause, before: Half | None) -> Half | Problem:
    """The comparison that a clause says; one that begins with comparing goes on with the series of the one
    `before`, `rsi < 30 or > 70`, or is about the price: `above ema200`."""
    if clause.edge is not None:
        return _at_an_edge(clause)
    sides = _sides(clause, before)
    if sides is None:
        return Problem.UNCLEAR
    left, right = sides
    frames = tuple(clause.frames)
    op = _OPS.get((clause.way, clause.is_crossing))
    if isinstance(left, Operand):
        return Problem.WAY if op is None else Half(left, op, right, frames)
    if isinstance(right, Operand):
        return Problem.WAY if op is None else Half(right, op.turned, left, frames)
    return Problem.UNCLEAR


def _sides(clause: Clause, before: Half | None) -> tuple[Side, Side] | None:
    sides = list(clause.sides)
    if clause.factor is not None and len(sides) == 1:  # "volume > 2x"
        sides.append(clause.factor)
        return _average_of(sides[0], clause.factor)
    if clause.part is not None and (band := split(f"bb_{clause.part}")) is not None:  # "below the lower band"
        sides.append(Operand(*band, clause.part))
    if len(sides) > 2:  # "when the price of btc has rsi < 30"
        sides = [one for one in sides if not (isinstance(one, Operand) and one.is_price)]
    if len(sides) == 1 and clause.op_place == 0:
        return _gone_on(sides[0], before)
    return (sides[0], sides[1]) if len(sides) == 2 else None


def _gone_on(side: Side, before: Half | None) -> tuple[Side, Side] | None:
    """The left side that was not said again. What lies over the price is not compared with what does not."""
    is_over_price = isinstance(side, Operand) and side.spec.about.is_over_price
    if before is not None and (before.left.spec.about.is_over_price or not is_over_price):
        return before.left, side
    close = split("close")
    return (Operand(*close, "close"), side) if is_over_price and close is not None else None


def _average_of(side: Side, factor: Decimal) -> tuple[Side, Side] | None:
    """A volume against a multiple of its usual average."""
    average = split("volume_sma")
    if average is None or not isinstance(side, Operand) or side.spec.kind != "volume":
        return None
    return side, Operand(*average, "volume_sma", factor)


def _at_an_edge(clause: Clause) -> Half | Problem:
    if len(clause.sides) != 1 or not isinstance(clause.sides[0], Operand):
        return Problem.UNCLEAR
    operand = clause.sides[0]
    guides: Sequence[float] = operand.spec.about.guides
    if len(guides) < 2:
        return Problem.UNCLEAR
    op, guide = (Op.ABOVE, guides[-1]) if clause.edge is Way.UP else (Op.BELOW, guides[0])
    return Half(operand, op, Decimal(repr(guide)).normalize(), tuple(clause.frames))
