"""The gap to the reference venue, watched."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from services.market.options import MarketOptions
from services.market.quote import Quote
from services.market.spread import SpreadWatch
from tests.build.clock import HandClock
from tests.build.markets import a_ticker, an_instrument


def a_quote(base: str, gap: str | None) -> Quote:
    return Quote(
        instrument=an_instrument(base),
        ticker=a_ticker(f"{base}USDT"),
        age_s=0.0,
        is_stale=False,
        reference_gap=None if gap is None else Decimal(gap),
    )


def test_only_a_gap_that_stays_is_a_warning_and_the_widest_is_named() -> None:
    clock = HandClock()
    watch = SpreadWatch(clock, MarketOptions())
    wide = [a_quote("BTC", "0.006"), a_quote("ETH", "-0.02"), a_quote("SOL", "0.005"), a_quote("XRP", None)]
    watch.look(wide)
    assert (watch.health().is_ok, watch.health().code) == (True, "even")
    clock.move(59)
    watch.look(wide)
    assert watch.health().is_ok
    clock.move(1)
    watch.look([wide[0], replace(wide[1], reference_gap=Decimal("-0.03"))])
    assert watch.health().params == {"pair": "ETH/USDT", "gap": Decimal("-0.03"), "many": 2}
    assert (watch.health().is_ok, watch.health().code) == (False, "spread")


def test_a_gap_that_closed_begins_anew() -> None:
    clock = HandClock()
    watch = SpreadWatch(clock, MarketOptions())
    watch.look([a_quote("BTC", "0.01")])
    clock.move(40)
    watch.look([a_quote("BTC", "0.001")])
    watch.look([a_quote("BTC", "0.01")])
    clock.move(40)
    watch.look([a_quote("BTC", "0.01")])
    assert watch.health().is_ok
    clock.move(20)
    assert not watch.health().is_ok


def test_the_age_is_that_of_the_last_look() -> None:
    clock = HandClock()
    watch = SpreadWatch(clock, MarketOptions())
    assert watch.health().age_s is None
    watch.look([])
    clock.move(timedelta(seconds=12).total_seconds())
    assert watch.health().age_s == 12.0
