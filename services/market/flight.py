"""Identical requests made at the same time share one answer."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class SharedFlights(Generic[K, T]):
    """Requests under way, by key. A caller that gives up does not take the others' answer along."""

    def __init__(self) -> None:
        self._flights: dict[K, asyncio.Task[T]] = {}

    async def share(self, key: K, fetch: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """The answer under way for `key`, else that of a new `fetch`."""
        flight = self._flights.get(key)
        if flight is None:
            flight = asyncio.create_task(fetch(), name=f"fetch {key}")
            self._flights[key] = flight
            flight.add_done_callback(lambda done: self._land(key, done))
        return await asyncio.shield(flight)

    async def close(self) -> None:
        """Cancel what is under way."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _land(self, key: K, flight: asyncio.Task[T]) -> None:
        self._flights.pop(key, None)
        if not flight.cancelled():
            flight.exception()  # seen, also when every caller has given up
