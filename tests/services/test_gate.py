"""The gate over what the desk has in memory."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engines.orders.order import ExecutionStyle, OrderKind, OrderState, Terms
from engines.orders.subaccount import PAPER, EngineName, SubAccount
from engines.orders.trade import TradeState
from engines.risk.latch import Cause, Latch, Scope
from engines.risk.verdict import Ruling
from services.gate import Gate
from tests.build.clock import NOON
from tests.build.gates import ETH, SOL, a_gate_room
from tests.build.orders import an_intent
from tests.build.paper_desk import a_paper_desk, a_wish
from tests.build.stores import MemoryFacts

D = Decimal
MANUAL, TREND, CORE = EngineName.MANUAL, EngineName.TREND, EngineName.CORE


async def test_a_first_entry_of_an_engine_goes_and_is_filled() -> None:
    room = await a_gate_room()
    trade = await room.enter(MANUAL, 5)
    assert trade.state is TradeState.OPEN
    assert trade.quantity == D(5)


async def test_what_is_held_counts_against_the_next_entry() -> None:
    """1000 of capital at three times: 30 BTC of exposure at 100, of which one order may be 10."""
    room = await a_gate_room()
    for _ in range(3):
        trade = await room.enter(MANUAL, "6", leverage=5)
    verdict = room.gate.judge(room.entry(trade, 6), trade)
    assert verdict.ruling is Ruling.DENY
    assert verdict.reason == "total_delta"
    assert verdict.decisive is not None
    assert verdict.decisive.limit == D(1)


async def test_orders_under_way_count_as_filled_and_those_of_the_intent_itself_do_not() -> None:
    room = await a_gate_room()
    trade = await room.trade(MANUAL, leverage=5)
    resting = room.entry(trade, "9.9", kind=OrderKind.LIMIT, limit_price=D(99), worst_price=None)
    trade = await room.orders.place(trade, [resting])
    held = room.orders.register.get(trade.id)
    assert held is not None
    assert [order.state for order in held.orders] == [OrderState.OPEN]
    assert room.gate.judge(resting, trade).ruling is Ruling.ALLOW
    other = room.gate.judge(room.entry(trade, "9.9"), trade)
    assert other.reason == "total_delta"


async def test_an_entry_between_judgement_and_journal_is_seen() -> None:
    room = await a_gate_room()
    trade = await room.trade(MANUAL, leverage=5)
    first, second = room.entry(trade, "9.5"), room.entry(trade, "9.5")
    assert room.gate.judge(first, trade).ruling is Ruling.ALLOW
    order = replace(room.orders.placing.created(first, Terms.of(first)), state=OrderState.SENT)
    room.orders.register.reserve(trade, [order])
    assert room.gate.judge(second, trade).reason == "total_delta"
    room.orders.register.release(trade.id, [order])
    assert room.gate.judge(second, trade).ruling is Ruling.ALLOW


async def test_a_price_that_nobody_tells_any_more_denies() -> None:
    room = await a_gate_room()
    trade = await room.trade(MANUAL)
    room.desk.clock.move(31)
    verdict = room.gate.judge(room.entry(trade, 1), trade)
    assert verdict.reason == "stale"
    assert verdict.decisive is not None
    assert (verdict.decisive.detail, verdict.decisive.value) == ("price", D("31.0"))


async def test_a_position_without_a_price_denies_everything_of_its_engine() -> None:
    """BTC is told of, ETH is not: nobody knows what the account is worth."""
    room = await a_gate_room()
    await room.enter(MANUAL, 5, ETH)
    room.desk.clock.move(31)
    room.desk.set("100")
    await room.desk.perps.fresh("BTCUSDT")
    trade = await room.trade(MANUAL)
    verdict = room.gate.judge(room.entry(trade, 1), trade)
    assert verdict.reason == "stale"
    assert verdict.decisive is not None
    assert verdict.decisive.detail == "capital"


async def test_before_it_is_loaded_no_engine_enters() -> None:
    desk = await a_paper_desk()
    room = await a_gate_room(desk)
    unloaded = Gate.over(
        desk.trades.register,
        desk.trades.orders.funds,
        desk.trades.prices,
        MemoryFacts(),
        desk.clock,
        limits=room.gate.limits,
        stopping=lambda intent: None,
    )
    trade = await room.trade(MANUAL)
    verdict = unloaded.judge(room.entry(trade, 1), trade)
    assert (verdict.ruling, verdict.reason) == (Ruling.DENY, "stale")


async def test_an_account_that_is_not_open_has_no_capital() -> None:
    room = await a_gate_room()
    owner = SubAccount(engine=MANUAL, account=PAPER).owner
    trade = replace(await room.trade(TREND), owner=owner)
    verdict = room.gate.judge(room.entry(trade, 1), trade)
    assert verdict.decisive is not None
    assert (verdict.reason, verdict.decisive.detail) == ("stale", "capital")


async def test_a_latch_stops_and_is_named() -> None:
    room = await a_gate_room()
    trade = await room.trade(TREND)
    room.latched.append(
        Latch(id="pause:trend", scope=Scope(engine="trend"), cause=Cause.PAUSE, pulled_at=NOON)
    )
    verdict = room.gate.judge(room.entry(trade, 1), trade)
    assert verdict.decisive is not None
    assert (verdict.reason, verdict.decisive.detail) == ("latch", "pause:trend")


async def test_what_was_halved_is_not_halved_again() -> None:
    """The road judges what the draft has judged before, and once more when it is approved."""
    room = await a_gate_room()
    await room.enter(TREND, "1", ETH)
    trade = await room.trade(TREND)
    intent = room.entry(trade, 2)
    verdict = room.gate.judge(intent, trade)
    assert (verdict.reason, verdict.quantity) == ("correlation", D(1))
    smaller = replace(intent, quantity=verdict.quantity)
    assert room.gate.judge(smaller, trade).ruling is Ruling.ALLOW
    assert room.gate.judge(intent, trade).quantity == D(1)


async def test_today_s_entries_count_until_midnight() -> None:
    room = await a_gate_room()
    trade = await room.enter(MANUAL, 8, leverage=5)
    assert room.viewing.turnover.of(trade.owner) == D(800)
    again = await a_gate_room(room.desk)
    assert again.viewing.turnover.of(trade.owner) == D(800)
    room.desk.clock.move(12 * 3600)
    assert room.viewing.turnover.of(trade.owner) == 0
    assert again.viewing.turnover.of(trade.owner) == 0


async def test_losses_are_measured_from_the_high_water_mark_across_a_restart() -> None:
    facts = MemoryFacts()
    room = await a_gate_room(facts=facts)
    trade = await room.enter(TREND, "4.3", leverage=2)
    await room.prices(btc="200")
    room.viewing.marks.observe("trend:paper", [trade.owner], room.viewing.worth().equity(trade.owner))
    await room.viewing.marks.save()
    again = await a_gate_room(room.desk, facts=facts)
    await again.prices(btc="100")
    view = again.viewing.view(again.entry(trade, "0.1"), trade, is_sized=False)
    assert view.account is not None
    assert view.account.high_water is not None
    assert view.account.capital is not None
    assert view.account.high_water - view.account.capital == D(430)
    assert again.gate.judge(again.entry(trade, "0.1"), trade).reason == "drawdown"


async def test_predictions_are_exposure_too() -> None:
    room = await a_gate_room()
    trade = await room.trade(MANUAL)
    room.predicted["BTC"] = D(8)
    verdict = room.gate.judge(room.entry(trade, 5), trade)
    assert verdict.ruling is Ruling.SHRINK
    assert verdict.reason == "total_delta"
    assert verdict.quantity == D("1.990")


async def test_coins_of_the_portfolio_are_capped_at_their_share() -> None:
    room = await a_gate_room()
    trade = await room.enter(CORE, 50, SOL)
    assert trade.quantity == D("22.388")
    held = room.orders.register.get(trade.id)
    assert held is not None
    assert held.orders[0].intent.quantity == trade.quantity


async def test_an_effect_says_what_would_change() -> None:
    room = await a_gate_room()
    trade = await room.enter(MANUAL, 5, leverage=5)
    effect = room.gate.effect(room.entry(trade, 2), trade, D("100.2"))
    assert effect.notional == D("200.4")
    assert effect.slippage == D("0.4")
    assert effect.fee == D("200.4") * D("0.00055")
    assert (effect.delta_before, effect.delta_after) == (D(5), D(7))
    assert effect.delta_limit == D("9.977")
    assert effect.nav_share is not None
    assert effect.nav_share.quantize(D("0.001")) == D("0.200")
    assert effect.leverage_before is not None
    assert effect.leverage_after is not None
    assert effect.leverage_before.quantize(D("0.001")) == D("0.500")
    assert effect.leverage_after.quantize(D("0.001")) == D("0.701")
    assert effect.leverage_limit == D(3)


async def test_an_effect_of_a_way_out_lowers_everything() -> None:
    room = await a_gate_room()
    trade = await room.enter(MANUAL, 5, leverage=5)
    out = room.entry(trade, 2, reduce_only=True, side=trade.direction.exit, style=ExecutionStyle.POST_ONLY)
    effect = room.gate.effect(out, trade, D("99.9"))
    assert (effect.delta_before, effect.delta_after) == (D(5), D(3))
    assert effect.leverage_before is not None
    assert effect.leverage_after is not None
    assert effect.leverage_after < effect.leverage_before
    assert effect.slippage == D("0.2")
    assert effect.fee == D("199.8") * D("0.0002")


async def test_people_have_no_effect_on_the_desk() -> None:
    room = await a_gate_room()
    trade = await room.desk.open()
    with pytest.raises(ValueError, match="of no engine"):
        room.gate.effect(an_intent(owner=trade.owner), trade, D(100))


async def test_people_trade_as_before_behind_the_gate() -> None:
    """Their money decides, whatever the desk's engines may not."""
    room = await a_gate_room()
    room.latched.append(Latch(id="kill", scope=Scope(), cause=Cause.KILL, pulled_at=NOON))
    room.desk.trades.orders.placing.gate = room.gate
    trade = await room.desk.open(notional="900")
    assert trade.quantity == D(9)
    preview = await room.desk.trades.preview(room.desk.tom, a_wish(notional="90"))
    assert preview.quantity == D("0.9")
