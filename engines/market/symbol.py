"""Understanding which market people mean: `btc`, `$BTC`, `btc-usdt`, `биток`, `иес`, `1000pepe`."""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.core.keyboard import LOOK_ALIKES, TO_LATIN_KEYS, TO_RUSSIAN_KEYS
from engines.core.typo import allowed_slips, edit_distance
from engines.market.alias import COINS

QUOTES = ("USDT", "USDC", "USD", "EUR", "BTC", "ETH")
"""Quote currencies, the likeliest meaning first."""

_LONGEST = 64
_LONGEST_GUESS = 16
_DERIVATIVE_ENDINGS = (".P", "-PERP", "_PERP", "PERP", "-SWAP")
_MULTIPLIERS = ("1000000", "10000", "1000", "1M")
_SHORTEST_STEM = 4
_CASE_ENDINGS = ("ом", "ой", "а", "у", "е", "ы", "и")
_ZERO = Decimal(0)


class Symbols:
    """Index of instruments by everything that they may be called.

    `turnover` (quote currency, by symbol) ranks markets of one coin and equally near guesses.
    """

    def __init__(
        self, instruments: Iterable[Instrument], turnover: Mapping[str, Decimal] | None = None
    ) -> None:
        rank = turnover or {}
        self._ranked = sorted(
            instruments, key=lambda one: (_quote_rank(one.quote), -rank.get(one.symbol, _ZERO), one.symbol)
        )
        self._weight: dict[str, Decimal] = {}
        for one in self._ranked:
            heaviest = self._weight.get(one.base.upper(), _ZERO)
            self._weight[one.base.upper()] = max(heaviest, rank.get(one.symbol, _ZERO))
        self._by_symbol = {one.symbol.upper(): one for one in self._ranked}
        self._by_name = _names(self._ranked)
        self._guesses = _guesses(self._by_name, self._ranked)

    def __len__(self) -> int:
        return len(self._by_symbol)

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self._ranked)

    def get(self, symbol: str) -> Instrument | None:
        """The instrument of that exact venue symbol."""
        return self._by_symbol.get(symbol)

    def find(self, text: str) -> Instrument | None:
        """What `text` names for certain, a coin alone meaning its USDT market; `None` when unsure."""
        for reading in _readings(text):
            found = self._by_name.get(reading)
            if found is None and (bare := _without_multiplier(reading)):
                found = self._by_name.get(bare)
            if found is not None:
                return found
        return None

    def near(self, text: str, n: int = 3) -> list[Instrument]:
        """At most `n` markets that `text` may have meant, the likeliest first; one a coin."""
        best: dict[str, tuple[int, int, Decimal, str]] = {}
        for reading in _readings(text):
            coin, quote = _split(_without_multiplier(reading) or reading)
            if not coin or len(coin) > _LONGEST_GUESS:
                continue
            for name, base in self._guesses:
                slips = _slips(coin, name)
                if slips is not None:
                    one = self._market_of(base, quote)
                    gap = abs(len(name) - len(coin))
                    score = (slips, gap, -self._weight[one.base.upper()], one.symbol)
                    best[base] = min(best.get(base, score), score)
        return [self._by_symbol[score[-1].upper()] for score in sorted(best.values())[: max(n, 0)]]

    def _market_of(self, base: str, quote: str | None) -> Instrument:
        """The market of that coin in the quote currency asked for, else in its likeliest."""
        return self._by_name.get(f"{base}{quote}") or self._by_name[base]


def _quote_rank(quote: str) -> int:
    return QUOTES.index(quote) if quote in QUOTES else len(QUOTES)


def _names(ranked: list[Instrument]) -> dict[str, Instrument]:
    """Every certain name; a name of several markets belongs to the first in rank."""
    names: dict[str, Instrument] = {}
    for one in ranked:
        names.setdefault(one.symbol.upper(), one)
        names.setdefault(f"{one.base}{one.quote}".upper(), one)
    for one in ranked:
        names.setdefault(one.base.upper(), one)
        if one.quote in QUOTES[:2]:
            names.setdefault(f"{one.base}USD".upper(), one)
    for one in ranked:
        if bare := _without_multiplier(one.base.upper()):
            names.setdefault(bare, one)
            names.setdefault(f"{bare}{one.quote}".upper(), one)
    return names


def _guesses(names: Mapping[str, Instrument], ranked: list[Instrument]) -> list[tuple[str, str]]:
    """(name, coin) pairs against which a mistyped text is compared."""
    bases = list(dict.fromkeys(one.base.upper() for one in ranked))
    known = [(alias.upper(), base) for alias, base in COINS.items() if base in names and len(alias) > 3]
    return [(base, base) for base in bases] + known


def _readings(text: str) -> Iterator[str]:
    """Possible meanings of `text`, upper-case and without separators, the most literal first."""
    plain = unicodedata.normalize("NFKC", text[:_LONGEST]).strip()
    typed = plain.casefold().replace("ё", "е")
    seen: set[str] = set()
    for spelling in (plain, typed.translate(TO_LATIN_KEYS), typed.translate(TO_RUSSIAN_KEYS)):
        for reading in _spelled(spelling):
            if reading and reading not in seen:
                seen.add(reading)
                yield reading


def _spelled(spelling: str) -> Iterator[str]:
    for part in _parts(spelling.upper()):
        word = _compact(part)
        yield word
        if coin := _coin_named(word):
            yield coin
        yield word.translate(LOOK_ALIKES)


def _coin_named(word: str) -> str | None:
    """`BTC` for `БИТКОИН`, `BTCUSDT` for `БИТОКUSDT`."""
    name, quote = _split(word)
    word = name.lower().replace("ё", "е")
    base = COINS.get(word) or _declined(word)
    return f"{base}{quote or ''}" if base else None


def _declined(word: str) -> str | None:
    """`BTC` for `биткоина`, `SOL` for `соланы`: a Russian name in another case than the first."""
    for ending in _CASE_ENDINGS:
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= _SHORTEST_STEM:
            coin = COINS.get(stem) or COINS.get(stem + "а")
            if coin is not None:
                return coin
    return None


def _parts(text: str) -> Iterator[str]:
    """`text` without the marks of terminals: `BYBIT:BTCUSDT`, `BTC/USDT:USDT`, `BTCUSDT.P`."""
    for ending in _DERIVATIVE_ENDINGS:
        if text.endswith(ending) and len(text) > len(ending):
            yield text.removesuffix(ending)
    yield text
    if ":" in text:
        left, _, right = text.partition(":")
        yield left
        yield right


def _compact(text: str) -> str:
    return "".join(letter for letter in text if letter.isalnum())


def _split(word: str) -> tuple[str, str | None]:
    """Coin and quote currency of `word`: `("BTC", "USDT")`, `("BTC", None)`."""
    for quote in QUOTES:
        if word.endswith(quote) and len(word) > len(quote):
            return word.removesuffix(quote), quote
    return word, None


def _without_multiplier(word: str) -> str | None:
    """`PEPE` for `1000PEPE`; `None` where there is no multiplier."""
    for multiplier in _MULTIPLIERS:
        if word.startswith(multiplier) and len(word) > len(multiplier):
            return word.removeprefix(multiplier)
    return None


def _slips(coin: str, name: str) -> int | None:
    """Slips from what was typed to `name`; a beginning of it counts as one; `None` when too far."""
    if coin == name:
        return 0
    if len(coin) >= 2 and name.startswith(coin):
        return 1
    allowed = allowed_slips(len(coin))
    if abs(len(coin) - len(name)) > allowed:
        return None
    slips = edit_distance(coin, name)
    return slips if slips <= allowed else None
