"""A private PostgreSQL server for a test run, from the system's binaries."""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import NullPool, text
from sqlalchemy.ext.asyncio import create_async_engine

_INSTALLED = Path("/usr/lib/postgresql")  # Debian keeps every version's binaries under its number
_QUICK = ("fsync=off", "full_page_writes=off", "max_connections=50", "shared_buffers=32MB")
_START_S = 60.0


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """A running server: who may enter, and where."""

    port: int
    password: str

    def url(self, database: str = "postgres", *, password: str | None = None) -> str:
        """How the desk is told of a database on this server."""
        return f"postgresql://perpetuum:{password or self.password}@127.0.0.1:{self.port}/{database}"

    async def create_database(self) -> str:
        """Make an empty database under a new name; its URL."""
        name = f"test_{secrets.token_hex(8)}"
        maintenance = self.url().replace("postgresql", "postgresql+asyncpg", 1)
        engine = create_async_engine(maintenance, isolation_level="AUTOCOMMIT", poolclass=NullPool)
        async with engine.connect() as connection:
            await connection.execute(text(f"CREATE DATABASE {name}"))
        await engine.dispose()
        return self.url(name)


def postgres_binaries() -> Path | None:
    """Folder of the newest installed server; `None` when there is none."""
    if on_path := shutil.which("initdb"):
        return Path(on_path).parent
    found = sorted(_INSTALLED.glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return found[-1].parent if found else None


@contextmanager
def a_postgres_server(binaries: Path) -> Iterator[PostgresServer]:
    """Start a server on loopback in a folder of its own; stop it and delete the folder at the end."""
    folder = Path(tempfile.mkdtemp(prefix="perpetuum-postgres-"))
    process: subprocess.Popen[bytes] | None = None
    try:
        account = _unprivileged(folder)
        server = PostgresServer(_free_port(), secrets.token_hex(8))
        _create_cluster(binaries, folder, server.password, account)
        process = subprocess.Popen(
            [binaries / "postgres", "-D", folder / "data", *_options(server.port, folder)],
            **_quietly(folder),
            **account,
        )
        _wait_for(process, server.port, folder)
        yield server
    finally:
        if process is not None:
            process.terminate()
            process.wait()
        shutil.rmtree(folder)


def _unprivileged(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it runs as another account, which gets the folder."""
    if os.getuid() != 0:
        return {}
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    account = known.get("postgres") or known["nobody"]
    os.chown(folder, account.pw_uid, account.pw_gid)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _create_cluster(binaries: Path, folder: Path, password: str, account: dict[str, Any]) -> None:
    secret = folder / "password"
    secret.write_text(password)
    if account:
        os.chown(secret, account["user"], account["group"])
    subprocess.run(
        [
            *(binaries / "initdb", "-D", folder / "data", "--no-sync", "--encoding=UTF8", "--locale=C"),
            *("--username=perpetuum", "--auth=scram-sha-256", f"--pwfile={secret}"),
        ],
        check=True,
        **_quietly(folder),
        **account,
    )


def _options(port: int, folder: Path) -> Sequence[str]:
    listen = ("listen_addresses=127.0.0.1", f"port={port}", f"unix_socket_directories={folder}")
    return [word for setting in (*listen, *_QUICK) for word in ("-c", setting)]


def _quietly(folder: Path) -> dict[str, Any]:
    return {"cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_for(process: subprocess.Popen[bytes], port: int, folder: Path) -> None:
    give_up = time.monotonic() + _START_S
    ready = folder / "data" / "postmaster.pid"
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise RuntimeError(f"PostgreSQL stopped at once with code {process.returncode}")
        if ready.exists() and "ready" in ready.read_text():
            return
        time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not get ready on port {port}")
