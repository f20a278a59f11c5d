"""The outside watch: an address that wants to be asked for every minute."""

import aiohttp

from ports.errors import Transient

WITHIN_S = 10.0


class HttpBeacon:
    """Gets `url`; anything but a success is as good as silence. The address is a secret: whoever knows it can
    light the beacon, so no error names it."""

    def __init__(self, url: str, *, within_s: float = WITHIN_S) -> None:
        self._url = url
        self._timeout = aiohttp.ClientTimeout(total=within_s)
        self._session: aiohttp.ClientSession | None = None

    async def light(self) -> None:
        """Ask once, following no redirect. Raises `Transient`."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=self._timeout)
        try:
            async with self._session.get(self._url, allow_redirects=False) as answer:
                status = answer.status
        except TimeoutError as error:
            raise Transient("the heartbeat's address does not answer", kind="timeout") from error
        except (aiohttp.ClientError, OSError) as error:
            raise Transient(f"the heartbeat is out of reach: {type(error).__name__}") from None
        if not 200 <= status < 300:
            raise Transient(f"the heartbeat's address answers {status}", kind="refused")

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()
            self._session = None
