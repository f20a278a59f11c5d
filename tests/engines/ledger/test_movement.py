"""Money that moves without trading: balanced, named after its cause, and in the right account."""

from decimal import Decimal

from engines.ledger import booking, movement
from engines.ledger.entry import EntryKind, posted
from tests.build.orders import NOW

D = Decimal


def test_what_a_venue_has_already_is_taken_over_asset_by_asset() -> None:
    totals = {"USDT": D(500), "BTC": D("0.25"), "ETH": D(0), "POINT": D(12)}
    entry = movement.taken_over(-8, "bybit", totals, NOW, quote="USDT", points={"POINT"})
    assert (entry.id, entry.kind, entry.owner) == ("opening:-8:bybit", EntryKind.OPENING, -8)
    assert posted({}, [entry]) == {
        ("cash", "USDT"): D(500),
        ("spot", "BTC"): D("0.25"),
        ("points", "POINT"): D(12),
        ("equity", "USDT"): D(-500),
        ("equity", "BTC"): D("-0.25"),
        ("equity", "POINT"): D(-12),
    }


def test_nothing_at_the_venue_is_an_entry_that_moves_nothing() -> None:
    assert movement.taken_over(-8, "bybit", {}, NOW, quote="USDT").postings == ()


def test_deposits_and_withdrawals_are_capital() -> None:
    came = movement.deposit(-8, "bybit:d1", "USDT", D(100), NOW, quote="USDT")
    went = movement.withdrawal(-8, "bybit:w1", "BTC", D("0.1"), NOW, quote="USDT")
    assert (came.id, came.kind) == ("deposit:bybit:d1", EntryKind.DEPOSIT)
    assert (went.id, went.kind) == ("withdrawal:bybit:w1", EntryKind.WITHDRAWAL)
    assert posted({}, [came, went]) == {
        ("cash", "USDT"): D(100),
        ("equity", "USDT"): D(-100),
        ("spot", "BTC"): D("-0.1"),
        ("equity", "BTC"): D("0.1"),
    }


def test_a_transfer_leaves_one_sub_account_and_reaches_another() -> None:
    out, into = movement.transfer(-8, -2, "n1", "USDT", D(40), NOW, quote="USDT")
    assert [(one.id, one.owner, one.kind) for one in (out, into)] == [
        ("transfer:n1:out", -8, EntryKind.TRANSFER),
        ("transfer:n1:in", -2, EntryKind.TRANSFER),
    ]
    assert posted({}, [out]) == {("cash", "USDT"): D(-40), ("transfers", "USDT"): D(40)}
    assert posted({}, [out, into]) == {}, "over both, nothing came and nothing went"


def test_a_difference_that_is_adopted_stays_on_record() -> None:
    entry = movement.adjustment(-8, "bybit:BTC:1", "BTC", D("-0.001"), NOW, quote="USDT", trade_id=4)
    assert (entry.id, entry.kind, entry.trade_id) == ("adjustment:bybit:BTC:1", EntryKind.ADJUSTMENT, 4)
    assert posted({}, [entry]) == {("spot", "BTC"): D("-0.001"), ("difference", "BTC"): D("0.001")}


def test_a_venue_should_show_what_its_sub_accounts_have_together() -> None:
    cause = booking.Cause(id="fill:a:1", owner=-8, trade_id=4, quote="USDT", at=NOW)
    manual = [
        movement.taken_over(-8, "bybit", {"USDT": D(500), "GT": D(3)}, NOW, quote="USDT"),
        booking.perp_fill(cause, margin=D(20), realised=D(0)),
        booking.fee(cause, D(1), asset="GT", account=booking.POINTS),
    ]
    trend = [movement.taken_over(-2, "bybit", {"USDT": D(100), "BTC": D("0.5")}, NOW, quote="USDT")]
    moved = movement.transfer(-8, -2, "n1", "USDT", D(40), NOW, quote="USDT")
    of_owners = [posted({}, [*manual, moved[0]]), posted({}, [*trend, moved[1]])]
    assert movement.venue_totals(of_owners) == {"USDT": D(600), "GT": D(2), "BTC": D("0.5")}
    assert movement.venue_totals([{("cash", "USDT"): D(1)}, {("cash", "USDT"): D(-1)}]) == {}


def test_points_are_the_owners_but_worth_nothing() -> None:
    opening = movement.taken_over(-8, "bybit", {"POINT": D(9)}, NOW, quote="USDT", points={"POINT"})
    balances = posted({}, [opening])
    assert booking.is_own("points")
    assert booking.equity(balances, "USDT", coins={}, unrealised=D(0)) == 0
