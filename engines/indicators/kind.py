"""What kinds of indicators there are: their numbers, their outputs and how they are shown."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from engines.indicators.long_tail import LONG_TAIL, PATTERNS

LONGEST: Final = 1000
"""The greatest length in bars."""
_LARGEST, _SMALLEST = 100.0, 0.001


class Source(StrEnum):
    """Who knows an indicator: the candles themselves, our kernels, or the library of many."""

    CANDLES = "candles"
    KERNEL = "kernel"
    LIBRARY = "library"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A number of an indicator. `names` are what the library calls it; `usual` is meant when nobody says."""

    names: tuple[str, ...]
    usual: float
    is_whole: bool

    def read(self, value: float) -> float | None:
        """`value` when this parameter may be that, a length as a whole number; else `None`."""
        if self.is_whole:
            return int(value) if value == int(value) and 1 <= value <= LONGEST else None
        return float(value) if _SMALLEST <= value <= _LARGEST else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One kind of indicator.

    `parts` name its outputs in the order in which they are computed, `""` for the one without a name of its
    own; `main` is the place of the one that is meant when none is named, `lines` are the places of those to
    draw. `hot` are the names that its outputs have with the usual numbers, where they have others than the
    rest. `bounds` and `guides` are the ends and the marked heights of its pane, `band` the places of
    two outputs between which is filled.
    """

    name: str
    source: Source
    parameters: tuple[Parameter, ...] = ()
    parts: tuple[str, ...] = ("",)
    main: int = 0
    lines: tuple[int, ...] = (0,)
    hot: tuple[str, ...] = ()
    is_over_price: bool = False
    bounds: tuple[float, float] | None = None
    guides: tuple[float, ...] = ()
    band: tuple[int, int] | None = None

    @property
    def usual(self) -> tuple[float, ...]:
        """Its numbers when nobody says."""
        return tuple(one.usual for one in self.parameters)


_PERCENT: Final = (0.0, 100.0)
_SCALES: Final[dict[str, tuple[tuple[float, float] | None, tuple[float, ...]]]] = {
    "rsi": (_PERCENT, (30.0, 70.0)),
    "stochrsi": (_PERCENT, (20.0, 80.0)),
    "stoch": (_PERCENT, (20.0, 80.0)),
    "stochf": (_PERCENT, (20.0, 80.0)),
    "mfi": (_PERCENT, (20.0, 80.0)),
    "rsx": (_PERCENT, (30.0, 70.0)),
    "lrsi": (_PERCENT, (20.0, 80.0)),
    "uo": (_PERCENT, (30.0, 70.0)),
    "chop": (_PERCENT, (38.2, 61.8)),
    "adx": (None, (25.0,)),
    "adxr": (None, (25.0,)),
    "willr": ((-100.0, 0.0), (-80.0, -20.0)),
    "aroon": ((-100.0, 100.0), (0.0,)),
    "cci": (None, (-100.0, 100.0)),
    "cmo": (None, (-50.0, 50.0)),
    "macd": (None, (0.0,)),
    "ppo": (None, (0.0,)),
    "ao": (None, (0.0,)),
    "mom": (None, (0.0,)),
    "roc": (None, (0.0,)),
    "cmf": (None, (0.0,)),
    "zscore": (None, (-2.0, 2.0)),
}
_BANDS: Final = {
    "bb": (0, 2),
    "kc": (0, 2),
    "donchian": (0, 2),
    "accbands": (0, 2),
    "hwc": (2, 1),
    "ichimoku": (0, 1),
}


def _numbers(text: str) -> tuple[Parameter, ...]:
    if text == "-":
        return ()
    pairs = [part.split("=") for part in text.split(",")]
    return tuple(
        Parameter(
            names=tuple(names.split("+")),
            usual=float(usual) if "." in usual else int(usual),
            is_whole="." not in usual,
        )
        for names, usual in pairs
    )


def _kind(line: str, source: Source, hot: str = "") -> Kind:
    name, place, numbers, *outputs = line.split()
    bounds, guides = _SCALES.get(name, (None, ()))
    return Kind(
        name=name,
        source=source,
        parameters=_numbers(numbers),
        parts=tuple(part.lstrip("*.").removeprefix("-") for part in outputs),
        main=next((at for at, part in enumerate(outputs) if part.startswith("*")), 0),
        lines=tuple(at for at, part in enumerate(outputs) if not part.startswith(".")),
        hot=tuple(hot.split()),
        is_over_price=place == "price",
        bounds=bounds,
        guides=guides,
        band=_BANDS.get(name),
    )


_KERNELS: Final = {
    "ema price length=20 -": "",
    "sma price length=20 -": "",
    "wma price length=20 -": "",
    "dema price length=20 -": "",
    "macd pane fast=12,slow=26,signal=9 - signal hist": "macd macd_signal macd_hist",
    "rsi pane length=14 -": "",
    "stochrsi pane length=14,stoch=14,k=3,d=3 k d": "stochrsi_k stochrsi_d",
    "stoch pane k=14,d=3,smooth_k=3 k d": "",
    "stdev pane length=20 -": "",
    "bb price length=20,deviations=2.0 lower *middle upper": "bb_lower bb_middle bb_upper",
    "atr pane length=14 -": "",
    "atr_norm pane - -": "",
    "adx pane length=14 - di_plus di_minus": "adx14 di_plus di_minus",
    "obv pane - -": "",
    "obv_ema pane length=21 -": "",
    "volume_sma pane length=20 -": "",
    "vwap price - -": "",
    "donchian price length=20 lower *middle upper": "",
    "supertrend price length=10,multiplier=3.0 .- .direction long short": "",
    "support price - - .strength": "support support_strength",
    "resistance price - - .strength": "resistance resistance_strength",
}
_CANDLES: Final = ("open price - -", "high price - -", "low price - -", "close price - -", "volume pane - -")

KINDS: Final = {
    kind.name: kind
    for kind in (
        *(_kind(line, Source.CANDLES) for line in _CANDLES),
        *(_kind(line, Source.KERNEL, hot) for line, hot in _KERNELS.items()),
        *(_kind(line, Source.LIBRARY) for line in LONG_TAIL.strip().splitlines()),
        *(_kind(f"cdl_{name} pane - -", Source.LIBRARY) for name in PATTERNS.split()),
    )
}
"""Every kind by its name."""
