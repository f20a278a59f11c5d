"""`perpetuum sandbox`: bad wishes are refused, and a stop leaves nothing behind."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import aiohttp
import pytest

from bot.cli import main
from bot.commands.moment import parse_moment
from bot.commands.sandbox import Bot, environment, world_name
from bot.settings import load
from sandbox.telegram.people import BOT_TOKEN
from tests.build.sandbox import until

ROOT = Path(__file__).resolve().parent.parent.parent.parent


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        (None, None),
        ("2025-03-01", datetime(2025, 3, 1, tzinfo=UTC)),
        ("2025-03-01T12:30", datetime(2025, 3, 1, 12, 30, tzinfo=UTC)),
        ("2025-03-01T12:30+03:00", datetime(2025, 3, 1, 9, 30, tzinfo=UTC)),
    ],
)
def test_a_start_is_read_as_utc(text: str | None, moment: datetime | None) -> None:
    assert parse_moment("--from", text) == moment


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--from", "yesterday"], "--from yesterday: not a date; write it as 2025-03-01"),
        (["--replay", "nowhere"], "--replay nowhere: no such folder"),
        (["--replay", "."], "perpetuum: "),
        (["--speed", "-1"], "--speed -1 is out of range 0..100000"),
        (["--speed", "nan"], "--speed nan is out of range"),
        (["--seed", "-1"], "--seed -1 is out of range: 0 or more"),
        (["--port", "70000"], "--port 70000 is out of range 0..65535"),
        (["--state", "a file"], "a file"),
        (["--state", "broken"], "cannot be read as the state of a sandbox"),
    ],
)
def test_bad_wishes_are_refused_with_1_and_the_reason(
    arguments: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a file").write_text("in the way")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "sandbox.sqlite3").write_bytes(b"no database " * 100)
    assert main(["sandbox", "--no-bot", "--port", "0", *arguments]) == 1
    assert says in capsys.readouterr().err


def test_a_port_that_is_taken_is_refused(small_recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        wish = ["sandbox", "--no-bot", "--replay", str(small_recording), "--port", str(port)]
        assert main(wish) == 1
    assert f"port {port} is taken; `perpetuum sandbox --port 0`" in capsys.readouterr().err


def test_the_desk_is_told_where_the_sandbox_is_and_no_real_secret(tmp_path: Path) -> None:
    inherited = {
        "PATH": "/bin",
        "TELEGRAM_BOT_TOKEN": "123:real",
        "DATABASE_URL": "postgresql://real",
        "SECRETS_PASSPHRASE": "real",
        "DATABASE_URL_FILE": "real",
        "PERPETUUM_LOG__LEVEL": "debug",
        "PERPETUUM_TELEGRAM__API_URL": "https://elsewhere.example",
    }
    given = environment(inherited, "http://127.0.0.1:8090", tmp_path)
    assert "real" not in " ".join(given.values())
    assert given["PATH"] == "/bin"
    nowhere = tmp_path / "no such file"
    settings = load(environ=given, dotenv=nowhere, toml=nowhere)
    assert settings.telegram_bot_token is not None
    assert settings.telegram_bot_token.get_secret_value() == BOT_TOKEN
    assert settings.telegram.api_url == "http://127.0.0.1:8090"
    assert settings.market.bybit_url == "http://127.0.0.1:8090/bybit"
    assert settings.desk.clock_url == "ws://127.0.0.1:8090/clock"
    assert (settings.telegram.admins, settings.telegram.viewers) == ((1001,), (1003,))
    assert settings.log.level == "debug"
    assert settings.desk.data_dir.is_relative_to(tmp_path.resolve())


def test_a_folder_keeps_the_name_of_its_world(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    other.mkdir()
    name = world_name(one)
    assert world_name(one) == name
    assert world_name(other) != name


async def test_a_desk_that_keeps_dying_is_given_up(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    wrong = {"PYTHONPATH": str(ROOT), "PERPETUUM_NO__SUCH": "key"}
    bot = Bot(wrong, tmp_path, patience=2)
    bot.keep_running()
    async with asyncio.timeout(60):
        await bot.gave_up.wait()
    await bot.stop()
    assert capfd.readouterr().err.count("The desk ended with code 1.") == 2


async def test_a_desk_that_is_only_just_being_started_is_stopped_too(tmp_path: Path) -> None:
    bot = Bot({"PYTHONPATH": str(ROOT)}, tmp_path)
    bot.keep_running()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    await bot.stop()
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    lines = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children]
    assert not [line for line in lines if b"\0bot\0run" in line]


@dataclass
class Process:
    process: asyncio.subprocess.Process
    address: str

    async def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        async with asyncio.timeout(30):
            return await self.process.wait()


@asynccontextmanager
async def sandbox_process(*arguments: str, cwd: Path) -> AsyncIterator[Process]:
    """`perpetuum sandbox` in a process group of its own, ready."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "sandbox", "--port", "0", *arguments,
        cwd=cwd, env={"PYTHONPATH": str(ROOT)}, stdout=asyncio.subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            line = (await process.stdout.readline()).decode()
        assert line.startswith("ready http://127.0.0.1:")
        yield Process(process, line.split()[1])
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


def is_alive(group: int) -> bool:
    """Whether any process of a group lives."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


async def test_the_world_alone_answers_and_stops_cleanly(small_recording: Path, tmp_path: Path) -> None:
    async with sandbox_process("--no-bot", "--replay", str(small_recording), cwd=tmp_path) as sandbox:
        async with aiohttp.ClientSession() as http, http.get(f"{sandbox.address}/control/state") as response:
            state = await response.json()
        assert state["bot"]["is_polling"] is False
        assert state["clock"]["source"] == "replay"
        assert await sandbox.stop() == 0


async def test_a_stop_ends_the_desk_too_and_the_next_run_goes_on(
    small_recording: Path, tmp_path: Path
) -> None:
    state = tmp_path / "kept"
    arguments = ("--state", str(state), "--replay", str(small_recording))
    async with sandbox_process(*arguments, cwd=tmp_path) as sandbox:
        async with aiohttp.ClientSession() as http:
            url = f"{sandbox.address}/control"
            async with http.post(f"{url}/users/1003/messages", json={"text": "/help"}) as response:
                assert response.status == 200

            async def answered() -> bool:
                async with http.get(f"{url}/chats/1003/messages") as response:
                    return any(message["sender"] == "bot" for message in await response.json())

            await until(answered, "an answer to /help")
        assert await sandbox.stop() == 0
        assert not is_alive(sandbox.process.pid)
    name = (state / "world").read_text()
    async with sandbox_process(*arguments, cwd=tmp_path) as sandbox:  # its database fits its world
        url = f"{sandbox.address}/control/chats/1003/messages"
        async with aiohttp.ClientSession() as http, http.get(url) as response:
            assert len(await response.json()) >= 2
        assert await sandbox.stop() == 0
    assert (state / "world").read_text() == name
