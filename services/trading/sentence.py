"""Understanding what people type behind `/trade`, `/close` and `/stop`, in any order and both languages."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from engines.core.keyboard import TO_LATIN_KEYS, TO_RUSSIAN_KEYS
from engines.core.side import Direction
from engines.market.number import LARGEST, joined, number
from ports.errors import Refused
from services.trading.vocabulary import (
    ENTRIES,
    FILLERS,
    MEANINGS,
    MONEY_UNITS,
    NOT_A_NUMBER,
    PERCENTS,
    SHARES,
)

LONGEST = 200
MOST_TARGETS = 3
_SMALLEST = Decimal("1e-12")
_SHOWN = 24


class Unit(StrEnum):
    """What a level is measured in: a price, a fraction of the price, multiples of ATR or of the risk."""

    PRICE = "price"
    FRACTION = "fraction"
    ATR = "atr"
    RISK = "r"


@dataclass(frozen=True, slots=True)
class Level:
    """Where a stop or target lies: at a price, or so far from the entry."""

    value: Decimal
    unit: Unit = Unit.PRICE


class Of(StrEnum):
    """What a size is measured in: USDT, a fraction of the free money, a fraction of the equity at risk."""

    MONEY = "money"
    FREE = "free"
    RISK = "risk"


@dataclass(frozen=True, slots=True)
class Size:
    """How much to trade."""

    value: Decimal
    of: Of = Of.MONEY


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a sentence says of a trade; `None` and `()` where it says nothing. `names` are words that are no
    part of the language, the market among them."""

    names: tuple[str, ...] = ()
    direction: Direction | None = None
    size: Size | None = None
    price: Decimal | None = None
    stop: Level | None = None
    targets: tuple[Level, ...] = ()
    trail: Level | None = None
    leverage: Decimal | None = None
    has_no_stop: bool = False
    has_no_targets: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAsked:
    """What to close: a trade by number or coin, which share of it, at which price of one's own."""

    name: str | None = None
    share: Decimal = Decimal(1)
    price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopAsked:
    """Where the stop of which trade goes; without a level, to the entry when `is_entry`."""

    name: str | None = None
    level: Level | None = None
    is_entry: bool = False


def read_trade(text: str) -> Asked:
    """What `text` asks for.

    Raises `Refused`: `bad_amount`, `said_twice`, `too_many_targets`, `unclear_number`, `missing_number`, each
    with `text`.
    """
    return _TradeReader().read(text)


def read_close(text: str) -> CloseAsked:
    """`12 half`, `eth 50% @2900`, `эфир половину по 2900`. Raises `Refused` as `read_trade` does."""
    asked, is_price_next = CloseAsked(), False
    for word in _words(text):
        meaning, amount = MEANINGS.get(_known(word) or ""), _amount(word)
        if word in SHARES or (amount is not None and amount[1] == Unit.FRACTION):
            share = SHARES.get(word) or (amount[0] if amount is not None else Decimal(1))
            asked = replace(asked, share=share)
        elif meaning == "price":
            is_price_next = True
        elif amount is not None and (is_price_next or asked.name is not None):
            if asked.price is not None:
                raise Refused("said_twice", text=word[:_SHOWN])
            asked, is_price_next = replace(asked, price=_positive(amount[0], word)), False
        elif meaning is None and word not in FILLERS:
            asked = replace(asked, name=_one_name(asked.name, word))
    return asked


def read_stop(text: str) -> StopAsked:
    """`12 2850`, `eth 1%`, `btc entry`, `эфир в бу`. Raises `Refused` as `read_trade` does."""
    asked = StopAsked()
    for word in _words(text):
        amount = _amount(word)
        if word in ENTRIES:
            asked = replace(asked, is_entry=True)
        elif amount is not None and (asked.name is not None or amount[1] is not None):
            if asked.level is not None:
                raise Refused("said_twice", text=word[:_SHOWN])
            asked = replace(asked, level=_level(amount, word))
        elif word not in FILLERS and MEANINGS.get(_known(word) or "") is None:
            asked = replace(asked, name=_one_name(asked.name, word))
    return asked


def written(asked: Asked) -> str:
    """The shortest sentence that means `asked`: `read_trade(written(asked)) == asked`."""
    parts = [*asked.names]
    if asked.direction is not None:
        parts.append(asked.direction.value)
    if asked.size is not None:
        parts.append(_written_size(asked.size))
    if asked.price is not None:
        parts.append(f"@{_short(asked.price)}")
    if asked.stop is not None:
        parts.append(f"sl {_written_level(asked.stop)}")
    if asked.targets:
        parts.append("tp " + " ".join(map(_written_level, asked.targets)))
    if asked.trail is not None:
        parts.append(f"trail {_written_level(asked.trail)}")
    if asked.leverage is not None:
        parts.append(f"x{_short(asked.leverage)}")
    parts += ["sl off"] * asked.has_no_stop + ["tp off"] * asked.has_no_targets
    return " ".join(parts)


def _written_size(size: Size) -> str:
    match size.of:
        case Of.MONEY:
            return f"{_short(size.value)}u"
        case Of.FREE:
            return f"{_short(size.value * 100)}%"
    return f"risk {_short(size.value * 100)}%"


def _short(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _written_level(level: Level) -> str:
    match level.unit:
        case Unit.PRICE:
            return f"{_short(level.value)}"
        case Unit.FRACTION:
            return f"{_short(level.value * 100)}%"
    return f"{_short(level.value)}{level.unit.value}"


_GLUED = re.compile(
    r"(?<=\d)\s+(?=(?:%|percent|pct|проц\w*|atr|атр|[xхrр]|[kк]|тыс\w*|млн)(?![^\W_]))", re.IGNORECASE
)
_KEYWORD_AND_NUMBER = re.compile(r"([^\W\d_][^\W\d_/-]*)([-+−–$]?[\d.,].*)")


def _words(text: str) -> Iterator[str]:
    """Words and numbers, keywords apart from the numbers glued to them: `sl=95k` is `sl`, `95k`."""
    line = unicodedata.normalize("NFKC", joined(text[:LONGEST])).casefold()
    line = _GLUED.sub("", line).replace("@", " @ ")
    line = re.sub(r"(?<=[^\W\d])[:=](?=[-+\d$.])", " ", line)
    for token in line.split():
        word = token.strip("?!;()«»“”\"'").rstrip(",.:")
        yield from _apart(word)


def _apart(word: str) -> Iterator[str]:
    if word in SHARES or word in MEANINGS or _leverage(word) is not None:
        yield word
        return
    glued = _KEYWORD_AND_NUMBER.fullmatch(word)
    if glued is not None and _known(glued[1]) is not None and (numbers := _numbers(glued[2])):
        yield glued[1]
        yield from numbers
    elif word:
        yield from _numbers(word) or [word]


def _numbers(word: str) -> list[str]:
    """The numbers that `word` is made of, `99k/101k`; none when there is anything else in it."""
    pieces = [word] if number(word) is not None else [piece for piece in re.split(r"[,;/|]", word) if piece]
    return pieces if all(number(piece) is not None for piece in pieces) else []


def _known(word: str) -> str | None:
    """The keyword that `word` is, also typed on the wrong keyboard layout."""
    if word in MEANINGS:
        return word
    for table in (TO_LATIN_KEYS, TO_RUSSIAN_KEYS):
        meant = word.translate(table)
        if len(word) > 2 and meant in MEANINGS:
            return meant
    return next((stem for stem in ("лонг", "шорт") if word.startswith(stem)), None)


def _amount(word: str) -> tuple[Decimal, Unit | None] | None:
    """The number that `word` is, a percentage as a fraction; `None` when it is none."""
    read = number(word)
    if read is None:
        return None
    value, unit = read
    if unit in PERCENTS:
        return _bounded(value, word).scaleb(-2), Unit.FRACTION
    if unit in ("atr", "атр"):
        return value, Unit.ATR
    if unit in ("r", "р"):
        return value, Unit.RISK
    return (value, None) if unit in MONEY_UNITS or not unit else None


def _bounded(value: Decimal, word: str) -> Decimal:
    if not _SMALLEST <= abs(value) < LARGEST:
        raise Refused("bad_amount", text=word[:_SHOWN])
    return value


def _positive(value: Decimal, word: str) -> Decimal:
    if _bounded(value, word) < 0:
        raise Refused("bad_amount", text=word[:_SHOWN])
    return value


def _level(amount: tuple[Decimal, Unit | None], word: str) -> Level:
    """A level; a sign before a distance is how people point down, before a price it is a slip."""
    value, unit = amount
    if unit is None:
        return Level(_positive(value, word))
    return Level(abs(_bounded(value, word)), unit)


def _one_name(known: str | None, word: str) -> str:
    if word in NOT_A_NUMBER:
        raise Refused("bad_amount", text=word)
    if known is not None:
        raise Refused("unclear_word", text=word[:_SHOWN])
    return word.removeprefix("#")


@dataclass(slots=True, repr=False)
class _TradeReader:
    """Reads a sentence word by word; `slot` is what the next number belongs to, `waiting` the word that has
    announced it and has no number yet."""

    asked: Asked = field(default_factory=Asked)
    slot: str = ""
    waiting: str = ""
    is_negated: bool = False

    def read(self, text: str) -> Asked:
        for word in _words(text):
            self._word(word)
        self._check_waiting()
        return self.asked

    def _word(self, word: str) -> None:
        if (leverage := _leverage(word)) is not None:
            self._set("leverage", _positive(leverage, word), word)
        elif (amount := _amount(word)) is not None:
            self._number(amount, word)
        elif word in SHARES:
            self._set("size", Size(SHARES[word], Of.FREE), word)
        elif (keyword := _known(word)) is not None:
            self._keyword(MEANINGS[keyword], word)
        elif word in NOT_A_NUMBER:
            raise Refused("bad_amount", text=word[:_SHOWN])
        elif word not in FILLERS:
            self.asked = replace(self.asked, names=(*self.asked.names, word))

    def _keyword(self, meaning: str, word: str) -> None:
        if meaning == "no":
            if self.slot in ("stop", "target"):
                self._switch_off(self.slot)
            else:
                self.is_negated = True
        elif meaning in ("long", "short"):
            self._set("direction", Direction(meaning), word)
        elif meaning == "market":
            self.slot = self.waiting = ""
        elif self.is_negated and meaning in ("stop", "target"):
            self._switch_off(meaning)
        else:
            self._announce(meaning, word)

    def _announce(self, meaning: str, word: str) -> None:
        """What the next number is; “trailing stop 2 %” and “stop at 85000” say it in two words."""
        if self.waiting and (self.slot, meaning) in _TWO_WORDS:
            return
        if meaning != self.slot and (self.slot, meaning) != ("stop", "trail"):
            self._check_waiting()
        self.slot, self.waiting = meaning, word if meaning in _PLACES else ""

    def _check_waiting(self) -> None:
        """A stop or a limit without its number is not an order without one."""
        if self.waiting:
            raise Refused("missing_number", text=self.waiting[:_SHOWN])

    def _switch_off(self, meaning: str) -> None:
        off: dict[str, Any] = {"has_no_stop" if meaning == "stop" else "has_no_targets": True}
        self.asked = replace(self.asked, **off)
        self.slot, self.waiting, self.is_negated = "", "", False

    def _number(self, amount: tuple[Decimal, Unit | None], word: str) -> None:
        is_size = self.slot == "target" and self.asked.targets and _is_money(word) and self.asked.size is None
        slot = "size" if is_size else self.slot
        _PLACES.get(slot, _TradeReader._sized)(self, amount, word)
        self.waiting = ""
        if slot != "target":
            self.slot = ""

    def _stopped(self, amount: tuple[Decimal, Unit | None], word: str) -> None:
        if amount[1] is Unit.RISK:  # a stop is what the risk is measured by
            raise Refused("bad_amount", text=word[:_SHOWN])
        self._set("stop", _level(amount, word), word)

    def _aimed(self, amount: tuple[Decimal, Unit | None], word: str) -> None:
        if len(self.asked.targets) == MOST_TARGETS:
            raise Refused("too_many_targets", text=word[:_SHOWN], most=MOST_TARGETS)
        self.asked = replace(self.asked, targets=(*self.asked.targets, _level(amount, word)))

    def _trailed(self, amount: tuple[Decimal, Unit | None], word: str) -> None:
        value, unit = amount
        if unit is Unit.RISK:
            raise Refused("bad_amount", text=word[:_SHOWN])
        as_percent = (value.scaleb(-2), Unit.FRACTION) if unit is None else amount
        self._set("trail", _level(as_percent, word), word)

    def _levered(self, amount: tuple[Decimal, Unit | None], word: str) -> None:
        self._set("leverage", _positive(amount[0], word), word)

    def _priced(self, amount: tuple[Decimal, Unit | None], word: str) -> None:
        if amount[1] is not None:
            raise Refused("bad_amount", text=word[:_SHOWN])
        self._set("price", _positive(amount[0], word), word)

    def _risked(self, amount: tuple[Decimal, Unit | None], word: str) -> None:
        value = amount[0] if amount[1] is Unit.FRACTION else amount[0].scaleb(-2)
        self._set("size", Size(_positive(value, word), Of.RISK), word)

    def _sized(self, amount: tuple[Decimal, Unit | None], word: str) -> None:
        value, unit = amount
        if unit in (Unit.ATR, Unit.RISK) or self.asked.size is not None:
            raise Refused("unclear_number", text=word[:_SHOWN])
        of = Of.FREE if unit is Unit.FRACTION else Of.MONEY
        self._set("size", Size(_positive(value, word), of), word)

    def _set(self, name: str, value: object, word: str) -> None:
        if getattr(self.asked, name) not in (None, value):
            raise Refused("said_twice", text=word[:_SHOWN])
        given: dict[str, Any] = {name: value}
        self.asked = replace(self.asked, **given)


_PLACES: Mapping[str, Callable[[_TradeReader, tuple[Decimal, Unit | None], str], None]] = {
    "stop": _TradeReader._stopped,
    "target": _TradeReader._aimed,
    "trail": _TradeReader._trailed,
    "leverage": _TradeReader._levered,
    "price": _TradeReader._priced,
    "risk": _TradeReader._risked,
}
_TWO_WORDS = {("trail", "stop"), *((slot, "price") for slot in ("stop", "target", "trail"))}
"""What a number was announced as, and a second word that does not change it."""


def _leverage(word: str) -> Decimal | None:
    """`3` of `x3`, `3x`, `х3`, `×3`."""
    plain = word.replace("х", "x").replace("×", "x")
    bare = plain.removeprefix("x") if plain.startswith("x") else plain.removesuffix("x")
    if bare == plain:
        return None
    read = number(bare)
    return read[0] if read is not None and not read[1] else None


def _is_money(word: str) -> bool:
    read = number(word)
    return "$" in word or (read is not None and read[1] in MONEY_UNITS and bool(read[1]))
