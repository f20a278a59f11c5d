"""What the screens of trades are drawn from, for tests of their words and widths."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction
from engines.orders.trade import CloseReason, Target, Trade, TradeState
from services.trading.wish import Portfolio, Preview, Standing, TradeEvent, Wish
from tests.build.clock import NOON
from tests.build.trades import a_trade


def an_open_trade(trade_id: int = 12, price: Decimal = Decimal(80_000), **fields: Any) -> Trade:
    """A short of one coin at `price` with a stop and three targets, one of them reached."""
    shares = ((Decimal("0.97"), "0.5", NOON), (Decimal("0.95"), "0.3", None), (Decimal("0.9"), "0.2", None))
    usual: dict[str, Any] = {
        "state": TradeState.OPEN,
        "direction": Direction.SHORT,
        "leverage": Decimal(3),
        "quantity": Decimal(1),
        "entered": Decimal(2),
        "entry_cost": 2 * price,
        "exited": Decimal(1),
        "exit_proceeds": price * Decimal("0.97"),
        "margin": price / 3,
        "realised": price * Decimal("0.03"),
        "fees": Decimal("1.25"),
        "funding": Decimal("-0.5"),
        "risk": price / 20,
        "stop": price,
        "targets": tuple(
            Target(price=price * factor, share=Decimal(share), hit_at=hit_at)
            for factor, share, hit_at in shares
        ),
        "opened_at": NOON,
    }
    return a_trade(trade_id, **usual | fields)


def a_standing(trade: Trade, mark: Decimal | None = None, **fields: Any) -> Standing:
    """The trade at `mark`, its entry where none is given."""
    price = mark or trade.entry_price or Decimal(1)
    usual: dict[str, Any] = {
        "mark": price,
        "age_s": 1.0,
        "is_stale": False,
        "unrealised": trade.unrealised(price),
        "total": trade.net + trade.unrealised(price),
        "r": Decimal("1.1"),
        "liquidation_price": price * Decimal("1.3"),
        "waiting_price": price,
    }
    return Standing(trade=trade, **usual | fields)


def a_stale_standing(trade: Trade) -> Standing:
    """The trade while no price is known."""
    return a_standing(trade, mark=None, age_s=400.0, is_stale=True, unrealised=None, total=None, r=None)


def a_closed_trade(trade: Trade) -> Trade:
    """The same, ended by the person."""
    return replace(
        trade,
        state=TradeState.CLOSED,
        quantity=Decimal(0),
        exited=trade.entered,
        exit_proceeds=trade.entry_cost * Decimal("0.98"),
        close_reason=CloseReason.PERSON,
        is_manual=True,
        closed_at=NOON + timedelta(hours=2),
    )


def a_preview(instrument: Instrument, price: Decimal, *, notional: Decimal = Decimal(100)) -> Preview:
    """A long at `price` with a stop five percent away and three targets."""
    factors = (Decimal("1.05"), Decimal("1.1"), Decimal("1.15"))
    wish = Wish(
        symbol=instrument.symbol,
        direction=Direction.LONG,
        notional=notional,
        stop=price * Decimal("0.95"),
        targets=tuple(price * factor for factor in factors),
        leverage=Decimal(3) if instrument.kind is MarketKind.PERP else Decimal(1),
    )
    return Preview(
        wish=wish,
        instrument=instrument,
        price=price,
        quantity=notional / price,
        notional=notional,
        margin=notional / 3,
        fee=notional / 1000,
        slippage=Decimal("0.02"),
        stop=wish.stop,
        targets=tuple(Target(price=one, share=Decimal("0.5")) for one in wish.targets),
        trail_distance=price / 50,
        loss_at_stop=notional / 20,
        risk_share=Decimal("0.005"),
        worst_loss=notional,
        gains=tuple(notional * (factor - 1) for factor in factors),
        liquidation_price=price * Decimal("0.7"),
        equity=Decimal(1000),
        free=Decimal(900),
        at=NOON,
        warnings=(("no_stop", {}), ("adds_to", {"trade_id": 12}), ("something_new", {})),
    )


def a_portfolio(*standings: Standing, closed: int = 0, **fields: Any) -> Portfolio:
    """An account that began with 1000 and has won a little."""
    usual: dict[str, Any] = {
        "equity": Decimal("1018.42"),
        "is_stale": False,
        "cash": Decimal(900),
        "free": Decimal(900),
        "margin": Decimal(100),
        "unrealised": Decimal("18.42"),
        "opening": Decimal(1000),
        "day": Decimal("-3.1"),
        "start": Decimal("18.42"),
        "standings": standings,
        "curve": ((NOON, Decimal(1000)), (NOON + timedelta(hours=1), Decimal("1018.42"))),
        "closed": closed,
        "wins": closed // 2,
        "realised": Decimal(0),
        "fees": Decimal("3.2"),
        "funding": Decimal("-0.3"),
        "win_rate": Decimal("0.5") if closed else None,
        "profit_factor": Decimal("1.4") if closed else None,
        "average_r": Decimal("0.3") if closed else None,
        "best": Decimal(30) if closed else None,
        "worst": Decimal(-20) if closed else None,
    }
    return Portfolio(**usual | fields)


def trade_values(instrument: Instrument, *, is_bad: bool) -> dict[str, Any]:
    """Values for every screen about trades at once; `is_bad`: nothing is known, nothing is there."""
    price = Decimal(80_000)
    trade = an_open_trade(instrument=instrument)
    if is_bad:
        trade = replace(trade, stop=None, targets=(), funding=Decimal(0), risk=None)
    standing = a_stale_standing(trade) if is_bad else a_standing(trade)
    account = a_portfolio(equity=None, unrealised=None) if is_bad else a_portfolio(standing, closed=12)
    return {
        "trade": trade,
        "position": standing,
        "event": TradeEvent(code="something_new" if is_bad else "target", trade=trade, at=NOON),
        "is_spot": is_bad,
        "is_perp": not is_bad,
        "may_trade": not is_bad,
        "move": None if is_bad else Decimal("-0.018"),
        "total": standing.total,
        "r": standing.r,
        "own_money": None if is_bad else price,
        "to_stop": None if is_bad else Decimal("0.01"),
        "is_stop_at_entry": not is_bad,
        "preview": a_preview(instrument, price),
        "wish": a_preview(instrument, price).wish,
        "note": "old" if is_bad else "",
        "rewards": [None if is_bad else Decimal(number) for number in (1, 2, 3)],
        "free": Decimal(900),
        "is_bare": is_bad,
        "share": Decimal("0.5"),
        "price": price,
        "gain": None if is_bad else Decimal(5),
        "live": () if is_bad else (standing,),
        "closed": [] if is_bad else [(a_closed_trade(trade), Decimal("0.4"))],
        "page": int(is_bad),
        "is_empty": is_bad,
        "account": account,
        "shown": account.standings,
        "hidden": 0 if is_bad else 3,
        "few": 30,
        "change": None if is_bad else Decimal("0.018"),
        "is_today": not is_bad,
        "opened": int(not is_bad),
        "finished": int(not is_bad),
        "wins": 1,
        "result": Decimal("3.20"),
        "held": int(not is_bad),
        "unrealised": None if is_bad else Decimal("12.30"),
        "open_risk": Decimal(20),
        **dict.fromkeys(("least", "stop", "target", "low", "high", "last"), Decimal(80_000)),
        "trade_id": 12,
    }
