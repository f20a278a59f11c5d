"""The hosts that this process may speak to over HTTP and WebSockets, and nobody else.

Libraries that talk to the world connect through aiohttp, so the list is kept at the one door that all of them
share: one kept at every session would hold only until somebody forgets it. What does not go by aiohttp meets
the same list at the event loop (`adapters.outbound_loop`).
"""

import ipaddress
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import aiohttp
import structlog
from aiohttp.connector import BaseConnector, Connection

log = structlog.get_logger()

LOOPBACK: Final = "localhost"


@dataclass(frozen=True, slots=True)
class OutboundList:
    """Hosts with the setting that each comes from; `.bybit.com` stands for all below it. Loopback is always
    on it; `is_local_only` leaves nothing else."""

    hosts: Mapping[str, str]
    is_local_only: bool = False

    def allows(self, host: str) -> bool:
        """Whether it may be spoken to."""
        if _is_loopback(host):
            return True
        return not self.is_local_only and any(_fits(host.lower(), listed) for listed in self.hosts)

    def refusal(self, host: str) -> str:
        """Why not, and what to mend."""
        if self.is_local_only:
            return f"{host} is another machine: a sandbox's desk speaks to this one only (desk.world)"
        settings = ", ".join(sorted(set(self.hosts.values())))
        return f"{host} is not on the list of hosts that the desk may speak to, which comes from {settings}"


def keep_to(allowed: OutboundList) -> Callable[[], None]:
    """From now on connections to hosts that are not on the list fail as `aiohttp.ClientConnectorError`
    before anything is sent, redirects too. Gives back what ends it."""
    connect = BaseConnector.connect

    async def kept(self: BaseConnector, req: aiohttp.ClientRequest, traces: Any, timeout: Any) -> Connection:
        host = req.url.host or ""
        if not allowed.allows(host):
            why = allowed.refusal(host)
            log.error("outbound_refused", what=host, error=why)  # libraries leave words of errors out
            raise aiohttp.ClientConnectorError(req.connection_key, OSError(0, why))
        return await connect(self, req, traces, timeout)

    BaseConnector.connect = kept  # type: ignore[method-assign]  # the one door; see above

    def end() -> None:
        BaseConnector.connect = connect  # type: ignore[method-assign]  # as it was

    return end


def _fits(host: str, listed: str) -> bool:
    return host.endswith(listed) or host == listed[1:] if listed.startswith(".") else host == listed


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == LOOPBACK
