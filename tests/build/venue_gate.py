"""A Gate in memory that answers what it was told to."""

from typing import Any

from adapters.venues.calls import Asking, Calls
from adapters.venues.catalogue import Catalogue
from adapters.venues.gate_codes import gate_meaning
from adapters.venues.governor import Governor
from tests.build.venue_catalogue import GATE


class FakeGate:
    """Answers by the endpoint; what is a function is asked with the request."""

    def __init__(self, **answers: Any) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Any]] = []

    async def ask(self, method: str, request: Any) -> Any:
        self.asked.append((method, request))
        answer = self.answers.get(method, [])
        if callable(answer):
            answer = answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def catalogue(self) -> Catalogue:
        return GATE

    async def set_time(self) -> int:
        return 0

    def now_ms(self) -> int:
        return 0

    @property
    def key(self) -> str:
        return ""

    def signed(self, text: str) -> str:
        return ""

    async def close(self) -> None:
        """Nothing is open."""


def calls_to(gate: FakeGate) -> Calls:
    """The road to it, without quotas and second tries."""

    async def open_client() -> Asking:
        return gate

    quota = Governor("test", per_s=1e6, burst=1e6)
    return Calls("gate", open_client, gate_meaning, acts=quota, reads=quota, pauses_s=())
