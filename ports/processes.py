"""Other processes of this machine, as far as we have to know of them."""

from typing import Protocol


class Processes(Protocol):
    """Names of processes that no other ever has, here or anywhere."""

    def own_name(self) -> str:
        """That of this process; another one with every call."""
        ...

    def is_running(self, name: str) -> bool | None:
        """Whether the process of that name still is there; `None` when it is of another machine."""
        ...
