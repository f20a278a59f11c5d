"""What the gate says: every limit by its number, and what holds of all of them."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from engines.core.side import Direction, Side
from engines.orders.order import ExecutionStyle, Intent, OrderKind, Purpose
from engines.orders.subaccount import EngineName
from engines.orders.trade import Trade, TradeState
from engines.risk.judge import judge
from engines.risk.latch import Cause, Latch, Scope
from engines.risk.limits import ENGINES, Limits
from engines.risk.verdict import Ruling, Verdict
from engines.risk.view import Position, View
from tests.build.orders import NOW, PERP, SPOT, a_trade, after, an_intent
from tests.build.risk import a_desk_trade, a_market, a_pool, a_view, an_account, an_entry

D = Decimal
LIMITS = Limits()
LONG, SHORT = Direction.LONG, Direction.SHORT
ETH, SOL = Position(asset="ETH", direction=LONG), Position(asset="SOL", direction=LONG)


def judged(
    intent: Intent | None = None, trade: Trade | None = None, view: View | None = None, **limits: Any
) -> Verdict:
    """The verdict on what a test names; the rest is calm."""
    return judge(intent or an_entry(), trade or a_desk_trade(), view or a_view(), replace(LIMITS, **limits))


def decided(verdict: Verdict) -> tuple[str, Decimal | None, Decimal | None]:
    assert verdict.decisive is not None
    return verdict.reason, verdict.decisive.value, verdict.decisive.limit


def test_an_entry_within_all_limits_goes_as_it_is() -> None:
    assert judged() == Verdict(ruling=Ruling.ALLOW, quantity=D(10))


# -- Refused whatever the size ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("intent", "trade", "detail"),
    [
        (an_entry(quantity="0"), a_desk_trade(), "0 is no size of BTCUSDT"),
        (an_entry(quantity="-1"), a_desk_trade(), "-1 is no size of BTCUSDT"),
        (an_entry(quantity="NaN"), a_desk_trade(), "NaN is no size of BTCUSDT"),
        (an_entry(quantity="0.0005"), a_desk_trade(), "0.0005 is no size of BTCUSDT"),
        (an_entry(), a_desk_trade(instrument=SPOT), "BTCUSDT is not BTCUSDT, the market of its trade"),
        (an_entry(side=Side.SELL), a_desk_trade(), "a sell does not open a long"),
        (an_entry(reduce_only=True), a_desk_trade(), "a buy does not reduce a long"),
        (an_entry(kind=OrderKind.LIMIT), a_desk_trade(), "a limit without a price"),
        (an_entry(worst_price=D(0)), a_desk_trade(), "0 is no price"),
        (replace(an_entry(), engine="magic"), a_desk_trade(), "no engine magic"),
    ],
)
def test_what_cannot_be_is_malformed(intent: Intent, trade: Trade, detail: str) -> None:
    verdict = judged(intent, trade)
    assert verdict.ruling is Ruling.DENY
    assert verdict.reason == "malformed"
    assert verdict.decisive is not None
    assert verdict.decisive.detail == detail


@pytest.mark.parametrize(
    ("view", "missing"),
    [
        (a_view(market=None), "price"),
        (a_view(account=None), "capital"),
        (a_view(account=an_account(capital=None)), "capital"),
        (a_view(account=an_account(high_water=None)), "high_water"),
        (a_view(account=an_account(high_water=D(0))), "high_water"),
        (a_view(account=an_account(day_start=None)), "day_start"),
        (a_view(account=an_account(exposure=None)), "exposure"),
        (a_view(portfolio=None), "portfolio"),
        (a_view(portfolio=a_pool(nav=None)), "portfolio"),
        (a_view(portfolio=a_pool(delta=None)), "portfolio"),
        (a_view(desk=None), "desk"),
        (a_view(desk=a_pool(nav=None)), "desk"),
        (a_view(desk=a_pool(delta=None)), "desk"),
        (a_view(desk=a_pool(high_water=None)), "desk_high_water"),
    ],
)
def test_each_missing_input_denies_and_is_named(view: View, missing: str) -> None:
    verdict = judged(view=view)
    assert verdict.ruling is Ruling.DENY
    assert verdict.reason == "stale"
    assert verdict.decisive is not None
    assert verdict.decisive.detail == missing


def test_an_old_price_denies_with_its_age() -> None:
    assert judged(view=a_view(market=a_market(age_s=30.0))).ruling is Ruling.ALLOW
    verdict = judged(view=a_view(market=a_market(age_s=31.26)))
    assert verdict.ruling is Ruling.DENY
    assert decided(verdict) == ("stale", D("31.3"), D("30.0"))


TREND_ONLY = Latch(id="pause:trend", scope=Scope(engine="trend"), cause=Cause.PAUSE, pulled_at=NOW)
ALL_OF_US = Latch(id="drawdown:desk", scope=Scope(), cause=Cause.DRAWDOWN, pulled_at=NOW)
EVEN_PEOPLE = Latch(id="kill", scope=Scope(has_paper=True), cause=Cause.KILL, pulled_at=NOW)


def test_a_latch_stops_entries_of_its_scope() -> None:
    latched = a_view(latches=(TREND_ONLY,))
    verdict = judged(view=latched)
    assert verdict.reason == "latch"
    assert verdict.decisive is not None
    assert verdict.decisive.detail == "pause:trend"
    core = judged(an_entry(EngineName.MANUAL), a_desk_trade(EngineName.MANUAL), latched)
    assert core.ruling is Ruling.ALLOW


def test_a_latch_for_the_losses_of_the_desk_stops_leverage_only() -> None:
    latched = a_view(latches=(ALL_OF_US,))
    assert judged(view=latched).reason == "latch"
    spot = an_entry(EngineName.CORE, instrument=SPOT)
    trade = a_desk_trade(EngineName.CORE, instrument=SPOT, leverage=D(1))
    assert judged(spot, trade, latched).ruling is Ruling.ALLOW


REFUSED: list[tuple[str, Intent, Trade, View, Decimal | None, Decimal | None]] = [
    ("expired", an_entry(expires_at=NOW), a_desk_trade(), a_view(now=after(1)), None, None),
    ("no_capital", an_entry(), a_desk_trade(), a_view(account=an_account(capital=D(0))), D(0), D(0)),
    ("leverage", an_entry(), a_desk_trade(leverage=D(3)), a_view(), D(3), D(2)),
    ("unbounded", an_entry(style=ExecutionStyle.SINGLE), a_desk_trade(), a_view(), None, None),
    ("price_band", an_entry(worst_price=D(103)), a_desk_trade(), a_view(), D("0.03"), D("0.02")),
    (
        "price_band",
        an_entry(decision_price=D(102), max_slippage=D("0.005")),
        a_desk_trade(),
        a_view(),
        D("0.0251"),
        D("0.02"),
    ),
    (
        "price_band",
        an_entry(side=Side.SELL, kind=OrderKind.LIMIT, limit_price=D(97)),
        a_desk_trade(direction=SHORT),
        a_view(),
        D("0.03"),
        D("0.02"),
    ),
    (
        "price_band",
        an_entry(kind=OrderKind.LIMIT, limit_price=D(49)),
        a_desk_trade(),
        a_view(),
        D("0.51"),
        D("0.5"),
    ),
    (
        "crosses",
        an_entry(style=ExecutionStyle.POST_ONLY, kind=OrderKind.LIMIT, limit_price=D("100.1")),
        a_desk_trade(),
        a_view(),
        D("100.1"),
        D("100.1"),
    ),
    (
        "crosses",
        an_entry(style=ExecutionStyle.POST_ONLY, kind=OrderKind.LIMIT, limit_price=D("99.9"), side=Side.SELL),
        a_desk_trade(direction=SHORT),
        a_view(),
        D("99.9"),
        D("99.9"),
    ),
    (
        "crosses",
        an_entry(style=ExecutionStyle.POST_ONLY, kind=OrderKind.LIMIT, limit_price=D(100)),
        a_desk_trade(),
        a_view(market=a_market(ask=None)),
        D(100),
        D(100),
    ),
    (
        "drawdown",
        an_entry(),
        a_desk_trade(),
        a_view(account=an_account(high_water=D(12_500))),
        D("0.2"),
        D("0.2"),
    ),
    (
        "daily_loss",
        an_entry(),
        a_desk_trade(),
        a_view(account=an_account(high_water=D(12_000), capital=D(11_640), day_start=D(12_000))),
        D("0.03"),
        D("0.03"),
    ),
    (
        "portfolio_drawdown",
        an_entry(),
        a_desk_trade(),
        a_view(desk=a_pool(high_water=D(25_000))),
        D("0.2"),
        D("0.2"),
    ),
    (
        "positions",
        an_entry(),
        a_desk_trade(),
        a_view(account=an_account(positions=(ETH, SOL))),
        D(3),
        D(2),
    ),
    ("too_small", an_entry(quantity="0.049"), a_desk_trade(), a_view(), D("4.9"), D(5)),
]


@pytest.mark.parametrize(("code", "intent", "trade", "view", "value", "limit"), REFUSED)
def test_what_no_smaller_size_would_mend_is_denied(
    code: str, intent: Intent, trade: Trade, view: View, value: Decimal | None, limit: Decimal | None
) -> None:
    verdict = judged(intent, trade, view)
    assert verdict.ruling is Ruling.DENY
    assert verdict.quantity == 0
    assert decided(verdict) == (code, value, limit)


@pytest.mark.parametrize(
    "intent",
    [
        an_entry(expires_at=NOW),
        an_entry(worst_price=D(102)),
        an_entry(kind=OrderKind.LIMIT, limit_price=D(50)),
        an_entry(style=ExecutionStyle.POST_ONLY, kind=OrderKind.LIMIT, limit_price=D("100.0")),
        an_entry(style=ExecutionStyle.SINGLE, worst_price=D(101)),
        an_entry(quantity="0.05"),
    ],
)
def test_on_the_edge_it_goes(intent: Intent) -> None:
    assert judged(intent).ruling is Ruling.ALLOW


def test_core_is_only_warned_of_its_drawdown_and_its_bad_day() -> None:
    view = a_view(account=an_account(high_water=D(20_000), day_start=D(20_000)))
    spot = an_entry(EngineName.CORE, instrument=SPOT)
    trade = a_desk_trade(EngineName.CORE, instrument=SPOT, leverage=D(1))
    verdict = judged(spot, trade, view)
    assert verdict.ruling is Ruling.ALLOW
    assert [(check.code, check.value) for check in verdict.warnings] == [
        ("drawdown", D("0.5")),
        ("daily_loss", D("0.5")),
    ]


def test_a_drawdown_of_a_tenth_is_warned_of() -> None:
    verdict = judged(view=a_view(account=an_account(high_water=D(11_250))))
    assert verdict.ruling is Ruling.ALLOW
    assert [check.code for check in verdict.warnings] == ["drawdown"]


def test_positions_that_go_together_count_as_one() -> None:
    view = a_view(account=an_account(positions=(ETH, SOL)), is_sized=True)
    together = {frozenset(("BTC", "ETH")): 0.95, frozenset(("ETH", "SOL")): 0.2}
    assert judged(view=replace(view, correlations=together)).ruling is Ruling.ALLOW
    apart = {frozenset(("BTC", "ETH")): 0.9, frozenset(("ETH", "SOL")): 0.2}
    assert judged(view=replace(view, correlations=apart)).reason == "positions"


def test_positions_of_opposite_directions_are_two() -> None:
    short = replace(ETH, direction=SHORT)
    view = a_view(account=an_account(positions=(short, SOL)), is_sized=True)
    alike = {frozenset(("BTC", "ETH")): 0.99, frozenset(("ETH", "SOL")): 0.99}
    assert judged(view=replace(view, correlations=alike)).reason == "positions"


def test_what_is_held_already_may_be_added_to_however_many_there_are() -> None:
    view = a_view(account=an_account(positions=(ETH, SOL)), is_sized=True)
    held = a_desk_trade(state=TradeState.OPEN, quantity=D(1))
    assert judged(trade=held, view=view).ruling is Ruling.ALLOW


# -- Cut to what is kept ------------------------------------------------------------------------------------

CUT: list[tuple[str, Intent, Trade, View, str, Decimal | None, Decimal]] = [
    (
        "drawdown",
        an_entry(),
        a_desk_trade(),
        a_view(account=an_account(capital=D(8_400), day_start=D(8_400))),
        "5",
        D("0.16"),
        D("0.15"),
    ),
    (
        "correlation",
        an_entry(),
        a_desk_trade(),
        a_view(account=an_account(positions=(ETH,)), correlations={frozenset(("BTC", "ETH")): 0.92}),
        "5",
        D("0.92"),
        D("0.9"),
    ),
    (
        "correlation",
        an_entry(),
        a_desk_trade(),
        a_view(account=an_account(positions=(ETH,))),
        "5",
        D("1.0"),
        D("0.9"),
    ),
    (
        "per_order",
        an_entry(quantity=101),
        a_desk_trade(),
        a_view(portfolio=a_pool(nav=D(40_000))),
        "100",
        D(10_100),
        D(10_000),
    ),
    (
        "per_day",
        an_entry(quantity=20),
        a_desk_trade(),
        a_view(account=an_account(turnover=D(49_000))),
        "10",
        D(51_000),
        D(50_000),
    ),
    (
        "per_asset",
        an_entry(quantity=20),
        a_desk_trade(),
        a_view(portfolio=a_pool(delta=D(8_000))),
        "10",
        D("0.5"),
        D("0.45"),
    ),
    (
        "per_engine",
        an_entry(quantity=20),
        a_desk_trade(),
        a_view(account=an_account(exposure=D(19_000))),
        "10",
        D("2.1"),
        D(2),
    ),
    (
        "total_delta",
        an_entry(quantity=20),
        a_desk_trade(),
        a_view(desk=a_pool(delta=D(19_000))),
        "10",
        D("1.05"),
        D(1),
    ),
    (
        "margin",
        an_entry(quantity=20),
        a_desk_trade(),
        a_view(portfolio=a_pool(used_margin=D(13_500))),
        "10",
        D("0.725"),
        D("0.7"),
    ),
    (
        "liquidation",
        an_entry(quantity=20),
        a_desk_trade(is_cross=True),
        a_view(account=an_account(perps=D(19_000))),
        "12.02",
        D(10_000) / D(21_000) - D("0.005"),
        D("0.49"),
    ),
    (
        "too_much",
        an_entry(quantity=20),
        a_desk_trade(),
        a_view(free=D("500.55")),
        "10",
        D("1001.1"),
        D("500.55"),
    ),
]


@pytest.mark.parametrize(("code", "intent", "trade", "view", "quantity", "value", "limit"), CUT)
def test_a_size_beyond_a_limit_is_cut_to_it(
    code: str, intent: Intent, trade: Trade, view: View, quantity: str, value: Decimal, limit: Decimal
) -> None:
    verdict = judged(intent, trade, view)
    assert verdict.ruling is Ruling.SHRINK
    assert decided(verdict) == (code, value, limit)
    assert verdict.quantity == D(quantity)


def test_purchases_leave_cash() -> None:
    spot = an_entry(EngineName.CORE, quantity=20, instrument=SPOT)
    trade = a_desk_trade(EngineName.CORE, instrument=SPOT, leverage=D(1))
    verdict = judged(spot, trade, a_view(portfolio=a_pool(cash=D(1_500))))
    assert verdict.quantity == D(5)
    assert decided(verdict) == ("cash_buffer", D(2_000), D(500))


def test_the_desk_s_own_hand_is_not_bound_by_the_portfolio() -> None:
    view = a_view(portfolio=a_pool(delta=D(9_000), cash=D(0)))
    intent, trade = an_entry(EngineName.MANUAL), a_desk_trade(EngineName.MANUAL)
    assert judged(intent, trade, view).ruling is Ruling.ALLOW


def test_an_order_the_other_way_lowers_the_exposure_first() -> None:
    view = a_view(portfolio=a_pool(delta=D(12_000)), account=an_account(perps=D(10_000)))
    short = an_entry(side=Side.SELL, quantity=50)
    assert judged(short, a_desk_trade(direction=SHORT), view).ruling is Ruling.ALLOW
    assert judged(an_entry(), view=view).reason == "per_asset"


def test_a_hedge_needs_no_room() -> None:
    full = an_account(exposure=D(20_000), offset=D(1_000))
    assert judged(view=a_view(account=full)).ruling is Ruling.ALLOW
    assert judged(an_entry(quantity=11), view=a_view(account=full)).quantity == D(10)


def test_the_tightest_limit_decides_and_all_that_cut_are_told() -> None:
    view = a_view(free=D(100), portfolio=a_pool(delta=D(8_500)))
    verdict = judged(an_entry(quantity=10), view=view)
    assert verdict.reason == "too_much"
    assert [check.code for check in verdict.checks] == ["per_asset", "too_much"]


def test_a_cut_below_what_the_market_takes_is_a_denial() -> None:
    verdict = judged(view=a_view(free=D("2.5")))
    assert verdict.ruling is Ruling.DENY
    assert decided(verdict) == ("too_much", D("500.55"), D("2.5"))


def test_sizes_are_reckoned_at_the_worst_that_may_come() -> None:
    intent = an_entry(quantity=99, worst_price=D(102))
    verdict = judged(intent, view=a_view(portfolio=a_pool(nav=D(40_000))))
    assert decided(verdict) == ("per_order", D(10_098), D(10_000))


# -- People -------------------------------------------------------------------------------------------------


def test_people_meet_their_own_limits_only() -> None:
    """No price, no portfolio, no capital: their money and their leverage decide."""
    intent, trade = an_intent(quantity=D(10), worst_price=D(101), most_cost=D(1000)), a_trade()
    assert (
        judged(intent, trade, View(now=NOW, market=None, free=D(2000), fee_rate=D(0))).ruling is Ruling.ALLOW
    )


@pytest.mark.parametrize(
    ("code", "trade", "view"),
    [
        ("latch", a_trade(), a_view(latches=(EVEN_PEOPLE,))),
        ("leverage", a_trade(leverage=D(6)), a_view()),
        ("price_band", a_trade(), a_view(market=a_market(price=D(90)))),
        ("too_much", a_trade(), a_view(free=D("1000.54"))),
    ],
)
def test_what_stops_a_person(code: str, trade: Trade, view: View) -> None:
    intent = an_intent(quantity=D(10), worst_price=D(101), most_cost=D(1000))
    verdict = judged(intent, trade, view)
    assert verdict.ruling is Ruling.DENY
    assert verdict.reason == code


def test_a_person_is_never_made_smaller() -> None:
    intent = an_intent(quantity=D(10), worst_price=D(101), most_cost=D(1000))
    assert judged(intent, a_trade(), a_view(free=D("1000.55"))).ruling is Ruling.ALLOW
    assert judged(intent, a_trade(), a_view(latches=(ALL_OF_US,))).ruling is Ruling.ALLOW


# -- What holds of everything -------------------------------------------------------------------------------

amounts = st.decimals(min_value=0, max_value=30_000, places=2)
worths = st.decimals(min_value=2_000, max_value=50_000, places=2)
deltas = st.decimals(min_value=-10_000, max_value=10_000, places=2)
losses = st.sampled_from([D(1), D(1), D("0.97"), D("0.9"), D("0.85"), D("0.8"), D("0.7")])
sizes = st.integers(min_value=1, max_value=200_000).map(lambda lots: lots * PERP.lot)
prices = st.integers(min_value=985, max_value=1015).map(lambda ticks: ticks * PERP.tick)
positions = st.lists(st.sampled_from([ETH, SOL, replace(ETH, direction=SHORT)]), max_size=2).map(tuple)
calm = st.one_of(st.just(D(0)), amounts)


@st.composite
def accounts(draw: st.DrawFn) -> Any:
    capital = draw(worths)
    return an_account(
        capital=capital,
        high_water=capital / draw(losses),
        day_start=capital / draw(losses),
        turnover=draw(calm),
        exposure=draw(calm),
        offset=draw(calm),
        perps=draw(calm),
        positions=draw(positions),
    )


@st.composite
def views(draw: st.DrawFn) -> View:
    """A market, an account and pools in any state."""
    total = draw(worths)
    return a_view(
        market=a_market(price=draw(prices), bid=None, ask=None),
        account=draw(accounts()),
        free=draw(amounts),
        portfolio=a_pool(nav=draw(worths), cash=draw(amounts), used_margin=draw(calm), delta=draw(deltas)),
        desk=a_pool(nav=total, delta=draw(deltas), high_water=total / draw(losses)),
        is_sized=draw(st.booleans()),
        correlations={frozenset(("BTC", "ETH")): draw(st.floats(min_value=-1, max_value=1))},
    )


@st.composite
def entries(draw: st.DrawFn) -> tuple[Intent, Trade]:
    """An entry of any engine in either market, long or short where it may be."""
    engine = draw(st.sampled_from(list(EngineName)))
    is_spot = draw(st.booleans())
    direction = LONG if is_spot else draw(st.sampled_from(Direction))
    instrument = replace(SPOT, lot=PERP.lot) if is_spot else PERP
    worst = draw(st.one_of(st.none(), prices))
    shape = {"instrument": instrument, "side": direction.entry, "worst_price": worst}
    leverage = D(1) if is_spot else D(draw(st.integers(1, 5)))
    trade = a_desk_trade(
        engine,
        instrument=instrument,
        direction=direction,
        leverage=leverage,
        is_cross=draw(st.booleans()),
    )
    return an_entry(engine, draw(sizes), **shape), trade


@settings(max_examples=200)
@given(entries(), views())
def test_what_goes_is_within_every_limit(entry: tuple[Intent, Trade], view: View) -> None:
    """Reckoned here anew, from what each limit says in words."""
    intent, trade = entry
    verdict = judge(intent, trade, view, LIMITS)
    event(verdict.reason or "allowed")
    if verdict.ruling is Ruling.DENY:
        assert verdict.quantity == 0
        return
    assert 0 < verdict.quantity <= intent.quantity
    assert (verdict.quantity == intent.quantity) is (verdict.ruling is Ruling.ALLOW)
    assert_within(intent, trade, view, verdict.quantity)


def assert_within(intent: Intent, trade: Trade, view: View, quantity: Decimal) -> None:
    engine, account = ENGINES[EngineName(intent.engine)], view.account
    portfolio, desk, market = view.portfolio, view.desk, view.market
    assert account is not None
    assert portfolio is not None
    assert desk is not None
    assert market is not None
    assert account.capital is not None
    assert account.high_water is not None
    assert account.day_start is not None
    assert account.exposure is not None
    assert portfolio.nav is not None
    assert portfolio.delta is not None
    assert desk.nav is not None
    assert desk.delta is not None
    assert desk.high_water is not None
    price = max(market.price, intent.worst_price or D(0))
    cost, sign, is_perp = quantity * price, intent.side.sign, intent.instrument == PERP
    assert intent.instrument.quantity(quantity) == quantity
    assert cost >= intent.instrument.min_notional
    assert cost <= min(engine.order * account.capital, LIMITS.order_usd)
    assert account.turnover + cost <= engine.day * account.capital
    added = max(cost - account.offset, D(0))
    assert added == 0 or account.exposure + added <= engine.exposure * account.capital
    assert sign * desk.delta + cost <= LIMITS.delta_share * desk.nav
    assert trade.leverage <= engine.leverage
    assert cost * ((1 / trade.leverage if is_perp else 1) + view.fee_rate) <= view.free + D("1e-9")
    if engine.is_capped:
        assert sign * portfolio.delta + cost <= LIMITS.asset_share * portfolio.nav
        assert is_perp or portfolio.cash - cost >= LIMITS.cash_share * portfolio.nav
    if is_perp:
        used = portfolio.used_margin + cost / trade.leverage
        assert used <= LIMITS.margin_share * portfolio.nav + D("1e-9")
        assert account.capital / (account.perps + cost) >= engine.liquidation + D("0.005") - D("1e-9")
        assert desk.nav / desk.high_water > D("0.8") - D("1e-9")
    if engine.is_stepped:
        assert account.capital / account.high_water > D("0.8") - D("1e-9")
        assert account.capital / account.day_start > D("0.97") - D("1e-9")
        if account.capital / account.high_water < D("0.85") - D("1e-9") and not view.is_sized:
            assert quantity <= intent.quantity / 2


@settings(max_examples=200)
@given(entries(), views())
def test_what_was_cut_goes_when_it_is_judged_again(entry: tuple[Intent, Trade], view: View) -> None:
    intent, trade = entry
    verdict = judge(intent, trade, view, LIMITS)
    if verdict.ruling is Ruling.SHRINK:
        smaller = replace(intent, quantity=verdict.quantity)
        again = judge(smaller, trade, replace(view, is_sized=True), LIMITS)
        assert again.ruling is Ruling.ALLOW


@settings(max_examples=200)
@given(entries(), views(), st.integers(1, 100))
def test_a_smaller_order_is_never_forbidden_where_a_larger_one_may_go(
    entry: tuple[Intent, Trade], view: View, lots: int
) -> None:
    intent, trade = entry
    verdict = judge(intent, trade, view, LIMITS)
    least = intent.instrument.quantity(intent.instrument.min_notional / 90) + lots * intent.instrument.lot
    if verdict.ruling is Ruling.ALLOW and least <= verdict.quantity:
        smaller = judge(replace(intent, quantity=least), trade, view, LIMITS)
        assert smaller.ruling is Ruling.ALLOW


@given(entries(), st.one_of(views(), st.just(View(now=NOW, market=None, free=D(0), fee_rate=D(0)))), sizes)
def test_what_reduces_is_never_denied_for_its_size(
    entry: tuple[Intent, Trade], view: View, size: Decimal
) -> None:
    intent, trade = entry
    out = replace(
        intent,
        side=trade.direction.exit,
        reduce_only=True,
        purpose=Purpose.CLOSE,
        quantity=size,
        expires_at=NOW,
    )
    latched = replace(view, latches=(EVEN_PEOPLE, TREND_ONLY))
    assert judge(out, trade, latched, LIMITS) == Verdict(ruling=Ruling.ALLOW, quantity=size)
