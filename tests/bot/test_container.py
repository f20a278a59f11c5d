"""The container: everything fits together before anything runs."""

import inspect
import re
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest

from bot.container import SCREENS, appointed, build_services, build_table, claim_code
from bot.outside import open_outside
from bot.settings import Settings, load
from bot.switchboard import Switchboard
from handlers.ui.keyboards import LONGEST_DATA, again, button
from handlers.ui.request import Request
from handlers.ui.table import ButtonRoute, Command, Handler, Table, Topic
from ports.messages import Screen
from ports.people import Role
from tests.build.screens import ANN, TOM, VERA, ScreenDesk, a_screen_desk, buttons

TABLE = build_table()
FROM_MIDDLEWARES = {"person", "say", "is_late"}
HANDLERS: list[tuple[str, Handler]] = [
    *((f"/{command.name}", command.handler) for command in TABLE.order),
    *((f"{prefix}:", route.handler) for prefix, route in TABLE.buttons.items()),
]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    environ = {
        "TELEGRAM_BOT_TOKEN": "7000000001:nobody-will-be-asked-with-this-one",
        "PERPETUUM_DESK__DATA_DIR": str(tmp_path / "desk"),
        "PERPETUUM_TELEGRAM__API_URL": "http://127.0.0.1:9",
        "PERPETUUM_MARKET__BYBIT_URL": "http://127.0.0.1:9/bybit",
        "PERPETUUM_MARKET__BINANCE_URL": "http://127.0.0.1:9/binance",
    }
    return load(environ=environ, dotenv=tmp_path / "none", toml=tmp_path / "none")


async def test_the_container_builds_and_closes(settings: Settings) -> None:
    outside = await open_outside(settings)
    try:
        services = build_services(settings, outside, jobs=list, started_at=datetime.now(UTC))
        assert services.world == "live"
        assert services.table.order == TABLE.order
        assert [road.code for road in services.roads()] == ["waiting"]
    finally:
        await outside.close()


@pytest.mark.parametrize(("name", "handler"), HANDLERS, ids=[name for name, _ in HANDLERS])
def test_every_handler_takes_a_request_and_nothing_else(name: str, handler: Handler) -> None:
    signature = inspect.signature(handler, eval_str=True)
    required = [one for one in signature.parameters.values() if one.default is inspect.Parameter.empty]
    assert [one.annotation for one in required] == [Request]
    assert inspect.iscoroutinefunction(handler)


@pytest.mark.parametrize("handler", [Switchboard.on_message, Switchboard.on_tap, Switchboard.on_membership])
def test_what_the_dispatcher_calls_asks_only_for_what_the_middlewares_give(handler: object) -> None:
    assert callable(handler)
    _, _event, *others = inspect.signature(handler).parameters
    assert set(others) <= FROM_MIDDLEWARES


def test_every_screen_is_in_the_table() -> None:
    offered = [command for screen in SCREENS for command in getattr(screen, "COMMANDS", ())]
    assert list(TABLE.order) == offered
    assert {command.name for command in offered} >= {
        "start",
        "help",
        "status",
        "price",
        "top",
        "chart",
        "watch",
    }


@pytest.mark.parametrize("command", TABLE.order, ids=lambda command: command.name)
def test_every_command_is_one_that_telegrams_menu_can_show(command: Command) -> None:
    assert re.fullmatch(r"[a-z0-9_]{1,32}", command.name)
    assert 1 <= len(command.summary) <= 256


async def nothing(request: Request) -> Screen | None:
    return None


def a_command(name: str, *words: str) -> Command:
    return Command(name=name, handler=nothing, topic=Topic.DESK, summary=name, words=words)


def test_two_screens_cannot_share_a_word_or_a_button() -> None:
    with pytest.raises(ValueError, match="'quote' means two commands"):
        Table.of([a_command("price", "quote"), a_command("quote")], [])
    twice = [ButtonRoute(prefix="px", handler=nothing)] * 2
    with pytest.raises(ValueError, match="prefix 'px' is taken twice"):
        Table.of([], twice)


def test_screens_without_commands_or_buttons_are_welcome() -> None:
    assert build_table([ModuleType("empty")]) == Table({}, {}, {}, ())


def test_button_data_that_telegram_would_refuse_is_refused_here() -> None:
    assert button("x", "p" * 10, "д" * 26).data is not None
    with pytest.raises(ValueError, match="over 64 bytes"):
        button("x", "p" * 10, "д" * 27)
    assert again("price " + "x" * 60, "Again") is None


async def reachable(desk: ScreenDesk, by: int, *, deep: int = 3) -> dict[str, Screen]:
    """Every screen found by typing all commands and pressing every read-only button, by button data."""
    typed = {text for command in desk.services.table.order for text in (f"/{command.name}", command.example)}
    found: dict[str, Screen] = {}
    level = [(text, (await desk.answer(text, by=by)).screen) for text in sorted(typed) if text]
    for _ in range(deep):
        following = []
        for name, screen in level:
            if screen is None or name in found:
                continue
            found[name] = screen
            for one in buttons(screen):
                prefix = (one.data or "").partition(":")[0]
                route = desk.services.table.buttons.get(prefix)
                if one.data not in found and route is not None and route.is_read_only:
                    following.append((one.data or "", (await desk.press(one.data or "", by=by)).screen))
        level = following
    return found


@pytest.mark.parametrize("by", [ANN, TOM, VERA])
async def test_every_button_on_every_screen_fits_and_leads_somewhere(by: int) -> None:
    desk = await a_screen_desk()
    screens = await reachable(desk, by)
    assert len(screens) > 20
    for name, screen in screens.items():
        for one in buttons(screen):
            kinds = [one.data, one.url, one.copy]
            assert sum(kind is not None for kind in kinds) == 1, (name, one)
            assert one.text.strip(), (name, one)
            if one.data is not None:
                assert len(one.data.encode()) <= LONGEST_DATA, (name, one)
                assert one.data.partition(":")[0] in desk.services.table.buttons, (name, one)


def test_who_is_named_twice_has_the_higher_role(settings: Settings) -> None:
    telegram = settings.telegram.model_copy(update={"admins": (1,), "traders": (1, 2), "viewers": (1, 2, 3)})
    named = settings.model_copy(update={"telegram": telegram})
    assert appointed(named) == {1: Role.ADMIN, 2: Role.TRADER, 3: Role.VIEWER}


def test_claim_codes_are_easy_to_type_and_hard_to_guess() -> None:
    codes = {claim_code() for _ in range(200)}
    assert len(codes) == 200
    assert all(re.fullmatch(r"[A-HJ-NP-Z2-9]{4}-[A-HJ-NP-Z2-9]{4}", code) for code in codes)
