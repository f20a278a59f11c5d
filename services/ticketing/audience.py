"""Who sees tickets, and who may decide them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ports.people import Person, Role
from ports.tickets import Ticket
from services.people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A chat in which a ticket stands, how it is spoken to, and whether it can be decided there."""

    chat_id: int
    language: str
    zone: str
    may_approve: bool


@dataclass(slots=True, repr=False)
class Audience:
    """Tickets go to the admin chat, or privately to every admin where there is none, and to those traders
    who may approve (`approvers`)."""

    people: People
    admin_chat: int | None
    approvers: Collection[int]

    def of(self) -> Sequence[int]:
        """The chats in which a new ticket is shown."""
        private = [one.id for one in self.people.all() if self._is_asked(one)]
        return [*([] if self.admin_chat is None else [self.admin_chat]), *private]

    def desk(self) -> Sequence[int]:
        """The chats in which orders that went by themselves are shown."""
        if self.admin_chat is not None:
            return [self.admin_chat]
        return [admin.id for admin in self.people.admins() if admin.is_reachable]

    def reader(self, chat_id: int) -> Reader | None:
        """How a chat is spoken to; `None` for one that may not be told any more."""
        if chat_id == self.admin_chat:
            admins = self.people.admins()
            language = admins[0].language if admins else "en"
            return Reader(chat_id=chat_id, language=language, zone="UTC", may_approve=True)
        person = self.people.get(chat_id)
        if person is None or not person.is_reachable or not person.role.covers(Role.VIEWER):
            return None
        return Reader(
            chat_id=chat_id,
            language=person.language,
            zone=person.zone,
            may_approve=self.may_approve(person),
        )

    def may_approve(self, person: Person) -> bool:
        """Whether they may send real money on its way."""
        is_approver = person.role.covers(Role.TRADER) and person.id in self.approvers
        return is_approver or person.role.covers(Role.ADMIN)

    def may_withdraw(self, person: Person, ticket: Ticket) -> bool:
        """Whether they may make it smaller, send it to paper or drop it: those who may approve, and whose
        wish it is."""
        return self.may_approve(person) or (ticket.asked_by == person.id and person.role.covers(Role.TRADER))

    def _is_asked(self, person: Person) -> bool:
        if not person.is_reachable or not self.may_approve(person):
            return False
        return self.admin_chat is None or not person.role.covers(Role.ADMIN)
