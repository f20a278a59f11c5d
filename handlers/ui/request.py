"""What a handler is given: who asks, what, where, and the services that can answer."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from ports.clock import Clock
from ports.health import FeedHealth, JobHealth, RunHealth
from ports.messages import Priority
from ports.people import Person, Role
from services.actions import Actions
from services.alerts import Alerts
from services.audit import Audit
from services.backtests import Backtests
from services.breakers import Breakers
from services.candles import Collector
from services.cockpit import Cockpits
from services.drills import Drills
from services.indicators import Indicators
from services.killing import Killing
from services.latches import Latches
from services.market.perps import Perps
from services.markets import Markets
from services.moving import Moving
from services.outbox import Outbox
from services.people import People
from services.pictures import Pictures
from services.policies import Policies
from services.proposals import Proposals
from services.reconciliation import Reconciliation
from services.screener import Screener
from services.signals import Signals
from services.speech import Rendering, Speech
from services.stopping.board import Board
from services.tickets import Tickets
from services.trades import Trades
from services.upkeep import Upkeep

if TYPE_CHECKING:
    from handlers.ui.table import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything handlers may call. `admin_chat` is the group of admins, where one is set."""

    people: People
    markets: Markets
    perps: Perps
    trades: Trades
    alerts: Alerts
    signals: Signals
    candles: Collector
    indicators: Indicators
    screener: Screener
    backtests: Backtests
    pictures: Pictures
    actions: Actions
    latches: Latches
    killing: Killing
    kill_board: Board
    drills: Drills
    audit: Audit
    breakers: Breakers
    moving: Moving
    proposals: Proposals
    reconciliation: Reconciliation
    upkeep: Upkeep
    outbox: Outbox
    cockpits: Cockpits
    rendering: Rendering
    clock: Clock
    table: "Table"
    jobs: Callable[[], Sequence[JobHealth]]
    runs: Callable[[], Sequence[RunHealth]]
    roads: Callable[[], Sequence[FeedHealth]]
    world: str
    started_at: datetime
    admin_chat: int | None

    @property
    def policies(self) -> Policies:
        """Who has to agree to an engine's orders."""
        return self.proposals.policies

    @property
    def tickets(self) -> Tickets:
        """Orders that wait for a person."""
        return self.proposals.tickets

    def market_feeds(self) -> Sequence[FeedHealth]:
        """State of every feed of market data."""
        return [*self.markets.feeds(), *self.candles.feeds(), *self.perps.feeds()]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One command or one tap. `args` is the text behind the command, or behind the button's prefix.

    `message_id` is the tapped message, `None` for a typed command. `said_at` is when it was typed. What is in
    `delivered` is called with chat and message when the screen has arrived. `priority` is that of the answer.
    What is in `about` names for the audit log what a button was about, where its own text is a token.
    """

    services: Services
    person: Person
    say: Speech
    chat_id: int
    args: str = ""
    message_id: int | None = None
    said_at: datetime | None = None
    priority: Priority = Priority.ANSWER
    delivered: list[Callable[[int, int], Awaitable[None]]] = field(default_factory=list)
    about: dict[str, str] = field(default_factory=dict)

    @property
    def is_private(self) -> bool:
        """Whether this is the person's own chat with the bot."""
        return self.chat_id == self.person.id

    def may(self, role: Role) -> bool:
        """Whether the person may do what `role` may."""
        return self.person.role.covers(role)
