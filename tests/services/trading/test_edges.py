"""Where money could be lost, doubled or made up: seldom ways through the road of orders."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from engines.core.depth import Depth
from engines.core.instrument import MarketKind
from engines.core.perp import Funding
from engines.core.side import Direction
from engines.ledger.entry import Balances
from engines.orders.order import OrderState
from engines.orders.trade import CloseReason, TradeState
from ports.books import Change, Conflict
from ports.errors import Refused, Transient
from services.market.perps import Perps
from tests.build.books import MemoryBooks
from tests.build.clock import NOON
from tests.build.paper_desk import PERP, TOM, PaperDesk, a_paper_desk, a_wish

SHORT = Direction.SHORT
SETTLED_AT = NOON + timedelta(hours=4)


def thin(desk: PaperDesk, bid: str, size: str) -> None:
    """Only so much is bought, and only at that price."""
    book = desk.source.books[PERP]
    desk.source.books[PERP] = replace(book, bids=((Decimal(bid), Decimal(size)),))


async def settle(desk: PaperDesk, rate: str) -> None:
    """Four hours pass, and funding is settled at that rate."""
    desk.minutes(("100", "100", "100", "100"), until=SETTLED_AT)
    desk.source.settled = [Funding(symbol="BTCUSDT", rate=Decimal(rate), at=SETTLED_AT)]
    await desk.tick("100", after_s=4 * 3600 + 30)
    await desk.trades.fundings.settle("BTCUSDT")


async def test_funding_leaves_alone_what_a_waiting_order_is_to_be_paid_with() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(notional="900")
    await desk.open("eth", "98", limit_price="9.8")
    await settle(desk, "0.01")
    assert (await desk.see(trade)).funding == Decimal(-9)
    await desk.tick("9.7", "ETHUSDT")
    assert len(desk.trades.live(TOM)) == 2
    assert desk.trades.orders.funds.cash(TOM) >= 0


async def test_a_mark_that_is_too_old_delays_funding_and_ends_nothing() -> None:
    desk = await a_paper_desk()
    trade = await desk.open()
    desk.source.settled = [Funding(symbol="BTCUSDT", rate=Decimal("0.001"), at=SETTLED_AT)]
    desk.clock.move(4 * 3600 + 30)
    await desk.trades.fundings.settle("BTCUSDT")
    assert (await desk.see(trade)).funding == 0
    await desk.tick("100", after_s=6)
    await desk.trades.fundings.settle("BTCUSDT")
    assert (await desk.see(trade)).funding == Decimal("-0.1")


async def test_funding_of_a_trade_before_the_reset_does_not_touch_the_new_account() -> None:
    desk = await a_paper_desk()
    await desk.open()
    await desk.tick("100")
    await desk.trades.fundings.settle("BTCUSDT")
    desk.clock.move(4 * 3600 + 5)
    desk.set("100")
    await desk.trades.reset(desk.tom, key="reset")
    await settle(desk, "0.001")
    assert desk.trades.orders.funds.cash(TOM) == 1000


class ForgetfulBooks(MemoryBooks):
    """Stores a change, and then the answer is lost."""

    is_forgetful = False

    async def commit(self, change: Change) -> None:
        await super().commit(change)
        if self.is_forgetful:
            self.is_forgetful = False
            raise Transient("the connection broke", kind="database")


async def test_a_change_whose_answer_was_lost_does_not_bar_the_trade_for_ever() -> None:
    books = ForgetfulBooks()
    desk = await a_paper_desk(books=books)
    books.outbox = desk.outbox
    trade = await desk.open(stop="95")
    await desk.tick("100")
    books.is_forgetful = True
    with pytest.raises(Transient):
        await desk.tick("94")
    with pytest.raises(Conflict):
        await desk.trades.close(desk.tom, trade.id, key="close")
    await desk.recover()
    closed = await desk.see(trade)
    assert (closed.state, closed.exited) == (TradeState.CLOSED, Decimal(1))
    assert dict(await books.balances(TOM)) == dict(_known(desk))


def _known(desk: PaperDesk) -> Balances:
    return desk.trades.register.balances(TOM)


async def test_the_rest_of_a_stop_in_a_thin_book_is_sold_where_the_market_is_then() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(stop="95")
    await desk.tick("100")
    desk.clock.move(1)
    desk.set("94")
    thin(desk, "94", "0.4")
    await desk.perps.fresh("BTCUSDT")
    await desk.rounds()
    assert (await desk.see(trade)).quantity == Decimal("0.6")
    await desk.tick("80", after_s=5)
    closed = await desk.see(trade)
    assert (closed.state, closed.close_reason) == (TradeState.CLOSED, CloseReason.STOP)
    assert closed.exit_proceeds == Decimal("0.4") * 95 + Decimal("0.6") * 80


async def test_an_exit_that_no_book_takes_is_not_sent_again_with_every_ticker() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(stop="95")
    await desk.tick("100")
    desk.source.books[PERP] = Depth(symbol="BTCUSDT", bids=(), asks=(), at=NOON)
    for _ in range(40):
        desk.clock.move(0.1)
        ticker = desk.source.perp_prices["BTCUSDT"]
        desk.source.perp_prices["BTCUSDT"] = replace(
            ticker, last=Decimal(94), mark=Decimal(94), at=desk.clock.now()
        )
        await desk.perps.fresh("BTCUSDT")
        await desk.rounds()
    assert 3 <= len(await desk.books.orders(trade.id)) <= 6


@pytest.mark.parametrize(
    ("direction", "limit", "stop"), [(Direction.LONG, "110", "105"), (SHORT, "90", "95")]
)
async def test_a_limit_beyond_the_market_is_checked_where_it_would_be_filled(
    direction: Direction, limit: str, stop: str
) -> None:
    desk = await a_paper_desk()
    with pytest.raises(Refused, match="stop_wrong_side"):
        await desk.open(direction=direction, limit_price=limit, stop=stop)
    assert desk.trades.live(TOM) == []


async def test_a_limit_beyond_the_market_is_filled_at_the_market_and_costs_what_was_asked() -> None:
    desk = await a_paper_desk()
    long = await desk.open(limit_price="110", notional="110")
    short = await desk.open("eth", limit_price="9", notional="90", direction=SHORT)
    assert (long.quantity, long.entry_price) == (Decimal(1), Decimal(100))
    assert (short.quantity, short.entry_price) == (Decimal(9), Decimal(10))
    states = [(await desk.books.orders(trade.id))[0].state for trade in (long, short)]
    assert states == [OrderState.FILLED, OrderState.FILLED]


async def test_more_of_a_trade_is_refused_when_its_new_levels_would_fire_at_once() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(stop="80")
    with pytest.raises(Refused, match="target_wrong_side"):
        await desk.open(limit_price="90", targets=("95",))
    assert await desk.see(trade) == trade


async def test_more_of_a_trade_that_finds_no_price_changes_nothing_of_it() -> None:
    desk = await a_paper_desk()
    await desk.open(stop="80", targets=("120",))
    desk.source.books[PERP] = replace(desk.source.books[PERP], asks=((Decimal(100), Decimal("0.3")),))
    trade = await desk.open(notional="30")
    with pytest.raises(Refused, match="no_fresh_price"):
        await desk.open(stop="95", targets=("105",))
    after = await desk.see(trade)
    assert (after.stop, after.targets, after.wanted) == (trade.stop, trade.targets, trade.wanted)


async def test_the_key_that_added_to_a_trade_opens_nothing_once_it_is_closed() -> None:
    desk = await a_paper_desk()
    await desk.open()
    wish = a_wish()
    more = await desk.trades.open(desk.tom, wish, key="tap", chat_id=TOM, message_id=1)
    await desk.trades.close(desk.tom, more.id, key="close")
    again = await desk.trades.open(desk.tom, wish, key="tap", chat_id=TOM, message_id=1)
    assert (again.id, again.state) == (more.id, TradeState.CLOSED)
    assert desk.trades.live(TOM) == []


async def test_what_waits_to_be_added_is_taken_back_when_the_trade_begins_to_end() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(stop="95", targets=("105", "110"))
    await desk.open(limit_price="98")
    await desk.tick("106")
    assert [order.state for order in await desk.books.orders(trade.id)] == [
        OrderState.FILLED,
        OrderState.CANCELED,
        OrderState.FILLED,
    ]
    assert (await desk.see(trade)).quantity == Decimal("0.5")


async def test_more_of_a_coin_is_bought_though_its_perpetual_exists_by_now() -> None:
    desk = await a_paper_desk()
    perps = desk.source.perps_listed
    desk.source.perps_listed = []
    trade = await desk.open()
    assert trade.instrument.kind is MarketKind.SPOT
    desk.source.perps_listed = perps
    desk.perps = desk.trades.opening.perps = Perps(desk.source, desk.clock)
    desk.source.asked.clear()
    more = await desk.open(notional="50.05")
    assert (more.id, more.instrument) == (trade.id, trade.instrument)
    depths = {asked for asked in desk.source.asked if asked.startswith("depth")}
    assert depths == {"depth spot BTCUSDT 50"}


async def test_a_target_too_small_for_a_lot_of_its_own_leaves_the_next_its_number() -> None:
    desk = await a_paper_desk()
    coarse = replace(desk.source.perps_listed[0], lot=Decimal(1))
    desk.source.perps_listed = [coarse]
    trade = await desk.open(stop="95", targets=("105", "110"))
    await desk.tick("111")
    orders = await desk.books.orders(trade.id)
    assert [order.intent.reason for order in orders] == ["", "2"]
