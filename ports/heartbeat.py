"""Somebody outside who raises the alarm when we fall silent."""

from typing import Protocol


class Beacon(Protocol):
    """An outside watch."""

    async def light(self) -> None:
        """Tell it that all is well. Raises `ports.errors.Transient`."""
        ...

    async def close(self) -> None:
        """Release the connection. May be called twice."""
        ...
