"""The grid of money amounts that do not come out even: fees, funding, margin."""

from decimal import ROUND_DOWN, Decimal

_SMALLEST = Decimal("1E-8")


def cut(amount: Decimal) -> Decimal:
    """`amount` of quote currency cut to eight decimals, toward zero.

    Cut, not rounded: the parts of an amount never add up to more than the amount that was checked.
    """
    return amount.quantize(_SMALLEST, rounding=ROUND_DOWN)
