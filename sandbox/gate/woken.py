"""What wakes is another order at Gate: it has an id of its own, and a text that names the one that slept."""

from typing import Final

from engines.simulate.exchange.order import ExchangeOrder, Execution

_BEFORE: Final = "9"
_TEXT: Final = "ao-"


def book_id(order: ExchangeOrder) -> str:
    """The id of an order in the book."""
    return _BEFORE + order.id if order.is_triggered else order.id


def book_text(order: ExchangeOrder, otherwise: str) -> str:
    """The text of an order in the book; `otherwise` where its client gave none."""
    return _TEXT + order.id if order.is_triggered else order.wish.client_id or otherwise


def fill_id(done: Execution) -> str:
    """The id in the book of the order that was filled."""
    return _BEFORE + done.order_id if done.is_woken else done.order_id


def fill_text(done: Execution, otherwise: str) -> str:
    """The text of the order that was filled."""
    return _TEXT + done.order_id if done.is_woken else done.client_id or otherwise


def slept_id(name: str) -> str:
    """The id that the order with the id `name` in the book would have slept under."""
    return name.removeprefix(_BEFORE)
