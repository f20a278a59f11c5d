"""Signals gate markets from their time on; what is no signal is named by line."""

from decimal import Decimal
from pathlib import Path

import pytest

from adapters.histories.signal_file import read_signals
from engines.core.instrument import MarketKind
from engines.market.repair import parsed
from engines.simulate.history import Gate
from engines.simulate.recording import instrument_of
from ports.errors import Fatal
from tests.build.recordings import DAY, HOUR, JANUARY_MS, write_lines

MARKETS = [
    instrument_of(symbol, MarketKind.PERP, tick=Decimal("0.1"), lot=Decimal("0.001"))
    for symbol in ("BTCUSDT", "ETHUSDT")
]
BTC, ETH = (market.key for market in MARKETS)
GOOD = "2025-01-01T12:00,BTCUSDT,BUY"


def a_file(folder: Path, *lines: str) -> Path:
    return write_lines(folder / "signals.csv", ["timestamp,symbol,signal", *lines])


def test_signals_are_read_by_market_in_any_way_of_writing_times(tmp_path: Path) -> None:
    path = a_file(
        tmp_path,
        GOOD,
        f"{JANUARY_MS + 13 * HOUR},btc/usdt,none",
        "2025-01-01T15:00+01:00,eth,Sell",
        "2025-01-02,BTCUSDT,SELL",
    )
    gates, notes = read_signals(path, MARKETS, parsed(""))
    assert gates == {
        BTC: (
            Gate(at_ms=JANUARY_MS + 12 * HOUR, says="BUY"),
            Gate(at_ms=JANUARY_MS + 13 * HOUR, says="NONE"),
            Gate(at_ms=JANUARY_MS + DAY, says="SELL"),
        ),
        ETH: (Gate(at_ms=JANUARY_MS + 14 * HOUR, says="SELL"),),
    }
    assert notes == []


def test_what_is_not_played_and_what_is_not_gated_is_told(tmp_path: Path) -> None:
    gates, notes = read_signals(a_file(tmp_path, GOOD, "2025-01-02,SOLUSDT,BUY"), MARKETS, parsed(""))
    assert list(gates) == [BTC]
    assert notes == [
        "signals of markets that are not played: SOLUSDT",
        "ETHUSDT: no signals, so nothing gates it",
    ]


def test_a_file_about_other_markets_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Fatal, match="has no signal of BTCUSDT, ETHUSDT"):
        read_signals(a_file(tmp_path, "2025-01-02,SOLUSDT,BUY"), MARKETS, parsed(""))


@pytest.mark.parametrize(
    ("lines", "told", "repair", "note"),
    [
        (
            (GOOD, "2025-01-01,BTCUSDT,SELL"),
            "line 3: is older than the line before it",
            "sort",
            "1 lines put in order",
        ),
        (
            (GOOD, GOOD),
            "line 3: the same market and time as line 2",
            "duplicates=first",
            "1 signals told twice",
        ),
        (
            (GOOD, "2025-01-02,BTCUSDT,BYU"),
            "line 3: says 'BYU'; did you mean BUY?",
            "bad=drop",
            "1 bad lines",
        ),
        (
            (GOOD, "yesterday,BTCUSDT,BUY"),
            "line 3: has the time 'yesterday'; write it as",
            "bad=drop",
            "1 bad",
        ),
        (
            (GOOD, "1735689600,BTCUSDT,BUY"),
            "line 3: has the time '1735689600'; write it",
            "bad=drop",
            "1 bad",
        ),
        ((GOOD, "2025-01-02,,BUY"), "line 3: has no symbol", "bad=drop", "1 bad lines"),
        ((GOOD, "2025-01-02,BTCUSDT"), "line 3: has 2 values instead of 3", "bad=drop", "1 bad lines"),
    ],
)
def test_bad_lines_are_refused_or_repaired(
    tmp_path: Path, lines: tuple[str, ...], told: str, repair: str, note: str
) -> None:
    path = a_file(tmp_path, *lines)
    with pytest.raises(Fatal) as refused:
        read_signals(path, MARKETS, parsed(""))
    assert str(refused.value).startswith(f"{path}, {told}")
    assert f"--repair {repair}" in str(refused.value)
    gates, notes = read_signals(path, MARKETS, parsed(repair))
    assert note in "\n".join(notes)
    assert Gate(at_ms=JANUARY_MS + 12 * HOUR, says="BUY") in gates[BTC]


@pytest.mark.parametrize(("keep", "says"), [("first", "BUY"), ("last", "SELL")])
def test_of_two_at_one_moment_the_one_asked_for_counts(tmp_path: Path, keep: str, says: str) -> None:
    path = a_file(tmp_path, GOOD, GOOD.replace("BUY", "SELL"))
    gates, _ = read_signals(path, MARKETS, parsed(f"duplicates={keep}"))
    assert [gate.says for gate in gates[BTC]] == [says]


def test_another_header_is_refused(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "signals.csv", ["time,market,side", GOOD])
    with pytest.raises(Fatal, match=r"line 1: the columns must be timestamp,symbol,signal"):
        read_signals(path, MARKETS, parsed(""))
