"""Values for the templates of `/reconcile`."""

from typing import Any

from handlers.ui.reconcile_view import Line, ReconcileView


def reconcile_values(hostile: str, *, is_bad: bool) -> dict[str, Any]:
    """An account that agrees, or one where all of it differs."""
    gap = hostile if is_bad else ""
    line = Line(name=hostile, ours=hostile, theirs=hostile, gap=gap, mark="⚠️" if is_bad else "✓")
    view = ReconcileView(
        account=hostile,
        at="12:00:00",
        is_ours=True,
        is_monitored=is_bad,
        is_sure=not is_bad,
        is_mismatched=is_bad,
        balances=[line],
        positions=[line] if is_bad else [],
        orders=[line] if is_bad else [],
        open=3 if is_bad else 0,
    )
    words = dict.fromkeys(("where", "what", "ours", "theirs", "gap"), hostile)
    return {**words, "books": [view], "deed": "close" if is_bad else "ignore"}
