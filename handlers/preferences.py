"""`/settings`, `/language` and `/digest`: how and when the desk speaks to a person."""

import re
from dataclasses import replace
from datetime import time
from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

from handlers.ui.keyboards import button, choice, rows
from handlers.ui.request import Request
from handlers.ui.rich import ANSWERS, probe
from handlers.ui.table import ButtonRoute, Command, Topic
from handlers.ui.time_of_day import time_of_day
from ports.charts import Theme
from ports.errors import Refused
from ports.messages import Button, Priority, Screen
from ports.people import Noise, RiskProfile
from services.speech import LANGUAGES

ZONES = (
    "UTC",
    "Europe/London",
    "Europe/Berlin",
    "Europe/Moscow",
    "Asia/Yekaterinburg",
    "Asia/Dubai",
    "Asia/Singapore",
    "America/New_York",
    "America/Los_Angeles",
)
_ZONE_WORDS = {
    "москва": "Europe/Moscow",
    "мск": "Europe/Moscow",
    "msk": "Europe/Moscow",
    "екатеринбург": "Asia/Yekaterinburg",
    "берлин": "Europe/Berlin",
    "лондон": "Europe/London",
    "дубай": "Asia/Dubai",
    "utc": "UTC",
    "gmt": "UTC",
}

_SUMMARY_HOURS = (*range(6, 24), *range(6))
_OFF = ("off", "no", "never", "none", "stop", "выкл", "нет", "никогда", "не надо", "отключить", "выключить")

_OFFSET = re.compile(r"(?:utc|gmt)?_?(?P<hours>[+-]\d{1,2})(?::00)?")


async def settings(request: Request) -> Screen:
    """All preferences; `/settings zone berlin` sets the zone by name, `/settings summary 8:30` the hour."""
    what, _, value = request.args.strip().partition(" ")
    if what.lower() in ("zone", "timezone", "tz", "пояс", "зона"):
        return await set_zone(replace(request, args=value))
    if what.lower() in ("summary", "digest", "сводка", "дайджест"):
        return await digest(replace(request, args=value))
    return _screen(request)


async def language(request: Request) -> Screen:
    """Choose a language, or set the one named: `/language ru`."""
    asked = request.args.strip().lower()
    for code, name in LANGUAGES.items():
        if asked and (asked == code or name.lower().startswith(asked) or asked in _LANGUAGE_WORDS[code]):
            return await set_language(replace(request, args=code))
    if asked:
        forms = [(name, f"language {code}") for code, name in LANGUAGES.items()]
        raise Refused("unknown_language", text=asked[:16], forms=forms)
    keyboard = rows(choice(list(LANGUAGES.items()), request.person.language, "lang"))
    return Screen(html=request.say.render("language.html"), keyboard=keyboard)


async def set_language(request: Request) -> Screen:
    """A language button."""
    if request.args not in LANGUAGES:
        raise Refused("unknown_language", text=request.args[:16])
    return await _changed(request, language=request.args)


async def set_preference(request: Request) -> Screen:
    """A button `set:<what>:<value>`; without a value it leads back to all preferences."""
    what, _, value = request.args.partition(":")
    if not value:
        return _screen(request)
    kinds = {"theme": Theme, "noise": Noise, "risk": RiskProfile}
    kind = kinds.get(what)
    if kind is None or value not in {option.value for option in kind}:
        raise Refused("unknown_choice")
    return await _changed(request, **{what: kind(value)})


async def tables(request: Request) -> Screen:
    """A button: `rp:try` sends a table and asks whether it arrived, `rp:yes` and `rp:no` are the answers."""
    say = request.say
    if not request.is_private:
        return _screen(request)
    if request.args == "try":
        back = ((button(say("Back"), "set"),),)
        refused = Screen(html=say.render("rich_refused.html"), keyboard=back)
        return await probe(request, "rp", otherwise=refused)
    if request.args not in ANSWERS:
        raise Refused("unknown_choice")
    return await _changed(request, sees_rich=ANSWERS[request.args])


async def set_zone(request: Request) -> Screen:
    """A zone by its IANA name, or by a city as people write it; without a name, the zones to choose from."""
    asked = request.args.strip()
    if not asked:
        buttons = choice(
            [(zone, zone.split("/")[-1].replace("_", " ")) for zone in ZONES], request.person.zone, "tz"
        )
        back = button(request.say("Back"), "set")
        return Screen(html=request.say.render("zones.html"), keyboard=(*rows(buttons), (back,)))
    zone = _zone_named(asked)
    if zone is None:
        raise Refused("unknown_zone", zone=asked[:32], forms=[(request.say("Time zone"), "settings zone")])
    return await _changed(request, zone=zone)


def _zone_named(asked: str) -> str | None:
    key = asked.lower().replace(" ", "_")
    if key in _ZONE_WORDS:
        return _ZONE_WORDS[key]
    if (offset := _OFFSET.fullmatch(key)) is not None:
        return _zone_of_offset(int(offset["hours"]))
    zones, cities = _zones()
    near = get_close_matches(key, cities, n=1, cutoff=0.8)
    return zones.get(key) or cities.get(key) or (cities[near[0]] if near else None)


def _zone_of_offset(hours: int) -> str | None:
    """`UTC+3` by its IANA name, whose sign is the other way round: `Etc/GMT-3`."""
    if hours == 0:
        return "UTC"
    return f"Etc/GMT{-hours:+d}" if -12 <= hours <= 14 else None


@cache
def _zones() -> tuple[dict[str, str], dict[str, str]]:
    """IANA zones by their names and by their cities, in small letters. Reading them takes a while."""
    zones = {zone.lower(): zone for zone in available_timezones() if not zone.startswith("Etc/GMT")}
    cities = {zone.rsplit("/", 1)[-1]: name for zone, name in sorted(zones.items(), reverse=True)}
    return zones, cities


async def digest(request: Request) -> Screen:
    """When the daily summary comes: shown, or set by `/digest 8:30`, `/digest off` or a button."""
    asked = request.args.strip().lower()
    if not asked:
        return _summary_hours(request)
    at = None if asked in _OFF else time_of_day(asked)
    if at is None and asked not in _OFF:
        raise Refused("unknown_hour", text=asked[:16], forms=[(request.say("Daily summary"), "digest")])
    return _summary_hours(await _with(request, summary_at=at))


def _summary_hours(request: Request) -> Screen:
    say, at = request.say, request.person.summary_at
    chosen = "off" if at is None else f"{at:%H:%M}"
    hours = [(f"{time(hour):%H:%M}",) * 2 for hour in _SUMMARY_HOURS]
    keyboard = (
        *rows(choice(hours, chosen, "sum"), width=4),
        (*choice([("off", say("Never"))], chosen, "sum"), button(say("Back"), "set")),
    )
    html = say.render("summary_hour.html", at=None if at is None else chosen)
    return Screen(html=html, keyboard=keyboard)


async def _changed(request: Request, **fields: object) -> Screen:
    return _screen(await _with(request, **fields))


async def _with(request: Request, **fields: object) -> Request:
    """The request of the person with other preferences, which the cockpit follows."""
    services = request.services
    person = await services.people.change(request.person.id, **fields)
    say = services.rendering.speech(person.language, person.zone)
    await services.cockpits.refresh(person, priority=Priority.ANSWER)
    return replace(request, person=person, say=say)


def _screen(request: Request) -> Screen:
    say, person = request.say, request.person
    noise = [(Noise.QUIET, say("Quiet")), (Noise.NORMAL, say("Normal")), (Noise.ALL, say("Everything"))]
    risk = [
        (RiskProfile.CAUTIOUS, say("Cautious")),
        (RiskProfile.BALANCED, say("Balanced")),
        (RiskProfile.BOLD, say("Bold")),
    ]
    themes = [(Theme.DARK, say("Dark")), (Theme.LIGHT, say("Light"))]
    keyboard = (
        *rows(choice(list(LANGUAGES.items()), person.language, "lang")),
        *rows(choice([(value.value, label) for value, label in risk], person.risk, "set", "risk")),
        *rows(choice([(value.value, label) for value, label in noise], person.noise, "set", "noise")),
        (
            *choice([(value.value, label) for value, label in themes], person.theme, "set", "theme"),
            *_tables_button(request),
        ),
        (button(say("Daily summary"), "sum"), button(say("Signals"), "sf")),
        (button(say("Time zone"), "tz"),),
    )
    return Screen(html=say.render("settings.html", person=person, languages=LANGUAGES), keyboard=keyboard)


def _tables_button(request: Request) -> tuple[Button, ...]:
    """Turns tables off, or tries them; in a group there are none."""
    if not request.is_private:
        return ()
    say = request.say
    if request.person.sees_rich:
        return (button(say("Tables off"), "rp", "no"),)
    return (button(say("Try tables"), "rp", "try"),)


_LANGUAGE_WORDS = {"en": ("english", "eng", "английский", "англ"), "ru": ("russian", "rus", "русский", "рус")}

COMMANDS = (
    Command(
        name="settings",
        handler=settings,
        topic=Topic.YOU,
        summary="Language, risk, noise, theme, time zone, daily summary",
        example="/settings zone berlin",
        words=("настройки", "options", "preferences", "опции"),
        is_read_only=False,
    ),
    Command(
        name="language",
        handler=language,
        topic=Topic.YOU,
        summary="English or Russian",
        example="/language ru",
        words=("lang", "язык"),
        is_read_only=False,
    ),
    Command(
        name="digest",
        handler=digest,
        topic=Topic.YOU,
        summary="When the daily summary comes",
        example="/digest 8:30",
        words=("дайджест", "сводка"),
        is_read_only=False,
    ),
)
BUTTONS = (
    ButtonRoute(prefix="lang", handler=set_language, is_read_only=False),
    ButtonRoute(prefix="set", handler=set_preference, is_read_only=False),
    ButtonRoute(prefix="tz", handler=set_zone, is_read_only=False),
    ButtonRoute(prefix="sum", handler=digest, is_read_only=False),
    ButtonRoute(prefix="rp", handler=tables, is_read_only=False),
)
