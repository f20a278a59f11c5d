"""What templates about latches and kills are tried with."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from engines.risk.kill import plan
from engines.risk.latch import Cause, KillLevel
from handlers.ui.kill_view import AccountLine
from handlers.ui.latch_view import LatchView
from services.drills import Evidence, Step
from services.stopping.report import AccountPreview, AccountReport, KillPreview, KillReport, KillWish
from tests.build.clock import NOON
from tests.build.desk_state import a_latch
from tests.build.kill_road import a_leg, a_position
from tests.build.orders import PERP, SPOT


def latch_values(hostile: str, *, is_bad: bool) -> dict[str, Any]:
    """Latches of every cause; a bad one is a kill with everything said, the other a pause with an end."""
    kill = a_latch(level=KillLevel.FLAT, detail=hostile)
    pause = a_latch("pause:x", cause=Cause.PAUSE, until=NOON + timedelta(hours=4))
    one = LatchView(
        latch=kill if is_bad else pause,
        scope=hostile,
        since=hostile,
        until=None if is_bad else hostile,
        by=hostile,
        needs_admin=is_bad,
    )
    every = [replace(one, latch=replace(one.latch, cause=cause)) for cause in Cause]
    return {
        "one": one,
        "more": 3 if is_bad else 0,
        "latches": every if is_bad else [],
        "scope": None if is_bad else hostile,
        "is_pulled": is_bad,
        **kill_values(hostile, is_bad=is_bad),
    }


def kill_values(hostile: str, *, is_bad: bool) -> dict[str, Any]:
    """A kill before, while and after; a bad one has a silent venue and a stranger's position."""
    steps = (
        Step(code="survives", is_kept=True, took_ms=0.4, detail=hostile),
        Step(code="released", is_kept=False, took_ms=900.0),
    )
    wish = KillWish(level=KillLevel.FLAT if is_bad else KillLevel.CLOSE_PERPS, is_kill=not is_bad, at=NOON)
    leg = a_leg(1, replace(PERP, base=hostile), "2")
    planned = plan(wish.level, [leg, a_leg(2, replace(SPOT, base=hostile), "3")])
    accounts = (
        AccountPreview(account="bybit", orders=12, known=12, perps=1, spots=1),
        AccountPreview(account="gate", orders=None, known=2, perps=1, spots=0),
    )
    seen = KillPreview(
        wish=wish,
        plan=planned,
        accounts=accounts,
        slippage=None if is_bad else Decimal(21),
        slippage_share=None if is_bad else Decimal("0.0003"),
        protective=2,
    )
    known = AccountReport(account="bybit", tries=2, orders=2, perps=1, closings=3, protective=1)
    lost = AccountReport(account="gate", tries=3, problem=hostile, foreign=(a_position(leg),))
    report = KillReport(wish=wish, accounts={"bybit": known, "gate": lost})
    return {
        "kill": wish,
        "seen": seen,
        "latched_at": None if is_bad else hostile,
        "cancels": 0 if is_bad else 12,
        "by_account": [(2, hostile)],
        "silent": [(hostile, 2)] if is_bad else [],
        "perps": 2,
        "perps_by_account": [(1, hostile), (2, hostile)],
        "sold": hostile,
        "kept": hostile,
        "closings": [{"side": "buy", "quantity": "2", "base": hostile, "kind": "perp", "account": hostile}],
        "hidden": 3,
        "report": report,
        "verified_at": hostile,
        "accounts": [AccountLine(name=hostile, one=one, at=None) for one in (known, lost)],
        "sent_s": Decimal("1.2") if is_bad else Decimal("0.112"),
        "name": hostile,
        "latched": hostile,
        "has_work": not is_bad,
        "foreign": [hostile] if is_bad else [],
        "level": 3,
        "evidence": None if is_bad else Evidence(name=hostile, at=NOON, steps=steps),
        "has_paper": is_bad,
    }
