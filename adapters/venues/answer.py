"""What a venue answers instead of doing as asked, and what that means to the desk."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from engines.orders.order import OrderEvent
from ports.errors import Rejected


class Meaning(StrEnum):
    """Up to `OTHER`: it was refused, proven, and nothing happened; the word is the reason on screens."""

    INSUFFICIENT_FUNDS = "insufficient_funds"
    BELOW_MINIMUM = "below_minimum"
    OFF_GRID = "off_grid"
    POST_ONLY_WOULD_TAKE = "post_only_would_take"
    UNKNOWN_SYMBOL = "unknown_symbol"
    DUPLICATE_ID = "duplicate_id"
    REDUCE_ONLY_REJECTED = "reduce_only_rejected"
    PRICE_OUT_OF_BAND = "price_out_of_band"
    TRIGGER_PASSED = "trigger_passed"
    POSITION_MODE = "position_mode"
    """Somebody changed elsewhere whether long and short are kept apart."""
    HALTED = "halted"
    KEY_REFUSED = "key_refused"
    CLASSIC_ACCOUNT = "classic_account"
    """Spot and futures lie in separate wallets: a short's losses would need transfers at every rebalance."""
    OTHER = "other"

    BUSY = "busy"
    """Refused for its rate, proven: it may be sent again later."""
    SKEWED = "skewed"
    """Refused for its time, proven: our clock and the venue's differ."""
    GONE = "gone"
    """There is no such order, or not any more."""
    UNCHANGED = "unchanged"
    """It is as asked already."""
    UNCLEAR = "unclear"
    """Nobody can say whether it took effect."""


Codes = Mapping[str, Meaning]

_NO_REFUSALS: Final = (Meaning.BUSY, Meaning.SKEWED, Meaning.UNCLEAR)
_BROKEN_FROM = 500
_BY_STATUS: Final = {401: Meaning.KEY_REFUSED, 403: Meaning.KEY_REFUSED, 429: Meaning.BUSY}
_LONGEST = 200


class VenueAnswer(Exception):
    """An answer other than success, before it is judged. `code` is empty where it named none."""

    def __init__(self, *, status: int, code: str, text: str, retry_after_s: float | None = None) -> None:
        super().__init__(f"{status} {code} {text}"[:_LONGEST])
        self.status = status
        self.code = code
        self.text = text[:_LONGEST]
        self.retry_after_s = retry_after_s


class NoAnswer(Exception):
    """The wire broke, or what came back is no answer. `was_sent`: the venue may have the request."""

    def __init__(self, text: str, *, was_sent: bool) -> None:
        super().__init__(text[:_LONGEST])
        self.was_sent = was_sent


class Unsent(Exception):
    """It waited for its turn and was not wanted any more by then: `event` ended it, and it was not sent."""

    def __init__(self, event: OrderEvent) -> None:
        super().__init__(type(event).__name__)
        self.event = event


class Declined(Rejected):
    """The venue understood and said no, for a reason that has a word of ours."""

    def __init__(self, meaning: Meaning, text: str) -> None:
        super().__init__(text)
        self.meaning = meaning


def meaning_of(answer: VenueAnswer, codes: Codes) -> Meaning:
    """What an answer means. Only a code that proves it makes it a refusal; all else is unclear."""
    if answer.status >= _BROKEN_FROM:
        return Meaning.UNCLEAR
    if answer.code in codes:
        return codes[answer.code]
    if "too frequent" in answer.text.lower():  # Bybit's door says 403 to that
        return Meaning.BUSY
    return _BY_STATUS.get(answer.status, Meaning.UNCLEAR)


def is_refusal(meaning: Meaning) -> bool:
    """Whether it was understood and refused."""
    return meaning not in _NO_REFUSALS
