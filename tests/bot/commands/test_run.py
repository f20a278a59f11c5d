"""`perpetuum run` with a token: what stops the start is said in one line, without a secret."""

import asyncio
import sys
from pathlib import Path

from tests.build.desk import environment_of
from tests.build.sandbox import Sandbox

OTHER_TOKEN = "7000000001:A-TOKEN-that-was-revoked-yesterday-0"


async def run(sandbox: Sandbox, **changes: str) -> tuple[int | None, str, str]:
    """Exit code, standard output and error of a desk that is expected to end by itself."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bot", "run",
        cwd=sandbox.folder, env={**environment_of(sandbox), **changes},
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
    return process.returncode, out.decode(), errors.decode()


async def test_a_refused_token_ends_it(sandbox: Sandbox) -> None:
    code, _, errors = await run(sandbox, TELEGRAM_BOT_TOKEN=OTHER_TOKEN)
    assert code == 1
    assert "perpetuum: Telegram refuses TELEGRAM_BOT_TOKEN; @BotFather gives a valid one" in errors
    assert "Traceback" not in errors
    assert OTHER_TOKEN not in errors


async def test_a_database_that_cannot_be_used_ends_it(sandbox: Sandbox) -> None:
    folder = Path(environment_of(sandbox)["PERPETUUM_DESK__DATA_DIR"])
    folder.mkdir(parents=True)
    (folder / "desk.sqlite3").write_bytes(b"this is no database at all" * 100)
    code, _, errors = await run(sandbox)
    assert code == 1
    assert "perpetuum: desk database" in errors
    assert "Traceback" not in errors
