"""`/audit`: who pressed or typed what, and what came of it."""

from dataclasses import dataclass

from handlers.ui.audit_words import deed_words, object_words, outcome_words
from handlers.ui.keyboards import button, rows
from handlers.ui.latch_view import moment
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.desk_state import AuditRecord
from ports.messages import Screen
from ports.people import Role
from services.people import shown_name

SHOWN = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditView:
    """A record in words; `who` is empty for the desk itself. `said` is what was typed or pressed with it,
    `outcome` why it was not done as asked, empty where it was."""

    number: int
    at: str
    who: str
    deed: str
    outcome: str
    said: str

    @property
    def is_done(self) -> bool:
        """Whether it was done as asked."""
        return not self.outcome


async def audit(request: Request) -> Screen:
    """The latest records."""
    return await _page(request, None)


async def older(request: Request) -> Screen:
    """Records before a number: `qa:120`; the latest without one."""
    return await _page(request, int(request.args) if request.args.isdecimal() else None)


async def _page(request: Request, before_id: int | None) -> Screen:
    say = request.say
    found = await request.services.audit.latest(limit=SHOWN + 1, before_id=before_id)
    records = [_view(request, number, record) for number, record in found[:SHOWN]]
    html = say.render("audit.html", records=records)
    turns = [button(say("Older"), "qa", records[-1].number)] if len(found) > SHOWN else []
    if before_id is not None:
        turns.append(button(say("Newest"), "qa", ""))
    return Screen(html=html, keyboard=rows(turns))


def _view(request: Request, number: int, record: AuditRecord) -> AuditView:
    who = ""
    if record.person_id is not None:
        person = request.services.people.get(record.person_id)
        who = shown_name("" if person is None else person.name, record.person_id)
    is_done = record.outcome in ("done", "confirmed")
    return AuditView(
        number=number,
        at=moment(record.at, request.services, request.say),
        who=who,
        deed=deed_words(record.deed, request.say),
        outcome="" if is_done else outcome_words(record.outcome, request.say),
        said=object_words(record.deed, record.params),
    )


COMMANDS = (
    Command(
        name="audit",
        handler=audit,
        topic=Topic.DESK,
        summary="Who pressed what, and what came of it",
        example="/audit",
        words=("аудит", "журнал"),
        role=Role.ADMIN,
    ),
)
BUTTONS = (ButtonRoute(prefix="qa", handler=older, role=Role.ADMIN),)
