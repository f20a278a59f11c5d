"""`perpetuum montecarlo`, from recorded candles to the files."""

import csv
from pathlib import Path

import pytest

from bot.cli import main
from engines.core.timeframe import Timeframe
from tests.build.recordings import some_bars, write_bars
from tests.build.sweeping import lines_of

PARAMS = "fast=3,slow=12,adx_least=5,adx_length=5,atr_length=5"


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, with settings that nothing could start with."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "nonsense")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred days of hours of two coins."""
    folder = tmp_path_factory.mktemp("ohlcv")
    for symbol, price, seed in (("BTCUSDT", 40_000.0, 4), ("ETHUSDT", 2_000.0, 5)):
        bars = some_bars(Timeframe.H1, 2400, price=price, seed=seed)
        write_bars(folder / f"binance_{symbol}_1h.csv.gz", bars)
    return folder


def arguments(recording: Path, *more: str, symbols: str = "BTCUSDT") -> list[str]:
    given = ["montecarlo", "sma_cross", "--data", str(recording), "--symbols", symbols, "--params", PARAMS]
    return [*given, "--days", "20", "--out", "out", *more]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "Stationary bootstrap (Politis and Romano 1994): blocks of 120 bars"),
        (("--block", "12h", "--limits", "desk"), "blocks of 12 bars"),
        (
            ("--model", "gbm", "--drift", "10%", "--volatility", "0.5"),
            "a drift of 10.0% and a volatility of 50.0%",
        ),
    ],
)
def test_the_spread_of_what_may_come_is_written(
    recording: Path, capsys: pytest.CaptureFixture[str], more: tuple[str, ...], words: str
) -> None:
    assert main(arguments(recording, "--paths", "12", "--workers", "1", *more)) == 0
    assert "of the paths lose money" in capsys.readouterr().out
    paths = list(csv.DictReader(lines_of(Path("out/paths.csv"))))
    assert [row["path"] for row in paths] == [str(number) for number in range(12)]
    summary = {row["figure"]: row for row in csv.DictReader(lines_of(Path("out/summary.csv")))}
    roi = sorted(float(row["roi"]) for row in paths)
    assert float(summary["roi"]["mean"]) == pytest.approx(sum(roi) / 12)
    assert float(summary["share_losing"]["mean"]) == sum(one < 0 for one in roi) / 12
    assert roi[0] <= float(summary["roi"]["q0.05"]) <= float(summary["roi"]["q0.95"]) <= roi[-1]
    assert words in Path("out/report.md").read_text()
    assert Path("out/fan.png").read_bytes().startswith(b"\x89PNG")


def test_several_markets_and_more_paths_later(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = arguments(recording, "--workers", "1", symbols="BTCUSDT,ETHUSDT")
    assert main([*both, "--paths", "3"]) == 0
    first = lines_of(Path("out/paths.csv"))
    assert main([*both, "--paths", "5"]) == 0
    assert lines_of(Path("out/paths.csv"))[:4] == first
    assert "BTCUSDT, ETHUSDT" in Path("out/report.md").read_text()
    capsys.readouterr()


def test_what_is_wrong_is_said_before_the_work(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*more: str) -> str:
        assert main(arguments(recording, *more)) == 1
        return capsys.readouterr().err

    assert "--paths 1: from 2" in said("--paths", "1")
    assert "--days 0: from 1" in said("--days", "0")
    assert "--seed -1: at least 0" in said("--seed", "-1")
    assert "are of --model gbm" in said("--drift", "0.1")
    assert "--volatility -1: a rate a year" in said("--model", "gbm", "--volatility", "-1")
    assert "--drift much: a rate a year" in said("--model", "gbm", "--drift", "much")
    assert "--block 1m: at least one bar" in said("--block", "1m")
    assert "they say nothing of the future" in said("--signals", "signals.csv")
    assert "too few to draw from; choose --from and --to" in said("--from", "2025-04-10")
    assert "too few to learn from" in said("--model", "gbm", "--from", "2025-04-10")
