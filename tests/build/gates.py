"""A gate over a trading room in memory, with the real road of the desk's orders behind it."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from adapters.paper.venue import PaperVenue
from engines.core.instrument import Instrument
from engines.core.side import Direction
from engines.orders.order import ExecutionStyle, Intent, OrderKind, Purpose
from engines.orders.subaccount import PAPER, EngineName, SubAccount
from engines.orders.trade import Trade
from engines.risk.latch import Latch
from engines.risk.limits import Limits
from ports.people import Facts
from services.gate import Gate
from services.judging.viewing import Viewing
from services.orders import Orders
from tests.build.markets import a_perp, an_instrument
from tests.build.paper_desk import FEES, PaperDesk, a_paper_desk
from tests.build.stores import MemoryFacts

_GRID: dict[str, Any] = {"tick": Decimal("0.01"), "lot": Decimal("0.001")}
BTC, ETH, SOL = a_perp("BTC", **_GRID), a_perp("ETH", **_GRID), an_instrument("SOL", **_GRID)


@dataclass(slots=True, kw_only=True)
class GateRoom:
    """BTC stands at 100, ETH at 10 and SOL at 20; every engine has 1000 on paper once it trades."""

    desk: PaperDesk
    gate: Gate
    orders: Orders
    latched: list[Latch]
    predicted: dict[str, Decimal]
    numbers: list[str] = field(default_factory=list)

    @property
    def viewing(self) -> Viewing:
        return self.gate.viewing

    async def trade(
        self,
        engine: EngineName,
        instrument: Instrument = BTC,
        direction: Direction = Direction.LONG,
        *,
        leverage: int = 1,
    ) -> Trade:
        """The engine's trade on paper there."""
        account = SubAccount(engine=engine, account=PAPER)
        await self.orders.register.account(account.owner)
        return await self.orders.trade_for(account, instrument, direction, leverage=Decimal(leverage))

    def entry(self, trade: Trade, quantity: object, **fields: Any) -> Intent:
        """A guarded order at the market that adds to the trade."""
        self.numbers.append(f"i{len(self.numbers)}")
        engine = next(one for one in EngineName if trade.owner == SubAccount(engine=one, account=PAPER).owner)
        price = {"BTC": "100", "ETH": "10", "SOL": "20"}[trade.instrument.base]
        usual: dict[str, Any] = {
            "id": self.numbers[-1],
            "owner": trade.owner,
            "account": PAPER,
            "engine": engine.value,
            "trade_id": trade.id,
            "instrument": trade.instrument,
            "side": trade.direction.entry,
            "quantity": Decimal(str(quantity)),
            "kind": OrderKind.MARKET,
            "purpose": Purpose.ENTRY,
            "style": ExecutionStyle.SINGLE,
            "worst_price": Decimal(price) * (1 + Decimal("0.005") * trade.direction.sign),
            "most_cost": Decimal(1000),
            "decision_price": Decimal(price),
            "created_at": self.desk.clock.now(),
        }
        return Intent(**usual | fields)

    async def enter(
        self, engine: EngineName, quantity: object, instrument: Instrument = BTC, **fields: Any
    ) -> Trade:
        """Let an engine buy; the trade then."""
        trade = await self.trade(engine, instrument, **fields)
        return await self.orders.place(trade, [self.entry(trade, quantity)])

    async def prices(self, btc: str = "100", eth: str = "10", sol: str = "20") -> None:
        """A second later the markets stand there, and the desk has heard of it."""
        self.desk.clock.move(1)
        for symbol, price in (("BTCUSDT", btc), ("ETHUSDT", eth), ("SOLUSDT", sol)):
            self.desk.set(price, symbol)
        await self.desk.perps.fresh("BTCUSDT")
        await self.desk.perps.fresh("ETHUSDT")
        await self.desk.markets.quote("SOLUSDT")


async def a_gate_room(
    desk: PaperDesk | None = None, *, facts: Facts | None = None, limits: Limits | None = None
) -> GateRoom:
    """A gate that is loaded, in front of the paper venue."""
    desk = desk or await a_paper_desk()
    register, funds = desk.trades.register, desk.trades.orders.funds
    latched: list[Latch] = []
    predicted: dict[str, Decimal] = {}

    def stopping(intent: Intent) -> Latch | None:
        return next((one for one in latched if one.stops(intent, is_person=intent.owner > 0)), None)

    gate = Gate.over(
        register,
        funds,
        desk.trades.prices,
        facts or MemoryFacts(),
        desk.clock,
        limits=limits or Limits(),
        stopping=stopping,
        predictions=lambda: predicted,
    )
    await gate.viewing.load()
    venue = PaperVenue(desk.source, desk.clock, FEES, latency_s=0, stale_after_s=30)
    orders = Orders.over(
        {PAPER: venue}, {}, register, funds, desk.trades.orders.teller, desk.clock, gate=gate
    )
    room = GateRoom(desk=desk, gate=gate, orders=orders, latched=latched, predicted=predicted)
    await room.prices()
    return room
