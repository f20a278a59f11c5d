"""Shared fixtures: recorded data, a PostgreSQL server, property-test profiles, a fence around the network."""

import gc
import ipaddress
import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from aiohttp.web_app import _cached_build_middleware
from hypothesis import HealthCheck, settings

from bot.kernels import keep_kernels
from tests.build.needs import missing
from tests.build.postgres import PostgresServer, a_postgres_server, postgres_binaries

ROOT = Path(__file__).resolve().parent.parent
RECORDED = Path("../shared/data")

# Before anything compiles: all processes of the tests share what one of them has compiled.
keep_kernels(ROOT / ".cache")

# The usual traceback writes every variable out, and a desk's parts know each other.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)

settings.register_profile(
    "ci",
    derandomize=True,
    max_examples=50,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", settings.get_profile("ci"), derandomize=False, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


class ReachedOutside(RuntimeError):
    """A test tried to talk to another machine. No adapter translates this, so the test fails."""


def _is_local(host: object) -> bool:
    if host is None or host in ("", b"", "localhost", b"localhost"):
        return True
    text = host.decode() if isinstance(host, bytes) else str(host)
    try:
        return ipaddress.ip_address(text.partition("%")[0]).is_loopback
    except ValueError:
        return False


def _fence(event: str, arguments: tuple[Any, ...]) -> None:
    """Audit hook: also sees threads and libraries that hold their own reference to `socket`."""
    if event == "socket.getaddrinfo":
        if not _is_local(arguments[0]):
            raise ReachedOutside(f"looking up {arguments[0]!r}")
    elif event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        if isinstance(address, tuple) and not _is_local(address[0]):
            raise ReachedOutside(f"{event.removeprefix('socket.')} to {address!r}")


sys.addaudithook(_fence)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What is imported stays to the end: the collector of garbage need not look through it each time."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.freeze()


@pytest.fixture(autouse=True)
def _ended_servers_are_forgotten() -> Iterator[None]:
    """aiohttp remembers the handlers of the last thousand routes that were asked, and with them the worlds
    behind: gigabytes by the end of a run."""
    yield
    _cached_build_middleware.cache_clear()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of recorded market data and API answers, beside the checkout; read-only."""
    folder = ROOT / RECORDED
    if not folder.is_dir():
        missing(f"recorded data folder {RECORDED}")
    return folder


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this test run's own."""
    binaries = postgres_binaries()
    if binaries is None:
        missing("PostgreSQL's server (Debian package postgresql)")
    with a_postgres_server(binaries) as server:
        yield server


@pytest.fixture
async def postgres_url(postgres_server: PostgresServer) -> str:
    """A new, empty PostgreSQL database."""
    return await postgres_server.create_database()
