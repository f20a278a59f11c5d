"""Markets that do not trade for a while."""

from sandbox.faults import Faults


class Halts:
    """Which markets of a service are halted by a fault, and since when."""

    def __init__(self, faults: Faults, service: str) -> None:
        self._faults = faults
        self._service = service
        self._since_ms: dict[str, int] = {}

    def is_halted(self, symbol: str) -> bool:
        """Whether it does not trade now."""
        fault = self._faults.get(self._service)
        return fault is not None and symbol in fault.halted

    def time_of(self, symbol: str, now_ms: int) -> int:
        """Market time as far as that market knows it: while halted, that of the first look at the halt."""
        if not self.is_halted(symbol):
            self._since_ms.pop(symbol, None)
            return now_ms
        return min(self._since_ms.setdefault(symbol, now_ms), now_ms)
