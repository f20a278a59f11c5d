"""What a price screen must show, worked out from the recording's own lines, not by the code under test."""

import csv
import gzip
import re
from dataclasses import dataclass
from pathlib import Path

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One recorded candle."""

    time_ms: int
    open: float
    high: float
    low: float
    close: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The bars of one file, `step_ms` long each."""

    bars: list[Bar]
    step_ms: int

    def at(self, now_ms: int) -> Bar:
        """The bar that is forming at that moment."""
        return next(bar for bar in self.bars if bar.time_ms <= now_ms < bar.time_ms + self.step_ms)

    def day(self, now_ms: int) -> tuple[tuple[float, float], tuple[float, float]]:
        """Bounds of the 24 h high, then of the low.

        Bars that lie half inside the day may or may not have had their extreme inside it.
        """
        inner = [
            bar
            for bar in self.bars
            if bar.time_ms >= now_ms - DAY_MS and bar.time_ms + self.step_ms <= now_ms
        ]
        outer = [bar for bar in self.bars if now_ms - DAY_MS - self.step_ms < bar.time_ms <= now_ms]
        highs = max(bar.high for bar in inner), max(bar.high for bar in outer)
        lows = min(bar.low for bar in outer), min(bar.low for bar in inner)
        return highs, lows

    def changes(self, last: float, now_ms: int) -> tuple[float, float]:
        """Bounds of the change over 24 h, in percent."""
        then = self.at(now_ms - DAY_MS)
        return (last / then.high - 1) * 100, (last / then.low - 1) * 100


def read_recording(path: Path, step_ms: int) -> Recording:
    """All bars of a CSV file, compressed or not."""
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    rows = csv.DictReader(raw.decode().splitlines())
    names = ("open", "high", "low", "close")
    bars = [
        Bar(time_ms=int(row["timestamp_ms"]), **{name: float(row[name]) for name in names}) for row in rows
    ]
    return Recording(bars=bars, step_ms=step_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceScreen:
    """The numbers of a `/price` answer; `change` in percent."""

    last: float
    change: float
    high: float
    low: float
    binance: float | None


def read_price(text: str) -> PriceScreen:
    """Read a `/price` answer as a person does."""
    number = r"([\d,]+(?:\.\d+)?)"
    lines = text.splitlines()
    headline = re.search(rf"^{number}\s+[▲▼•]\s*([+−]?[\d.]+)", lines[1])
    assert headline is not None, text

    def labelled(label: str) -> float | None:
        line = next((line for line in lines if line.startswith(label)), None)
        return None if line is None else _number(line.split()[-1])

    high, low = labelled("High 24 h"), labelled("Low 24 h")
    assert high is not None
    assert low is not None
    return PriceScreen(
        last=_number(headline[1]),
        change=_number(headline[2]),
        high=high,
        low=low,
        binance=labelled("Binance"),
    )


def _number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))
