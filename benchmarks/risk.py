"""What the gate costs an intent."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

from benchmarks.frame import Measure, cpu_s, measures
from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction, Side
from engines.orders.order import ExecutionStyle, Intent, OrderKind, Purpose
from engines.orders.subaccount import PAPER, EngineName, SubAccount
from engines.orders.trade import Trade, TradeState
from engines.risk.judge import judge
from engines.risk.latch import Cause, Latch, Scope
from engines.risk.limits import Limits
from engines.risk.verdict import Ruling
from engines.risk.view import Account, Market, Pool, Position, View

JUDGEMENTS = 20_000
_NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
_TREND = SubAccount(engine=EngineName.TREND, account=PAPER).owner
_BTC = Instrument(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    kind=MarketKind.PERP,
    tick=Decimal("0.1"),
    lot=Decimal("0.001"),
    min_notional=Decimal(5),
)


@measures("risk.judgements_per_s")
def judgements_per_s() -> Measure:
    """Entries of an engine with leverage that pass every limit; beside them, one that is cut."""
    view, trade, limits = _view(), _trade(), Limits()
    passing, too_large = _intent("0.05"), _intent("5")
    if judge(passing, trade, view, limits).ruling is not Ruling.ALLOW:
        raise RuntimeError("an entry was stopped that should pass every limit")
    if judge(too_large, trade, view, limits).ruling is not Ruling.SHRINK:
        raise RuntimeError("an entry was not cut that is too large")

    def walk(intent: Intent) -> None:
        for _ in range(JUDGEMENTS):
            judge(intent, trade, view, limits)

    passed_s, cut_s = cpu_s(lambda: walk(passing)), cpu_s(lambda: walk(too_large))
    note = f"no limit broken; with a cut {JUDGEMENTS / cut_s:,.0f}/s; drawing the view costs 0.2 ms more"
    return Measure(JUDGEMENTS / passed_s, note=note)


def _view() -> View:
    worth = Decimal(100_000)
    pool = Pool(nav=worth * 3, cash=worth, used_margin=worth / 5, delta=worth / 10, high_water=worth * 3)
    return View(
        now=_NOON,
        market=Market(price=Decimal(87_210), age_s=0.4, bid=Decimal("87209.9"), ask=Decimal("87210.1")),
        free=worth,
        fee_rate=Decimal("0.00055"),
        latches=(Latch(id="pause:core", scope=Scope(engine="core"), cause=Cause.PAUSE, pulled_at=_NOON),),
        account=Account(
            capital=worth,
            high_water=worth,
            day_start=worth,
            turnover=worth,
            exposure=worth / 2,
            perps=worth / 2,
            positions=(Position(asset="ETH", direction=Direction.LONG),),
        ),
        portfolio=pool,
        desk=replace(pool, nav=worth * 4),
        correlations={frozenset(("BTC", "ETH")): 0.81},
    )


def _trade() -> Trade:
    return Trade(
        id=1,
        owner=_TREND,
        instrument=_BTC,
        direction=Direction.LONG,
        leverage=Decimal(2),
        state=TradeState.WAITING,
        wanted=Decimal("0.05"),
        is_cross=True,
        created_at=_NOON,
        seen_at=_NOON,
    )


def _intent(quantity: str) -> Intent:
    return Intent(
        id="trend-1",
        owner=_TREND,
        account=PAPER,
        engine=EngineName.TREND.value,
        trade_id=1,
        instrument=_BTC,
        side=Side.BUY,
        quantity=Decimal(quantity),
        kind=OrderKind.MARKET,
        purpose=Purpose.ENTRY,
        style=ExecutionStyle.GUARDED_MARKET,
        decision_price=Decimal(87_210),
        max_slippage=Decimal("0.005"),
        created_at=_NOON,
        expires_at=_NOON,
    )
