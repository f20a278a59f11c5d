"""The Gate twin's accounts outlive the process."""

from decimal import Decimal
from pathlib import Path

from engines.core.instrument import MarketKind
from engines.core.side import Side
from engines.orders.order import OrderKind
from engines.simulate.exchange.account import Account
from engines.simulate.exchange.order import Wish
from sandbox.clock import SandboxClock
from sandbox.exchange import VenueExchange
from sandbox.faults import Faults
from sandbox.gate.exchange import gate_exchange
from sandbox.gate.markets import contract_grid
from sandbox.market.market import Market
from sandbox.market.synthetic import OPENING_MS
from sandbox.telegram.keep import SqliteKeep
from tests.build.origins import made_up_market
from tests.build.recordings import HOUR
from tests.build.venues import StillWire


def opened(path: Path, hours: int) -> tuple[VenueExchange, SqliteKeep, Market]:
    """Gate's exchange, so many hours after the market opened."""
    wire = StillWire()
    clock = SandboxClock(start_ms=OPENING_MS + hours * HOUR, wall=wire, monotonic=wire)
    market, keep = Market(made_up_market(), now_ms=clock.now_ms), SqliteKeep(path)
    return gate_exchange(market, clock, Faults(), keep), keep, market


def books(account: Account) -> dict[str, object]:
    """What an account says of itself."""
    return {
        "balances": account.balances,
        "positions": account.positions,
        "orders": account.orders,
        "live": account.live,
        "executions": account.executions,
        "locked": account.locked,
        "mode": account.is_hedged,
        "leverages": account.leverages,
    }


def test_both_accounts_go_on_where_they_stood(tmp_path: Path) -> None:
    venue, keep, market = opened(tmp_path / "sandbox.sqlite3", 1)
    book = market.third_perps(OPENING_MS + HOUR)["BTCUSDT"]
    instrument, at = contract_grid(book), venue.now()
    unified, classic = (venue.exchange.account(name) for name in ("main", "classic"))
    taken = Wish(instrument=instrument, side=Side.BUY, kind=OrderKind.MARKET, quantity=Decimal("0.1"))
    rests = Wish(
        instrument=instrument,
        side=Side.BUY,
        kind=OrderKind.LIMIT,
        quantity=Decimal("0.1"),
        limit_price=Decimal(50_000),
        client_id="t-rests",
    )
    for account in (unified, classic):
        venue.exchange.place(account, taken, at)
        venue.exchange.place(account, rests, at)
    venue.exchange.set_leverage(classic, instrument, Decimal(7), at)
    before = [books(account) for account in (unified, classic)]
    venue.close()
    keep.close()

    again, keep, _ = opened(tmp_path / "sandbox.sqlite3", 1)
    accounts = [again.exchange.account(name) for name in ("main", "classic")]
    assert [books(account) for account in accounts] == before
    given = {order.id for account in accounts for order in account.orders.values()}
    assert again.new_id() not in given | {done.id for account in accounts for done in account.executions}
    keep.close()


def test_what_happened_while_it_was_closed_is_made_up_for(tmp_path: Path) -> None:
    venue, keep, market = opened(tmp_path / "sandbox.sqlite3", 1)
    instrument = contract_grid(market.third_perps(OPENING_MS + HOUR)["BTCUSDT"])
    wish = Wish(instrument=instrument, side=Side.BUY, kind=OrderKind.MARKET, quantity=Decimal("0.1"))
    venue.exchange.place(venue.exchange.account("main"), wish, venue.now())
    venue.close()
    keep.close()

    again, keep, _ = opened(tmp_path / "sandbox.sqlite3", 10)
    again.now()
    [opening, funding] = again.exchange.account("main").executions
    assert (opening.instrument.kind, funding.dealing) == (MarketKind.PERP, "funding")
    assert funding.at.hour == 8
    keep.close()
