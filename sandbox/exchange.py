"""A venue's exchange in the world: driven by the market clock, kept in the state folder."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from engines.core.instrument import Instrument, MarketKind
from engines.core.moment import utc
from engines.core.move import Move
from engines.simulate.exchange.account import Account, Setup
from engines.simulate.exchange.exchange import Exchange
from engines.simulate.exchange.rules import Rules
from sandbox.accounts import OPENING, SAVINGS
from sandbox.exchange_keep import ExchangeKeep
from sandbox.market.source import FundingRates
from sandbox.quotes import MINUTE_MS, MarketQuotes
from sandbox.telegram.keep import Keep

_SECOND_MS = 1000
_FIRST_ID = 1_000_000_000_000

Key = tuple[MarketKind, str]


class Settled(Protocol):
    """Funding of a perpetual that was settled in `[start_ms, stop_ms)`."""

    def __call__(self, symbol: str, start_ms: int, stop_ms: int, /) -> FundingRates: ...


class VenueExchange:
    """One venue's accounts in a world.

    Whoever looks at it or acts on it asks `now()` first: it goes through everything that the market did since
    the last time, second by second where an order or a position may be touched, so that what happens does
    not depend on when it is looked at.
    """

    def __init__(
        self,
        name: str,
        rules: Rules,
        quotes: MarketQuotes,
        settled: Settled,
        now_ms: Callable[[], int],
        keep: Keep,
    ) -> None:
        self.name = name
        self.quotes = quotes
        self._ids = _FIRST_ID
        self.exchange = Exchange(rules, quotes, self.new_id)
        self._settled = settled
        self._now_ms = now_ms
        self._keep = ExchangeKeep(keep, name)
        self._at_ms = self._keep.at_ms() or now_ms()
        self._last: dict[Key, Decimal] = {}
        self._timers: list[asyncio.TimerHandle] = []

    def new_id(self) -> str:
        """The next id: a number, as most venues have."""
        self._ids += 1
        return str(self._ids)

    def open(
        self, setup: Setup, opening: Mapping[str, Decimal] = OPENING, savings: Mapping[str, Decimal] = SAVINGS
    ) -> Account:
        """An account, as it was kept, or new with `opening` in its trading wallet (half of it each, where
        spot and perpetuals have their own) and `savings` in its first other one."""
        account = self.exchange.open_account(setup)
        if self._keep.restore(account, self.exchange.journal):
            self._ids = max(self._ids, self._keep.last_id())
            self._keep.follow(self.exchange.journal)
        else:
            self._keep.follow(self.exchange.journal)
            self._endow(account, opening, savings)
        return account

    def now(self) -> datetime:
        """Market time, with everything done that was due until then."""
        now_ms = self._now_ms()
        if now_ms > self._at_ms:
            self._catch_up(now_ms)
            self.exchange.expire(utc(now_ms))
        return utc(now_ms)

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Do something so many real seconds later, unless the world has ended by then."""
        loop = asyncio.get_running_loop()
        self._timers = [timer for timer in self._timers if timer.when() > loop.time()]
        self._timers.append(loop.call_later(seconds, act))

    def close(self) -> None:
        """Nothing happens any more."""
        for timer in self._timers:
            timer.cancel()
        self.remember()

    def remember(self) -> None:
        """Write down how far the market was gone through."""
        self._keep.put_at(self._at_ms)

    def _endow(
        self, account: Account, opening: Mapping[str, Decimal], savings: Mapping[str, Decimal]
    ) -> None:
        setup, at = account.setup, utc(self._at_ms)
        trading = dict.fromkeys((setup.spot_wallet, setup.perp_wallet))
        for wallet in trading:
            for asset, amount in opening.items():
                if wallet == setup.spot_wallet or asset == self.exchange.rules.currency:
                    self.exchange.treasury.deposit(account, wallet, asset, amount / len(trading), at)
        for wallet in setup.other_wallets[:1]:
            for asset, amount in savings.items():
                self.exchange.treasury.deposit(account, wallet, asset, amount, at)

    # the market goes on

    def _catch_up(self, now_ms: int) -> None:
        """From settlement to settlement, until now."""
        while self._at_ms < now_ms:
            followed = self.exchange.followed()
            if not followed:
                self._at_ms = now_ms
                return
            due = self._due(followed, self._at_ms, now_ms)
            until_ms = min((at_ms for at_ms, _, _ in due), default=now_ms)
            self._pass(self._at_ms, until_ms)
            self._at_ms = until_ms
            for at_ms, instrument, rate in due:
                if at_ms == until_ms:
                    mark = self.quotes.last(instrument, utc(at_ms))
                    self.exchange.settle(instrument, rate, mark, utc(at_ms))

    def _due(
        self, followed: Mapping[Key, Instrument], start_ms: int, stop_ms: int
    ) -> list[tuple[int, Instrument, Decimal]]:
        """Settlements after `start_ms` and until `stop_ms`."""
        due = []
        for instrument in followed.values():
            if instrument.kind is MarketKind.PERP:
                rates = self._settled(instrument.symbol, start_ms + 1, stop_ms + 1)
                for at_ms, rate in zip(rates.time_ms.tolist(), rates.rate.tolist(), strict=True):
                    due.append((at_ms, instrument, Decimal(f"{rate:.8f}")))
        return due

    def _pass(self, start_ms: int, stop_ms: int) -> None:
        """Go through a stretch of time: at once where nothing can happen, else in ever smaller parts."""
        followed = self.exchange.followed()
        if not followed or start_ms >= stop_ms:
            return
        if stop_ms - start_ms <= MINUTE_MS:
            self._replay(followed, start_ms, stop_ms)
            return
        if self.exchange.is_quiet(self._ranges(followed, start_ms, stop_ms)):
            return
        half_ms = (start_ms + stop_ms) // 2
        middle_ms = max(half_ms - half_ms % MINUTE_MS, start_ms + MINUTE_MS)
        self._pass(start_ms, middle_ms)
        self._pass(middle_ms, stop_ms)

    def _ranges(
        self, followed: Mapping[Key, Instrument], start_ms: int, stop_ms: int
    ) -> dict[Key, tuple[Decimal, Decimal]]:
        keys = set(followed)
        for account in self.exchange.accounts:
            coins = [asset for asset, amount in account.assets(account.setup.perp_wallet) if amount]
            keys.update((MarketKind.SPOT, f"{coin}{self.exchange.rules.currency}") for coin in coins)
        known = [key for key in keys if self.quotes.book(key, stop_ms) is not None]
        return {key: self.quotes.span(key, start_ms, stop_ms) for key in known}

    def _replay(self, followed: Mapping[Key, Instrument], start_ms: int, stop_ms: int) -> None:
        """Trade by trade, one a second, all markets together in the order of their time."""
        trades = []
        for key in followed:
            book = self.quotes.book(key, start_ms)
            assert book is not None  # it has orders or positions
            dealt = book.trades(start_ms + 1, stop_ms + 1)
            if dealt:
                self._last[key] = Decimal(book.price_text(book.last(start_ms)))
            for trade in dealt:
                size = Decimal(book.volume_text(trade.size))
                trades.append((trade.at_ms, key, Decimal(book.price_text(trade.price)), size))
        for at_ms, key, price, size in sorted(trades):
            self.exchange.moved(self._move(key, at_ms, price, size))

    def _move(self, key: Key, at_ms: int, price: Decimal, size: Decimal) -> Move:
        opened = self._last[key]
        self._last[key] = price
        low, high = min(opened, price), max(opened, price)
        return Move(
            symbol=key[1],
            kind=key[0],
            since=utc(at_ms - _SECOND_MS),
            at=utc(at_ms),
            open=opened,
            high=high,
            low=low,
            close=price,
            mark=price,
            mark_low=low,
            mark_high=high,
            volume=size,
        )
