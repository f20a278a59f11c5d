"""Trades of a person: opened, added to, protected, closed; refused, and nothing changed then."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from engines.core.perp import Funding
from engines.core.side import Direction
from engines.ledger.entry import EntryKind
from engines.orders.order import Liquidity, OrderState
from engines.orders.trade import CloseReason, TradeState
from ports.errors import Refused, Transient
from tests.build.clock import NOON, HandClock
from tests.build.paper_desk import PERP, TOM, PaperDesk, a_paper_desk, a_wish
from tests.build.people import a_person

SHORT = Direction.SHORT


def told(desk: PaperDesk) -> list[str]:
    return [push.row.message.screen.html for push in desk.outbox.pushes]


async def test_a_long_is_opened_and_closed_at_the_market() -> None:
    desk = await a_paper_desk()
    trade = await desk.open("btc", "100", leverage="2")
    assert (trade.state, trade.quantity, trade.entry_price) == (TradeState.OPEN, Decimal(1), Decimal(100))
    assert trade.margin == Decimal(50)
    await desk.tick("110")
    closed = await desk.trades.close(desk.tom, trade.id, key=desk.key())
    assert (closed.state, closed.close_reason) == (TradeState.CLOSED, CloseReason.PERSON)
    assert closed.realised == Decimal(10)
    portfolio = await desk.trades.portfolio(desk.tom)
    assert portfolio.equity == 1000 + closed.net == portfolio.cash
    assert told(desk) == []


async def test_a_coin_without_a_perpetual_is_bought_on_spot() -> None:
    desk = await a_paper_desk()
    trade = await desk.open("sol", "100")
    assert (trade.instrument.kind, trade.margin, trade.fees) == ("spot", Decimal(0), Decimal("0.1"))
    await desk.tick("30", "SOLUSDT")
    assert (await desk.trades.portfolio(desk.tom)).equity == 1000 + Decimal(50) - Decimal("0.1")


async def test_a_stop_runs_by_itself_and_is_told() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(stop="95", targets=("105", "110"))
    await desk.tick("99")
    await desk.tick("94")
    closed = await desk.see(trade)
    assert (closed.close_reason, closed.exit_price) == (CloseReason.STOP, Decimal(95))
    assert told(desk) == ["stop #1"]


async def test_after_the_first_target_the_stop_is_at_the_entry() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(stop="95", targets=("105", "110"))
    await desk.tick("106")
    half = await desk.see(trade)
    assert (half.quantity, half.stop) == (Decimal("0.5"), Decimal(100))
    await desk.tick("99")
    closed = await desk.see(trade)
    assert (closed.state, closed.close_reason) == (TradeState.CLOSED, CloseReason.STOP)
    assert closed.exit_proceeds == Decimal("0.5") * 105 + Decimal("0.5") * 100
    assert told(desk) == ["target #1", "stop #1"]


async def test_all_targets_of_a_short_close_it() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(direction=SHORT, leverage="3", stop="104", targets=("98", "96", "94"))
    await desk.tick("93")
    closed = await desk.see(trade)
    assert closed.close_reason is CloseReason.TARGETS
    assert closed.exit_proceeds == Decimal("0.5") * 98 + Decimal("0.3") * 96 + Decimal("0.2") * 94
    assert told(desk) == ["target #1", "target #1", "targets_done #1"]


async def test_a_trailing_stop_follows_and_closes() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(trail="0.05")
    await desk.tick("120")
    await desk.tick("114")
    closed = await desk.see(trade)
    assert (closed.close_reason, closed.exit_price) == (CloseReason.TRAIL, Decimal(115))


async def test_the_mark_liquidates_and_no_more_than_the_margin_is_lost() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(notional="1000", leverage="5")
    before = desk.trades.orders.funds.cash(TOM)
    await desk.tick("100", mark="79")
    closed = await desk.see(trade)
    assert closed.close_reason is CloseReason.LIQUIDATED
    assert closed.realised - (closed.fees - trade.fees) == -trade.margin
    assert desk.trades.orders.funds.cash(TOM) == before
    assert told(desk) == ["liquidated #1"]


async def test_a_wick_between_two_tickers_is_found_in_the_candle() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(stop="95")
    await desk.tick("100", after_s=60)
    desk.minutes(("100", "101", "94", "100"), until=NOON + timedelta(minutes=2))
    await desk.tick("100", after_s=64)
    closed = await desk.see(trade)
    assert (closed.close_reason, closed.exit_price) == (CloseReason.STOP, Decimal(95))


async def test_a_candle_does_not_touch_a_stop_that_was_set_inside_it() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(stop="80")
    await desk.tick("100", after_s=90)
    await desk.trades.protect(desk.tom, trade.id, stop=Decimal(95), key=desk.key())
    desk.minutes(("100", "101", "94", "100"), until=NOON + timedelta(minutes=2))
    await desk.tick("100", after_s=40)
    assert (await desk.see(trade)).state is TradeState.OPEN


async def test_a_jump_of_the_clock_is_filled_with_candles_in_order() -> None:
    """The first target is met before the stop, which the day's range alone could not tell."""
    desk = await a_paper_desk()
    trade = await desk.open(stop="95", targets=("105", "110"))
    day = [("100", "106", "100", "104"), ("104", "104", "99", "99"), ("99", "99", "90", "92")]
    desk.minutes(*day, until=NOON + timedelta(minutes=3))
    await desk.tick("92", after_s=86_400)
    closed = await desk.see(trade)
    assert closed.exit_proceeds == Decimal("0.5") * 105 + Decimal("0.5") * 100
    fills = [fill.at for _, fill in await desk.books.fills(TOM)]
    assert fills[1:] == [NOON + timedelta(minutes=1), NOON + timedelta(minutes=2)]


async def test_when_time_runs_fast_tickers_wait_for_the_candles_between_them() -> None:
    desk = await a_paper_desk(clock=HandClock(speed=600))
    trade = await desk.open(stop="95", targets=("105", "110"))
    quiet = [("100", "100", "100", "100")] * 14
    rise = [("100", "106", "100", "106")] * 15
    desk.minutes(*quiet, ("100", "100", "94", "100"), *rise, until=NOON + timedelta(minutes=30))
    await desk.tick("106", after_s=1800)
    assert (await desk.see(trade)).quantity == trade.quantity
    await desk.tick("106", after_s=1200)
    closed = await desk.see(trade)
    assert (closed.close_reason, closed.exit_price) == (CloseReason.STOP, Decimal(95))
    assert closed.closed_at == NOON + timedelta(minutes=15)


async def test_without_candles_a_hole_is_not_crossed_until_patience_ends() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(stop="95")
    desk.clock.move(600)
    desk.set("90")
    desk.trades.tape.follow()
    await desk.perps.fresh("BTCUSDT")
    desk.source.failure = Transient("no candles")
    for _ in range(5):
        await desk.rounds()
        desk.clock.move(1)
    assert (await desk.see(trade)).state is TradeState.OPEN
    await desk.rounds()
    desk.source.failure = None
    desk.set("90")
    await desk.tick("90")
    assert (await desk.see(trade)).close_reason is CloseReason.STOP


async def test_a_limit_waits_holds_its_money_and_is_filled_as_maker() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(limit_price="98", stop="90")
    assert trade.state is TradeState.WAITING
    assert desk.trades.orders.funds.free(TOM) < 1000 == desk.trades.orders.funds.cash(TOM)
    assert desk.trades.live(TOM)[0].waiting_price == Decimal(98)
    await desk.tick("97")
    opened = await desk.see(trade)
    assert (opened.state, opened.entry_price) == (TradeState.OPEN, Decimal(98))
    assert [fill.liquidity for _, fill in await desk.books.fills(TOM)] == [Liquidity.MAKER]
    assert told(desk) == ["opened #1"]


async def test_a_fall_through_limit_and_stop_fills_and_stops() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(limit_price="98", stop="95")
    await desk.tick("100")
    await desk.tick("90")
    closed = await desk.see(trade)
    assert (closed.entry_price, closed.exit_price) == (Decimal(98), Decimal(95))


async def test_a_waiting_trade_is_cancelled_by_closing_it() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(limit_price="98")
    canceled = await desk.trades.close(desk.tom, trade.id, key=desk.key())
    assert (canceled.state, canceled.close_reason) == (TradeState.CANCELED, CloseReason.PERSON)
    assert desk.trades.orders.funds.free(TOM) == 1000
    assert [order.state for order in await desk.books.orders(trade.id)] == [OrderState.CANCELED]


async def test_the_same_key_acts_once() -> None:
    desk = await a_paper_desk()
    wish = a_wish()
    trades = [await desk.trades.open(desk.tom, wish, key="tap", chat_id=TOM, message_id=1) for _ in range(2)]
    assert trades[0] == trades[1]
    halves = [await desk.trades.close(desk.tom, 1, share=Decimal("0.5"), key="half") for _ in range(2)]
    assert halves[0] == halves[1]
    assert halves[0].quantity == Decimal("0.5")


async def test_more_of_the_same_is_one_position() -> None:
    desk = await a_paper_desk()
    await desk.open(stop="95", leverage="2")
    await desk.tick("110")
    more = await desk.open(notional="110", stop="99")
    assert (more.id, more.quantity, more.entry_price) == (1, Decimal(2), Decimal(105))
    assert (more.stop, more.leverage) == (Decimal(99), Decimal(2))
    with pytest.raises(Refused, match="opposite_held"):
        await desk.open(direction=SHORT)
    await desk.trades.close(desk.tom, 1, share=Decimal("0.5"), key="half")
    with pytest.raises(Refused, match="partly_closed_held"):
        await desk.open()


@pytest.mark.parametrize(
    ("code", "fields"),
    [
        ("unknown_symbol", {"symbol": "BCT"}),
        ("bad_amount", {"notional": "0"}),
        ("bad_amount", {"notional": "-5"}),
        ("bad_amount", {"notional": "NaN"}),
        ("bad_amount", {"notional": "1e99"}),
        ("too_small", {"notional": "1"}),
        ("too_much", {"notional": "1001"}),
        ("bad_leverage", {"leverage": "6"}),
        ("bad_leverage", {"leverage": "0.5"}),
        ("bad_leverage", {"leverage": "NaN"}),
        ("bad_price", {"limit_price": "NaN"}),
        ("bad_price", {"stop": "-1"}),
        ("bad_price", {"trail": "1"}),
        ("price_far", {"limit_price": "10"}),
        ("stop_wrong_side", {"stop": "101"}),
        ("stop_wrong_side", {"stop": "99", "direction": SHORT}),
        ("target_wrong_side", {"targets": ("99",)}),
        ("too_many_targets", {"targets": ("101", "102", "103", "104")}),
        ("bad_share", {"targets": ("101", "102"), "shares": ("1",)}),
        ("spot_no_short", {"symbol": "SOL", "direction": SHORT}),
        ("spot_no_leverage", {"symbol": "SOL", "leverage": "2"}),
    ],
)
async def test_bad_input_is_refused_and_changes_nothing(code: str, fields: dict[str, Any]) -> None:
    desk = await a_paper_desk()
    with pytest.raises(Refused) as refusal:
        await desk.open(**fields)
    assert refusal.value.code == code
    assert list(await desk.books.trades(TOM, limit=9)) == []
    assert desk.trades.orders.funds.free(TOM) in (0, 1000)


async def test_without_a_fresh_price_nothing_is_done() -> None:
    desk = await a_paper_desk()
    trade = await desk.open()
    desk.clock.move(60)
    for deed in (
        desk.open("eth"),
        desk.trades.close(desk.tom, trade.id, key=desk.key()),
        desk.trades.reset(desk.tom, key=desk.key()),
        desk.trades.protect(desk.tom, trade.id, stop=Decimal(95), key=desk.key()),
    ):
        with pytest.raises(Refused, match="no_fresh_price"):
            await deed
    standing = desk.trades.live(TOM)[0]
    assert (standing.mark, standing.total, standing.is_stale) == (None, None, True)
    assert (await desk.trades.portfolio(desk.tom)).equity is None
    assert (await desk.see(trade)).quantity == Decimal(1)


async def test_a_stop_that_finds_no_book_is_sent_again() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(stop="95")
    await desk.tick("100")
    desk.clock.move(1)
    desk.set("94")
    await desk.perps.fresh("BTCUSDT")
    desk.source.failure = Transient("down")
    await desk.rounds()
    assert (await desk.see(trade)).state is TradeState.OPEN
    desk.source.failure = None
    await desk.tick("99")
    closed = await desk.see(trade)
    assert (closed.close_reason, closed.exit_price) == (CloseReason.STOP, Decimal(95))
    states = [order.state for order in await desk.books.orders(trade.id)]
    assert states == [OrderState.FILLED, OrderState.ABSENT, OrderState.FILLED]


async def test_a_persons_own_price_counts_only_inside_the_day() -> None:
    desk = await a_paper_desk()
    trade = await desk.open()
    desk.minutes(("100", "108", "97", "100"), until=NOON)
    with pytest.raises(Refused) as refusal:
        await desk.trades.close(desk.tom, trade.id, price=Decimal(109), key=desk.key())
    assert (refusal.value.code, refusal.value.params) == (
        "price_outside_day",
        {"low": Decimal(97), "high": Decimal(108)},
    )
    closed = await desk.trades.close(desk.tom, trade.id, price=Decimal("107.5"), key=desk.key())
    assert (closed.is_manual, closed.close_reason, closed.exit_price) == (
        True,
        CloseReason.MANUAL,
        Decimal("107.5"),
    )


@pytest.mark.parametrize("share", ["0", "-1", "1.1", "NaN"])
async def test_a_bad_share_is_refused(share: str) -> None:
    desk = await a_paper_desk()
    trade = await desk.open()
    with pytest.raises(Refused, match="bad_share"):
        await desk.trades.close(desk.tom, trade.id, share=Decimal(share), key=desk.key())
    with pytest.raises(Refused, match="part_too_small"):
        await desk.trades.close(desk.tom, trade.id, share=Decimal("0.0001"), key=desk.key())


async def test_a_stop_is_moved_by_hand_and_to_the_entry() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(stop="95")
    with pytest.raises(Refused, match="stop_wrong_side"):
        await desk.trades.protect(desk.tom, trade.id, stop=None, key=desk.key())
    await desk.tick("110")
    at_entry = await desk.trades.protect(desk.tom, trade.id, stop=None, key=desk.key())
    assert at_entry.stop == Decimal(100)
    with pytest.raises(Refused, match="stop_wrong_side"):
        await desk.trades.protect(desk.tom, trade.id, stop=Decimal(111), key=desk.key())
    assert (await desk.see(trade)).risk == Decimal(5)


async def test_trades_are_found_by_number_and_by_name() -> None:
    desk = await a_paper_desk()
    with pytest.raises(Refused, match="no_open_trades"):
        await desk.trades.find(desk.tom, "btc")
    await desk.open("btc")
    assert (await desk.trades.find(desk.tom, "")).id == 1
    await desk.open("eth")
    for text, number in (("#2", 2), ("1", 1), ("eth", 2), ("BTC/USDT", 1)):
        assert (await desk.trades.find(desk.tom, text)).id == number
    with pytest.raises(Refused, match="which_trade"):
        await desk.trades.find(desk.tom, " ")
    for text in ("sol", "77", "nonsense", "9" * 40):
        with pytest.raises(Refused, match="no_such_trade"):
            await desk.trades.find(desk.tom, text)
    await desk.trades.close(desk.tom, 1, key=desk.key())
    with pytest.raises(Refused, match="already_closed"):
        await desk.trades.find(desk.tom, "#1")
    with pytest.raises(Refused, match="already_closed"):
        await desk.trades.close(desk.tom, 1, key=desk.key())


async def test_nobody_sees_or_closes_the_trade_of_another() -> None:
    desk = await a_paper_desk()
    trade = await desk.open()
    eve = a_person(12)
    for deed in (
        desk.trades.get(eve, trade.id),
        desk.trades.close(eve, trade.id, key="k"),
        desk.trades.protect(eve, trade.id, stop=Decimal(95), key="k"),
    ):
        with pytest.raises(Refused, match="no_such_trade"):
            await deed


async def test_funding_is_paid_by_what_was_held_at_the_settlement_and_once() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(notional="200")
    settled_at = NOON + timedelta(hours=4)
    desk.minutes(("100", "100", "100", "100"), until=settled_at)
    desk.source.settled = [Funding(symbol="BTCUSDT", rate=Decimal("0.001"), at=settled_at)]
    ticker = desk.source.perp_prices["BTCUSDT"]
    await desk.tick("100", after_s=4 * 3600 + 30)
    desk.source.perp_prices["BTCUSDT"] = replace(ticker, next_funding_at=settled_at + timedelta(hours=8))
    await desk.trades.close(desk.tom, trade.id, share=Decimal("0.5"), key=desk.key())
    for _ in range(3):
        await desk.trades.fundings.settle("BTCUSDT")
        desk.clock.move(6)
    assert (await desk.see(trade)).funding == Decimal("-0.2")
    entries = [entry.id for entry in await desk.books.entries(TOM) if entry.kind == "funding"]
    assert entries == [f"funding:1:{settled_at.isoformat()}"]


async def test_a_settlement_that_passes_while_we_ask_is_booked_though_the_trade_is_closed() -> None:
    desk = await a_paper_desk()
    settled_at = NOON + timedelta(hours=4)
    desk.minutes(("100", "100", "100", "100"), until=settled_at)
    trade = await desk.open(notional="200")
    await desk.tick("100")
    desk.source.delay_s = 0.2
    asking = asyncio.create_task(desk.trades.fundings.settle("BTCUSDT"))
    await asyncio.sleep(0)
    desk.source.delay_s = 0
    desk.clock.move(4 * 3600 + 30)
    desk.set("100")
    ticker = desk.source.perp_prices["BTCUSDT"]
    desk.source.perp_prices["BTCUSDT"] = replace(ticker, next_funding_at=settled_at + timedelta(hours=8))
    await desk.perps.fresh("BTCUSDT")
    await desk.trades.close(desk.tom, trade.id, key=desk.key())
    await asking
    desk.source.settled = [Funding(symbol="BTCUSDT", rate=Decimal("0.001"), at=settled_at)]
    desk.clock.move(6)
    await desk.trades.fundings.settle("BTCUSDT")
    assert (await desk.see(trade)).funding == Decimal("-0.2")


async def test_funding_waits_until_it_is_known_what_was_held_then() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(notional="200", stop="95")
    settled_at = NOON + timedelta(hours=4)
    desk.minutes(("100", "100", "94", "94"), until=settled_at - timedelta(hours=1))
    desk.source.settled = [Funding(symbol="BTCUSDT", rate=Decimal("0.001"), at=settled_at)]
    desk.clock.move(4 * 3600 + 30)
    desk.set("94")
    await desk.trades.fundings.settle("BTCUSDT")
    await desk.tick("94")
    desk.clock.move(6)
    await desk.trades.fundings.settle("BTCUSDT")
    closed = await desk.see(trade)
    assert (closed.close_reason, closed.closed_at) == (CloseReason.STOP, settled_at - timedelta(hours=1))
    assert closed.funding == 0


async def test_a_reset_ends_what_is_held_in_a_market_that_is_gone() -> None:
    desk = await a_paper_desk()
    trade = await desk.open("eth")
    desk.source.perps_listed = [one for one in desk.source.perps_listed if one.base != "ETH"]
    del desk.source.perp_prices["ETHUSDT"]
    desk.clock.move(3600)
    with pytest.raises(Refused, match="no_fresh_price"):
        await desk.trades.reset(desk.tom, key="listed as far as it knows")
    later = await a_paper_desk(books=desk.books, outbox=desk.outbox, clock=desk.clock, source=desk.source)
    assert (await later.trades.reset(later.tom, key="gone")).equity == 1000
    assert (await later.see(trade)).exit_price == trade.entry_price


async def test_a_reset_ends_everything_at_the_mark_and_begins_anew() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(notional="500")
    waiting = await desk.open("eth", limit_price="9")
    await desk.tick("120")
    await desk.trades.record_equity()
    desk.clock.move(1)
    for _ in range(2):
        portfolio = await desk.trades.reset(desk.tom, key="reset")
    assert (portfolio.equity, portfolio.cash, portfolio.free) == (Decimal(1000),) * 3
    assert (portfolio.closed, portfolio.start, len(portfolio.curve)) == (0, Decimal(0), 2)
    ended = await desk.see(trade)
    assert (ended.close_reason, ended.exit_price) == (CloseReason.RESET, Decimal(120))
    assert (await desk.see(waiting)).state is TradeState.CANCELED
    kinds = [entry.kind for entry in await desk.books.entries(TOM)]
    assert kinds[-2:] == [EntryKind.RESET, EntryKind.OPENING]
    assert kinds.count(EntryKind.OPENING) == 2


async def test_a_new_record_counts_nothing_of_the_old_while_the_clock_stands_still() -> None:
    desk = await a_paper_desk()
    for key in ("first", "second"):
        trade = await desk.open(notional="200")
        await desk.trades.close(desk.tom, trade.id, share=Decimal("0.5"), key=desk.key())
        if key == "first":
            await desk.trades.close(desk.tom, trade.id, key=desk.key())
        portfolio = await desk.trades.reset(desk.tom, key=key)
        assert (portfolio.closed, portfolio.fees) == (0, Decimal(0))
    trade = await desk.open(notional="200")
    await desk.trades.close(desk.tom, trade.id, key=desk.key())
    assert (await desk.trades.portfolio(desk.tom)).closed == 1


async def test_the_portfolio_counts_what_is_closed() -> None:
    desk = await a_paper_desk()
    for price in ("110", "90"):
        desk.set("100")
        trade = await desk.open(stop="80", notional="200")
        await desk.tick(price)
        await desk.trades.close(desk.tom, trade.id, key=desk.key())
        await desk.tick("100")
    portfolio = await desk.trades.portfolio(desk.tom)
    history = await desk.trades.history(desk.tom, limit=9)
    assert (portfolio.closed, portfolio.wins, portfolio.win_rate) == (2, 1, Decimal("0.5"))
    assert (portfolio.best, portfolio.worst) == (history[1].net, history[0].net)
    assert portfolio.start == sum(trade.net for trade in history) == portfolio.day
    assert portfolio.profit_factor is not None
    assert portfolio.profit_factor < 1


async def test_a_preview_says_what_it_would_mean_and_changes_nothing() -> None:
    desk = await a_paper_desk()
    preview = await desk.trades.preview(
        desk.tom, a_wish(notional="900", leverage="3", stop="90", targets=("110",))
    )
    assert (preview.quantity, preview.margin, preview.equity) == (Decimal(9), Decimal(300), Decimal(1000))
    assert preview.loss_at_stop == Decimal(90) + (900 + 810) * Decimal("0.00055")
    assert preview.liquidation_price is not None
    assert Decimal(66) < preview.liquidation_price < Decimal(68)
    assert [code for code, _ in preview.warnings] == ["big_risk"]
    assert list(await desk.books.trades(TOM, limit=1)) == []
    far = await desk.trades.preview(desk.tom, a_wish(leverage="5", stop="50"))
    assert "stop_beyond_liquidation" in [code for code, _ in far.warnings]
    bare = await desk.trades.preview(desk.tom, a_wish())
    assert ("no_stop", {}) in bare.warnings


async def test_a_market_order_is_filled_no_worse_than_expected_by_a_little() -> None:
    desk = await a_paper_desk()
    book = desk.source.books[PERP]
    thin = replace(book, asks=((Decimal(100), Decimal(1)), (Decimal(103), Decimal(9))))
    desk.source.books[PERP] = thin
    trade = await desk.open(notional="150")
    assert trade.entry_price is not None
    assert trade.entry_price <= Decimal("102.02")
