"""Why an exchange says no, in words that no venue has; each twin maps them to its own codes."""

from enum import StrEnum


class Why(StrEnum):
    """The reasons."""

    UNKNOWN_SYMBOL = "unknown_symbol"
    HALTED = "halted"
    BAD_PRICE = "bad_price"
    """Not on the grid, not positive, or missing."""
    BAD_QUANTITY = "bad_quantity"
    """Not on the grid, not positive, or missing."""
    BELOW_MINIMUM = "below_minimum"
    """Smaller than one lot."""
    BELOW_MIN_NOTIONAL = "below_min_notional"
    PRICE_OUT_OF_BAND = "price_out_of_band"
    """Too far from the last price."""
    BAD_TRIGGER = "bad_trigger"
    """The market is beyond that trigger already."""
    INSUFFICIENT_BALANCE = "insufficient_balance"
    INSUFFICIENT_MARGIN = "insufficient_margin"
    POST_ONLY_WOULD_TAKE = "post_only_would_take"
    NO_DEPTH = "no_depth"
    """What is left of an order that may not rest."""
    REDUCE_ONLY = "reduce_only"
    """There is nothing to reduce."""
    POSITION_MODE = "position_mode"
    """Long and short are kept apart and the order does not say which, or the other way round."""
    DUPLICATE_ID = "duplicate_id"
    ORDER_NOT_FOUND = "order_not_found"
    ORDER_FINISHED = "order_finished"
    NOT_MODIFIED = "not_modified"
    BAD_LEVERAGE = "bad_leverage"
    HAS_POSITIONS = "has_positions"
    """The mode cannot change while there are positions or orders."""
    NO_POSITION = "no_position"
    BAD_AMOUNT = "bad_amount"
    UNKNOWN_WALLET = "unknown_wallet"
    WITHDRAWALS_SUSPENDED = "withdrawals_suspended"
    CANCELED_BY_USER = "canceled_by_user"
    EXPIRED = "expired"
    """It slept for as long as it was to, and its price never came."""
    LIQUIDATED = "liquidated"
    """Taken out of the book when the account was liquidated."""


class Declined(ValueError):
    """The exchange refused; nothing was changed."""

    def __init__(self, why: Why, detail: str = "") -> None:
        super().__init__(f"{why}: {detail}" if detail else str(why))
        self.why = why
        self.detail = detail
