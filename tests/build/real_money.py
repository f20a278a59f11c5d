"""A whole desk whose own hand trades money at the twin of Bybit, which is not real but behaves so."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import pytest

from bot.app import App
from engines.core.instrument import Instrument, MarketKind
from engines.core.side import Direction
from engines.ledger import booking
from engines.orders.naming import intent_name
from engines.orders.order import Fill, Intent, Order, OrderKind, Purpose
from engines.orders.subaccount import EngineName, SubAccount
from engines.orders.trade import Trade
from engines.simulate.exchange.account import Account
from engines.simulate.exchange.order import Dealing
from ports.tickets import Ticket
from sandbox.accounts import MAIN, TRADING
from sandbox.telegram.chats import ADMIN_CHAT_ID
from tests.build.desk import running_desk
from tests.build.sandbox import ANNA, Message, Sandbox, until

BYBIT = "bybit"
HAND = SubAccount(engine=EngineName.MANUAL, account=BYBIT)


def give_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put those of the twin where the desk looks for them."""
    monkeypatch.setenv("BYBIT_API_KEY", TRADING.key)
    monkeypatch.setenv("BYBIT_API_SECRET", TRADING.secret)


@asynccontextmanager
async def a_live_desk(sandbox: Sandbox, *, ticket_s: float = 300, **settings: Any) -> AsyncIterator[App]:
    """A desk whose hand may trade at Bybit."""
    async with running_desk(sandbox, desk__live_cooling_s=1, desk__ticket_s=ticket_s, **settings) as desk:
        policies = desk.services.policies
        if not policies.is_live(HAND.engine):
            await sandbox.say(ANNA, "/live manual on", chat=ADMIN_CHAT_ID)
            await sandbox.say(ANNA, "/live LIVE MANUAL", chat=ADMIN_CHAT_ID)
        await until(lambda: _ready(desk), "the hand to trade real money", within_s=30)
        yield desk


async def _ready(desk: App) -> bool:
    policies = desk.services.policies
    is_open = policies.accounts.is_open(BYBIT) and not desk.services.latches.all()
    has_money = bool(desk.services.trades.register.balances(HAND.owner))
    return is_open and has_money and policies.is_live(HAND.engine)


async def asked_in(desk: App, sandbox: Sandbox, text: str) -> Message:
    """The card of a ticket, once the desk has written down where it is."""
    said = await sandbox.say(ANNA, text, chat=ADMIN_CHAT_ID)
    card = await sandbox.next_from_bot(ADMIN_CHAT_ID, after=said["id"], having="APPROVE? · LIVE")
    store, ticket = desk.services.tickets.roll.store, await the_ticket(desk)
    await until(lambda: store.cards(ticket.id), "the card in the database")
    return card


async def approved(desk: App, sandbox: Sandbox, text: str, having: str) -> Message:
    """Ask for an order and approve it; its card once it says so."""
    card = await asked_in(desk, sandbox, text)
    await sandbox.tap(ANNA, card, "Approve")
    return await sandbox.edited(card, having)


async def the_ticket(desk: App, number: int = 0) -> Ticket:
    """The newest ticket, or one of those before it."""
    return desk.services.tickets.latest(5)[number].ticket


def the_account(sandbox: Sandbox) -> Account:
    """The desk's account, as the venue has it by now."""
    venue = sandbox.world.venues[BYBIT]
    venue.now()
    return venue.exchange.account(MAIN)


def last_price(sandbox: Sandbox) -> Decimal:
    """Of the perpetual that is bought here."""
    venue, at = sandbox.world.venues[BYBIT], sandbox.world.clock.now_ms()
    instrument = venue.quotes.instrument((MarketKind.PERP, "BTCUSDT"), at)
    assert instrument is not None
    return venue.quotes.last(instrument, venue.now())


async def a_resting_order(desk: App, sandbox: Sandbox, cause: str, *, quantity: str = "0.001") -> Order:
    """Let an engine place an order that rests below the market; the order."""
    price = last_price(sandbox) * Decimal("0.95")
    return await an_order(desk, cause, quantity=quantity, price=price)


async def an_order(
    desk: App,
    cause: str,
    *,
    quantity: str,
    price: Decimal | None = None,
    is_exit: bool = False,
) -> Order:
    """Let an engine buy or, with `is_exit`, sell: at a price, or at the market; the order as it is then."""
    road, instrument = desk.services.trades.orders, await _perpetual(desk)
    trade = await road.trade_for(HAND, instrument, Direction.LONG)
    intent = Intent(
        id=intent_name(HAND.engine, cause),
        owner=trade.owner,
        account=BYBIT,
        engine=HAND.engine,
        trade_id=trade.id,
        instrument=instrument,
        side=Direction.LONG.exit if is_exit else Direction.LONG.entry,
        quantity=Decimal(quantity),
        kind=OrderKind.MARKET if price is None else OrderKind.LIMIT,
        limit_price=None if price is None else instrument.price(price),
        purpose=Purpose.CLOSE if is_exit else Purpose.ENTRY,
        reduce_only=is_exit,
        created_at=trade.created_at,
    )
    await road.place(trade, [intent])
    order = await road.register.books.order(f"{intent.id}-1")
    assert order is not None
    return order


async def _perpetual(desk: App) -> Instrument:
    listed = await desk.services.trades.orders.books[BYBIT].instruments()
    return next(one for one in listed if (one.kind, one.symbol) == (MarketKind.PERP, "BTCUSDT"))


async def the_trade(desk: App) -> Trade:
    """What the hand holds."""
    [held] = desk.services.trades.register.live(HAND.owner)
    return held.trade


async def fills_of(desk: App) -> list[tuple[Order, Fill]]:
    """What is booked of the hand's orders."""
    return list(await desk.services.trades.register.books.fills(HAND.owner))


async def assert_agrees(desk: App, sandbox: Sandbox) -> None:
    """Executions, positions and every asset are in the books as the venue has them, to the last digit."""
    account, books = the_account(sandbox), desk.services.trades.register.books
    ours = sorted((order.id, one.price, one.quantity, one.fee) for order, one in await fills_of(desk))
    dealt = (one for one in account.executions if one.dealing is not Dealing.FUNDING)
    assert ours == sorted((one.client_id, one.price, one.quantity, one.fee) for one in dealt)
    live = [held.trade for held in desk.services.trades.register.live(HAND.owner)]
    held = {(one.instrument.symbol, one.direction): one.quantity for one in live if one.quantity}
    assert held == {(one.instrument.symbol, one.direction): abs(one.size) for one in account.held()}
    owned: dict[str, Decimal] = {}
    for entry in await books.entries(HAND.owner):
        for posting in entry.postings:
            if booking.is_own(posting.account):
                owned[posting.asset] = owned.get(posting.asset, Decimal(0)) + posting.amount
    assert _some(owned) == _some(dict(account.assets(account.setup.perp_wallet)))


def _some(amounts: Mapping[str, Decimal]) -> dict[str, Decimal]:
    return {asset: amount for asset, amount in amounts.items() if amount}
