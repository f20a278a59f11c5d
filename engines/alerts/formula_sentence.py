"""Understanding alerts on indicators: `eth rsi14 1h < 30 and close > ema200`, `эфир rsi ниже 30 на 4ч`."""

import re
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from engines.alerts.alert import Way
from engines.alerts.formula import Comparison, Formula, Op, Series
from engines.alerts.formula_clause import PRICE_WORDS, Clause, Half, Operand, Problem, finished
from engines.alerts.sentence import (
    EMPTY_WORDS,
    EVERY_WORDS,
    EXTREME_OF,
    LASTS_WORDS,
    ONCE_WORDS,
    SECONDS_OF,
    WAY_OF,
    words_of,
)
from engines.core.timeframe import Timeframe
from engines.indicators.catalog import find, split
from engines.indicators.spoken import PARTS
from engines.market.number import SCALES, parse_number
from engines.market.timeframes import parse_timeframe

LONGEST = 400
MOST_COMPARISONS = 4
USUAL_FRAME = Timeframe.H1

_CROSSES = """cross crosses crossing crossed crossover crossunder breaks break пересекает пересечет пересек
    пересекла пересечение пересекут пересекаются пробьет пробивает пробил пробой"""
_CROSS_WAYS = {"crossover": Way.UP, "crossunder": Way.DOWN, "снизу": Way.UP, "сверху": Way.DOWN}
_FROM = {Way.DOWN: Way.UP, Way.UP: Way.DOWN}
"""`from below` goes up."""
_EDGES = {
    Way.UP: "overbought перекуплен перекуплена перекуплено перекупленность",
    Way.DOWN: "oversold перепродан перепродана перепродано перепроданность",
}
_JOINTS = {False: "and & && и", True: "or | || или либо"}
_TIMES = {"*", "x", "х", "×", "times"}
_BANDS = {"band", "bands", "полоса", "полосы", "полосу", "граница", "границы", "границу"}
_IDLE = """line lines линия линии линию candle candles свеча свечи свече timeframe tf таймфрейм таймфрейме its
    their value average среднего средней чем then through level уровень уровня has have goes gets turns with
    on по у"""
_INFLECTED = {
    "верхняя": "верхней верхнюю",
    "нижняя": "нижней нижнюю",
    "сигнальная": "сигнальной сигнальную",
    "гистограмма": "гистограммы гистограмму",
    "объем": "объема",
    "close": "закрытия закроется closes",
    "support": "поддержки поддержку",
    "resistance": "сопротивления",
    "sma": "скользящей скользящую",
}

_CROSS_WORDS, _IDLE_WORDS = set(_CROSSES.split()), set(_IDLE.split()) | _BANDS
_NOT_SERIES = {*EMPTY_WORDS, *_IDLE_WORDS, *EXTREME_OF, "so", "st", "hi", "lo"}
"""Words of sentences that would name a series too."""
_EDGE_OF = {word: way for way, words in _EDGES.items() for word in words.split()}
_JOINT_OF = {word: is_any for is_any, words in _JOINTS.items() for word in words.split()}
_BASE_OF = {word: base for base, words in _INFLECTED.items() for word in words.split()}

_CALL = re.compile(r"([^\W\d]\w*)\s*\(([\d.,\s]+)\)")
_BETWEEN_NUMBERS = re.compile(r"[\s,]+")
_LIST_COMMA = re.compile(r"[,;]\s+(?=\D)")
_APART = re.compile(r"([*&|×]+)")
_MULTIPLE = re.compile(r"(\d+(?:[.,]\d+)?)[xх×]")
_SPAN = re.compile(r"(\d{1,6})([^\W\d_]+)|[^\W\d_]\d{1,3}")
_SHORTEST_BARE_SPAN = 3


@dataclass(slots=True, kw_only=True)
class FormulaSentence:
    """What was said. `names` are words that mean nothing here, the coin among them; the `formula` is there
    unless there is a `problem`, which is about the word `text` where it is about one.

    A formula without a timeframe is on hours. One that `is_repeating` without a `rest` leaves the pause open.
    """

    names: list[str] = field(default_factory=list)
    formula: Formula | None = None
    problem: Problem | None = None
    text: str = ""
    rest: timedelta | None = None
    is_repeating: bool = False
    lasts: timedelta | None = None


def read_formula(text: str) -> FormulaSentence | None:
    """What `text` says about indicators, in English or Russian; `None` when it is not about any."""
    words = _words(text)
    said = _Reader(words).read()
    if said is None or said.names or not words or find(words[0]) is None:
        return said
    without = _Reader(words[1:]).read()  # a coin whose name is an indicator's
    if without is None or without.formula is None:
        return said
    without.names.insert(0, words[0])
    return without


def _words(text: str) -> list[str]:
    """Words and signs; `ema(200)` is one word, and a comma joins two comparisons."""
    called = _CALL.sub(lambda found: f"{found[1]}_{_BETWEEN_NUMBERS.sub('_', found[2].strip(' ,'))}", text)
    spaced = _APART.sub(r" \1 ", _LIST_COMMA.sub(" & ", called))
    return [_BASE_OF.get(word, word) for word in words_of(spaced, longest=LONGEST)]


class _Reader:
    """Goes through the words once; each is taken by the first kind that knows it."""

    def __init__(self, words: list[str]) -> None:
        self._words = deque(words)
        self._said = FormulaSentence()
        self._is_once = False
        self._clause = Clause()
        self._clauses = [self._clause]
        self._joints: set[bool] = set()
        self._has_series = False

    def read(self) -> FormulaSentence | None:
        """What all of them say; `None` when no indicator is named."""
        takers = (
            self._take_joint,
            self._take_rhythm,
            self._take_timeframe,
            self._take_part,
            self._take_comparing,
            self._take_number,
            self._take_series,
        )
        while self._words:
            word = self._words.popleft()
            if not any(take(word) for take in takers) and word not in EMPTY_WORDS | _IDLE_WORDS:
                self._said.names.append(word)
        if not self._has_series:
            return None
        if self._is_once:
            self._said.is_repeating, self._said.rest = False, None
        self._conclude()
        return self._said

    def _take_joint(self, word: str) -> bool:
        if word not in _JOINT_OF:
            return False
        if self._clause.sides or self._clause.edge:
            self._joints.add(_JOINT_OF[word])
            self._clause = Clause()
            self._clauses.append(self._clause)
        return True

    def _take_rhythm(self, word: str) -> bool:
        """How often, and for how long; in Russian one word means "for" and "on candles of"."""
        if word in EVERY_WORDS:
            self._said.is_repeating = True
            while self._peek() in EMPTY_WORDS:
                self._words.popleft()
            self._said.rest = self._span() or self._said.rest
        elif word in ONCE_WORDS:
            self._is_once = True
        elif word in LASTS_WORDS:
            if word != "на" or _timeframe(self._peek()) is None:
                self._said.lasts = self._span() or self._said.lasts
        else:
            return False
        return True

    def _span(self) -> timedelta | None:
        """A span at the head of what is left, taken from there."""
        word = self._peek()
        shape = _SPAN.fullmatch(word)
        if shape is not None and shape[2] in SECONDS_OF:
            self._words.popleft()
            return timedelta(seconds=int(shape[1]) * SECONDS_OF[shape[2]])
        count = int(word) if word.isdecimal() and len(word) < 7 else None
        unit = word if count is None else self._words[1] if len(self._words) > 1 else ""
        if unit not in SECONDS_OF:
            return None
        for _ in range(1 if count is None else 2):
            self._words.popleft()
        return timedelta(seconds=(1 if count is None else count) * SECONDS_OF[unit])

    def _take_timeframe(self, word: str) -> bool:
        if word.isdecimal() and self._peek() in SECONDS_OF:
            word += self._peek()
            if _timeframe(word) is not None or self._peek() not in SCALES:
                self._words.popleft()
        frame = _timeframe(word)
        if frame is not None:
            self._clause.frames.append(frame)
            return True
        shape = _SPAN.fullmatch(word)
        if shape is None or shape[2] not in SECONDS_OF:
            return False
        self._said.problem, self._said.text = Problem.TIMEFRAME, word
        return True

    def _take_part(self, word: str) -> bool:
        """One output of the series beside it, though elsewhere the word compares: `lower bb`, `bb lower`."""
        if word not in PARTS and word not in PARTS.values():
            return False
        if self._clause.complete(word):
            return True
        follows = self._peek()
        if follows in _BANDS or split(f"{follows}_{word}") is not None:
            self._clause.part, self._has_series = word, True
        return self._clause.part == word

    def _take_comparing(self, word: str) -> bool:
        if word in _CROSS_WORDS or word in _CROSS_WAYS:
            self._clause.compare(_CROSS_WAYS.get(word), is_crossing=word in _CROSS_WORDS)
        elif word == "from" and self._peek() in WAY_OF:
            self._clause.compare(_FROM[WAY_OF[self._words.popleft()]])
        elif word in WAY_OF and word not in "+-":
            self._clause.compare(WAY_OF[word])
        elif word in _EDGE_OF:
            self._clause.edge = _EDGE_OF[word]
        else:
            return False
        return True

    def _take_number(self, word: str) -> bool:
        if (shape := _MULTIPLE.fullmatch(word)) is not None:
            word = shape[1]
            self._words.appendleft("*")
        if self._peek() in SCALES and parse_number(word + self._words[0]):
            word += self._words.popleft()
        readings = parse_number(word)
        if not readings:
            return False
        if self._peek() in _TIMES:
            self._words.popleft()
            self._clause.factor = readings[0]
        elif self._clause.op_place == len(self._clause.sides) or not self._clause.complete(word):
            self._clause.sides.append(readings[0])
        return True

    def _take_series(self, word: str) -> bool:
        if word in _NOT_SERIES and word not in PRICE_WORDS:
            return False
        if self._clause.complete(word):
            return True
        found = split(word)
        if found is not None:
            operand = Operand(*found, word)
            self._has_series = self._has_series or not operand.is_price
            self._clause.name(operand)
        return found is not None

    def _peek(self) -> str:
        return self._words[0] if self._words else ""

    def _conclude(self) -> None:
        """Put the comparisons together; the first thing that is wrong is the problem."""
        said = self._said
        halves: list[Half] = []
        for clause in self._clauses:
            if clause.sides or clause.edge or clause.op_place is not None:
                half = finished(clause, halves[-1] if halves else None)
                if isinstance(half, Problem):
                    said.problem = said.problem or half
                    return
                halves.append(half)
        comparisons = _on_candles(halves, [frame for one in self._clauses for frame in one.frames])
        if not comparisons:
            said.problem = said.problem or Problem.UNCLEAR
        elif len(self._joints) > 1:
            said.problem = said.problem or Problem.MIXED
        elif len(comparisons) > MOST_COMPARISONS:
            said.problem = said.problem or Problem.LONG
        if said.problem is None:
            said.formula = Formula(tuple(comparisons), is_any=True in self._joints)


def _on_candles(halves: list[Half], frames: list[Timeframe]) -> list[Comparison]:
    """The comparisons on their timeframes; one without a word about that is on the same as the one before,
    the first on the first that is named. None where one has more timeframes than series."""
    current = frames[0] if frames else USUAL_FRAME
    comparisons = []
    for half in halves:
        comparison = half.on(current)
        if comparison is None:
            return []
        comparisons.append(comparison)
        current = half.frames[-1] if half.frames else current
    return comparisons


def _timeframe(word: str) -> Timeframe | None:
    is_span = _SPAN.fullmatch(word) is not None
    is_bare = word.isalpha() and len(word) >= _SHORTEST_BARE_SPAN
    return parse_timeframe(word) if is_span or is_bare else None


def written(formula: Formula) -> str:
    """The words that mean this formula to `read_formula`: `rsi14 1h < 30 and close 1h > ema200 1h`."""
    joint = " or " if formula.is_any else " and "
    return joint.join(
        f"{_written(one.left)} {_SIGNS[one.op]} {_written(one.right)}" for one in formula.comparisons
    )


_SIGNS = {
    Op.ABOVE: ">",
    Op.BELOW: "<",
    Op.CROSSES_ABOVE: "crosses above",
    Op.CROSSES_BELOW: "crosses below",
    Op.CROSSES: "crosses",
}


def _written(side: Series | Decimal) -> str:
    if isinstance(side, Decimal):
        return f"{side:f}"
    times = "" if side.factor == 1 else f"{side.factor:f} * "
    return f"{times}{side.output} {side.timeframe}"
