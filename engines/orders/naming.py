"""Names of the desk's intents: the same cause makes the same name, and a name that is ours can be told from
others at the venue."""

import hashlib
from typing import Final

from engines.orders.lifecycle import child_id

PREFIX: Final = "pp"
"""What every intent of the desk begins with; people's paper orders never reach a venue."""

DIGITS: Final = 18


def intent_name(engine: str, cause: str) -> str:
    """The id of an intent of `engine` for `cause` (its dedupe key)."""
    return PREFIX + hashlib.sha256(f"{engine}:{cause}".encode()).hexdigest()[:DIGITS]


def first_order(intent_id: str) -> str:
    """The id of an intent's first order."""
    return child_id(intent_id, 1)


def is_ours(client_id: str) -> bool:
    """Whether an order at a venue has a name that we would have given it."""
    return client_id.startswith(PREFIX)
