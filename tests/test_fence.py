"""The fence of `conftest.py` holds: no test can reach another machine."""

import asyncio
import socket

import pytest


def test_connecting_to_another_machine_is_refused() -> None:
    with socket.socket() as sock, pytest.raises(RuntimeError, match=r"192\.0\.2\.1"):
        sock.connect(("192.0.2.1", 80))


async def test_looking_up_a_name_is_refused_in_threads_too() -> None:
    with pytest.raises(RuntimeError, match=r"example\.org"):
        await asyncio.get_running_loop().getaddrinfo("example.org", 443)


async def test_loopback_stays_open() -> None:
    server = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
