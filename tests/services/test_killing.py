"""The kill ladder: latched first, then acted, then verified by the venues, whatever else is broken."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest

from engines.risk.latch import Cause, KillLevel
from ports.errors import Refused, Transient, Uncertain
from ports.people import Role
from services.stopping.report import KillPreview, KillWish
from tests.build.clock import NOON
from tests.build.kill_road import KillDesk, a_leg, a_position, a_venue_order
from tests.build.orders import PERP, SPOT
from tests.build.people import a_person

CHAT, ANN = -100, 11
ADMIN = a_person(ANN, role=Role.ADMIN)
L1, L2, L3, L4 = KillLevel


def a_wish(level: KillLevel = L3, **fields: bool) -> KillWish:
    return KillWish(level=level, by=ANN, at=NOON, **fields)


@pytest.fixture
async def desk() -> KillDesk:
    desk = KillDesk()
    await desk.stops.latches.load()
    return desk


def sent(desk: KillDesk, account: str) -> Sequence[str]:
    return [what for where, what in desk.road.sent if where == account]


async def previewed(desk: KillDesk, wish: KillWish) -> tuple[KillPreview, str]:
    return await desk.killing.preview(wish, chat_id=CHAT)


async def test_the_first_level_stops_entries_and_sends_nothing(desk: KillDesk) -> None:
    latch = await desk.killing.latch(a_wish(L1))

    assert (latch.cause, latch.level, latch.by) == (Cause.KILL, L1, ANN)
    assert desk.stops.latches.all() == [latch]
    assert desk.road.sent == []


async def test_a_preview_latches_first_and_sends_nothing_else(desk: KillDesk) -> None:
    seen, _ = await previewed(desk, a_wish(L3))

    assert [latch.level for latch in desk.stops.latches.all()] == [L1]
    assert desk.road.sent == []
    assert [(one.account, one.orders, one.perps, one.spots) for one in seen.accounts] == [
        ("bybit", 1, 1, 1),
        ("gate", 1, 1, 0),
        ("paper", 0, 0, 0),
    ]
    assert seen.sold == {"BTC": Decimal("0.12")}
    assert seen.plan.kept == {"BTC": Decimal("0.41")}
    assert (seen.slippage, seen.slippage_share) == (Decimal(21), Decimal("0.0003"))


async def test_a_preview_says_what_it_does_not_know(desk: KillDesk) -> None:
    desk.venues["gate"].trouble = Transient("down")
    desk.road.trouble["gate"] = Transient("down")

    seen, _ = await previewed(desk, a_wish(L4))

    by_name = {one.account: one for one in seen.accounts}
    assert (by_name["gate"].orders, by_name["gate"].known) == (None, 1)
    assert (seen.slippage, seen.slippage_share) == (None, None)


async def test_cancels_alone_leave_positions(desk: KillDesk) -> None:
    await desk.killing.start(a_wish(L2))
    report = await desk.finished()

    assert report.is_done
    assert report.canceled_at is not None
    assert sent(desk, "bybit") == sent(desk, "gate") == ["cancel"]
    assert set(desk.road.held) == {1, 2, 3}


async def test_perps_are_closed_with_the_coins_they_hedge(desk: KillDesk) -> None:
    _, token = await previewed(desk, a_wish(L3))
    await desk.killing.confirm(token, by=ANN, chat_id=CHAT)
    report = await desk.finished()

    assert report.is_done
    assert sorted(sent(desk, "bybit")) == ["cancel", "close 1 0.12", "close 2 0.12"]
    assert sent(desk, "gate") == ["cancel", "close 3 2"]
    assert {trade: leg.quantity for trade, leg in desk.road.held.items()} == {2: Decimal("0.41")}
    assert [latch.level for latch in desk.stops.latches.all()] == [L3]


async def test_flat_leaves_nothing(desk: KillDesk) -> None:
    await desk.killing.start(a_wish(L4))
    report = await desk.finished()

    assert report.is_done
    assert desk.road.held == {}
    assert report.verified_at == desk.stops.clock.wire_now()


async def test_it_is_latched_before_anything_is_sent(desk: KillDesk) -> None:
    await desk.killing.start(a_wish(L4))

    assert desk.stops.file.latches[0].level is L4
    assert desk.road.sent == []


async def test_a_token_confirms_once_in_its_chat_and_in_time(desk: KillDesk) -> None:
    _, token = await previewed(desk, a_wish(L2))
    with pytest.raises(Refused, match="offer_gone"):
        await desk.killing.confirm(token, by=ANN, chat_id=ANN)

    await desk.killing.confirm(token, by=ANN, chat_id=CHAT)
    with pytest.raises(Refused, match="offer_gone"):
        await desk.killing.confirm(token, by=ANN, chat_id=CHAT)

    _, late = await previewed(desk, a_wish(L3))
    desk.stops.clock.move(120)
    with pytest.raises(Refused, match="offer_gone"):
        await desk.killing.confirm(late, by=ANN, chat_id=CHAT)


async def test_a_kill_is_never_made_smaller(desk: KillDesk) -> None:
    await desk.killing.latch(a_wish(L3, has_paper=True))
    latch = await desk.killing.latch(a_wish(L1))

    assert latch.level is L3
    assert latch.scope.has_paper


async def test_it_goes_on_until_partial_fills_are_whole(desk: KillDesk) -> None:
    desk.road.fills = Decimal("0.5")
    await desk.killing.start(a_wish(L4))
    report = await desk.finished()

    assert report.is_done
    assert desk.road.held == {}
    assert report.accounts["gate"].tries > 3
    assert max(desk.road.tries) > 1


async def test_one_venue_down_holds_back_no_other(desk: KillDesk) -> None:
    desk.road.trouble["gate"] = Transient("down")
    desk.venues["gate"].trouble = Transient("down")
    await desk.killing.start(a_wish(L3))
    running = asyncio.create_task(desk.killing.run())
    while desk.venues["gate"].looks < 20:
        await asyncio.sleep(0)

    report = desk.killing.report
    assert report is not None
    assert report.accounts["bybit"].is_done
    gate = report.accounts["gate"]
    assert (gate.is_done, gate.problem, gate.orders) == (False, "unreachable", None)
    assert not report.is_done

    desk.road.trouble.clear()
    desk.venues["gate"].trouble = None
    while not desk.killing.report.is_done:  # type: ignore[union-attr]  # a kill was started
        await asyncio.sleep(0)
    running.cancel()
    assert 3 not in desk.road.held


@pytest.mark.parametrize("error", [Uncertain("time-out"), Transient("locked", kind="database")])
async def test_a_request_of_unclear_outcome_is_followed_by_a_look(desk: KillDesk, error: Exception) -> None:
    desk.road.trouble["bybit"] = error
    await desk.killing.start(a_wish(L2))
    desk.venues["bybit"].orders.clear()  # it took effect all the same
    report = await desk.finished()

    assert report.is_done


async def test_orders_that_nobody_is_certain_of_keep_it_from_being_done(desk: KillDesk) -> None:
    desk.road.doubts["bybit"] = 1
    await desk.killing.start(a_wish(L2))
    running = asyncio.create_task(desk.killing.run())
    while desk.venues["bybit"].looks < 10:
        await asyncio.sleep(0)
    assert desk.killing.report is not None
    assert not desk.killing.report.is_done

    desk.road.doubts.clear()
    while not desk.killing.report.is_done:
        await asyncio.sleep(0)
    running.cancel()


async def test_stops_that_come_back_for_positions_that_stay_are_no_open_orders(desk: KillDesk) -> None:
    stop = a_venue_order(9, SPOT, trigger_price=Decimal(70_000))
    desk.road.comes_back = [stop]
    await desk.killing.start(a_wish(L2))
    report = await desk.finished()

    assert report.is_done
    assert (report.accounts["bybit"].orders, report.accounts["bybit"].protective) == (0, 1)


async def test_a_position_that_is_not_ours_stays_and_is_told(desk: KillDesk) -> None:
    stranger = a_position(a_leg(99, replace(PERP, symbol="SOLUSDT", base="SOL"), "12"))
    desk.venues["bybit"].held.append(stranger)
    desk.road.held.pop(1)  # what the fake shows of ours changes with a close only
    desk.venues["bybit"].held.pop(0)
    await desk.killing.start(a_wish(L3))
    report = await desk.finished()

    assert report.is_done
    assert list(report.foreign) == [stranger]


async def test_a_fill_that_comes_late_is_closed_too(desk: KillDesk) -> None:
    await desk.killing.start(a_wish(L3))
    late = a_leg(50, PERP, "0.3", account="gate")
    desk.road.held[50] = late
    desk.venues["gate"].held.append(a_position(late))
    report = await desk.finished()

    assert report.is_done
    assert "close 50 0.3" in sent(desk, "gate")


async def test_people_keep_their_paper_unless_the_kill_says_paper() -> None:
    theirs = a_leg(7, PERP, "1", owner=12, account="paper")
    for has_paper in (False, True):
        desk = KillDesk(legs=[theirs])
        await desk.stops.latches.load()
        await desk.killing.start(a_wish(L4, has_paper=has_paper))
        await desk.finished()
        assert (7 in desk.road.held) is not has_paper


async def test_clearing_the_latch_ends_the_pursuit(desk: KillDesk) -> None:
    desk.road.trouble["gate"] = desk.venues["gate"].trouble = Transient("down")
    await desk.killing.start(a_wish(L2))
    await desk.stops.latches.clear("kill", ADMIN)
    report = await desk.finished()

    assert report.given_up == "cleared"
    assert desk.road.sent == []


async def test_a_worse_kill_takes_over(desk: KillDesk) -> None:
    desk.venues["gate"].trouble = Transient("down")
    await desk.killing.start(a_wish(L2))
    await desk.killing.start(a_wish(L4))
    desk.venues["gate"].trouble = None
    report = await desk.finished()

    assert (report.wish.level, report.is_done) == (L4, True)
    assert desk.road.held == {}


@pytest.mark.parametrize(
    "later", [a_wish(L2), a_wish(L4, is_kill=False)], ids=["a smaller kill", "close all"]
)
async def test_a_kill_at_work_is_a_part_of_what_comes_later(desk: KillDesk, later: KillWish) -> None:
    desk.road.held[9] = a_leg(9, owner=7, account="paper")
    desk.venues["gate"].trouble = Transient("down")
    await desk.killing.start(a_wish(L4, has_paper=True))
    await desk.killing.start(later)
    desk.venues["gate"].trouble = None
    report = await desk.finished()

    assert (report.wish.level, report.wish.has_paper, report.is_done) == (L4, True, True)
    assert desk.road.held == {}


async def test_the_same_kill_again_sells_the_coins_of_a_short_that_is_closed_by_then(desk: KillDesk) -> None:
    await desk.killing.start(a_wish(L3))
    del desk.road.held[1]
    desk.venues["bybit"].held.clear()
    await desk.killing.start(a_wish(L3))
    await desk.finished()

    assert {trade: leg.quantity for trade, leg in desk.road.held.items()} == {2: Decimal("0.41")}


async def test_closing_everything_while_a_kill_cancels_ends_with_the_latch(desk: KillDesk) -> None:
    desk.venues["gate"].trouble = Transient("down")
    await desk.killing.start(a_wish(L2))
    await desk.killing.start(a_wish(L4, is_kill=False))
    await desk.stops.latches.clear("kill", ADMIN)
    report = await desk.finished()

    assert report.given_up == "cleared"


async def test_after_a_restart_an_account_that_is_not_connected_yet_is_waited_for(desk: KillDesk) -> None:
    await desk.killing.latch(a_wish(L4))
    bybit, again = desk.venues.pop("bybit"), desk.restarted()
    await again.load()
    running = asyncio.create_task(again.run())
    while len(desk.pauses) < 3:
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert again.report is not None
    waiting = again.report.accounts["bybit"]
    assert (waiting.problem, waiting.orders, again.report.is_done) == ("not_open", None, False)
    assert "bybit" not in {account for account, _ in desk.road.sent}

    again = desk.restarted()
    await again.load()
    desk.venues["bybit"] = bybit
    report = await desk.finished(again)

    assert report.is_done
    assert desk.road.held == {}


async def test_a_preview_shows_accounts_that_are_not_connected(desk: KillDesk) -> None:
    del desk.venues["bybit"]
    seen, _ = await previewed(desk, a_wish(L4))

    assert [(one.account, one.orders, one.perps) for one in seen.accounts] == [
        ("gate", 1, 1),
        ("bybit", None, 1),
        ("paper", 0, 0),
    ]


async def test_closing_everything_pulls_no_latch(desk: KillDesk) -> None:
    _, token = await previewed(desk, a_wish(L4, is_kill=False))
    await desk.killing.confirm(token, by=ANN, chat_id=CHAT)
    report = await desk.finished()

    assert report.is_done
    assert desk.road.held == {}
    assert desk.stops.latches.all() == []


async def test_the_database_locked_keeps_no_cancel_from_being_sent(desk: KillDesk) -> None:
    desk.stops.lock()
    _, token = await previewed(desk, a_wish(L2))
    await desk.killing.confirm(token, by=ANN, chat_id=CHAT)
    report = await desk.finished()

    assert report.is_done
    assert desk.stops.file.latches[0].level is L2


async def test_a_mistake_of_our_own_halts_and_alarms(desk: KillDesk) -> None:
    desk.road.trouble["gate"] = ZeroDivisionError("oops")
    await desk.killing.start(a_wish(L3))
    report = await desk.finished()
    await desk.stops.latches.tend()

    assert report.given_up == "broken"
    latch = desk.stops.latches.get("kill-broken")
    assert latch is not None
    assert latch.cause is Cause.INVARIANT
    assert "oops" in latch.detail
    assert [news.latch.id for news in desk.stops.told] == ["kill", "kill-broken"]


async def test_after_a_restart_half_a_kill_is_finished(desk: KillDesk) -> None:
    desk.road.trouble["bybit"] = desk.venues["bybit"].trouble = Transient("down")
    await desk.killing.start(a_wish(L3))
    running = asyncio.create_task(desk.killing.run())
    while desk.venues["bybit"].looks < 6:
        await asyncio.sleep(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    del desk.road.held[1]  # the short went while we were away; its coins are still there
    desk.venues["bybit"].held.clear()
    desk.road.trouble.clear()
    desk.venues["bybit"].trouble = None

    again = desk.restarted()
    await again.load()
    report = await desk.finished(again)

    assert report.is_done
    assert {trade: leg.quantity for trade, leg in desk.road.held.items()} == {2: Decimal("0.41")}


async def test_a_kill_that_was_verified_is_not_done_again(desk: KillDesk) -> None:
    await desk.killing.start(a_wish(L3))
    await desk.finished()
    desk.road.sent.clear()

    again = desk.restarted()
    await again.load()

    assert again.report is None
    assert desk.road.sent == []


async def test_a_kill_whose_plan_was_never_written_is_planned_anew(desk: KillDesk) -> None:
    await desk.killing.latch(a_wish(L4))

    again = desk.restarted()
    await again.load()
    await desk.finished(again)

    assert desk.road.held == {}


async def test_the_first_level_has_nothing_to_go_on_with(desk: KillDesk) -> None:
    await desk.killing.latch(a_wish(L1))

    again = desk.restarted()
    await again.load()

    assert again.report is None


async def test_pauses_between_tries_grow(desk: KillDesk) -> None:
    desk.venues["gate"].trouble = Transient("down")
    await desk.killing.start(a_wish(L2))
    running = asyncio.create_task(desk.killing.run())
    while desk.venues["gate"].looks < 16:
        await asyncio.sleep(0)
    running.cancel()

    assert desk.pauses[:6] == [0.5, 1.0, 2.0, 5.0, 10.0, 10.0]
