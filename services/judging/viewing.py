"""The picture that a judgement is made from, drawn from memory."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from engines.core.instrument import Instrument, MarketKind
from engines.orders.order import Intent
from engines.orders.subaccount import EngineName, is_person
from engines.orders.trade import Trade
from engines.risk.latch import Latch
from engines.risk.look import Look, account_name, desk_name, owners_of
from engines.risk.view import Market, View
from ports.clock import Clock
from services.judging.correlations import Correlations
from services.judging.holdings import Holdings
from services.judging.marks import Marks
from services.judging.turnover import Turnover
from services.judging.worth import Worth
from services.trading.funds import Funds
from services.trading.prices import Prices
from services.trading.register import Register


@dataclass(slots=True, repr=False)
class Viewing:
    """Draws views. `stopping` says which latch stops an intent, `predictions` the deltas of prediction
    positions by asset in base coin."""

    register: Register
    prices: Prices
    holdings: Holdings
    marks: Marks
    turnover: Turnover
    correlations: Correlations
    funds: Funds
    clock: Clock
    stopping: Callable[[Intent], Latch | None]
    predictions: Callable[[], Mapping[str, Decimal]]

    async def load(self) -> None:
        """Read what memory does not have; once, after the register. Raises `Transient`."""
        owners = [owner for is_paper in (True, False) for owner in owners_of(EngineName, is_paper=is_paper)]
        for owner in owners:
            if await self.register.books.balances(owner):
                await self.register.account(owner)
        names = [account_name(owner) for owner in owners]
        await self.marks.load([*names, *(desk_name(is_paper=is_paper) for is_paper in (True, False))])
        await self.turnover.load(owners)
        self.holdings.listen()

    def worth(self) -> Worth:
        """What everything is worth at this moment."""
        return Worth(self.register, self.prices, self.holdings)

    def look(self, intent: Intent) -> Look:
        """What an intent of an engine is held against, at this moment."""
        return Look(intent, self.worth(), self.marks, self.turnover, self.funds.fee_rate, self.predictions())

    def market(self, instrument: Instrument) -> Market | None:
        """The market of an instrument, however old its price."""
        price = self.prices.of(instrument)
        if price is None:
            return None
        bid, ask = self._best(instrument)
        return Market(price=price.value, age_s=price.age_s, bid=bid, ask=ask)

    def view(self, intent: Intent, trade: Trade, *, is_sized: bool) -> View:
        """Everything that a judgement of the intent needs."""
        latch = self.stopping(intent)
        latches = () if latch is None else (latch,)
        market, now = self.market(intent.instrument), self.clock.now()
        if is_person(intent.owner):
            free, rate = self.funds.free(intent.owner), self.funds.fee_rate(intent.instrument)
            return View(now=now, market=market, free=free, fee_rate=rate, latches=latches)
        return self.look(intent).view(
            trade,
            market,
            now=now,
            latches=latches,
            is_sized=is_sized,
            correlations=self.correlations.among,
        )

    def _best(self, instrument: Instrument) -> tuple[Decimal | None, Decimal | None]:
        if instrument.kind is MarketKind.PERP:
            perp = self.prices.perps.ticker(instrument.symbol)
            return (None, None) if perp is None else (perp.bid, perp.ask)
        quotes = self.prices.markets.quotes([instrument.symbol])
        return (quotes[0].ticker.bid, quotes[0].ticker.ask) if quotes else (None, None)
