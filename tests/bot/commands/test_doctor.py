"""`perpetuum doctor` in a real outside world: what it finds, what it advises, and that it keeps secrets."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.processes import SystemProcesses
from adapters.secrets.sealing import COSTS
from adapters.secrets.vault import Vault
from adapters.side_file import SideFile
from adapters.sql.candles import SqlCandles
from adapters.sql.desk import SqlDesk
from bot.commands import doctor
from bot.outside import LATCHES, build_backups
from bot.secrets import STORE
from bot.settings import Settings, load, secret_sources
from engines.risk.latch import Cause, Latch, Scope
from sandbox.accounts import OLD, READING, TRADING, UNBOUND, VENUES, WITHDRAWING, ApiKey
from sandbox.telegram.people import BOT_TOKEN
from tests.build.desk import environment_of
from tests.build.sandbox import Sandbox
from tests.build.wire import VenueWire, serving

ROOT = Path(__file__).resolve().parent.parent.parent.parent
Given = Mapping[str, str]


def of(key: ApiKey, *venues: str) -> dict[str, str]:
    """Both halves of a key, where the desk looks for them."""
    halves = {"KEY": key.key, "SECRET": key.secret}
    return {f"{venue.upper()}_API_{half}": value for venue in venues for half, value in halves.items()}


KEYS = of(TRADING, *VENUES)
NONE = dict.fromkeys(KEYS, "")
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
        below = self.lines[at + 1 : at + 2]
        mend = [line for line in below if line.startswith(("    mend: ", "    advice: "))]
        return " ".join([self.lines[at], *(line.strip() for line in mend)])

    @property
    def wrong(self) -> set[str]:
        """Subjects that have to be mended."""
        return {line[2:].partition(":")[0] for line in self.lines if line.startswith("✗")}


class Doctor:
    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    async def __call__(
        self, settings: Settings, *, within_s: float = 10.0, secrets: Given | None = None
    ) -> Report:
        self._capsys.readouterr()
        given = {name: value for name, value in {**KEYS, **(secrets or {})}.items() if value}
        nowhere = settings.desk.data_dir / "no such file"
        sources = secret_sources(settings.desk.data_dir, environ=given, dotenv=nowhere)
        code = await doctor.examine(settings, sources, within_s=within_s)
        shown = self._capsys.readouterr().out
        for secret in (*settings.secrets(), *given.values()):
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
    for venue in VENUES:
        key = "may trade, may not withdraw, 7 days old, bound to an address"
        assert report.about(f"key of {venue}").startswith(f"✓ key of {venue}: {key}")
    assert "BYBIT_API_KEY from the environment" in report.about("secrets")
    assert report.about("lease") == "✓ lease: nobody runs this desk"
    assert report.about("side files") == "✓ side files: no latch is in force"
    assert "advice: run perpetuum backup" in report.about("backups")
    assert "GB free" in report.about("disk")
    assert "cores" in report.about("machine")
    assert "advice: set desk.heartbeat_url" in report.about("outside watch")


async def test_keys_are_judged_by_what_they_may_do(sandbox: Sandbox, examine: Doctor) -> None:
    settings = settings_in(sandbox)
    report = await examine(settings, secrets={**of(READING, "bybit"), **of(UNBOUND, "gate")})
    assert report.code == 0
    assert "may only read, which is enough for venues.monitored" in report.about("key of bybit")
    assert report.about("key of gate").startswith("! ")
    assert "advice: bind it to this machine's address" in report.about("key of gate")

    report = await examine(settings, secrets={**of(WITHDRAWING, "bybit"), **of(OLD, "gate")})
    assert (report.code, report.wrong) == (1, {"key of bybit"})
    assert "mend: make another without the right to withdraw" in report.about("key of bybit")
    assert "100 days old" in report.about("key of gate")
    assert "advice: make a new one at the venue" in report.about("key of gate")


async def test_keys_that_do_not_work_or_are_not_there(sandbox: Sandbox, examine: Doctor) -> None:
    settings = settings_in(sandbox)
    wrong = {"BYBIT_API_SECRET": "wrong-secret-of-a-key", "GATE_API_SECRET": ""}
    report = await examine(settings, secrets=wrong)
    assert report.wrong == {"key of bybit", "key of gate"}
    assert "refused" in report.about("key of bybit")
    assert "only GATE_API_KEY is set" in report.about("key of gate")
    report = await examine(settings, secrets=NONE)
    assert report.code == 0
    assert report.about("keys") == "✓ keys: none is set; on paper none is needed"


async def test_a_store_is_opened_only_with_a_passphrase_at_hand(sandbox: Sandbox, examine: Doctor) -> None:
    settings = settings_in(sandbox)
    vault = Vault(settings.desk.data_dir / STORE, cost=COSTS[0])
    for name, value in of(TRADING, "gate").items():
        vault.set(name, value, "a passphrase of length", now=datetime.now(UTC))
    report = await examine(settings, secrets=NONE)
    assert report.code == 0
    assert "GATE_API_KEY from the encrypted store (0 days old)" in report.about("secrets")
    assert "not looked at" in report.about("key of gate")
    assert "advice: set SECRETS_PASSPHRASE" in report.about("secret store")
    report = await examine(settings, secrets={**NONE, "SECRETS_PASSPHRASE": "a passphrase of length"})
    assert "may trade" in report.about("key of gate")
    report = await examine(settings, secrets={**NONE, "SECRETS_PASSPHRASE": "another of some length"})
    assert report.wrong == {"key of gate"}
    vault.path.chmod(0o644)
    report = await examine(settings, secrets=NONE)
    assert report.wrong == {"secrets"}
    assert "run chmod 600" in report.about("secrets")


async def test_what_keeps_the_desk(sandbox: Sandbox, examine: Doctor) -> None:
    """Who runs it, what is stopped, how old the backup is, who watches from outside."""
    url = f"{sandbox.url}/a-path-that-is-a-secret"
    settings = settings_in(sandbox, PERPETUUM_DESK__HEARTBEAT_URL=url)
    now, data_dir = datetime.now(UTC), settings.desk.data_dir
    desk = await SqlDesk.open(settings.desk_url, world=settings.desk.world, mode="paper")
    try:
        await desk.lease.take(SystemProcesses().own_name(), now=now, stale_before=now)
    finally:
        await desk.close()
    latch = Latch(id="kill", scope=Scope(), cause=Cause.KILL, pulled_at=now)
    await SideFile(data_dir / LATCHES).write([latch])
    await build_backups(settings).make(now - timedelta(hours=13))

    report = await examine(settings)
    assert report.code == 0
    assert "the desk runs here" in report.about("lease")
    assert report.about("side files").startswith("! side files: in force: kill")
    assert "the newest 13 h old" in report.about("backups")
    assert "advice: run perpetuum backup" in report.about("backups")
    assert report.about("outside watch") == "✓ outside watch: 127.0.0.1 can be reached"

    (data_dir / LATCHES).write_text("{")
    report = await examine(settings_in(sandbox, PERPETUUM_DESK__HEARTBEAT_URL="http://127.0.0.1:1/x"))
    assert report.wrong == {"side files", "outside watch"}
    assert "mend: check desk.heartbeat_url" in report.about("outside watch")


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
    assert report.wrong == {"bybit clock", "bybit tickers", "bybit stream", "key of bybit"}
    assert "mend: check the network, and whether the venue may be reached" in report.about("bybit tickers")
    assert report.lines[-1] == "4 things to mend."


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
    assert report.wrong == {"desk database", "market database", "backups", "side files"}
    assert "cannot be made" in report.about("desk database")


async def test_a_database_url_that_cannot_be_read(sandbox: Sandbox, examine: Doctor) -> None:
    report = await examine(settings_in(sandbox, DATABASE_URL="mysql://desk:hunter2secret@db/desk"))
    assert report.wrong == {"desk database", "market database", "backups"}
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
