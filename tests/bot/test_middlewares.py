"""What every update passes: the trace, the door, the brake."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import structlog
from aiogram.types import Update

from bot.middlewares import Brake, Trace
from bot.settings import DeskSettings, Settings, TelegramSettings
from ports.errors import Transient
from ports.people import Role
from sandbox.telegram.conversation import set_membership
from services.people import MOST_CLAIM_TRIES
from tests.build.conversation import Conversation, Message, a_conversation
from tests.build.messenger import RecordingMessenger
from tests.build.people import a_person
from tests.build.screens import the_rendering
from tests.build.telegram import ANNA, GROUP, SAM, TOM, VERA


@pytest.fixture
async def at() -> AsyncIterator[Conversation]:
    async with a_conversation() as conversation:
        yield conversation


async def join_group(at: Conversation, user: int) -> None:
    group, person = at.telegram.twin.chats.get(GROUP), at.telegram.twin.people.get(user)
    assert group is not None
    assert person is not None
    set_membership(at.telegram.twin, group, person, is_member=True)
    await at.listen()


@pytest.mark.parametrize(
    "texts", [["/start"], ["hello", "/price btc", "/users", "/help"], ["🙂"], ["/claim ABCD-1234", "/claim"]]
)
async def test_a_stranger_hears_nothing_and_the_admins_hear_of_them_once(
    at: Conversation, texts: list[str]
) -> None:
    for text in texts:
        assert await at.say(SAM, text) == []

    [notice] = await at.heard(GROUP)
    assert "Sam" in notice["text"]
    assert str(SAM) in notice["text"]
    assert [button["text"] for button in notice["buttons"][0]] == ["Viewer", "Trader", "Block"]


async def test_a_stranger_who_is_let_in_is_spoken_to(at: Conversation) -> None:
    await at.say(SAM, "/start")
    [notice] = await at.heard(GROUP)

    await at.tap(ANNA, notice, "Viewer")

    [welcome] = await at.heard(SAM)
    assert "Welcome to the desk." in welcome["text"]
    await at.tap(SAM, welcome, "Begin")
    assert "Which language" in (await at.heard(SAM))[-1]["text"]


async def test_a_strangers_tap_is_silent_and_counts_as_knocking(at: Conversation) -> None:
    [screen] = await at.say(VERA, "/price btc")

    assert await at.tap(SAM, screen, "Refresh", wait_s=0.05) is None

    assert len(await at.heard(GROUP)) == 1
    assert (await at.heard(VERA))[-1]["edits"] == 0


async def test_a_group_member_without_a_role_is_a_stranger(at: Conversation) -> None:
    await join_group(at, SAM)

    assert await at.say(SAM, "/price btc", chat=GROUP) == []

    [notice] = await at.heard(GROUP)
    assert "Sam" in notice["text"]


async def test_a_flood_of_strangers_is_announced_within_a_budget(at: Conversation) -> None:
    for number in range(30):
        await at.telegram.post("/users", name=f"Stranger{number}", id=5000 + number)
        await at.telegram.say(5000 + number, "hello")
    await at.listen()

    assert len(await at.heard(GROUP)) == 20


async def test_who_is_blocked_hears_nothing_and_nobody_hears_of_them(at: Conversation) -> None:
    [screen] = await at.say(VERA, "/price btc")
    await at.desk.services.people.change(VERA, role=Role.BLOCKED)

    assert await at.say(VERA, "/price btc") == []
    assert await at.tap(VERA, screen, "Refresh", wait_s=0.05) is None
    assert await at.heard(GROUP) == []


async def test_a_foreign_group_is_not_served() -> None:
    async with a_conversation(admin_chat=None) as at:
        assert await at.say(ANNA, "/price btc", chat=GROUP) == []
        assert await at.say(TOM, "/help@perpetuum_sandbox_bot", chat=GROUP) == []


async def test_a_forwarded_button_is_refused_with_a_toast(at: Conversation) -> None:
    [screen] = await at.say(VERA, "/price btc")

    toast = await at.tap(TOM, screen, "Watch")

    assert toast is not None
    assert (toast.text, toast.show_alert) == ("This button is not for you.", True)
    assert at.desk.person(TOM).watchlist == ()
    assert at.desk.person(VERA).watchlist == ()


async def test_somebody_appointed_is_welcomed_without_a_notice() -> None:
    async with a_conversation(a_person(ANNA, role=Role.ADMIN)) as at:
        at.desk.services.people.appointed[SAM] = Role.TRADER

        assert await at.say(SAM, "/start") != []

        assert at.desk.person(SAM).role is Role.TRADER
        assert await at.heard(GROUP) == []


@pytest.fixture
async def unclaimed() -> AsyncIterator[tuple[Conversation, str]]:
    async with a_conversation(a_person(VERA), admin_chat=None) as at:
        code = await at.desk.services.people.open_claim()
        assert code is not None
        yield at, code


async def test_the_right_code_makes_the_first_admin_and_begins(unclaimed: tuple[Conversation, str]) -> None:
    at, code = unclaimed

    answers = await at.say(SAM, f"/claim {code.lower()}")

    assert at.desk.person(SAM).role is Role.ADMIN
    assert "This desk is yours" in answers[0]["text"]
    assert "Which language" in answers[1]["text"]


async def test_wrong_codes_are_answered_while_there_is_something_to_claim(
    unclaimed: tuple[Conversation, str],
) -> None:
    at, code = unclaimed

    [answer] = await at.say(SAM, "/claim nonsense")
    assert "4 tries left" in answer["text"]
    for _ in range(MOST_CLAIM_TRIES):
        [answer] = await at.say(SAM, "/claim")
    assert "Too many wrong codes" in answer["text"]

    [answer] = await at.say(SAM, f"/claim {code}")
    assert "Too many wrong codes" in answer["text"]
    assert at.desk.services.people.get(SAM) is None


async def test_after_the_claim_other_strangers_hear_nothing(unclaimed: tuple[Conversation, str]) -> None:
    at, code = unclaimed
    await at.say(ANNA, f"/claim {code}")

    assert await at.say(SAM, f"/claim {code}") == []

    assert "Sam" in (await at.heard(ANNA))[-1]["text"]


async def test_a_claim_in_a_group_is_not_heard(unclaimed: tuple[Conversation, str]) -> None:
    at, code = unclaimed

    assert await at.say(TOM, f"/claim {code}", chat=GROUP) == []

    assert at.desk.services.people.get(TOM) is None


async def test_people_are_spoken_to_in_their_own_language(at: Conversation) -> None:
    await at.desk.services.people.change(TOM, language="ru")

    [russian] = await at.say(TOM, "/help")
    [english] = await at.say(VERA, "/help")

    assert english["text"].startswith("Markets")
    assert any("а" <= letter <= "я" for letter in russian["text"].split("\n")[0].lower())


async def test_somebody_new_begins_in_the_language_of_their_client_or_of_the_desk() -> None:
    settings = Settings(desk=DeskSettings(language="ru"))
    async with a_conversation(settings=settings) as at:
        at.desk.services.people.appointed.update({SAM: Role.VIEWER, 5001: Role.VIEWER})
        await at.telegram.post("/users", name="Hans", id=5001, language="de")
        await at.telegram.post(f"/users/{SAM}", language="en-GB")

        await at.say(SAM, "/start")
        await at.say(5001, "/start")

        assert at.desk.person(SAM).language == "en"
        assert at.desk.person(5001).language == "ru"


async def test_a_flood_is_warned_of_once_and_then_met_with_silence() -> None:
    settings = Settings(telegram=TelegramSettings(flood_per_s=0.01, flood_burst=4))
    async with a_conversation(settings=settings) as at:
        answers: list[Message] = []
        for _ in range(9):
            answers += await at.say(VERA, "/help")

        texts = [answer["text"] for answer in answers]
        assert sum("That was fast" in text for text in texts) == 1
        assert len(texts) == 5
        assert len(await at.say(TOM, "/help")) == 1  # others are served


class Passed:
    """A handler that counts its calls."""

    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, event: Any, data: dict[str, Any]) -> None:
        self.calls += 1


async def test_the_brake_lets_go_and_warns_anew_after_a_rest() -> None:
    now, messenger, passed = [0.0], RecordingMessenger(), Passed()
    brake = Brake(messenger, per_s=1.0, burst=4, most_people=2, monotonic=lambda: now[0])
    data = {"person": a_person(), "say": the_rendering().speech("en")}

    async def flood(count: int) -> int:
        before = passed.calls
        for _ in range(count):
            await brake(passed, Update(update_id=1), data)
        return passed.calls - before

    assert await flood(10) == 4
    now[0] += 1
    assert await flood(10) == 1
    assert len(messenger.sent) == 1
    assert "in 2 s" in messenger.sent[0].screen.html
    now[0] += 10
    assert await flood(10) == 4
    assert len(messenger.sent) == 2


async def test_the_brake_remembers_only_so_many_people_and_survives_a_lost_warning() -> None:
    messenger, passed = RecordingMessenger(failure=Transient("down")), Passed()
    brake = Brake(messenger, per_s=0.001, burst=1, most_people=2, monotonic=lambda: 0.0)

    for number in range(5):
        data = {"person": a_person(number), "say": the_rendering().speech("en")}
        for _ in range(3):
            await brake(passed, Update(update_id=1), data)

    assert passed.calls == 5
    assert messenger.sent == []


async def test_log_lines_of_an_update_carry_its_number() -> None:
    seen: list[dict[str, Any]] = []

    async def handler(event: Any, data: dict[str, Any]) -> None:
        seen.append(structlog.contextvars.get_contextvars())

    await Trace()(handler, Update(update_id=77), {})

    assert seen[0]["update"] == 77
    assert "update" not in structlog.contextvars.get_contextvars()
