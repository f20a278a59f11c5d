"""From what somebody said to what an alert waits for, inside sensible limits. Pure."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Protocol

from engines.alerts.alert import Condition, Draft, NewExtreme, PercentMove, PriceLevel, Way
from engines.alerts.daily_range import MOST_DAYS
from engines.alerts.formula import Formula
from engines.alerts.formula_sentence import written as formula_written
from engines.alerts.sentence import Sentence
from engines.core.instrument import Instrument
from engines.market.number import nearest
from ports.errors import Refused

MOST = 200
"""Alerts of one person."""
USUAL_REST = timedelta(hours=1)
USUAL_DAYS = 30
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
LONGEST_WINDOW = DAY
LONGEST_REST = 30 * DAY
LONGEST_LIFE = 365 * DAY
SMALLEST_MOVE = Decimal("0.001")
LARGEST_RISE, LARGEST_FALL = Decimal(10), Decimal("0.99")
FARTHEST = 1000
"""How many times the price, or what part of it, a level may be."""

Form = tuple[str, str]


def condition_of(said: Sentence, instrument: Instrument, price: Decimal) -> Condition:
    """What to wait for, while the market is at `price`.

    Raises `Refused`: `alert_unclear`, `alert_bad_price`, `alert_at_price`, `alert_beyond`, `alert_bad_move`,
    `alert_way`, `alert_window`, `alert_days`; those that have a near form bring it.
    """
    if said.prices:
        return _level(said.way, nearest(said.prices, price), instrument, price)
    if said.extreme is not None:
        return _extreme(said.extreme, said.span)
    if said.share is None:
        raise Refused("alert_unclear", forms=examples(instrument))
    if said.span is None:
        return _step(said.way, said.share, instrument, price)
    if not MINUTE <= said.span <= LONGEST_WINDOW:
        raise Refused("alert_window")
    return PercentMove(said.way, _checked(said.share, said.way), said.span)


class Rhythm(Protocol):
    """What was said of how often and for how long."""

    is_repeating: bool
    rest: timedelta | None
    lasts: timedelta | None


def rest_of(said: Rhythm) -> timedelta | None:
    """The pause after it fired; `None` for one that fires once. Raises `Refused("alert_rest")`."""
    if not said.is_repeating and said.rest is None:
        return None
    rest = said.rest or USUAL_REST
    if not MINUTE <= rest <= LONGEST_REST:
        raise Refused("alert_rest")
    return rest


def life_of(said: Rhythm) -> timedelta | None:
    """How long it is to watch; `None` for ever. Raises `Refused("alert_life")`."""
    if said.lasts is not None and not MINUTE <= said.lasts <= LONGEST_LIFE:
        raise Refused("alert_life")
    return said.lasts


def written(draft: Draft) -> str:
    """The sentence that means the same alert to whoever reads it now: `BTCUSDT > 100000 every 240m`."""
    parts = [draft.symbol, _written(draft.condition)]
    if draft.rest is not None:
        parts.append(f"every {_span(draft.rest)}")
    if draft.expires_at is not None:
        parts.append(f"for {_span(draft.expires_at - draft.created_at)}")
    return " ".join(parts)


def _written(condition: Condition) -> str:
    match condition:
        case PriceLevel(way=way, price=price):
            return f"{'>' if way is Way.UP else '<'} {price.normalize():f}"
        case PercentMove(way=way, share=share, window=window):
            sign = {Way.UP: "+", Way.DOWN: "-", None: "±"}[way]
            return f"{sign}{(share * 100).normalize():f}% {_span(window)}"
        case NewExtreme(way=way, days=days):
            return f"{'high' if way is Way.UP else 'low'} {days}d"
        case Formula():
            return formula_written(condition)


def _span(span: timedelta) -> str:
    whole, rest = divmod(span, MINUTE)
    return f"{int(span.total_seconds())}s" if rest else f"{whole}m"


def examples(instrument: Instrument) -> Sequence[Form]:
    """Alerts on that market which need no price: (label, what it types)."""
    base, symbol = instrument.base, instrument.symbol
    return [(f"{base} {what}", f"alert {symbol} {what}") for what in ("+5%", "-5%", "±5% 1h", "high 30d")]


def _level(way: Way | None, wanted: Decimal, instrument: Instrument, price: Decimal) -> PriceLevel:
    is_sane = wanted.is_finite() and price / FARTHEST <= wanted <= price * FARTHEST
    level = instrument.price(wanted) if is_sane else Decimal(0)
    pair, symbol = instrument.pair, instrument.symbol
    if level <= 0:
        raise Refused("alert_bad_price", pair=pair)
    if level == price:
        raise Refused("alert_at_price", pair=pair, forms=examples(instrument)[:2])
    side = Way.UP if level > price else Way.DOWN
    if way not in (None, side):
        sign = ">" if side is Way.UP else "<"
        shown = f"{level.normalize():f}"
        form = (f"{instrument.base} {sign} {shown}", f"alert {symbol} {sign} {shown}")
        raise Refused("alert_beyond", pair=pair, forms=[form])
    return PriceLevel(side, level)


def _step(way: Way | None, share: Decimal, instrument: Instrument, price: Decimal) -> PriceLevel:
    """A percentage without a window: from where the price is now."""
    if way is None:
        raise Refused("alert_way", forms=_both_ways(share, instrument))
    share = _checked(share, way)
    return _level(way, price * (1 + share if way is Way.UP else 1 - share), instrument, price)


def _both_ways(share: Decimal, instrument: Instrument) -> Sequence[Form]:
    shown = f"{(share * 100).normalize():f}%"
    return [(f"{instrument.base} {sign}{shown}", f"alert {instrument.symbol} {sign}{shown}") for sign in "+-"]


def _checked(share: Decimal, way: Way | None) -> Decimal:
    most = LARGEST_RISE if way is Way.UP else LARGEST_FALL
    if not SMALLEST_MOVE <= share <= most:
        raise Refused("alert_bad_move", most=int(most * 100))
    return share


def _extreme(way: Way, span: timedelta | None) -> NewExtreme:
    days = USUAL_DAYS if span is None else span // DAY
    if not 1 <= days <= MOST_DAYS:
        raise Refused("alert_days", most=MOST_DAYS)
    return NewExtreme(way, days)
