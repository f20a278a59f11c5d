"""What the desk takes of its machine."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Of this process and those that it started. `cpu` is the share of all cores since the last look."""

    cpu: float
    memory_bytes: int


class Gauge(Protocol):
    """Tells the load."""

    def read(self) -> Load:
        """Now; the first time the share of the cores is 0."""
        ...
