"""What a person wants played: read from the words behind `/backtest`, and written for reading back."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from difflib import get_close_matches
from typing import Any, Final

from engines.core.timeframe import Timeframe
from engines.market.timeframes import parse_timeframe
from engines.strategies.params import BadParams, parsed, specs
from ports.errors import Refused

Strategies = Mapping[str, Any]
"""Strategies (`engines.strategies.strategy.Strategy`) by name."""

USUAL_DAYS: Final = 730
SHORTEST_DAYS: Final = 7
LONGEST_DAYS: Final = 5000
LEAST_CAPITAL: Final = Decimal(100)
MOST_CAPITAL: Final = Decimal(1_000_000_000)
USUAL_CAPITAL: Final = Decimal(10_000)
MOST_SYMBOLS: Final = 10

_CALLED: Final[Mapping[str, str]] = {
    "sma_cross": (
        "sma smacross cross crossover ma averages average trend сма скользящие скользящая средние "
        "пересечение кросс тренд"
    ),
    "technical": "tech ta signal signals technicals сигнал сигналы теханализ техника технический",
}
_UNITS: Final = {
    1: "d day days д день дня дней дн",
    7: "w week weeks н нед неделя недели недель неделю",
    30: "m mo mon month months м мес месяц месяца месяцев",
    365: "y yr year years г год года годов лет л",
}
_DAYS_OF: Final = {word: days for days, words in _UNITS.items() for word in words.split()}
_HALF: Final = {"полгода": 182, "полгод": 182, "half-year": 182, "quarter": 91, "квартал": 91}
_ALL: Final = {"all", "max", "everything", "всё", "все", "весь", "макс", "максимум"}
_OPEN: Final = {"open", "unlimited", "nolimits", "limits=open", "безлимитов"}
_FILLERS: Final = {
    *("for", "on", "of", "the", "last", "with", "over", "in", "and", "strategy", "days-", "run", "test"),
    *("за", "на", "по", "с", "и", "в", "последние", "последний", "стратегия", "стратегию", "для", "прогони"),
}
_MINUTES: Final = {"5m", "15m", "5м", "15м"}
"""Timeframes, though they could be months."""
_PERIOD: Final = re.compile(r"(\d{1,4})([^\W\d_]+)")
_PAIR: Final = re.compile(r"([^\W\d]\w*)[=:]([\w.,:+-]+)")
_CAPITAL: Final = {"capital", "капитал", "equity", "balance"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be played. `params` are those that were named; `days` is `None` for all there is. `is_open`:
    without the limits of the desk."""

    strategy: str
    params: Mapping[str, str] = field(default_factory=dict)
    symbols: tuple[str, ...] = ()
    days: int | None = USUAL_DAYS
    capital: Decimal = USUAL_CAPITAL
    is_open: bool = False

    @property
    def period(self) -> str:
        """The period in the shortest words: `2y`, `6m`, `45d`, `all`."""
        return "all" if self.days is None else spelled(self.days)

    @property
    def words(self) -> str:
        """The words that are read as this wish."""
        given = [f"{name}={value}" for name, value in self.params.items()]
        capital = [f"capital={self.capital}"] if self.capital != USUAL_CAPITAL else []
        limits = ["limits=open"] if self.is_open else []
        return " ".join([self.strategy, self.period, *self.symbols, *given, *capital, *limits])


def spelled(days: int) -> str:
    """`730` as `2y`, `182` as `6m`, `45` as `45d`."""
    if days % 365 == 0:
        return f"{days // 365}y"
    months = round(days * 12 / 365)
    is_month = days_of_months(months) == days and f"{months}m" not in _MINUTES
    return f"{months}m" if is_month else f"{days}d"


def days_of_months(months: int) -> int:
    """The days of so many months, a year having 365."""
    return months * 365 // 12


@dataclass(slots=True)
class _Reading:
    """What the words said so far; `unread` may be coins."""

    strategy: str | None = None
    days: int | None = USUAL_DAYS
    params: dict[str, str] = field(default_factory=dict)
    frame: Timeframe | None = None
    capital: Decimal = USUAL_CAPITAL
    is_open: bool = False
    unread: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A wish whose coins are not looked up yet; `strategy` is `None` where none was named."""

    strategy: str | None
    params: Mapping[str, str]
    days: int | None
    capital: Decimal
    is_open: bool
    coins: tuple[str, ...]


def read_words(text: str, strategies: Strategies) -> Draft:
    """The wish in `text`, in any order: `sma 2y btc eth fast=20`, `сигналы полгода`.

    Raises `Refused`: `"backtest_params"` for a parameter that cannot be, `"backtest_period"`,
    `"backtest_capital"`.
    """
    reading = _Reading()
    words = _words(text)
    while words:
        words = words[_take(reading, words, strategies) :]
    strategy = reading.strategy
    params: Mapping[str, str] = reading.params
    if strategy is not None:
        params = _checked(strategies[strategy].params, reading)
    return Draft(
        strategy=strategy,
        params=params,
        days=reading.days,
        capital=reading.capital,
        is_open=reading.is_open,
        coins=tuple(dict.fromkeys(reading.unread)),
    )


def strategy_named(word: str, strategies: Strategies) -> str | None:
    """The strategy that a word means for certain."""
    plain = word.casefold().replace("-", "_")
    if plain in strategies:
        return plain
    for name in strategies:
        if plain in _CALLED.get(name, "").split() or plain.replace("_", "") == name.replace("_", ""):
            return name
    return None


def nearest_strategy(word: str, strategies: Strategies) -> str | None:
    """The strategy that a mistyped word may mean."""
    names = {one: name for name in strategies for one in (name, *_CALLED.get(name, "").split())}
    near = get_close_matches(word.casefold(), names, n=1, cutoff=0.75)
    return names[near[0]] if near else None


def _words(text: str) -> list[str]:
    """Words without signs around them; what stands around `=` is joined, a list of coins cut."""
    joined = re.sub(r"\s*=\s*", "=", text)
    found: list[str] = []
    for word in joined.split():
        plain = word.strip("«»“”\"'()?!;.,")
        found += [plain] if "=" in plain else [part for part in plain.split(",") if part]
    return found


def _take(reading: _Reading, words: Sequence[str], strategies: Strategies) -> int:
    """Understand the beginning of `words`; how many of them."""
    word = words[0].casefold()
    if word in _FILLERS:
        return 1
    if word in _OPEN or (word == "без" and words[1:2] and words[1].casefold().startswith("лимит")):
        reading.is_open = True
        return 1 if word in _OPEN else 2
    if (pair := _PAIR.fullmatch(words[0])) is not None:
        _take_pair(reading, pair[1].casefold(), pair[2])
        return 1
    if reading.strategy is None and (named := strategy_named(word, strategies)) is not None:
        reading.strategy = named
        return 1
    if (length := _take_period(reading, words)) > 0:
        return length
    if (frame := _frame(word)) is not None:
        reading.frame = frame
        return 1
    if _is_param(reading, word, strategies) and words[1:2] and _is_number(words[1]):
        reading.params[word] = words[1]
        return 2
    reading.unread.append(words[0])
    return 1


def _take_pair(reading: _Reading, name: str, value: str) -> None:
    if name in _CAPITAL:
        reading.capital = _capital(value)
    elif name == "limits":
        reading.is_open = value.casefold() in ("open", "none", "off", "no")
    else:
        reading.params[name] = value


def _capital(text: str) -> Decimal:
    try:
        value = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise Refused("backtest_capital", text=text[:16]) from None
    if not value.is_finite() or not LEAST_CAPITAL <= value <= MOST_CAPITAL:
        raise Refused("backtest_capital", text=text[:16])
    return value


def _take_period(reading: _Reading, words: Sequence[str]) -> int:
    """A period at the beginning of `words`; how many words it takes."""
    word = words[0].casefold()
    if word in _ALL:
        reading.days = None
        return 1
    if word in _HALF:
        reading.days = _HALF[word]
        return 1
    if (year := _year_alone(word)) is not None:
        reading.days = year
        return 1
    glued = _PERIOD.fullmatch(word)
    if glued is not None and _is_period(glued[1], glued[2]):
        reading.days = _days(int(glued[1]), glued[2])
        return 1
    if word.isdecimal() and words[1:2] and words[1].casefold() in _DAYS_OF:
        reading.days = _days(int(word[:6]), words[1].casefold())
        return 2
    return 0


def _year_alone(word: str) -> int | None:
    """`year` and `месяц` without a number are one of them."""
    return _days(1, word) if len(word) > 2 and word in _DAYS_OF else None


def _is_period(number: str, unit: str) -> bool:
    """Whether it is a period and no timeframe: `6m` are months, `5m` and `15m` minutes, `1d` a bar."""
    if unit not in _DAYS_OF:
        return False
    return f"{number}{unit}" not in _MINUTES | {"1d", "1д"}


def _days(count: int, unit: str) -> int:
    days = _DAYS_OF[unit]
    total = days_of_months(count) if days == 30 else count * days
    if not SHORTEST_DAYS <= total <= LONGEST_DAYS:
        raise Refused("backtest_period", text=f"{count} {unit}"[:16])
    return total


def _frame(word: str) -> Timeframe | None:
    return parse_timeframe(word) if any(letter.isdecimal() for letter in word) else None


def _is_param(reading: _Reading, word: str, strategies: Strategies) -> bool:
    known = [strategies[reading.strategy]] if reading.strategy else list(strategies.values())
    return any(word in specs(one.params) for one in known)


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", text) is not None


def _checked(kind: type[Any], reading: _Reading) -> Mapping[str, str]:
    """The parameters, once the strategy takes them; a timeframe in the words is one of them."""
    given = dict(reading.params)
    if reading.frame is not None:
        given.setdefault("timeframe", reading.frame.value)
    try:
        parsed(kind, given)
    except BadParams as error:
        raise Refused("backtest_params", text=str(error), problem=error.code, given=error.given) from error
    return given
