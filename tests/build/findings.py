"""Findings of the road of orders, with everything that any of them says."""

from services.ordering.findings import Finding

CODES = (
    "foreign_order",
    "foreign_fill",
    "orphan_canceled",
    "unprotected",
    "exit_blocked",
    "unhedged",
    "cannot_start",
    "not_compared",
    "overfill",
    "impossible",
)


def a_finding(code: str, said: str = "BTCUSDT") -> Finding:
    """At Bybit; every word in it is `said`."""
    names = ("symbol", "side", "quantity", "venue_id", "client_id", "reason", "order_id", "error", "pair")
    params: dict[str, object] = dict.fromkeys(names, said)
    return Finding(code=code, account="bybit", params={**params, "trade_id": 12, "seconds": 7})
