"""Which events of a trade become messages of their own, and for whom."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ports.clock import Clock
from ports.messages import OutboundMessage, Priority, Screen
from ports.people import Noise, Person, Role
from services.people import People
from services.trading.wish import TradeEvent

Notice = Callable[[TradeEvent, Person], Screen | None]

ENDS = frozenset({"stop", "trail", "liquidated", "targets_done", "closed"})
"""What also those hear who want to hear little."""
MATTERS = ENDS | {"target", "opened", "not_filled", "canceled", "partly_closed"}


@dataclass(slots=True, repr=False)
class Teller:
    """Words for events; they are stored together with what they tell of. `notice` words one, `None` for what
    is not worth a message; `stored` is called when there is something to deliver."""

    people: People
    clock: Clock
    notice: Notice
    stored: Callable[[], None]

    def pushes(self, events: Iterable[TradeEvent]) -> tuple[OutboundMessage, ...]:
        """The messages for the loud ones among `events`."""
        return tuple(push for event in events if event.is_loud and (push := self._push(event)) is not None)

    def _push(self, event: TradeEvent) -> OutboundMessage | None:
        trade = event.trade
        person = self.people.get(trade.owner)
        if person is None or not person.role.covers(Role.VIEWER) or not _wants(person.noise, event.code):
            return None
        screen = self.notice(event, person)
        if screen is None:
            return None
        return OutboundMessage(
            chat_id=trade.owner if trade.chat_id is None else trade.chat_id,
            screen=screen,
            priority=Priority.FILL,
            dedupe=f"trade:{trade.id}:{trade.version}:{event.code}",
            created_at=self.clock.wire_now(),
        )


def _wants(noise: Noise, code: str) -> bool:
    if noise is Noise.ALL:
        return True
    return code in (ENDS if noise is Noise.QUIET else MATTERS)
