"""What people do: write, split long texts, block, join, change language."""

import pytest
from aiogram.types import ChatMemberBanned, ChatMemberMember

from tests.build.telegram import ANNA, GROUP, SAM, TelegramDesk


@pytest.mark.parametrize("name", ["1001", "Anna", "anna", "admin"])
async def test_a_person_is_named_by_id_name_or_role(desk: TelegramDesk, name: str) -> None:
    message = await desk.say(name, "hi")
    assert (message["sender"], message["sender_name"], message["chat"]) == (ANNA, "Anna", ANNA)


async def test_nobody_is_not_found(desk: TelegramDesk) -> None:
    assert await desk.post("/users/nobody/messages", text="x") == (
        404,
        {"error": "there is no user 'nobody'"},
    )
    assert (await desk.post("/users/9999/messages", text="x"))[0] == 404


async def test_a_group_message_reaches_the_bot(desk: TelegramDesk) -> None:
    first = await desk.say("tom", "in the group", chat=GROUP)
    await desk.say("anna", "yes", chat=GROUP, reply_to=first["id"])
    _, answered = await desk.updates()
    assert answered.message is not None
    assert (answered.message.chat.type, answered.message.chat.title) == ("supergroup", "Desk admins")
    assert answered.message.reply_to_message is not None
    assert answered.message.reply_to_message.text == "in the group"


async def test_a_long_text_is_split_as_apps_do(desk: TelegramDesk) -> None:
    await desk.say("anna", "x" * 5000)
    await desk.say("anna", "😀" * 2500)
    assert [len(u.message.text or "") for u in await desk.updates() if u.message] == [4096, 904, 2048, 452]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"text": "  \n"}, 400),
        ({"text": 5}, 400),
        ({}, 400),
        ({"text": "x", "chat": "here"}, 400),
        ({"text": "x", "chat": 99}, 404),
        ({"text": "x", "reply_to": 99}, 404),
        ({"text": "x", "chat": SAM}, 400),
    ],
)
async def test_what_cannot_be_written(desk: TelegramDesk, body: dict[str, object], status: int) -> None:
    answered, error = await desk.post("/users/anna/messages", **body)
    assert answered == status
    assert error["error"]


async def test_bodies_that_are_no_objects(desk: TelegramDesk) -> None:
    for raw in (b"{", b"[]", b'"x"', b'{"text": "\xff"}'):
        async with desk.http.post(f"{desk.url}/control/users/anna/messages", data=raw) as response:
            assert response.status == 400
            assert (await response.json())["error"]


async def test_blocking_tells_the_bot_once(desk: TelegramDesk) -> None:
    await desk.post("/users/anna/block", blocked=True)
    await desk.post("/users/anna/block", blocked=True)
    assert (await desk.post("/users/anna/messages", text="x"))[0] == 400
    await desk.post("/users/anna/block", blocked=False)
    blocked, unblocked = [update.my_chat_member for update in await desk.updates()]
    assert blocked is not None
    assert isinstance(blocked.old_chat_member, ChatMemberMember)
    assert isinstance(blocked.new_chat_member, ChatMemberBanned)
    assert unblocked is not None
    assert isinstance(unblocked.new_chat_member, ChatMemberMember)
    assert (await desk.post("/users/anna/block", blocked="yes"))[0] == 400


async def test_joining_and_leaving_a_group(desk: TelegramDesk) -> None:
    assert (await desk.post("/users/sam/messages", text="x", chat=GROUP))[0] == 400
    path = f"/chats/{GROUP}/members"
    _, chat = await desk.post(path, user="sam")
    assert SAM in chat["members"]
    await desk.post(path, user="sam")
    await desk.say("sam", "hello", chat=GROUP)
    await desk.post(path, user="sam", member=False)
    joined, said, left = [update.message for update in await desk.updates()]
    assert joined is not None
    assert joined.new_chat_members is not None
    assert joined.new_chat_members[0].id == SAM
    assert said is not None
    assert left is not None
    assert left.left_chat_member is not None
    assert [message["service"] for message in await desk.messages(GROUP)] == ["joined", None, "left"]
    assert (await desk.post(f"/chats/{ANNA}/members", user="sam"))[0] == 400


async def test_a_person_changes_language(desk: TelegramDesk) -> None:
    assert (await desk.post("/users/anna", language="ru"))[1]["language"] == "ru"
    await desk.say("anna", "привет")
    (update,) = await desk.updates()
    assert update.message is not None
    assert update.message.from_user is not None
    assert update.message.from_user.language_code == "ru"
    assert (await desk.post("/users/anna", language="?"))[0] == 400
    assert (await desk.post("/users/anna"))[1]["language"] == "ru"


async def test_a_new_person_moves_in(desk: TelegramDesk) -> None:
    status, person = await desk.post("/users", name="<b>Eve</b>", role="stranger", language="de")
    assert (status, person["id"], person["chat"], person["language"]) == (200, 1005, 1005, "de")
    await desk.say(person["id"], "hi")
    assert (await desk.post("/users", name=" "))[0] == 400
    assert (await desk.post("/users", name="Copy", id=ANNA))[0] == 400


async def test_messages_of_an_unknown_chat(desk: TelegramDesk) -> None:
    async with desk.http.get(f"{desk.url}/control/chats/77/messages") as response:
        assert response.status == 404
    async with desk.http.get(f"{desk.url}/control/chats/{ANNA}/messages?after=x") as response:
        assert response.status == 400
