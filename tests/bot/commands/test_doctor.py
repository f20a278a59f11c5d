"""`perpetuum doctor` in a real outside world: what it finds, what it advises, and that it keeps secrets."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.sql.candles import SqlCandles
from adapters.sql.desk import SqlDesk
from bot.commands import doctor
from bot.settings import Settings, load
from sandbox.telegram.people import BOT_TOKEN
from tests.build.desk import environment_of
from tests.build.sandbox import Sandbox
from tests.build.wire import VenueWire, serving

ROOT = Path(__file__).resolve().parent.parent.parent.parent
OTHER_TOKEN = "7000000001:A-TOKEN-that-was-revoked-yesterday-0"


def settings_in(sandbox: Sandbox, **changes: str) -> Settings:
    nowhere = sandbox.folder / "no such file"
    return load(environ={**environment_of(sandbox), **changes}, dotenv=nowhere, toml=nowhere)


@dataclass
class Report:
    code: int
    lines: list[str]

    def about(self, subject: str) -> str:
        """The line about a subject and, where there is one, how to mend it."""
        at = next(n for n, line in enumerate(self.lines) if line[2:].startswith(f"{subject}: "))
        mend = [line for line in self.lines[at + 1 : at + 2] if line.startswith("    mend: ")]
        return " ".join([self.lines[at], *(line.strip() for line in mend)])

    @property
    def wrong(self) -> set[str]:
        """Subjects that have to be mended."""
        return {line[2:].partition(":")[0] for line in self.lines if line.startswith("✗")}


class Doctor:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    async def __call__(self, settings: Settings, *, within_s: float = 10.0) -> Report:
        self._capsys.readouterr()
        code = await doctor.examine(settings, within_s=within_s)
        shown = self._capsys.readouterr().out
        for secret in settings.secrets():
            assert secret not in shown
        return Report(code, shown.splitlines())


@pytest.fixture
def examine(capsys: pytest.CaptureFixture[str]) -> Doctor:
    return Doctor(capsys)


async def test_a_healthy_desk_is_told_so(sandbox: Sandbox, examine: Doctor) -> None:
    report = await examine(settings_in(sandbox))
    assert report.lines[-1] == "All is well."
    assert report.code == 0
    assert report.about("telegram") == "✓ telegram: speaks as @perpetuum_sandbox_bot"
    assert report.about("people") == "✓ people: in the settings: 1 admins, 1 traders, 1 viewers"
    assert "will be made at the first start" in report.about("desk database")
    for venue in ("bybit", "binance"):
        assert "s from ours" in report.about(f"{venue} clock")
        assert "markets in" in report.about(f"{venue} tickers")
    assert report.about("bybit stream") == "✓ bybit stream: speaks"


async def test_a_desk_that_ran_before_shows_its_databases(sandbox: Sandbox, examine: Doctor) -> None:
    settings = settings_in(sandbox)
    world = settings.desk.world
    desk = await SqlDesk.open(settings.desk_url, world=world, mode="paper")
    await desk.close()
    candles = await SqlCandles.open(settings.candles_url, world=world, mode="paper")
    await candles.close()
    report = await examine(settings)
    assert report.code == 0
    for subject in ("desk database", "market database"):
        assert ", schema 000" in report.about(subject)
        assert report.about(subject).endswith("whole")


async def test_a_desk_without_a_token_or_an_admin_is_told_what_will_happen(
    sandbox: Sandbox, examine: Doctor
) -> None:
    report = await examine(settings_in(sandbox, TELEGRAM_BOT_TOKEN=""))
    assert report.code == 0
    assert "no TELEGRAM_BOT_TOKEN is set, so `perpetuum run` starts the sandbox" in report.about("telegram")
    report = await examine(settings_in(sandbox, PERPETUUM_TELEGRAM__ADMINS=""))
    assert report.code == 0
    assert "/claim" in report.about("people")


async def test_a_token_that_telegram_refuses(sandbox: Sandbox, examine: Doctor) -> None:
    report = await examine(settings_in(sandbox, TELEGRAM_BOT_TOKEN=OTHER_TOKEN))
    assert (report.code, report.wrong) == (1, {"telegram"})
    assert "Telegram refuses TELEGRAM_BOT_TOKEN" in report.about("telegram")
    assert "@BotFather" in report.about("telegram")
    assert report.lines[-1] == "1 thing to mend."


@pytest.mark.parametrize("fault", [{"down": True}, {"status": 502}, {"malformed": True}])
async def test_telegram_out_of_reach(sandbox: Sandbox, examine: Doctor, fault: dict[str, object]) -> None:
    await sandbox.break_(telegram=fault)
    report = await examine(settings_in(sandbox))
    assert (report.code, report.wrong) == (1, {"telegram"})
    assert "Telegram cannot be reached" in report.about("telegram")
    assert "mend: check the network" in report.about("telegram")


async def test_telegram_too_slow(sandbox: Sandbox, examine: Doctor) -> None:
    await sandbox.break_(telegram={"delay_s": 60})
    report = await examine(settings_in(sandbox), within_s=1)
    assert "no answer within 1 s" in report.about("telegram")


async def test_a_venue_out_of_reach(sandbox: Sandbox, examine: Doctor) -> None:
    await sandbox.break_(bybit={"down": True})
    report = await examine(settings_in(sandbox))
    assert report.code == 1
    assert report.wrong == {"bybit clock", "bybit tickers", "bybit stream"}
    assert "mend: check the network, and whether the venue may be reached" in report.about("bybit tickers")
    assert report.lines[-1] == "3 things to mend."


async def test_a_stream_that_says_nothing(sandbox: Sandbox, examine: Doctor) -> None:
    await sandbox.break_(bybit={"silent": True})
    report = await examine(settings_in(sandbox), within_s=1)
    assert "bybit stream" in report.wrong
    assert "no answer within 1 s" in report.about("bybit stream")


async def test_a_clock_that_is_wrong(sandbox: Sandbox, examine: Doctor) -> None:
    async with serving(VenueWire()) as url:  # its clock stands still
        changes = {"PERPETUUM_MARKET__BYBIT_URL": f"{url}/bybit", "PERPETUUM_MARKET__REFERENCE": "false"}
        report = await examine(settings_in(sandbox, **changes), within_s=2)
    assert "bybit clock" in report.wrong
    assert "mend: switch on time synchronisation" in report.about("bybit clock")


async def test_a_market_clock_that_is_not_there(sandbox: Sandbox, examine: Doctor) -> None:
    await sandbox.break_(clock={"down": True})
    report = await examine(settings_in(sandbox), within_s=1)
    assert report.wrong == {"clock"}
    assert "is the sandbox running?" in report.about("clock")


async def test_a_damaged_database(sandbox: Sandbox, examine: Doctor) -> None:
    settings = settings_in(sandbox)
    settings.desk.data_dir.mkdir(parents=True)
    (settings.desk.data_dir / "desk.sqlite3").write_bytes(b"this is no database at all" * 100)
    report = await examine(settings)
    assert (report.code, report.wrong) == (1, {"desk database"})
    assert "mend: see DATABASE_URL and desk.data_dir" in report.about("desk database")


async def test_a_database_that_cannot_be_made(sandbox: Sandbox, examine: Doctor) -> None:
    file = sandbox.folder / "a file"
    file.write_text("in the way")
    report = await examine(settings_in(sandbox, PERPETUUM_DESK__DATA_DIR=str(file / "below")))
    assert report.wrong == {"desk database", "market database"}
    assert "cannot be made" in report.about("desk database")


async def test_a_database_url_that_cannot_be_read(sandbox: Sandbox, examine: Doctor) -> None:
    report = await examine(settings_in(sandbox, DATABASE_URL="mysql://desk:hunter2secret@db/desk"))
    assert report.wrong == {"desk database", "market database"}
    assert "hunter2secret" not in "\n".join(report.lines)


def test_settings_that_are_wrong_come_first_and_end_it(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"TELEGRAM_BOT_TOKEN={BOT_TOKEN}\nPERPETUUM_LOG__LEVL=info\n")
    run = subprocess.run(
        [sys.executable, "-m", "bot", "doctor"],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 1
    assert run.stderr.startswith("perpetuum: settings are not usable:")
    assert "did you mean PERPETUUM_LOG__LEVEL?" in run.stderr
    assert BOT_TOKEN not in run.stderr + run.stdout
