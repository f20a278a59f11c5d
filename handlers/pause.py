"""`/pause`, `/resume` and `/latches`: stopping the entries of an engine, and letting them go on."""

from dataclasses import replace
from datetime import timedelta

from engines.orders.subaccount import EngineName
from engines.risk.latch import NEEDS_ADMIN, Cause, Latch, Scope
from handlers.ui.engine_words import engine_name
from handlers.ui.keyboards import button, fits, rows
from handlers.ui.latch_view import BY_HAND, latch_view, scope_words
from handlers.ui.pause_sentence import ALL, Pause, named, read_pause
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Button, Screen, Style
from ports.people import Role

CONFIRM = ("confirm", "подтверждаю")
"""Typed behind the latch that an admin has to clear; a tap is too easily made."""
SPANS = ("1h", "4h", "1d")


async def latches(request: Request) -> Screen:
    """What is stopped, since when, and what ends it."""
    services, say = request.services, request.say
    standing = services.latches.all()
    html = say.render("latches.html", latches=[latch_view(one, services, say) for one in standing])
    is_admin = request.may(Role.ADMIN)
    ended = [_end_button(request, one) for one in standing if one.cause in BY_HAND] if is_admin else []
    keyboard = rows([one for one in ended if one is not None], width=2)
    if is_admin:
        last = [button(say("Pause"), "kp"), button("KILL", "kk", style=Style.DANGER)]
        keyboard = (*keyboard, (*last, button(say("Refresh"), "kl")))
    return Screen(html=html, keyboard=keyboard)


async def pause(request: Request) -> Screen:
    """Stop the entries of an engine, a venue or all, for a time or until resumed; without arguments, what
    can be paused."""
    if not request.args.strip():
        return _what(request)
    return await _paused(request, read_pause(request.args))


async def pause_button(request: Request) -> Screen:
    """`kp` asks what, `kp:trend` for how long, `kp:trend:4h` does it (`kp:trend:-`: until resumed)."""
    name, _, span = request.args.partition(":")
    if not name:
        return _what(request)
    if not span:
        return _how_long(request, read_pause(name))
    return await _paused(request, read_pause(name if span == "-" else f"{name} {span}"))


async def resume(request: Request) -> Screen:
    """End a pause; clear what an admin has to clear, once that was typed."""
    word, _, rest = request.args.strip().partition(" ")
    if not word:
        return await latches(request)
    latch = _one(request, word)
    if latch.cause not in BY_HAND:
        raise Refused("ends_by_itself", text=scope_words(latch, request.say))
    if latch.cause in NEEDS_ADMIN and rest.strip().casefold() not in CONFIRM:
        return _typed_first(request, latch)
    cleared = await request.services.latches.clear(latch.id, request.person, seen_in=request.chat_id)
    return _cleared(request, cleared)


async def resume_button(request: Request) -> Screen:
    """`kr:pause:trend`: as if it was typed."""
    return await resume(replace(request, args=request.args.replace(" ", "")))


async def _paused(request: Request, asked: Pause) -> Screen:
    now = request.services.clock.wire_now()
    latch = Latch(
        id=f"pause:{asked.name}",
        scope=asked.scope,
        cause=Cause.PAUSE,
        by=request.person.id,
        pulled_at=now,
        until=None if asked.span is None else now + asked.span,
    )
    await request.services.latches.pull(latch, seen_in=request.chat_id)
    return await latches(request)


def _what(request: Request) -> Screen:
    say = request.say
    engines = [button(engine_name(one, say), "kp", one.value) for one in EngineName]
    html = say.render("pause_how_long.html", scope=None)
    return Screen(html=html, keyboard=(*rows(engines, width=2), (button(say("All engines"), "kp", ALL),)))


def _how_long(request: Request, asked: Pause) -> Screen:
    say = request.say
    wished = Latch(
        id=asked.name, scope=asked.scope, cause=Cause.PAUSE, pulled_at=request.services.clock.wire_now()
    )
    html = say.render("pause_how_long.html", scope=scope_words(wished, say))
    lengths = (timedelta(hours=1), timedelta(hours=4), timedelta(days=1))
    spans = [
        button(say.age(length.total_seconds()), "kp", asked.name, span)
        for span, length in zip(SPANS, lengths, strict=True)
    ]
    last = (button(say("Until resumed"), "kp", asked.name, "-"), button(say("Back"), "kp"))
    return Screen(html=html, keyboard=(tuple(spans), last))


def _typed_first(request: Request, latch: Latch) -> Screen:
    say = request.say
    typed = f"/resume {latch.id} {CONFIRM[1] if say.language == 'ru' else CONFIRM[0]}"
    html = say.render("latch_clear.html", one=latch_view(latch, request.services, say), typed=typed)
    copied = Button(text=say("Copy"), copy=typed)
    return Screen(html=html, keyboard=((copied, button(say("Latches"), "kl")),))


def _cleared(request: Request, latch: Latch) -> Screen:
    services, say = request.services, request.say
    left = len(services.latches.all())
    html = say.render("latch_cleared.html", one=latch_view(latch, services, say), left=left)
    return Screen(html=html, keyboard=((button(say("Latches"), "kl"),),))


def _one(request: Request, word: str) -> Latch:
    """The latch that is meant. Raises `Refused`: `no_latch`, `which_latch` with a button each."""
    standing = list(request.services.latches.all())
    found = named(standing, word)
    if len(found) == 1:
        return found[0]
    near = found or [one for one in standing if one.cause in BY_HAND]
    forms = [(one.id, f"resume {one.id}") for one in near[:9]]
    raise Refused("which_latch" if found else "no_latch", text=word[:24], forms=forms)


def _end_button(request: Request, latch: Latch) -> Button | None:
    say = request.say
    if not fits("kr", latch.id):
        return None
    if latch.cause in NEEDS_ADMIN:
        return button(say("Clear {name}…", name=latch.id), "kr", latch.id)
    label = scope_words(latch, say) if latch.scope != Scope() else say("all")
    return button(say("Resume {name}", name=label), "kr", latch.id, style=Style.SUCCESS)


COMMANDS = (
    Command(
        name="latches",
        handler=latches,
        topic=Topic.DESK,
        summary="What is stopped, and until when",
        example="/latches",
        words=("latch", "защёлки", "защелки", "стопы"),
    ),
    Command(
        name="pause",
        handler=pause,
        topic=Topic.DESK,
        summary="Stop the entries of an engine",
        example="/pause trend 4h",
        words=("пауза", "приостанови"),
        role=Role.ADMIN,
        is_read_only=False,
    ),
    Command(
        name="resume",
        handler=resume,
        topic=Topic.DESK,
        summary="Let entries go on",
        example="/resume trend",
        words=("unpause", "возобнови", "продолжай"),
        role=Role.ADMIN,
        is_read_only=False,
    ),
)
BUTTONS = (
    ButtonRoute(prefix="kl", handler=latches),
    ButtonRoute(prefix="kp", handler=pause_button, role=Role.ADMIN, is_read_only=False),
    ButtonRoute(prefix="kr", handler=resume_button, role=Role.ADMIN, is_read_only=False),
)
