"""What happened in a replay, in order: a line each. Their hash tells two runs apart."""

import hashlib
from dataclasses import dataclass, field
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.orders.proposal import Proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Something that happened at `at_ms` (UTC ms of market time)."""

    at_ms: int
    text: str


@dataclass(slots=True)
class Journal:
    """Lines in the order in which they were written."""

    lines: list[Line] = field(default_factory=list)

    def write(self, at_ms: int, text: str) -> None:
        """One line more."""
        self.lines.append(Line(at_ms=at_ms, text=text))

    @property
    def digest(self) -> str:
        """The hash of all lines."""
        hashed = hashlib.sha256()
        for line in self.lines:
            hashed.update(f"{line.at_ms} {line.text}\n".encode())
        return hashed.hexdigest()


def proposed(proposal: Proposal) -> str:
    """A proposal in words, everything that it says."""
    targets = ",".join(f"{one.price}x{one.share}" for one in proposal.targets) or "-"
    size = f"{proposal.quantity}" if proposal.quantity is not None else f"{proposal.notional} quote"
    return (
        f"proposal {proposal.key} {named(proposal.instrument)} {proposal.side} {size}"
        f" {'reduce' if proposal.reduce_only else 'enter'} {proposal.style} limit {_or(proposal.limit_price)}"
        f" slippage {proposal.max_slippage} stop {_or(proposal.stop)} targets {targets}"
        f" trail {_or(proposal.trail_distance)} leverage {proposal.leverage}"
        f" until {'-' if proposal.expires_at is None else proposal.expires_at.isoformat()}"
        f" {proposal.reason}"
    )


def named(instrument: Instrument) -> str:
    """A market by kind and symbol."""
    return f"{instrument.kind}:{instrument.symbol}"


def _or(value: Decimal | None) -> str:
    return "-" if value is None else str(value)
