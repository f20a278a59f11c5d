"""`/kill`: the ladder. The first level acts at once; the others show what they would send, and ask once."""

from engines.risk.latch import KillLevel
from handlers.ui.keyboards import button
from handlers.ui.kill_sentence import read_kill
from handlers.ui.kill_view import level_button, preview_screen, utc, watched
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.messages import Screen
from ports.people import Role
from services.stopping.report import KillWish


async def kill(request: Request) -> Screen:
    """`/kill`, `/kill 3`, `/kill 4 paper`; the button `kk:3:p`."""
    asked = read_kill(request.args)
    wish = KillWish(
        level=asked.level,
        has_paper=asked.has_paper,
        by=request.person.id,
        at=request.services.clock.wire_now(),
    )
    if wish.level is KillLevel.NO_ENTRIES:
        return await _stopped(request, wish)
    return await preview_screen(request, wish)


async def confirm(request: Request) -> Screen:
    """The one confirmation, once: `kx:token`."""
    report = await request.services.killing.confirm(
        request.args, by=request.person.id, chat_id=request.chat_id
    )
    wish = report.wish
    request.about["level"] = f"L{int(wish.level)}" if wish.is_kill else "close all"
    return watched(request, report)


async def _stopped(request: Request, wish: KillWish) -> Screen:
    say = request.say
    latch = await request.services.killing.latch(wish, seen_in=request.chat_id)
    has_paper = latch.scope.has_paper
    html = say.render(
        "kill_stopped.html", level=int(latch.level), at=utc(latch.pulled_at), has_paper=has_paper
    )
    levels = (KillLevel.CANCEL, KillLevel.CLOSE_PERPS, KillLevel.FLAT)
    buttons = tuple(level_button(level, wish.has_paper, say) for level in levels)
    return Screen(html=html, keyboard=(buttons, (button(say("Latches"), "kl"),)))


COMMANDS = (
    Command(
        name="kill",
        handler=kill,
        topic=Topic.DESK,
        summary="Stop: entries, orders, perpetuals, everything",
        example="/kill 3",
        words=("killswitch", "panic", "паника", "авария", "стопкран", "стоп-кран"),
        role=Role.ADMIN,
        is_read_only=False,
        acts_alone=True,
        is_urgent=True,
    ),
)
BUTTONS = (
    ButtonRoute(prefix="kk", handler=kill, role=Role.ADMIN, is_read_only=False, is_urgent=True),
    ButtonRoute(prefix="kx", handler=confirm, role=Role.ADMIN, is_read_only=False, is_urgent=True),
)
