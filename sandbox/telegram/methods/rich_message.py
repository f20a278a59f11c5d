"""The `rich_message` parameter: HTML with the pictures it names."""

import re
from typing import Any

from sandbox.telegram.errors import bad_request
from sandbox.telegram.files import StoredFile
from sandbox.telegram.methods.media import stored_file
from sandbox.telegram.requests import Params
from sandbox.telegram.rich.blocks import Blocks
from sandbox.telegram.rich.content import RichContent
from sandbox.telegram.rich.tree import read_tree
from sandbox.telegram.twin import Telegram

MAX_MEDIA = 50
_MEDIA_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def read_rich(twin: Telegram, params: Params) -> RichContent:
    """An `InputRichMessage`. Raises 400 in Telegram's manner.

    The sandbox reads HTML only. It detects no addresses or commands: nobody here asks for that.
    """
    body = params.json("rich_message", "can't parse InputRichMessage JSON object")
    if not isinstance(body, dict):
        raise bad_request("rich message must be specified")
    if sum(body.get(form) is not None for form in ("html", "markdown", "blocks")) != 1:
        raise bad_request("exactly one of html, markdown and blocks must be specified in the rich message")
    html = body.get("html")
    if not isinstance(html, str):
        raise bad_request("the sandbox reads rich messages in HTML only")
    root = read_tree(html)
    photos = {} if body.get("media") is None else _photos(twin, params, body["media"])
    blocks = Blocks(photos).read(root)
    paths = {photo.id: photo.path for photo in photos.values()}
    return RichContent(blocks, bool(body.get("is_rtl")), paths)


def _photos(twin: Telegram, params: Params, media: Any) -> dict[str, StoredFile]:
    if not isinstance(media, list) or not all(isinstance(one, dict) for one in media):
        raise bad_request("expected an Array of InputRichMessageMedia")
    if len(media) > MAX_MEDIA:
        raise bad_request("rich message has too many media")
    photos: dict[str, StoredFile] = {}
    for one in media:
        name, photo = str(one.get("id", "")), one.get("media")
        if not _MEDIA_ID.fullmatch(name) or name in photos:
            raise bad_request("invalid media identifier specified in the rich message")
        if not isinstance(photo, dict) or photo.get("type") != "photo":
            raise bad_request("the sandbox takes photos in rich messages only")
        photos[name] = stored_file(twin, params, "photo", str(photo.get("media") or ""))
    return photos
