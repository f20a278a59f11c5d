"""High-water marks: what moves them, and what does not."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from engines.risk.mark import Mark, first_mark, moved, rebased
from tests.build.orders import NOW, after

D = Decimal
USDT = {"USDT": D(1)}


def seen(mark: Mark, equity: object, came: object = 1000, *, after_s: float = 1) -> Mark:
    """The mark after the account was worth that, with so much contributed in all."""
    moved_to = moved(mark, D(str(equity)), {"USDT": D(str(came))}, USDT, after(after_s))
    assert moved_to is not None
    return moved_to


FIRST = first_mark(D(1000), {"USDT": D(1000)}, NOW)


def test_a_profit_raises_the_mark_and_a_loss_leaves_it() -> None:
    higher = seen(FIRST, 1100)
    assert higher.high_water == D(1100)
    assert seen(higher, 900).high_water == D(1100)


def test_a_deposit_is_no_profit_and_a_withdrawal_no_loss() -> None:
    richer = seen(FIRST, 1500, came=1500)
    assert (richer.high_water, richer.day_start) == (D(1500), D(1500))
    poorer = seen(FIRST, 400, came=400)
    assert (poorer.high_water, poorer.day_start) == (D(400), D(400))
    assert seen(seen(FIRST, 900), 400, came=500).high_water == D(500)


def test_a_coin_that_came_counts_at_its_price_then() -> None:
    prices = {"USDT": D(1), "BTC": D(500)}
    with_coin = moved(FIRST, D(2000), {"USDT": D(1000), "BTC": D(2)}, prices, after(1))
    assert with_coin is not None
    assert with_coin.high_water == D(2000)
    cheaper = {"USDT": D(1), "BTC": D(400)}
    later = moved(with_coin, D(1800), {"USDT": D(1000), "BTC": D(2)}, cheaper, after(2))
    assert later is not None
    assert later.high_water == D(2000)


def test_without_the_price_of_what_came_nothing_moves() -> None:
    assert moved(FIRST, D(2000), {"USDT": D(1000), "BTC": D(2)}, USDT, after(1)) is None


def test_a_day_begins_at_midnight_of_utc() -> None:
    evening = seen(FIRST, 900, after_s=11 * 3600)
    assert evening.day_start == D(1000)
    morning = seen(evening, 880, after_s=12 * 3600)
    assert (morning.day_start, morning.high_water) == (D(880), D(1000))
    assert morning.day == NOW.date() + timedelta(days=1)


def test_who_lets_an_account_go_on_accepts_its_loss() -> None:
    halted = Mark(high_water=D(1000), day=NOW.date(), day_start=D(1000), is_halted=True)
    again = rebased(halted, D(790))
    assert (again.high_water, again.is_halted) == (D(790), False)


@given(st.lists(st.integers(1, 3000), min_size=1, max_size=30), st.integers(-500, 5000))
def test_a_flow_moves_profit_and_loss_by_nothing(worths: list[int], flow: int) -> None:
    """Two accounts that trade alike, one of which got or gave money at the start, are the same distance from
    their marks."""
    plain, fed = FIRST, seen(FIRST, 1000 + flow, came=1000 + flow)
    for worth in worths:
        plain, fed = seen(plain, worth), seen(fed, worth + flow, came=1000 + flow)
        assert fed.high_water - (worth + flow) == plain.high_water - worth
        assert plain.high_water >= worth
