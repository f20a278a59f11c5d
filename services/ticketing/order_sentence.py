"""Understanding what people type behind `/order`: the language of `/trade`, and a few words more."""

from dataclasses import dataclass, replace
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.core.side import Direction, Side
from engines.core.typo import allowed_slips, edit_distance
from engines.orders.order import ExecutionStyle
from engines.orders.plan import ladder
from engines.orders.trade import Target
from ports.errors import Refused
from services.trading.sentence import Asked, Level, Of, Unit, read_trade, written
from services.trading.vocabulary import MEANINGS

_REDUCE_EN = ("reduce", "reduceonly", "reduce-only", "reducing", "close")
_REDUCE_RU = ("сократить", "сократи", "уменьшить", "уменьши", "закрыть", "закрой")
_REDUCE = frozenset((*_REDUCE_EN, *_REDUCE_RU))
_SPOT = frozenset(["spot", "спот"])
_STYLES = {
    **dict.fromkeys(["maker", "мейкер", "мэйкер"], ExecutionStyle.MAKER_THEN_MARKET),
    **dict.fromkeys(["post", "postonly", "post-only", "пост", "постонли"], ExecutionStyle.POST_ONLY),
}
_WRITTEN = {ExecutionStyle.MAKER_THEN_MARKET: "maker", ExecutionStyle.POST_ONLY: "post"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAsked:
    """What a sentence says of an order. `is_reducing`: it only makes a position smaller; `wants_spot`: on
    spot although there is a perpetual. `style` `None`: at the market, guarded."""

    asked: Asked
    is_reducing: bool = False
    wants_spot: bool = False
    style: ExecutionStyle | None = None

    @property
    def side(self) -> Side | None:
        """Buy or sell, where it says so."""
        direction = self.asked.direction
        return None if direction is None else direction.entry


def read_order(text: str) -> OrderAsked:
    """What `text` asks for. Raises `Refused` as `read_trade` does."""
    words, kept = text.split(), []
    order = OrderAsked(asked=Asked())
    for word in words:
        plain = word.casefold().strip(",.;")
        if plain in _REDUCE:
            order = replace(order, is_reducing=True)
        elif plain in _SPOT:
            order = replace(order, wants_spot=True)
        elif plain in _STYLES:
            order = replace(order, style=_STYLES[plain])
        else:
            kept.append(word)
    return replace(order, asked=read_trade(" ".join(kept)))


def near_keyword(word: str) -> str | None:
    """The word of the language that a mistyped one is nearest to: `buy` for `by`."""
    words = (*MEANINGS, *_REDUCE_EN, *_REDUCE_RU, *_SPOT, *_STYLES)
    known = (one for one in words if len(one) > 2 and one.isalpha())
    slips, near = min((edit_distance(word.casefold(), one), one) for one in known)
    return near if 0 < slips <= allowed_slips(len(word)) else None


def written_order(order: OrderAsked) -> str:
    """The sentence that means `order`: `read_order(written_order(order)) == order`."""
    words = [written(order.asked)]
    words += ["reduce"] * order.is_reducing + ["spot"] * order.wants_spot
    words += [_WRITTEN[order.style]] if order.style is not None else []
    return " ".join(word for word in words if word)


def size_of(order: OrderAsked, held: Decimal) -> tuple[Decimal | None, Decimal | None]:
    """Its notional in USDT, or its quantity in base coin where it is a part of what is `held`.

    Raises `Refused`: `order_needs_size`; `order_size_in_usdt` for a share of nothing.
    """
    size = order.asked.size
    if size is None:
        if order.is_reducing:
            return None, held
        raise Refused("order_needs_size")
    if size.of is Of.MONEY:
        return size.value, None
    if size.of is Of.FREE and order.is_reducing:
        return None, held * min(size.value, Decimal(1))
    raise Refused("order_size_in_usdt")


def levels_of(
    asked: Asked, instrument: Instrument, direction: Direction, price: Decimal
) -> tuple[Decimal | None, tuple[Target, ...]]:
    """Stop and targets as prices on the grid; distances are measured from `price`.

    Raises `Refused("order_level_price")` for a distance in ATR or R, and for a trailing stop.
    """
    if asked.trail is not None:
        raise Refused("order_level_price")
    stop = None if asked.stop is None else _price(asked.stop, instrument, price, -direction.sign)
    prices = [_price(level, instrument, price, direction.sign) for level in asked.targets]
    return stop, ladder(direction, prices)


def _price(level: Level, instrument: Instrument, price: Decimal, sign: int) -> Decimal:
    if level.unit is Unit.PRICE:
        return instrument.price(level.value)
    if level.unit is Unit.FRACTION:
        return instrument.price(price * (1 + sign * level.value))
    raise Refused("order_level_price")
