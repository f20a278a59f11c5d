"""The second door: an event loop that looks up and connects to nobody who is not on the list.

aiohttp, and with it Telegram, ccxt and our sockets, is kept to the list at its connector, which tells best
what was refused. Other clients (a database driver, httpx) connect through the event loop: this is where they
are kept to it.
"""

import asyncio
import ipaddress
from typing import Any

import structlog

from adapters.outbound_list import OutboundList

log = structlog.get_logger()


def fenced(base: type[asyncio.AbstractEventLoop], allowed: OutboundList) -> type[asyncio.AbstractEventLoop]:
    """`base`, whose TCP connections and look-ups of names outside the list fail as `OSError` before anything
    is sent. An address passes when it was looked up here for a host of the list, or is this machine's."""
    known: set[str] = set()

    class FencedLoop(base):  # type: ignore[valid-type, misc]  # the class is chosen at run time
        """Keeps to the list."""

        async def getaddrinfo(self, host: Any, port: Any, **how: Any) -> Any:
            _check(allowed, known, host)
            found = await super().getaddrinfo(host, port, **how)
            known.update(str(address[0]) for *_, address in found)
            return found

        async def create_connection(
            self, factory: Any, host: Any = None, port: Any = None, **how: Any
        ) -> Any:
            _check(allowed, known, host)
            return await super().create_connection(factory, host, port, **how)

    return FencedLoop


def _check(allowed: OutboundList, known: set[str], host: object) -> None:
    name = host.decode() if isinstance(host, bytes) else "" if host is None else str(host)
    if not name or name in known or allowed.allows(name) or _is_unspecified(name):
        return
    why = allowed.refusal(name)
    log.error("outbound_refused", what=name, error=why)
    raise OSError(0, why)


def _is_unspecified(name: str) -> bool:
    """What servers listen on."""
    try:
        return ipaddress.ip_address(name).is_unspecified
    except ValueError:
        return False
