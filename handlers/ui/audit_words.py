"""What was pressed or typed, and what came of it, in words for the audit log."""

from collections.abc import Mapping
from typing import Any, Final

from services.speech import Speech

BY_TOKEN: Final = frozenset(
    {"a", "af", "kx", "mo", "oa", "oc", "oe", "oh", "ok", "oo", "op", "qm", "rs", "rx", "tm", "to"}
)
"""Buttons whose text is an opaque token, which says nothing to anybody."""

DEEDS: Final[Mapping[str, str]] = {
    "a": "let somebody in",
    "af": "alert in words",
    "ald": "delete an alert",
    "alm": "mute an alert",
    "alr": "bring an alert back",
    "alu": "unmute an alert",
    "aly": "delete all alerts",
    "kd": "drill",
    "kk": "look at a kill",
    "kp": "pause",
    "kr": "resume",
    "kx": "confirm the kill",
    "lang": "language",
    "mo": "money for another engine",
    "now": "button",
    "oa": "approve",
    "oc": "cancel the order",
    "od": "cancel an order",
    "oe": "another size",
    "oh": "half of it",
    "ok": "skip",
    "on": "first settings",
    "oo": "place an order",
    "op": "on paper instead",
    "qm": "limits without asking",
    "qs": "real money",
    "rp": "tables",
    "rs": "reset the paper account",
    "rx": "mend a difference",
    "set": "setting",
    "sf": "filter",
    "sm": "mute a market",
    "sn": "unmute a market",
    "sum": "daily summary",
    "tb": "stop to entry",
    "tc": "close a paper trade",
    "tm": "book a price of one's own",
    "to": "open a paper trade",
    "tz": "time zone",
    "u": "roles",
    "w+": "watch",
    "w-": "do not watch",
}
"""What each button does, in English; `say` has the Russian."""

OUTCOMES: Final[Mapping[str, str]] = {
    "account_closed": "the account is not connected",
    "difference_changed": "it had changed meanwhile",
    "expired": "too late",
    "fatal": "it failed",
    "gate": "against the limits",
    "late": "sent while the desk was away",
    "live_not_armed": "not asked for before",
    "move_too_much": "not so much was free",
    "may_not_approve": "may not decide that",
    "no_fresh_price": "no fresh price",
    "no_open_trades": "nothing was open",
    "not_allowed": "not allowed",
    "not_yours": "not theirs",
    "offer_gone": "too late",
    "only_admin_chat": "only in the admin chat",
    "order_over": "the order was over",
    "order_waits": "its ticket waits",
    "out_of_band": "the price had moved",
    "stale": "data too old",
    "ticket_over": "decided already",
    "too_small": "too small",
    "transient": "something was out of reach",
    "uncertain": "the outcome is not clear",
    "unknown_symbol": "no such market",
}
"""What came of it, by the code of the refusal; every other one was not understood or not possible."""


def deed_words(deed: str, say: Speech) -> str:
    """A button by what it does; a command as it was typed."""
    return say(DEEDS[deed]) if deed in DEEDS else deed


def object_words(deed: str, params: Mapping[str, Any]) -> str:
    """What it was done to, without what is for machines: tokens, colons, names of fields."""
    told = [str(value) for name, value in params.items() if not (name == "text" and deed in BY_TOKEN)]
    text = " ".join(one for one in told if one not in ("", "None"))
    plain = text if deed.startswith("/") else text.replace(":", " ")
    return "".join(letter for letter in plain if letter.isprintable())[:80]


def outcome_words(outcome: str, say: Speech) -> str:
    """Why it was not done."""
    return say(OUTCOMES.get(outcome, "refused"))
