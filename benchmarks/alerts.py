"""What a price costs while thousands of alerts wait."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from benchmarks.frame import Measure, cpu_s, measures
from engines.alerts.alert import Alert, Condition, NewExtreme, PercentMove, PriceLevel, Way
from engines.alerts.daily_range import DailyRange, DayRange
from engines.alerts.formula import Formula
from engines.alerts.market_watch import MarketWatch
from engines.alerts.moving_range import MovingRange
from engines.core.instrument import Instrument, MarketKind

ALERTS, MARKETS, TICKS = 10_000, 50, 1000
_WINDOWS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 60, 240))
_NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)
_YEAR = [DayRange(date(2025, 3, 1) + timedelta(days=day), Decimal(200), Decimal(50)) for day in range(365)]


@measures("alerts.tick_us")
def tick_us() -> Measure:
    """One price among 10 000 alerts on 50 markets: half levels, a quarter moves, a quarter extremes."""
    alerts = [_alert(number) for number in range(ALERTS)]
    indexed, looped = _indexed(alerts), _looped(alerts)
    value = cpu_s(lambda: _walk(indexed, TICKS)) / TICKS
    reference = cpu_s(lambda: _walk(looped, 5), runs=5) / 5
    note = (
        f"{ALERTS} alerts, {MARKETS} markets, {len(_WINDOWS)} windows each; reference: a look at every alert"
    )
    return Measure(value * 1e6, reference * 1e6, note)


def _walk(hear: Callable[[str, Decimal, datetime], int], ticks: int) -> None:
    """Prices that wander a little and reach nothing."""
    for number in range(ticks):
        price = Decimal(100) + Decimal(number % 7) / 100
        if hear(f"C{number % MARKETS}USDT", price, _NOON + timedelta(milliseconds=number)):
            raise RuntimeError("an alert fired that should wait")


def _indexed(alerts: Sequence[Alert]) -> Callable[[str, Decimal, datetime], int]:
    watches = {f"C{number}USDT": MarketWatch(_WINDOWS, DailyRange(_YEAR)) for number in range(MARKETS)}
    for alert in alerts:
        watches[alert.symbol].put(alert)
    return lambda symbol, price, at: len(watches[symbol].tick(price, at))


def _looped(alerts: Sequence[Alert]) -> Callable[[str, Decimal, datetime], int]:
    """The plain way: ranges are shared, but every alert is looked at."""
    ranges = {
        (f"C{number}USDT", window): MovingRange(window) for number in range(MARKETS) for window in _WINDOWS
    }

    def hear(symbol: str, price: Decimal, at: datetime) -> int:
        for window in _WINDOWS:
            ranges[symbol, window].push(price, at)
        return sum(
            _is_reached(alert.condition, symbol, price, ranges) for alert in alerts if alert.symbol == symbol
        )

    return hear


def _is_reached(
    condition: Condition, symbol: str, price: Decimal, ranges: Mapping[tuple[str, timedelta], MovingRange]
) -> bool:
    match condition:
        case PriceLevel(way=way, price=level):
            return price >= level if way is Way.UP else price <= level
        case PercentMove(way=way, share=share, window=window):
            moved = ranges[symbol, window]
            return (moved.rise if way is Way.UP else moved.fall) >= share
        case NewExtreme(way=way):
            return price > 200 if way is Way.UP else price < 50
        case Formula():
            raise RuntimeError("formulas are judged at closes, not at prices")


def _alert(number: int) -> Alert:
    base = f"C{number % MARKETS}"
    way = Way.UP if number // MARKETS % 2 else Way.DOWN
    step = Decimal(1 + number % 997) / 100
    conditions: Sequence[Condition] = (
        PriceLevel(way, 102 + step if way is Way.UP else 98 - step),
        PriceLevel(way, 105 + step if way is Way.UP else 95 - step),
        PercentMove(way, Decimal("0.02") + step / 100, _WINDOWS[number % len(_WINDOWS)]),
        NewExtreme(way, 1 + number % 365),
    )
    instrument = Instrument(
        symbol=f"{base}USDT",
        base=base,
        quote="USDT",
        kind=MarketKind.SPOT,
        tick=Decimal("0.01"),
        lot=Decimal("0.001"),
        min_notional=Decimal(5),
    )
    return Alert(
        id=number,
        owner=1,
        instrument=instrument,
        condition=conditions[number // (2 * MARKETS) % len(conditions)],
        rest=None,
        is_armed=True,
        since=_NOON,
        created_at=_NOON,
    )
