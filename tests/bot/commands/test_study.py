"""`perpetuum study`, from recorded candles to the report."""

from pathlib import Path

import numpy as np
import pytest

from bot.cli import main
from bot.commands.study import TEST_FROM, TEST_TO
from bot.commands.study_report import Scope, calibration, report
from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.market.aggregation import resample
from engines.signals.record import Outcome
from engines.signals.study import Findings, Trial
from tests.build.recordings import HOUR, some_bars, write_bars

DECEMBER_MS = 1_701_388_800_000  # 2023-12-01
WEEK_MS = 7 * 86_400_000
SCOPE = Scope(test_from=TEST_FROM, test_to=TEST_TO)


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, with settings that nothing could start with."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "nonsense")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seven weeks around New Year: BTC with five minutes, ETH without."""
    folder = tmp_path_factory.mktemp("ohlcv")
    fine = some_bars(Timeframe.M5, 50 * 288, start_ms=DECEMBER_MS, price=40_000.0, seed=2)
    write_bars(folder / "binance_BTCUSDT_5m.csv.gz", fine)
    write_bars(folder / "binance_BTCUSDT_1h.csv.gz", resample(fine, HOUR))
    hours = some_bars(Timeframe.H1, 50 * 24, start_ms=DECEMBER_MS, price=2_000.0, seed=3)
    write_bars(folder / "binance_ETHUSDT_1h.csv", hours)
    (folder / "notes.txt").write_text("anything")
    return folder


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main(["study", *(str(each) for each in arguments)]) == 1
    return capsys.readouterr().err.strip()


def test_the_report_is_written_and_comes_out_the_same_again(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, workers in (("first.md", "2"), ("again.md", "1")):
        assert main(["study", str(recording), "--out", name, "--workers", workers]) == 0
    shown = capsys.readouterr()
    assert "signals of 2 markets: first.md" in shown.out
    assert shown.err == ""
    text = Path("first.md").read_text(encoding="utf-8")
    assert Path("again.md").read_text(encoding="utf-8") == text
    assert str(recording) not in text
    for head in ("## Test: 2024-01-01 to 2025-07-01", "## Training: before 2024-01-01", "### By coin"):
        assert head in text
    assert "| BTCUSDT |" in text
    assert "| ETHUSDT |" in text


def test_training_is_printed_without_the_test_part(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["study", str(recording), "--calibrate", "--symbols", "eth/usdt"]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert main([*arguments, "--to", "2024-01-01"]) == 0
    assert capsys.readouterr().out == shown
    assert "| signals |" in shown
    assert "| pullback_ema21: spoke for it |" in shown


def test_what_is_wrong_is_said_before_the_work(
    recording: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = ("--out", "report.md")
    assert refused(capsys, "nowhere", *out) == "perpetuum: nowhere: no such folder"
    assert "has no file such as binance_BTCUSDT_1h.csv.gz" in refused(capsys, tmp_path, *out)
    assert "has no hourly candles of DOGEUSDT" in refused(capsys, recording, "--symbols", "doge/usdt", *out)
    assert "--from yesterday: not a date" in refused(capsys, recording, "--from", "yesterday", *out)
    wrong = refused(capsys, recording, "--from", "2025-02-01", "--to", "2025-01-01", *out)
    assert "--from 2025-02-01 is not before 2025-01-01" in wrong
    assert "--workers 0: at least 1" in refused(capsys, recording, "--workers", "0", *out)
    assert "no such folder" in refused(capsys, recording, "--out", "nowhere/report.md")
    assert not Path("report.md").exists()


def test_a_bad_line_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_bars(tmp_path / "binance_BTCUSDT_1h.csv", some_bars(Timeframe.H1, 3))
    path.write_text(path.read_text() + "1735700400000,1,2,3,4,5\n")
    assert "binance_BTCUSDT_1h.csv, line 5: " in refused(capsys, tmp_path, "--out", "report.md")


def an_outcome(result_r: float, week: int) -> Outcome:
    return Outcome(
        symbol="BTCUSDT",
        timeframe=Timeframe.H1,
        direction=Direction.LONG,
        regime="bull_calm",
        confidence=0.7,
        made_ms=int(TEST_FROM.timestamp() * 1000) + week * WEEK_MS,
        result_r=result_r,
        costs_r=0.1,
    )


def found(signals: list[float], random: list[float]) -> dict[str, Findings]:
    trials = [
        Trial(outcome=an_outcome(result, week), rules=frozenset({"vwap"}))
        for week, result in enumerate(signals)
    ]
    controls = [an_outcome(result, week) for week, result in enumerate(random)]
    looks = {"signal": len(trials), "entry": 10}
    return {"BTCUSDT 1": Findings(trials=trials, controls=controls, looks=looks, unentered=1, unfinished=2)}


def said(signals: list[float], random: list[float]) -> str:
    return report(found(signals, random), SCOPE, np.random.default_rng(1))


def test_the_conclusion_says_what_the_figures_say() -> None:
    good = said([1.0, 0.5] * 20, [-1.0, 0.5] * 20)
    assert "hoped for, and there it is" in good
    assert "earned money, more than chance explains" in good
    assert "The rules do better than chance" in good
    bad = said([-1.0, -1.0, 0.5] * 20, [0.6, -0.5] * 20)
    assert "hoped for, and was not reached" in bad
    assert "**After costs the signals lost money**" in bad
    assert "no better than chance" in bad
    unclear = said([1.0, -0.9] * 20 + [0.1] * 3, [1.0, -1.0] * 20)
    assert "not by more than chance may do" in unclear
    assert "cannot be told from nothing" in unclear
    assert "it may be luck" in unclear


def test_the_conclusion_knows_when_there_is_little() -> None:
    assert "There are no signals in the test part." in said([], [])
    assert "too few weeks to say more" in said([1.0, -1.0], [1.0, -1.0])


def test_counts_are_told() -> None:
    text = said([1.0, -1.0] * 10, [1.0, -1.0] * 10)
    assert "1 signals expired before their entry, 2 outlive the recording" in text
    assert "| entry | 10 | 33.3 % |" in text


def test_nothing_to_calibrate_is_said() -> None:
    assert calibration(found([], []), np.random.default_rng(1)) == "There were no signals."
