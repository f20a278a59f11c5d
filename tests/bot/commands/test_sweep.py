"""`perpetuum sweep`, from recorded candles to the files."""

import csv
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bot.cli import main
from bot.commands.lengths import length_ms
from bot.commands.strategies import strategy_named
from bot.commands.sweep import given_grid
from bot.commands.sweep_report import MarketSweep, Sweep, written
from bot.commands.tables import csv_text
from engines.core.timeframe import Timeframe
from engines.simulate.trying import Trial, tried
from ports.errors import Fatal
from services.sweeping.sweeps import Luck
from tests.build.grounds import POINTS, WHOLE, a_ground
from tests.build.recordings import some_bars, write_bars
from tests.build.sweeping import a_cluster, lines_of

ROOT = Path(__file__).resolve().parent.parent.parent.parent
GRID = "fast=3,5,8,slow=12:30:6,adx_least=5,adx_length=5,atr_length=5"
WALK = ("--walk-forward", "rolling", "--train", "40d", "--test", "10d", "--purge", "24", "--embargo", "12h")
COUNT = 12
KILLED = """
import resource, signal
from bot.cli import main
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, ({most}, {most}))
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
main({killed!r})
"""
"""A command that the system kills where a file would grow beyond `most` bytes: in the middle of the same line
every time, however busy the machine is."""


@pytest.fixture(autouse=True)
def _at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In an empty folder, with settings that nothing could start with."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "nonsense")


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred days of hours."""
    folder = tmp_path_factory.mktemp("ohlcv")
    write_bars(folder / "binance_BTCUSDT_1h.csv.gz", some_bars(Timeframe.H1, 2400, price=40_000.0, seed=4))
    return folder


def arguments(recording: Path, out: str, *more: str, params: str = GRID) -> list[str]:
    given = ["sweep", "sma_cross", "--data", str(recording), "--params", params, "--out", out]
    return [*given, "--from", "2025-01-05", "--least-trades", "3", "--top", "2", *more]


def files(folder: str) -> dict[str, bytes]:
    """What is to be the same again: all but the log of what was finished when."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if path.suffix != ".jsonl"}


def refused(capsys: pytest.CaptureFixture[str], *given: str) -> str:
    assert main(list(given)) == 1
    return capsys.readouterr().err.strip()


def test_every_point_the_best_and_what_luck_would_show_are_written(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(recording, "out", *WALK, "--workers", "2")) == 0
    shown = capsys.readouterr().out
    assert f"the best of {COUNT} points by sharpe" in shown
    assert "out of sample" in shown
    rows = list(csv.DictReader(lines_of(Path("out/sweep.csv"))))
    assert len(rows) == COUNT
    assert {row["symbol"] for row in rows} == {"BTCUSDT"}
    assert sum(row["gated_sharpe"] != "" for row in rows) == 2
    assert len({row["roi"] for row in rows}) == COUNT
    windows = list(csv.DictReader(lines_of(Path("out/walk_forward.csv"))))
    assert len(windows) == 5
    assert windows[0]["test_from"] == "2025-02-15T00:00"
    assert len(lines_of(Path("out/training.csv"))) == 1 + COUNT * len(windows)
    assert lines_of(Path("out/out_of_sample.csv"))[0] == "symbol,time,equity"
    report = Path("out/report.md").read_text()
    for words in (
        "even that one earned nothing",
        "All points have `adx_length=5,adx_least=5",
        "Walk-forward, rolling: training 40 days, purge 1 days",
        "heat_map_BTCUSDT",
    ):
        assert words in report
    assert str(recording) not in report
    assert Path("out/heat_map_BTCUSDT.png").read_bytes().startswith(b"\x89PNG")

    before = files("out")
    assert main(arguments(recording, "out", *WALK, "--workers", "1")) == 0  # all of it is there already
    assert files("out") == before
    points = Path("out/points.jsonl")
    points.write_text("\n".join(lines_of(points)[:20]) + "\n" + lines_of(points)[20][:30])
    assert main(arguments(recording, "out", *WALK, "--workers", "1")) == 0
    assert files("out") == before


def test_a_killed_sweep_is_gone_on_with_to_the_same_files(recording: Path) -> None:
    grid = GRID.replace("12:30:6", "12:60:1")
    assert main(arguments(recording, "whole", "--workers", "1", params=grid)) == 0
    most = Path("whole/points.jsonl").stat().st_size // 2
    killed = arguments(recording, "killed", "--workers", "1", params=grid)
    ended = subprocess.run(
        [sys.executable, "-c", KILLED.format(most=most, killed=killed)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stderr=subprocess.DEVNULL,
        check=False,
    )
    assert ended.returncode == -signal.SIGXFSZ
    assert Path("killed/points.jsonl").stat().st_size == most
    assert main(killed) == 0
    assert files("killed") == files("whole")


def test_a_cluster_gives_the_same_files(recording: Path) -> None:
    """Two workers on loopback, each with the code of this desk."""
    with a_cluster(2) as address:
        assert main(arguments(recording, "far", *WALK, "--cluster", address)) == 0
    assert main(arguments(recording, "near", *WALK, "--workers", "1")) == 0
    assert files("far") == files("near")


def test_what_is_wrong_is_said_before_the_work(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def said(*more: str, params: str = GRID) -> str:
        return refused(capsys, *arguments(recording, "out", *more, params=params))

    assert "Did you mean fast?" in said(params="fsat=3:9:1")
    assert "a range is least:most:step" in said(params="fast=9:3:1")
    assert "no combination" in said(params="fast=300,slow=20")
    assert "--by luck: one of sharpe, sortino" in said("--by", "luck")
    assert "--workers 0: at least 1" in said("--workers", "0")
    assert "leave one of them out" in said("--workers", "1", "--cluster", "tcp://127.0.0.1:1")
    assert "--top -1: at least 0" in said("--top", "-1")
    assert "--train soon: write a length such as 90d" in said("--walk-forward", "anchored", "--train", "soon")
    assert "take shorter ones (--train, --purge, --test)" in said("--walk-forward", "anchored")
    assert "longer than nothing" in said("--walk-forward", "anchored", "--test", "0")
    assert "`perpetuum backtest` gates it" in said("--signals", "signals.csv")
    assert "did you mean sma_cross" in refused(capsys, "sweep", "sma_cros", "--params", "fast=3").lower()
    Path("a_file").write_text("")
    assert "is a file; name a folder" in said("--out", "a_file")


def test_the_folder_of_another_sweep_is_refused(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(recording, "out", params="fast=3,slow=12")) == 0
    capsys.readouterr()
    assert "belongs to other data" in refused(
        capsys, *arguments(recording, "out", "--capital", "500", params="fast=3,slow=12")
    )


def test_where_nothing_can_be_chosen_that_is_said(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments(recording, "out", "--least-trades", "9999", params="fast=3,5,slow=12")) == 0
    assert "no point had 9999 trades" in capsys.readouterr().out
    assert not Path("out/heat_map_BTCUSDT.png").exists()  # one parameter alone makes no map


@pytest.mark.parametrize(
    ("merit", "words"),
    [(0.99, "that is more than luck"), (0.4, "that may be luck"), (None, "cannot be said")],
)
def test_the_best_is_told_with_what_luck_would_show(merit: float | None, words: str) -> None:
    rows = [{**row, "sharpe": 2.0} for row in tried(a_ground(), [Trial(stretch=WHOLE, params=POINTS[0])])]
    market = MarketSweep(
        symbol="BTCUSDT",
        stretch=WHOLE,
        rows=rows,
        best=[0],
        gated=rows,
        luck=Luck(trials=500, luckiest=1.5, merit=merit),
        walk=None,
    )
    sweep = Sweep(
        strategy="sma_cross",
        swept=["fast"],
        points=POINTS[:1],
        by="sharpe",
        least_trades=3,
        plan=None,
        opening=10_000.0,
        is_limited=False,
        notes=["something was mended"],
        markets=[market],
    )
    files, (said,) = written(sweep)
    assert words in said
    assert ("Sharpe ratio of 1.50 would be expected" in said) is (merit is not None)
    assert "- something was mended" in str(files["report.md"])


def test_grids_are_read_as_people_write_them() -> None:
    sma = strategy_named("sma_cross")
    assert given_grid(sma, "fast=3:9:2, slow=12, 20 ,side=both,long", None) == {
        "fast": "3:9:2",
        "slow": "12,20",
        "side": "both,long",
    }
    assert given_grid(sma, "fast=3", "4h") == {"fast": "3", "timeframe": "4h"}
    for wrong in ("3,5", "fast=3,fast=5", "fast"):
        with pytest.raises(Fatal, match="--params"):
            given_grid(sma, wrong, None)


def test_lengths_are_read_as_people_write_them() -> None:
    hour, day = 3_600_000, 86_400_000
    told = [length_ms("--train", text, hour) for text in ("90d", "2w", "12h", "500", "3 bars", "30m", "0")]
    assert told == [90 * day, 14 * day, 12 * hour, 500 * hour, 3 * hour, 0, 0]
    for wrong in ("", "soon", "-3d", "3y"):
        with pytest.raises(Fatal, match=r"--train .*: write a length such as 90d"):
            length_ms("--train", wrong, hour)


def test_tables_read_back_and_hold_no_formulas() -> None:
    text = csv_text(["a", "b"], [["=1+1", 1 / 3], ["-x", None], ["fine, too", 5]])
    assert list(csv.reader(text.splitlines())) == [
        ["a", "b"],
        ["'=1+1", "0.3333333333333333"],
        ["'-x", ""],
        ["fine, too", "5"],
    ]
