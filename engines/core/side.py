"""Buying and selling, long and short."""

from enum import StrEnum


class Side(StrEnum):
    """What an order does."""

    BUY = "buy"
    SELL = "sell"

    @property
    def sign(self) -> int:
        """+1 for a purchase, -1 for a sale."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> "Side":
        """The side that undoes this one."""
        return Side.SELL if self is Side.BUY else Side.BUY


class Direction(StrEnum):
    """Which way a trade earns."""

    LONG = "long"
    SHORT = "short"

    @property
    def sign(self) -> int:
        """+1 when a rising price earns, -1 when a falling one does."""
        return 1 if self is Direction.LONG else -1

    @property
    def entry(self) -> Side:
        """The side that opens it."""
        return Side.BUY if self is Direction.LONG else Side.SELL

    @property
    def exit(self) -> Side:
        """The side that closes it."""
        return self.entry.opposite
