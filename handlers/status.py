"""`/status`: mode, how long we run, every feed with its age, every background job, what runs by the
calendar."""

from datetime import datetime
from decimal import Decimal

from handlers.ui.engine_words import account_name, engine_name
from handlers.ui.keyboards import button
from handlers.ui.latch_view import latch_line
from handlers.ui.request import Request, Services
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.desk_state import Approval
from ports.errors import Transient
from ports.health import RunHealth
from ports.messages import Screen
from services.backups import EVERY
from services.speech import Speech, zone_of


async def status(request: Request) -> Screen:
    """How the desk feels."""
    services, say = request.services, request.say
    live = _with_real_money(services, say)
    feeds = [*services.market_feeds(), *services.roads()]
    html = latch_line(services, say) + say.render(
        "status.html",
        mode="LIVE" if live else "PAPER",
        live=live,
        world=services.world,
        feeds=feeds,
        jobs=services.jobs(),
        candles=await _collection(services, say),
        signals=await _signals(services, say),
        runs=[_run(run, services, say) for run in services.runs()],
        upkeep=_upkeep(services, say),
        uptime=say.age((services.clock.wire_now() - services.started_at).total_seconds()),
        market_now=say.time(services.clock.now(), "d MMM y HH:mm:ss"),
        zone=say.zone_name,
        speed=services.clock.speed,
        people=len(services.people.all()),
    )
    return Screen(html=html, keyboard=((button(say("Refresh"), "st"), button(say("Help"), "h")),))


def _with_real_money(services: Services, say: Speech) -> list[str]:
    """Engines that trade real money now, in words."""
    policies = services.policies
    return [
        engine_name(policy.engine, say)
        for policy in policies.all()
        if policies.in_force(policy.engine).approval is not Approval.PAPER
    ]


async def _collection(services: Services, say: Speech) -> dict[str, object] | None:
    """What there is of candles; `None` while their store does not answer."""
    try:
        there = await services.candles.summary()
    except Transient:
        return None
    filling = there.filling
    return {
        "markets": there.markets,
        "count": say.compact(Decimal(there.candles)),
        "size_mb": say.compact(Decimal(there.size_bytes // 1_000_000)),
        "missing": there.missing,
        "differing": there.counts.differing,
        "is_filling": filling.done < filling.series,
        "done": filling.done,
        "series": filling.series,
        "left": None if filling.left_s is None else say.age(filling.left_s),
    }


async def _signals(services: Services, say: Speech) -> dict[str, object] | None:
    """How signals are; `None` while their store does not answer."""
    try:
        there = await services.signals.overview()
    except Transient:
        return None
    return {
        "live": there.live,
        "markets": there.markets,
        "last": None if there.last_at is None else say.time(there.last_at, "d MMM HH:mm"),
    }


def _upkeep(services: Services, say: Speech) -> dict[str, object]:
    """Backups, load and keys as the template shows them."""
    upkeep, now = services.upkeep, services.clock.wire_now()
    backups, load = upkeep.backups, upkeep.watchdog.load
    age = backups.age(now)
    return {
        "backup": None if age is None else say.age(age.total_seconds()),
        "is_backup_ok": backups.problem is None and (age is None or age < 2 * EVERY),
        "cpu": None if load is None else round(load.cpu * 100),
        "memory_mb": None if load is None else load.memory_bytes >> 20,
        "strain": upkeep.watchdog.strain.value,
        "keys": [
            {
                "account": account_name(key.account, say),
                "days": None if key.age is None else key.age.days,
                "is_ok": key.is_well,
                "is_bound": key.is_bound_to_ip,
                "is_monitoring": key.is_monitoring,
            }
            for key in upkeep.keys.all()
        ],
        "unwatched": {
            account_name(account, say): code for account, code in upkeep.monitoring.problems().items()
        },
    }


def _run(run: RunHealth, services: Services, say: Speech) -> dict[str, object]:
    """A scheduled job as the template shows it: moments of today by their time, others with their day."""
    today = services.clock.now().astimezone(zone_of(say.zone)).date()

    def moment(at: datetime | None) -> str | None:
        if at is None:
            return None
        is_today = at.astimezone(zone_of(say.zone)).date() == today
        return say.time(at, "HH:mm" if is_today else "d MMM HH:mm")

    return {
        "name": run.name,
        "is_ok": not run.has_failed,
        "is_running": run.is_running,
        "failures": run.failures,
        "last": moment(run.last_at),
        "next": moment(run.next_at),
    }


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
