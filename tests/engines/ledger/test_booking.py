"""Builders of ledger entries: balanced, named after their cause, and refused when they are not sound."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.side import Side
from engines.ledger import booking
from engines.ledger.booking import Cause
from engines.ledger.entry import Entry, EntryKind, Posting, posted, sums
from tests.build.orders import NOW

D = Decimal
CAUSE = Cause(id="fill:t12-1:f1", owner=7, trade_id=12, quote="USDT", at=NOW)


def amounts(entry: Entry) -> dict[tuple[str, str], Decimal]:
    return {(posting.account, posting.asset): posting.amount for posting in entry.postings}


def test_an_opening_balance() -> None:
    entry = booking.opening(7, 0, "USDT", D(1000), NOW)
    assert (entry.id, entry.kind, entry.trade_id) == ("opening:7:0", EntryKind.OPENING, None)
    assert amounts(entry) == {("cash", "USDT"): D(1000), ("equity", "USDT"): D(-1000)}


@pytest.mark.parametrize(("side", "sign"), [(Side.BUY, 1), (Side.SELL, -1)])
def test_a_spot_fill_exchanges_coins_for_cash(side: Side, sign: int) -> None:
    entry = booking.spot_fill(CAUSE, side=side, base="BTC", price=D("100.5"), quantity=D("0.2"))
    assert (entry.id, entry.kind, entry.trade_id, entry.owner) == (CAUSE.id, EntryKind.SPOT_FILL, 12, 7)
    assert amounts(entry) == {
        ("cash", "USDT"): D("-20.1") * sign,
        ("market", "USDT"): D("20.1") * sign,
        ("spot", "BTC"): D("0.2") * sign,
        ("market", "BTC"): D("-0.2") * sign,
    }


def test_a_perp_entry_sets_margin_aside() -> None:
    entry = booking.perp_fill(CAUSE, margin=D(20), realised=D(0))
    assert amounts(entry) == {("cash", "USDT"): D(-20), ("margin:12", "USDT"): D(20)}


def test_a_perp_exit_releases_margin_and_books_profit() -> None:
    entry = booking.perp_fill(CAUSE, margin=D(-20), realised=D(-5))
    assert entry.kind is EntryKind.PERP_FILL
    assert amounts(entry) == {
        ("cash", "USDT"): D(15),
        ("margin:12", "USDT"): D(-20),
        ("profit", "USDT"): D(5),
    }


def test_a_liquidation_takes_the_margin_and_nothing_more() -> None:
    entry = booking.perp_fill(CAUSE, margin=D(-20), realised=D(-20), is_liquidation=True)
    assert entry.kind is EntryKind.LIQUIDATION
    assert amounts(entry) == {("margin:12", "USDT"): D(-20), ("profit", "USDT"): D(20)}
    with pytest.raises(ValueError, match="more than the margin of 20 released"):
        booking.perp_fill(CAUSE, margin=D(-20), realised=D("-20.00000001"), is_liquidation=True)


def test_fees_and_rebates() -> None:
    assert amounts(booking.fee(CAUSE, D("0.1"))) == {("cash", "USDT"): D("-0.1"), ("fees", "USDT"): D("0.1")}
    assert amounts(booking.fee(CAUSE, D("-0.1")))["cash", "USDT"] == D("0.1")


def test_funding_out_of_cash_and_margin() -> None:
    entry = booking.funding(CAUSE, cash=D(-2), margin=D(-1))
    assert entry.kind is EntryKind.FUNDING
    assert amounts(entry) == {
        ("cash", "USDT"): D(-2),
        ("margin:12", "USDT"): D(-1),
        ("funding", "USDT"): D(3),
    }


def test_a_reset_gives_back_all_that_is_the_persons_and_keeps_the_record() -> None:
    entries = [
        booking.opening(7, 0, "USDT", D(1000), NOW),
        booking.spot_fill(CAUSE, side=Side.BUY, base="BTC", price=D(100), quantity=D(1)),
        booking.perp_fill(CAUSE, margin=D(20), realised=D(0)),
        booking.fee(CAUSE, D("0.1")),
    ]
    balances = posted({}, entries)
    entry = booking.reset(7, 0, balances, NOW)
    assert (entry.id, entry.kind) == ("reset:7:0", EntryKind.RESET)
    assert posted(balances, [entry]) == {
        ("equity", "USDT"): D("-100.1"),
        ("equity", "BTC"): D(1),
        ("market", "USDT"): D(100),
        ("market", "BTC"): D(-1),
        ("fees", "USDT"): D("0.1"),
    }


def test_an_entry_out_of_balance_is_refused() -> None:
    sound = booking.spot_fill(CAUSE, side=Side.BUY, base="BTC", price=D(100), quantity=D(1))
    for spoilt in range(len(sound.postings)):
        kept = sound.postings[:spoilt] + sound.postings[spoilt + 1 :]
        with pytest.raises(ValueError, match="out of balance"):
            Entry(id="x", owner=7, kind=sound.kind, at=NOW, postings=kept)


def test_one_asset_cannot_balance_another() -> None:
    postings = (
        Posting(account="cash", asset="USDT", amount=D(-1)),
        Posting(account="spot", asset="BTC", amount=D(1)),
    )
    with pytest.raises(ValueError, match="-1 USDT"):
        Entry(id="x", owner=7, kind=EntryKind.SPOT_FILL, at=NOW, postings=postings)


def test_what_an_account_is_worth() -> None:
    balances = {
        ("cash", "USDT"): D(500),
        ("margin:12", "USDT"): D(20),
        ("margin:13", "USDT"): D(30),
        ("spot", "BTC"): D("0.5"),
        ("fees", "USDT"): D(9),
    }
    assert booking.free(balances, "USDT") == 500
    assert booking.free(balances, "EUR") == 0
    assert booking.margin(balances, "USDT") == 50
    assert booking.equity(balances, "USDT", coins={"BTC": D(100)}, unrealised=D(-7)) == 593
    assert booking.equity(balances, "USDT", coins={}, unrealised=D(0)) is None
    assert booking.equity({("spot", "BTC"): D(0)}, "USDT", coins={}, unrealised=D(0)) == 0


money = st.decimals(-(10**9), 10**9, places=8)
postings = st.builds(
    Posting, account=st.sampled_from(["cash", "fees", "margin:1"]), asset=st.sampled_from("AB"), amount=money
)


@given(st.lists(postings, min_size=1, max_size=6), money.filter(bool))
def test_only_balance_is_accepted(parts: list[Posting], extra: Decimal) -> None:
    rest = tuple(
        Posting(account="equity", asset=asset, amount=-total) for asset, total in sums(parts).items()
    )
    sound = Entry(id="x", owner=7, kind=EntryKind.RESET, at=NOW, postings=(*parts, *rest))
    assert set(sums(sound.postings).values()) == {D(0)}
    with pytest.raises(ValueError, match="out of balance"):
        Entry(
            id="x",
            owner=7,
            kind=EntryKind.RESET,
            at=NOW,
            postings=(*sound.postings, Posting(account="cash", asset="A", amount=extra)),
        )
