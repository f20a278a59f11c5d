"""Understanding a timeframe as people type it: `4H`, `4ч`, `240`, `day`, `m15`."""

import re
import unicodedata

from engines.core.timeframe import Timeframe

_MINUTE_MS = 60_000
_BY_MINUTES = {one.ms // _MINUTE_MS: one for one in Timeframe}
_BARE_HOURS = {4: Timeframe.H4, 24: Timeframe.D1}

_UNITS = {
    1: "m min mins minute minutes м мин минут минута минуты минутка минутный ь",
    60: "h hr hrs hour hours hourly ч час часа часов часовой часовик р",
    1440: "d day days daily д дн день дня дней дневной дневка сут сутки суток в",
}
_MINUTES_OF = {name: minutes for minutes, names in _UNITS.items() for name in names.split()}
_BARE_UNITS = {name for name in _MINUTES_OF if len(name) > 1} | {"h", "d", "ч", "д"}

_SHAPE = re.compile(r"(?P<before>[^\W\d_]*)(?P<number>\d{0,5})(?P<after>[^\W\d_]*)")
_SEPARATORS = re.compile(r"[\s/_-]+|^\.+|\.+$")
_LONGEST = 24


def parse_timeframe(text: str) -> Timeframe | None:
    """The timeframe that `text` names; `None` when it names none that we have.

    A bare number means minutes, as on charting sites, but for `4` and `24`, which mean hours.
    """
    if len(text) > _LONGEST:
        return None
    shape = _SHAPE.fullmatch(_SEPARATORS.sub("", unicodedata.normalize("NFKC", text).casefold()))
    if shape is None:
        return None
    before, number, after = shape["before"], shape["number"], shape["after"]
    if before and after:
        return None
    return _read(before or after, number)


def _read(unit: str, number: str) -> Timeframe | None:
    if not number:
        return _BY_MINUTES.get(_MINUTES_OF[unit]) if unit in _BARE_UNITS else None
    count = int(number)
    if not unit:
        return _BY_MINUTES.get(count) or _BARE_HOURS.get(count)
    return _BY_MINUTES.get(count * _MINUTES_OF[unit]) if unit in _MINUTES_OF else None
