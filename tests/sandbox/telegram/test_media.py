"""Photos, documents and files."""

import pytest
from aiogram.exceptions import TelegramBadRequest, TelegramEntityTooLarge
from aiogram.types import BufferedInputFile, InputMediaDocument, InputMediaPhoto

from sandbox.telegram.files import Files, picture_size
from sandbox.telegram.keep import ForgetfulKeep
from sandbox.telegram.requests import Upload
from tests.build.telegram import ANNA, PNG, TelegramDesk


def picture(data: bytes = PNG) -> BufferedInputFile:
    return BufferedInputFile(data, "chart.png")


def png(width: int, height: int) -> bytes:
    return PNG[:16] + width.to_bytes(4, "big") + height.to_bytes(4, "big") + PNG[24:]


async def test_a_photo_is_measured_kept_and_shown(desk: TelegramDesk) -> None:
    message = await desk.bot.send_photo(ANNA, picture(), caption="<b>BTC</b> 1h")
    assert message.photo is not None
    (size,) = message.photo
    assert (size.width, size.height, size.file_size) == (64, 48, len(PNG))
    assert message.html_text == "<b>BTC</b> 1h"
    (shown,) = await desk.messages(ANNA)
    assert (shown["text"], shown["html"], shown["document"]) == ("BTC 1h", "<b>BTC</b> 1h", None)
    async with desk.http.get(desk.url + shown["photo"]) as response:
        assert response.content_type == "image/png"
        assert await response.read() == PNG


async def test_a_file_can_be_downloaded_with_the_token(desk: TelegramDesk) -> None:
    message = await desk.bot.send_document(ANNA, BufferedInputFile(b"a,b\n", "trades.csv"))
    assert message.document is not None
    assert (message.document.file_name, message.document.file_size) == ("trades.csv", 4)
    file = await desk.bot.get_file(message.document.file_id)
    assert file.file_path == "documents/file_1.csv"
    content = await desk.bot.download_file(file.file_path)
    assert content is not None
    assert content.read() == b"a,b\n"
    async with desk.http.get(f"{desk.url}/file/botWRONG/{file.file_path}") as response:
        assert response.status == 401
    async with desk.http.get(f"{desk.url}/control/files/documents/file_9.csv") as response:
        assert response.status == 404
    (shown,) = await desk.messages(ANNA)
    assert shown["document"] == "/control/files/documents/file_1.csv"
    assert (shown["document_name"], shown["document_size"], shown["photo"]) == ("trades.csv", 4, None)


async def test_a_file_may_be_sent_again_by_its_id(desk: TelegramDesk) -> None:
    first = await desk.bot.send_photo(ANNA, picture())
    assert first.photo is not None
    again = await desk.bot.send_photo(ANNA, first.photo[0].file_id)
    assert again.photo == first.photo
    with pytest.raises(TelegramBadRequest, match="can't use file of type Photo as Document"):
        await desk.bot.send_document(ANNA, first.photo[0].file_id)


async def test_media_may_be_replaced_in_place(desk: TelegramDesk) -> None:
    sent = await desk.bot.send_photo(ANNA, picture(), caption="old")
    edited = await desk.bot.edit_message_media(
        InputMediaPhoto(media=picture(png(80, 60)), caption="<i>new</i>"),
        chat_id=ANNA,
        message_id=sent.message_id,
    )
    assert not isinstance(edited, bool)
    assert edited.photo is not None
    assert (edited.photo[0].width, edited.html_text) == (80, "<i>new</i>")
    edited = await desk.bot.edit_message_media(
        InputMediaDocument(media=BufferedInputFile(b"x", "x.txt")), chat_id=ANNA, message_id=sent.message_id
    )
    assert not isinstance(edited, bool)
    assert edited.document is not None
    assert edited.photo is None


async def test_media_with_a_parse_mode_of_its_own(desk: TelegramDesk) -> None:
    sent = await desk.bot.send_photo(ANNA, picture())
    media = InputMediaPhoto(media=picture(), caption="<b>x</b>", parse_mode=None)
    edited = await desk.bot.edit_message_media(media, chat_id=ANNA, message_id=sent.message_id)
    assert not isinstance(edited, bool)
    assert edited.caption == "<b>x</b>"


async def test_a_text_becomes_a_photo_but_a_photo_has_no_text(desk: TelegramDesk) -> None:
    sent = await desk.bot.send_message(ANNA, "x")
    await desk.bot.edit_message_media(
        InputMediaPhoto(media=picture()), chat_id=ANNA, message_id=sent.message_id
    )
    with pytest.raises(TelegramBadRequest, match="there is no text in the message to edit"):
        await desk.bot.edit_message_text("y", chat_id=ANNA, message_id=sent.message_id)


async def test_a_caption_is_edited_and_limited(desk: TelegramDesk) -> None:
    sent = await desk.bot.send_photo(ANNA, picture(), caption="x" * 1024)
    edited = await desk.bot.edit_message_caption(
        chat_id=ANNA, message_id=sent.message_id, caption="<u>short</u>"
    )
    assert not isinstance(edited, bool)
    assert edited.caption == "short"
    with pytest.raises(TelegramBadRequest, match="message caption is too long"):
        await desk.bot.send_photo(ANNA, picture(), caption="x" * 1025)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"not a picture", "IMAGE_PROCESS_FAILED"),
        (png(0, 5), "IMAGE_PROCESS_FAILED"),
        (png(9000, 2000), "PHOTO_INVALID_DIMENSIONS"),
        (png(2100, 100), "PHOTO_INVALID_DIMENSIONS"),
    ],
)
async def test_pictures_telegram_does_not_take(desk: TelegramDesk, data: bytes, reason: str) -> None:
    with pytest.raises(TelegramBadRequest, match=reason):
        await desk.bot.send_photo(ANNA, picture(data))


async def test_files_telegram_does_not_take(desk: TelegramDesk) -> None:
    with pytest.raises(TelegramBadRequest, match="file is too big"):
        await desk.bot.send_photo(ANNA, picture(PNG + bytes(10 * 2**20)))
    with pytest.raises(TelegramBadRequest, match="file must be non-empty"):
        await desk.bot.send_document(ANNA, BufferedInputFile(b"", "x.txt"))
    with pytest.raises(TelegramEntityTooLarge):
        await desk.bot.send_document(ANNA, BufferedInputFile(bytes(50 * 2**20 + 1), "x.bin"))


async def test_references_that_lead_nowhere(desk: TelegramDesk) -> None:
    for reference, reason in (
        ("https://a.b/c.png", "failed to get HTTP URL content"),
        ("AgACnothing", "wrong file identifier/HTTP URL specified"),
        ("attach://x", "there is no photo in the request"),
    ):
        with pytest.raises(TelegramBadRequest, match=reason):
            await desk.bot.send_photo(ANNA, reference)
    with pytest.raises(TelegramBadRequest, match="invalid file_id"):
        await desk.bot.get_file("nothing")
    sent = await desk.bot.send_photo(ANNA, picture())
    body = {"chat_id": ANNA, "message_id": sent.message_id, "media": {"type": "video", "media": "x"}}
    status, answer = await desk.call("editMessageMedia", json=body)
    assert (status, answer["description"]) == (400, "Bad Request: type video is not supported by the sandbox")
    status, answer = await desk.call("editMessageMedia", json=body | {"media": 5})
    assert answer["description"] == "Bad Request: input media is not specified"


def test_jpeg_headers_are_measured() -> None:
    jpeg = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(10) + b"\xff\xc0\x00\x11\x08\x00\x30\x00\x40" + bytes(10)
    assert picture_size(jpeg) == (64, 48)
    assert picture_size(b"\xff\xd8\xff\xda") is None


def test_the_oldest_files_go_first() -> None:
    files = Files(ForgetfulKeep(), max_bytes=10)
    first, second = (
        files.add_document(Upload(name, "text/plain", bytes(6))) for name in ("a.txt", "noending")
    )
    assert files.by_path(first.path) is None
    assert files.by_path(second.path) == second
    assert second.path == "documents/file_2"
