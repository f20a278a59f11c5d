"""`/filters`: which signals are pushed to a person, and which markets are silent for now."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from engines.core.side import Direction
from engines.core.timeframe import Timeframe
from engines.signals.decision import ENTRY_FRAMES
from engines.signals.proposal import STRONG
from handlers.ui.filter_words import read_filter
from handlers.ui.keyboards import button, choice, rows
from handlers.ui.request import Request
from handlers.ui.signal_words import decimal
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Button, Keyboard, Screen, Style
from ports.people import Mute, Role, SignalFilter

UNDO = "filters"
KEPT_FOR = timedelta(days=1)
MOST_COINS = 30
MOST_MUTES = 6
LEASTS = (0.5, 0.65, 0.7, 0.8)
_SHOWN = 24


async def filters(request: Request) -> Screen:
    """The filter as it is, or changed by a sentence; the way back is a button."""
    if not request.args.strip():
        return _screen(request, request.person.signals)
    was = request.person.signals
    asked = read_filter(request.args, was)
    wanted = await _with_coins(request, asked.wanted, asked.coins, asked.without, is_added=asked.is_added)
    return await _keep(request, wanted, was=was)


async def press(request: Request) -> Screen:
    """A button: `sf:dir:long`; alone it shows the filter."""
    what, _, value = request.args.partition(":")
    was = request.person.signals
    match what, value:
        case "", _:
            return _screen(request, was)
        case "undo", token:
            return await _undo(request, token)
        case "reset", _:
            return await _keep(request, SignalFilter(), was=was)
    return await _keep(request, _pressed(was, what, value))


def _pressed(was: SignalFilter, what: str, value: str) -> SignalFilter:
    """The filter after a button. Raises `Refused("unknown_choice")`."""
    frames = {"all": ENTRY_FRAMES, **{one.value: (one,) for one in ENTRY_FRAMES}}
    match what, value:
        case "on", "0" | "1":
            return replace(was, is_on=value == "1")
        case "coins", "all":
            return replace(was, coins=(), only_watched=False)
        case "coins", "watched":
            return replace(was, coins=(), only_watched=True)
        case "dir", "any" | Direction.LONG | Direction.SHORT:
            return replace(was, direction=None if value == "any" else Direction(value))
        case "strong", "0" | "1":
            return replace(was, strong_only=value == "1")
        case "tf", name if name in frames:
            return replace(was, timeframes=frames[name])
        case "least", percent if percent in {_percent(one) for one in LEASTS}:
            return replace(was, least=int(percent) / 100, strong_only=False)
    raise Refused("unknown_choice")


async def _with_coins(
    request: Request, wanted: SignalFilter, names: Sequence[str], without: Sequence[str], *, is_added: bool
) -> SignalFilter:
    """The filter with the named coins looked up. Raises as `Markets.resolve` does, `too_many`, and
    `signal_filter_without` where no coin would be left: none named means all."""
    markets = request.services.markets
    named = [(await markets.resolve(name)).symbol for name in names]
    gone = {(await markets.resolve(name)).symbol for name in without}
    if not named and not gone:
        return wanted
    kept = wanted.coins if is_added or not named else ()
    coins = tuple(one for one in dict.fromkeys((*kept, *named)) if one not in gone)
    if gone and not coins:
        raise Refused("signal_filter_without", text=", ".join(without)[:_SHOWN])
    if len(coins) > MOST_COINS:
        raise Refused("too_many", most=MOST_COINS)
    return replace(wanted, coins=coins, only_watched=False if named else wanted.only_watched)


async def _keep(request: Request, wanted: SignalFilter, *, was: SignalFilter | None = None) -> Screen:
    """Store the filter. Where `was` is given and it differs, the screen offers the way back to it."""
    person = await request.services.people.change(request.person.id, signals=wanted)
    undo: list[Button] = []
    if was is not None and was != wanted:
        token = await request.services.actions.offer(
            UNDO,
            chat_id=request.chat_id,
            person_id=person.id,
            params=_written(was),
            lasts=KEPT_FOR,
        )
        undo = [button(request.say("Undo"), "sf", "undo", token, style=Style.PRIMARY)]
    return _screen(replace(request, person=person), wanted, undo)


async def _undo(request: Request, token: str) -> Screen:
    """Back to the filter behind a token. Raises `Refused`: `offer_gone`, `not_yours`."""
    person = request.person
    try:
        action = await request.services.actions.look(
            UNDO,
            token,
            person_id=person.id,
            chat_id=request.chat_id,
            role=person.role,
            needed=Role.VIEWER,
        )
    except Refused as error:
        raise (Refused("offer_gone") if error.code == "expired" else error) from error
    return await _keep(request, _read(action.params))


def _written(wanted: SignalFilter) -> dict[str, Any]:
    """The filter as JSON values."""
    return {**asdict(wanted), "coins": list(wanted.coins), "timeframes": [*wanted.timeframes]}


def _read(params: dict[str, Any]) -> SignalFilter:
    direction = params["direction"]
    return SignalFilter(
        **{
            **params,
            "coins": tuple(params["coins"]),
            "direction": None if direction is None else Direction(direction),
            "timeframes": tuple(Timeframe(one) for one in params["timeframes"]),
        }
    )


def _screen(request: Request, wanted: SignalFilter, undo: Sequence[Button] = ()) -> Screen:
    say, services = request.say, request.services
    muted = [mute for mute in request.person.mutes if mute.until > services.clock.now()]
    html = say.render(
        "filters.html",
        wanted=wanted,
        least=decimal(wanted.least),
        strong=decimal(STRONG),
        coins=[symbol.removesuffix("USDT") for symbol in wanted.coins],
        watched=len(request.person.watchlist),
        muted=[(_coin(mute), say.time(mute.until)) for mute in muted],
        is_quiet=request.person.noise == "quiet",
    )
    return Screen(html=html, keyboard=_keyboard(request, wanted, muted, undo))


def _keyboard(
    request: Request, wanted: SignalFilter, muted: Sequence[Mute], undo: Sequence[Button]
) -> Keyboard:
    say = request.say
    switch = [("1", say("On")), ("0", say("Off"))]
    coins = [("all", say("All coins")), ("watched", say("Watch list"))]
    ways = [("any", say("Both ways")), ("long", say("Long")), ("short", say("Short"))]
    frames = [("all", "15m + 1h"), *((one.value, one.value) for one in ENTRY_FRAMES)]
    leasts = [(_percent(one), f"{_percent(one)} %") for one in LEASTS]
    strong = "" if wanted.strong_only else _percent(wanted.least)
    only_strong = choice([("1", say("Only strong"))], "1" if wanted.strong_only else "", "sf", "strong")
    return (
        *rows(undo),
        tuple(choice(switch, str(int(wanted.is_on)), "sf", "on")),
        tuple(choice(coins, _coins_chosen(wanted), "sf", "coins")),
        tuple(choice(ways, wanted.direction or "any", "sf", "dir")),
        tuple(choice(frames, _frames_chosen(wanted), "sf", "tf")),
        tuple(choice(leasts, strong, "sf", "least")),
        (*only_strong, button(say("Reset"), "sf", "reset")),
        *rows(
            button(f"{say('Unmute')} {_coin(mute)[:12]}", "sn", mute.symbol) for mute in muted[:MOST_MUTES]
        ),
    )


def _coin(mute: Mute) -> str:
    return mute.symbol.removesuffix("USDT")


def _coins_chosen(wanted: SignalFilter) -> str:
    if wanted.coins:
        return ""
    return "watched" if wanted.only_watched else "all"


def _frames_chosen(wanted: SignalFilter) -> str:
    return wanted.timeframes[0].value if len(wanted.timeframes) == 1 else "all"


def _percent(fraction: float) -> str:
    return f"{fraction * 100:.0f}"


COMMANDS = (
    Command(
        name="filters",
        handler=filters,
        topic=Topic.SIGNALS,
        summary="Which signals you get: coins, direction, confidence, only strong",
        example="/filters only strong",
        words=("filter", "фильтры", "фильтр", "only", "только"),
        is_read_only=False,
    ),
)
BUTTONS = (ButtonRoute(prefix="sf", handler=press, is_read_only=False),)
