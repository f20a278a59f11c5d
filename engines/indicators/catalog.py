"""Every indicator by the name that people type, however sloppily: `EMA 20`, `rsi`, `bollinger(20, 2)`."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from engines.core.keyboard import LOOK_ALIKES, TO_LATIN_KEYS, TO_RUSSIAN_KEYS
from engines.indicators.columns import HOT
from engines.indicators.kind import KINDS, LONGEST, Kind, Source
from engines.indicators.spoken import NAMES, PARTS, TITLES

_SEPARATORS = re.compile(r"(?:[\s(),;:/_%]|(?<=\w)-)+")  # elsewhere a hyphen is a minus
_NUMBER = r"\d{1,6}(?:\.\d{1,6})?"
_NUMBERS = re.compile(rf"(?:_?{_NUMBER})?(?:_{_NUMBER})*")
_LED_BY_NUMBERS = re.compile(rf"((?:{_NUMBER}_)+)(\D.*)")
_LONGEST_NAME = 48
_ALIKE = 0.7  # of two names, from which on one may be meant for the other
_SETTLING = 4  # lengths after which where an average began weighs little


@dataclass(frozen=True, slots=True)
class Spec:
    """One indicator with its numbers, whole ones as `int`. Made by `find`, `split` and `spec`."""

    kind: str
    numbers: tuple[float, ...] = ()

    @property
    def about(self) -> Kind:
        """What there is to know about its kind."""
        return KINDS[self.kind]

    @property
    def source(self) -> Source:
        """Who knows its values."""
        return self.about.source

    @property
    def name(self) -> str:
        """The one name by which it is known: `ema20`, `macd12_26_9`, `t3_10_0.7`, `vwap`."""
        joint = "_" if self.numbers and self.kind[-1].isdigit() else ""
        return f"{self.kind}{joint}{'_'.join(f'{number:g}' for number in self.numbers)}"

    @property
    def title(self) -> str:
        """The name as it stands on a picture: `EMA 20`, `Bollinger 20 2`."""
        title = TITLES.get(self.kind) or self.kind.replace("_", " ").upper()
        return " ".join([title, *(f"{number:g}" for number in self.numbers)])

    @property
    def short(self) -> str:
        """The shortest text that `find` reads as this: without numbers where they are the usual ones."""
        return self.kind if self.numbers == self.about.usual else self.name

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of its outputs in the order in which they are computed: `bb_lower`, `bb_middle`, `bb_upper`;
        with numbers that are not the usual ones `bb50_2_lower` and so on."""
        about = self.about
        is_usual = self.numbers == about.usual
        if is_usual and about.hot:
            return about.hot
        if about.parts == ("",):
            return (self.name,)
        stem = self.kind if is_usual else self.name
        return tuple(f"{stem}_{part}" if part else stem for part in about.parts)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The same, but first the one that is meant when none is named."""
        return tuple(dict.fromkeys((self.columns[self.about.main], *self.columns)))

    @property
    def lines(self) -> tuple[str, ...]:
        """The columns that are drawn."""
        columns = self.columns
        return tuple(columns[at] for at in self.about.lines)

    @property
    def warm_up(self) -> int:
        """How many bars before the first shown one it wants; at most `LONGEST`."""
        lengths = [
            int(number)
            for number, parameter in zip(self.numbers, self.about.parameters, strict=True)
            if parameter.is_whole
        ]
        return min(_SETTLING * sum(lengths) + 100, LONGEST) if self.source is not Source.CANDLES else 0


def spec(kind: str, numbers: Sequence[float] = ()) -> Spec | None:
    """The indicator with `numbers`, and the usual ones in place of those that are not given.

    `None` when there is no such kind, too many numbers, or one that it cannot have.
    """
    about = KINDS.get(kind)
    if about is None or len(numbers) > len(about.parameters):
        return None
    given = [*numbers, *about.usual[len(numbers) :]]
    read = [one.read(number) for one, number in zip(about.parameters, given, strict=True)]
    sound = tuple(number for number in read if number is not None)
    return Spec(kind, sound) if len(sound) == len(read) else None


def find(text: str) -> Spec | None:
    """The indicator that `text` names, with or without numbers, in either keyboard's spelling."""
    return next((found for form in _forms(text) if (found := _read(form)) is not None), None)


def split(text: str) -> tuple[Spec, str] | None:
    """The indicator and the one output of it that `text` names: `macd signal`, `bb_upper`, `rsi14`, `close`.

    An indicator of several outputs without a name behind it means the first of `outputs`.
    """
    for form in _forms(text):
        if form in _OUTPUTS:
            return _OUTPUTS[form], form
        if (whole := _read(form)) is not None:
            return whole, whole.outputs[0]
        if (part := _read_part(form)) is not None:
            return part
    return None


def near(text: str, most: int = 3) -> Sequence[str]:
    """Canonical names that `text` may have meant, the nearest first."""
    form = next(_forms(text), "")
    stem = re.sub(r"[\d._]+", "", form) or form.replace("_", "")
    found = (NAMES.get(name, name) for name in get_close_matches(stem, _STEMS, n=2 * most, cutoff=_ALIKE))
    kinds = dict.fromkeys(_KIND_OF_STEM.get(name, name) for name in found)
    return [Spec(kind, KINDS[kind].usual).name for kind in kinds][:most]


def _forms(text: str) -> Iterator[str]:
    """`text` as it may have been meant: parts joined by `_`, numbers last."""
    if len(text) > _LONGEST_NAME:
        return
    plain = unicodedata.normalize("NFKC", text).strip()
    lower = plain.casefold().replace("ё", "е")
    alike = plain.upper().translate(LOOK_ALIKES).casefold()
    for one in dict.fromkeys(
        (lower, alike, lower.translate(TO_LATIN_KEYS), lower.translate(TO_RUSSIAN_KEYS))
    ):
        form = _SEPARATORS.sub("_", one).strip("_.")
        led = _LED_BY_NUMBERS.fullmatch(form)
        yield f"{led[2]}_{led[1]}".strip("_") if led else form


def _read(form: str) -> Spec | None:
    """The longest beginning of `form` that is a kind, when only numbers follow."""
    for end in range(len(form), 0, -1):
        kind = _kind(form[:end])
        if kind is not None and _NUMBERS.fullmatch(form, end):
            numbers = [float(one) for one in re.findall(_NUMBER, form[end:])]
            if (found := spec(kind, numbers)) is not None:
                return found
    return None


def _kind(name: str) -> str | None:
    if name in KINDS:
        return name
    joined = name.replace("_", "")
    return NAMES.get(joined) or _KIND_OF_STEM.get(joined)


def _read_part(form: str) -> tuple[Spec, str] | None:
    """An indicator and the name of an output behind it."""
    for at, letter in enumerate(form):
        if letter == "_" and (found := _read(form[:at])) is not None:
            part = form[at + 1 :]
            parts = found.about.parts
            for name in (part, PARTS.get(part.replace("_", ""), "")):
                if name and name in parts:
                    return found, found.columns[parts.index(name)]
    return None


_KIND_OF_STEM: Final = {kind.replace("_", ""): kind for kind in KINDS}
_STEMS: Final = (*_KIND_OF_STEM, *NAMES)


def _usual() -> Iterator[Spec]:
    for kind in KINDS.values():
        yield Spec(kind.name, kind.usual)


_OUTPUTS: Final = {output: one for one in _usual() for output in one.columns}
"""Outputs of the indicators with their usual numbers, by name."""

HOT_SPECS: Final = tuple(dict.fromkeys(found[0] for name in HOT if (found := split(name)) is not None))
"""The indicators whose outputs are the hot columns."""
