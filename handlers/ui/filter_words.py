"""Understanding what people type behind `/filters`, in any order and both languages."""

from dataclasses import dataclass, replace
from typing import Any

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.market.number import number
from engines.market.timeframes import parse_timeframe
from engines.signals.decision import ENTRY_FRAMES
from engines.signals.proposal import LEAST_STORED
from ports.errors import Refused
from ports.people import SignalFilter

LONGEST = 200
_SHOWN = 24

_WORDS = {
    "on": "on yes start вкл включи включить да",
    "off": "off stop mute silence выкл выключи выключить отключи стоп тихо",
    "any": "any all every everything weak все всё любые любой всех слабые",
    "watched": "watch watched watchlist favourites favorites избранное избранные список списка",
    "long": "long longs buy up лонг лонги лонга вверх покупка покупки",
    "short": "short shorts sell down шорт шорты шорта вниз продажа продажи",
    "both": "both either оба обе любое",
    "strong": "strong strongest best сильные сильный сильных лучшие",
    "reset": "reset default defaults clear сброс сбросить сбрось заново",
    "not": "no not without minus remove - не без убери убрать",
    "also": "+ add plus also добавь добавить плюс ещё еще",
    "filler": "only just signals signal for from at least min minimum confidence coins coin filter please "
    "the than above and только лишь сигналы сигналов сигнал для от мин минимум уверенность уверенностью ниже "
    "монеты монета фильтр пожалуйста на по выше и >= ≥ > %",
}
_MEANING = {word: meaning for meaning, words in _WORDS.items() for word in words.split()}


@dataclass(frozen=True, slots=True, kw_only=True)
class FilterAsked:
    """A filter as changed by a sentence. `coins` were named to be heard of, `without` not to be; `is_added`
    when they join those that were named before. Names are not looked up yet."""

    wanted: SignalFilter
    coins: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    is_added: bool = False


def read_filter(text: str, now: SignalFilter) -> FilterAsked:
    """What `text` makes of the filter `now`.

    Raises `Refused`: `signal_filter_frame`, `signal_filter_least` (`text`).
    """
    return _Reader(now).read(text[:LONGEST])


class _Reader:
    """Reads word by word; a "not" belongs to the word behind it."""

    def __init__(self, now: SignalFilter) -> None:
        self._asked = FilterAsked(wanted=now)
        self._frames: list[Timeframe] = []
        self._ways: set[Direction] = set()
        self._is_strong = False
        self._is_negated = False

    def read(self, text: str) -> FilterAsked:
        for word in text.replace(",", " ").replace(";", " ").lower().split():
            self._word(word.strip("?!.«»“”\"'()"))
        if self._frames:
            frames = tuple(one for one in ENTRY_FRAMES if one in self._frames)
            self._want(timeframes=frames)
        return self._asked

    def _word(self, word: str) -> None:
        meaning = _MEANING.get(word)
        if meaning == "not":
            self._is_negated = True
        if meaning in ("not", "filler"):
            return
        if meaning is not None:
            self._known(meaning)
        elif (frame := parse_timeframe(word)) is not None and not word.isdecimal():
            self._frame(frame, word)
        elif (amount := number(word.lstrip(">=≥").rstrip("+"))) is not None and amount[1] in ("", "%"):
            self._least(float(amount[0]), word)
        elif word:
            self._coin(word)
        self._is_negated = False

    def _known(self, meaning: str) -> None:
        match meaning:
            case "on" | "off":
                self._want(is_on=meaning == "on")
            case "any":
                self._want(coins=(), only_watched=False, strong_only=False)
            case "watched":
                self._want(only_watched=not self._is_negated)
            case "long" | "short":
                way = Direction(meaning)
                other = Direction.SHORT if way is Direction.LONG else Direction.LONG
                self._ways.add(other if self._is_negated else way)
                self._want(direction=None if len(self._ways) > 1 else next(iter(self._ways)))
            case "both":
                self._want(direction=None)
            case "strong":
                self._is_strong = not self._is_negated
                self._want(strong_only=self._is_strong)
            case "reset":
                self._asked = replace(self._asked, wanted=SignalFilter())
            case "also":
                self._asked = replace(self._asked, is_added=True)

    def _frame(self, frame: Timeframe, word: str) -> None:
        if frame not in ENTRY_FRAMES:
            raise Refused("signal_filter_frame", text=word[:_SHOWN])
        self._frames += [one for one in ENTRY_FRAMES if (one is frame) is not self._is_negated]

    def _least(self, value: float, word: str) -> None:
        least = value / 100 if value > 1 or "%" in word else value
        if not LEAST_STORED <= least < 1:
            raise Refused("signal_filter_least", text=word[:_SHOWN])
        self._want(least=least, strong_only=self._is_strong)

    def _coin(self, word: str) -> None:
        asked = self._asked
        bare = word.lstrip("+-")
        if self._is_negated or word.startswith("-"):
            self._asked = replace(asked, without=(*asked.without, bare))
        else:
            is_added = asked.is_added or word.startswith("+")
            self._asked = replace(asked, coins=(*asked.coins, bare), is_added=is_added)

    def _want(self, **fields: Any) -> None:
        self._asked = replace(self._asked, wanted=replace(self._asked.wanted, **fields))
