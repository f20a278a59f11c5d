"""`/status`: mode, how long we run, every feed with its age, every background job."""

from handlers.ui.keyboards import button
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.messages import Screen


async def status(request: Request) -> Screen:
    """How the desk feels."""
    services, say = request.services, request.say
    feeds = [*services.markets.feeds(), *services.roads()]
    html = say.render(
        "status.html",
        mode="PAPER",
        world=services.world,
        feeds=feeds,
        jobs=services.jobs(),
        uptime=say.age((services.clock.wire_now() - services.started_at).total_seconds()),
        market_now=say.time(services.clock.now(), "d MMM y HH:mm:ss"),
        zone=say.zone_name,
        speed=services.clock.speed,
        people=len(services.people.all()),
    )
    return Screen(html=html, keyboard=((button(say("Refresh"), "st"), button(say("Help"), "h")),))


COMMANDS = (
    Command(
        name="status",
        handler=status,
        topic=Topic.DESK,
        summary="Mode, feeds with their age, jobs",
        example="/status",
        words=("health", "статус", "состояние"),
    ),
)
BUTTONS = (ButtonRoute(prefix="st", handler=status),)
