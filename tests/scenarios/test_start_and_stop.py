"""How the desk begins and ends: bad settings, a foreign database, signals."""

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from bot.app import App
from bot.cli import main
from bot.outside import open_outside
from bot.settings import load
from ports.errors import Fatal
from tests.build.desk import descendants, environment_of, is_alive, running_desk
from tests.build.sandbox import VERA, Sandbox

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "1234567890:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("PERPETUUM_TELEGRAM__CHAT_PER_SS", "1", "PERPETUUM_TELEGRAM__CHAT_PER_S"),
        ("PERPETUUM_MARKET__STALE_AFTER_S", "9000", "market.stale_after_s"),
        ("PERPETUUM_LOG__LEVEL", "loud", "log.level"),
        ("PERPETUUM_DESK__WORLD", "mars", "desk.world"),
    ],
)
def test_a_bad_setting_stops_the_start_and_is_named(
    key: str,
    value: str,
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    monkeypatch.setenv(key, value)

    code = main(["run"])

    said = capsys.readouterr().err
    assert code == 1
    assert named in said
    assert TOKEN not in said


async def test_a_database_of_another_world_is_refused(sandbox: Sandbox) -> None:
    async with running_desk(sandbox):
        await sandbox.ask(VERA, "/price btc")

    with pytest.raises(Fatal, match="sandbox"):
        async with running_desk(sandbox, desk__world="live"):
            pytest.fail("it started")

    async with running_desk(sandbox):
        assert (await sandbox.ask(VERA, "/price btc"))["text"].startswith("BTC/USDT")


async def test_a_token_that_telegram_refuses_stops_the_start(sandbox: Sandbox) -> None:
    await sandbox.break_(telegram={"status": 401})

    with pytest.raises(Fatal, match="TELEGRAM_BOT_TOKEN"):
        async with running_desk(sandbox):
            pytest.fail("it started")


async def test_a_desk_that_still_looks_for_telegram_can_be_stopped(sandbox: Sandbox) -> None:
    await sandbox.break_(telegram={"down": True})
    nowhere = sandbox.folder / "no such file"
    settings = load(environ=environment_of(sandbox), dotenv=nowhere, toml=nowhere)
    outside = await open_outside(settings)
    stop = asyncio.Event()
    running = asyncio.create_task(App(settings, outside).run(stop))
    await asyncio.sleep(0.3)

    stop.set()

    assert await asyncio.wait_for(running, timeout=20) == 0
    await outside.close()


async def test_sigterm_ends_the_sandbox_with_its_desk_and_its_workers(
    tmp_path: Path, small_recording: Path
) -> None:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PERPETUUM_")}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "sandbox", "--port", "0", "--replay", str(small_recording),
        cwd=tmp_path, env={**kept, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(40):
            ready = (await process.stdout.readline()).decode()
        assert ready.startswith("ready http://127.0.0.1:")
        family = descendants(process.pid)
        assert family

        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            _, errors = await process.communicate()

        assert process.returncode == 0
        assert b"Traceback" not in errors
        assert not any(is_alive(one) for one in family)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
