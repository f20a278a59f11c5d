"""Answers of another shape than the venue's documentation says."""

from typing import Final

NONSENSE: Final = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What ccxt's parsers and ours raise on them."""
