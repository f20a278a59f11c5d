"""What collecting has done so far."""

from dataclasses import asdict, dataclass


@dataclass(slots=True, repr=False)
class Counts:
    """Numbers since the start. All but `messages` count candles."""

    messages: int = 0
    closed: int = 0
    derived: int = 0
    repeated: int = 0
    revised: int = 0
    repaired: int = 0
    absent: int = 0
    filled: int = 0
    stored: int = 0
    audited: int = 0
    differing: int = 0
    unsound: int = 0

    def since(self, before: "Counts") -> dict[str, int]:
        """What was added after `before`."""
        earlier = asdict(before)
        return {name: value - earlier[name] for name, value in asdict(self).items()}
