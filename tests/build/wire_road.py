"""The road of orders to an account of the sandbox over the wire, not started yet."""

from dataclasses import dataclass, field
from decimal import Decimal

from engines.core.instrument import Instrument
from engines.orders.execution import Quote
from ports.books import Books
from services.ordering.findings import Finding
from services.orders import Orders
from services.people import People
from services.trading.funds import Funds
from services.trading.register import Register
from services.trading.telling import Teller
from tests.build.live_desk import MemoryBreakers
from tests.build.paper_desk import FEES
from tests.build.stores import MemoryFacts, MemoryPeople
from tests.build.venue_worlds import WireWorld


@dataclass(slots=True, kw_only=True)
class WireRoad:
    """The road with what it pulls and tells."""

    orders: Orders = field(init=False)
    register: Register
    breakers: MemoryBreakers = field(default_factory=MemoryBreakers)
    findings: list[Finding] = field(default_factory=list)

    async def tell(self, finding: Finding) -> None:
        """Take note of a finding."""
        self.findings.append(finding)

    async def start(self) -> None:
        """Load what the books have, and start."""
        await self.register.load()
        await self.orders.start()


def a_wire_road(world: WireWorld, books: Books) -> WireRoad:
    """The road over books that may have been an earlier desk's."""
    road = WireRoad(register=Register(books, world.clock, Decimal(1000)))
    people = People(MemoryPeople(), MemoryFacts(), world.clock, lambda: "code")

    async def quotes(account: str, instrument: Instrument) -> Quote:
        last = world.last()
        return Quote(bid=last - 1, ask=last + 1, at=world.clock.now())

    road.orders = Orders.over(
        {world.name: world.venue},
        {world.name: world.books},
        road.register,
        Funds(road.register, FEES),
        Teller(people, world.clock, lambda event, person: None, lambda: None),
        world.clock,
        quotes=quotes,
        breakers=road.breakers,
        tell=road.tell,
    )
    return road
