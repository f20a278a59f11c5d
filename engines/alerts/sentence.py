"""Understanding what an alert is to be about: `btc > 100k every 4h`, `эфир упадёт на 5% за час`."""

import re
import unicodedata
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from engines.alerts.alert import Way
from engines.market.number import SCALES, parse_number

LONGEST = 200

_WAYS = {
    Way.UP: """> >= ≥ + above over up rises rise rose gain gains grows grow higher more exceeds pump plus
        выше больше более свыше над вверх вырастет вырос выросла растет рост поднимется дорастет превысит
        подорожает плюс взлетит вырастут""",
    Way.DOWN: """< <= ≤ - below under down drops drop falls fall fell loses lower less dips dump dumps minus
        ниже меньше менее под вниз упадет упал упала падает падение опустится снизится просядет подешевеет
        минус рухнет упадут""",
}
_EXTREMES = {
    Way.UP: "high highs max maximum peak хай хаи максимум макс вершина пик",
    Way.DOWN: "low lows min minimum bottom лоу лой минимум мин дно",
}
_EVERY = (
    "every repeat repeating again always each каждые каждый каждую каждое повторять повтор повторяй снова раз"
)
_ONCE = "once один однажды единожды"
_LASTS = "for during на течение"
_EMPTY = """alert alerts me when if is it the a an at to in within by than of new price reaches reach hits hit
    touches crosses = и в за до что когда если цена будет станет достигнет дойдет коснется пересечет новый
    курс нового usd usdt dollars доллар долларов доллара баксов or equal или равно от с со the tell notify
    скажи сообщи"""
_SPANS = {
    1: "s sec secs second seconds с сек секунд секунда секунды секунду",
    60: "m min mins minute minutes м мин минут минута минуты минуту",
    3600: "h hr hrs hour hours ч час часа часов",
    86_400: "d day days д дн день дня дней сут сутки суток",
    604_800: "w week weeks н нед неделя неделю недели недель",
    2_592_000: "mo month months мес месяц месяца месяцев",
    31_536_000: "y yr year years год года лет",
}
_PERCENT = {"percent", "pct", "процент", "процента", "процентов", "проц"}
_SHORTEST_BARE_SPAN = 3


def _index(words: dict[Way, str]) -> dict[str, Way]:
    return {word: way for way, names in words.items() for word in names.split()}


WAY_OF, EXTREME_OF = _index(_WAYS), _index(_EXTREMES)
SECONDS_OF = {name: seconds for seconds, names in _SPANS.items() for name in names.split()}
EVERY_WORDS, ONCE_WORDS, LASTS_WORDS = set(_EVERY.split()), set(_ONCE.split()), set(_LASTS.split())
EMPTY_WORDS = set(_EMPTY.split())

_MARKS = str.maketrans("−–—$€₮ё?!±", "---   е   ")
_SIGNS = re.compile(r"([<>≥≤=]+)")
_LOOSE_SIGN = re.compile(r"(?<!\S)([+-])\s+(?=[\d.,])")
_LOOSE_PERCENT = re.compile(r"(?<=\d)\s+(?=%)")
_GROUPS = re.compile(r"(?<![\w.,])\d{1,3}(?: \d{3})+(?![\w%])")
_SPAN = re.compile(r"(\d{1,6})([^\W\d_]+)")
_SHARE = re.compile(r"([+-]?(?:\d[\d.,]*|[.,]\d+))%")


@dataclass(slots=True)
class Sentence:
    """What was said; the rest was not. `names` are the words left over, the coin among them.

    `prices` are all readings of a price, from now or absolute; `share` is positive. Nothing is checked
    against limits. `is_repeating` without a `rest` leaves the pause open.
    """

    names: list[str] = field(default_factory=list)
    way: Way | None = None
    prices: Sequence[Decimal] = ()
    share: Decimal | None = None
    extreme: Way | None = None
    span: timedelta | None = None
    rest: timedelta | None = None
    is_repeating: bool = False
    lasts: timedelta | None = None

    @property
    def says_something(self) -> bool:
        """Whether it has exactly one thing to wait for."""
        return [bool(self.prices), self.share is not None, self.extreme is not None].count(True) == 1

    @property
    def is_wish(self) -> bool:
        """Whether it can hardly mean anything but an alert."""
        return self.says_something and (self.way is not None or not self.prices)

    @property
    def is_coin_alone(self) -> bool:
        """Whether it has nothing but one name."""
        return self == Sentence(names=self.names) and len(self.names) == 1


def read_sentence(text: str) -> Sentence:
    """What `text` says, in English or Russian, words in any order."""
    tokens = words_of(text)
    said = _Reader(deque(tokens)).read()
    if not said.names and tokens:
        said.names.append(tokens[0])  # a coin whose name is a word of ours: ONE, HIGH
    if said.prices and said.extreme is not None:  # "low 60000" is a level
        said.way, said.extreme = said.way or said.extreme, None
    if said.span is None and (said.share is not None or said.extreme is not None):
        said.span, said.lasts = said.lasts, None  # "high for 30 days"
    return said


def words_of(text: str, *, longest: int = LONGEST) -> list[str]:
    """Words, numbers and signs of the first `longest` letters; digits that a space parts are one number."""
    plain = unicodedata.normalize("NFKC", text[:longest]).casefold().translate(_MARKS)
    spaced = " ".join(_SIGNS.sub(r" \1 ", plain.replace("%/", "% ")).split())
    whole = _LOOSE_PERCENT.sub("", _LOOSE_SIGN.sub(r"\1", spaced))
    joined = _GROUPS.sub(lambda found: found[0].replace(" ", ""), whole)
    bare = (word.rstrip(",.;:)»\"'").lstrip("(«\"'") for word in joined.split())
    return [word for word in bare if word]


class _Reader:
    """Goes through the tokens once; each is taken by the first kind that knows it."""

    def __init__(self, tokens: deque[str]) -> None:
        self._tokens = tokens
        self._said = Sentence()
        self._is_once = False
        self._next_span = "span"

    def read(self) -> Sentence:
        """What all of them say."""
        while self._tokens:
            token = self._tokens.popleft()
            takers = (self._take_share, self._take_span, self._take_word, self._take_price)
            if not any(take(token) for take in takers):
                self._said.names.append(token)
        if self._is_once:
            self._said.is_repeating, self._said.rest = False, None
        return self._said

    def _take_word(self, token: str) -> bool:
        said = self._said
        if token in EVERY_WORDS:
            said.is_repeating, self._next_span = True, "rest"
        elif token in ONCE_WORDS:
            self._is_once = True
        elif token in LASTS_WORDS:
            self._next_span = "lasts"
        elif token in WAY_OF:
            said.way = said.way or WAY_OF[token]
        elif token in EXTREME_OF:
            said.extreme = said.extreme or EXTREME_OF[token]
        else:
            return token in EMPTY_WORDS
        return True

    def _take_share(self, token: str) -> bool:
        shape = _SHARE.fullmatch(token)
        number = shape[1] if shape is not None else token
        if shape is None and not (self._peek() in _PERCENT and parse_number(token)):
            return False
        if shape is None:
            self._tokens.popleft()
        readings = parse_number(number)
        if not readings or self._said.share is not None:
            return False
        percent = min(readings, key=abs)
        if number[0] in "+-":
            self._said.way = Way.UP if number[0] == "+" else Way.DOWN
        self._said.share, self._next_span = abs(percent) / 100, "span"
        return True

    def _take_span(self, token: str) -> bool:
        shape = _SPAN.fullmatch(token)
        if shape is not None and shape[2] in SECONDS_OF:
            return self._spans(int(shape[1]), shape[2])
        following = self._peek()
        if token.isdecimal() and len(token) < 7 and following in SECONDS_OF:
            return self._spans(int(token), self._tokens.popleft())
        is_bare = len(token) >= _SHORTEST_BARE_SPAN and token in SECONDS_OF and token not in EXTREME_OF
        return is_bare and self._spans(1, token)

    def _spans(self, count: int, unit: str) -> bool:
        setattr(self._said, self._next_span, timedelta(seconds=count * SECONDS_OF[unit]))
        self._next_span = "span"
        return True

    def _take_price(self, token: str) -> bool:
        if self._peek() in SCALES and parse_number(token + self._tokens[0]):
            token += self._tokens.popleft()
        readings = parse_number(token)
        if not readings or self._said.prices:
            return False
        self._said.prices = readings
        return True

    def _peek(self) -> str:
        return self._tokens[0] if self._tokens else ""
