"""A Bot API request: parameters from query, form, multipart or JSON, read as the method wants them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson
from aiohttp import BodyPartReader, web

from sandbox.telegram.errors import ApiError, bad_request

MAX_UPLOAD_BYTES = 50 * 1024 * 1024
_TRUE = frozenset({"true", "1", "yes", "y", "t"})


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with the request."""

    name: str
    mime_type: str
    data: bytes


@dataclass(slots=True)
class Params:
    """Parameters by name. JSON bodies carry native values, forms carry strings; both read the same."""

    values: Mapping[str, Any] = field(default_factory=dict)
    uploads: Mapping[str, Upload] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        return name in self.values

    def text(self, name: str, default: str = "") -> str:
        """The value as text; `default` when it is absent."""
        value = self.values.get(name, default)
        return value if isinstance(value, str) else orjson.dumps(value).decode()

    def integer(self, name: str) -> int | None:
        """The value as a number; `None` when absent. Raises 400 when it is none."""
        value = self.values.get(name)
        if value is None or value == "":
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, str):
            try:
                return int(value)
            except ValueError:
                pass
        raise bad_request(f'field "{name}" must be a valid Number')

    def flag(self, name: str) -> bool:
        """Whether the value says true; absent is false."""
        value = self.values.get(name, False)
        return value.strip().lower() in _TRUE if isinstance(value, str) else bool(value)

    def json(self, name: str, reason: str) -> Any:
        """The JSON value; `None` when absent. `reason` words the 400 for text that is no JSON."""
        value = self.values.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise bad_request(reason) from error

    def upload(self, reference: str) -> Upload | None:
        """The file behind `attach://name`, or behind the plain parameter name."""
        return self.uploads.get(reference.removeprefix("attach://"))


async def read_params(request: web.Request) -> Params:
    """Decode a request. Raises 400 for a broken body and 413 for a file beyond 50 MB."""
    kind = request.content_type
    if kind == "multipart/form-data":
        return await _read_multipart(request)
    values: dict[str, Any] = dict(request.query) if request.query_string else {}
    body = await request.read()
    if not body:
        return Params(values)
    if kind == "application/json":
        try:
            decoded = orjson.loads(body)
        except orjson.JSONDecodeError as error:
            raise bad_request("can't parse request body as a JSON object") from error
        if not isinstance(decoded, dict):
            raise bad_request("can't parse request body as a JSON object")
        return Params(values | decoded)
    try:
        values.update(parse_qsl(body.decode(), keep_blank_values=True))
    except UnicodeDecodeError as error:
        raise bad_request("strings must be encoded in UTF-8") from error
    return Params(values)


async def _read_multipart(request: web.Request) -> Params:
    values: dict[str, Any] = dict(request.query)
    uploads: dict[str, Upload] = {}
    try:
        reader = await request.multipart()
        async for part in reader:
            if isinstance(part, BodyPartReader):
                await _read_part(part, values, uploads)
    except (ValueError, RuntimeError) as error:
        raise bad_request("can't parse request body as multipart/form-data") from error
    return Params(values, uploads)


async def _read_part(part: BodyPartReader, values: dict[str, Any], uploads: dict[str, Upload]) -> None:
    name = part.name or ""
    data = bytearray()
    while chunk := await part.read_chunk():
        data += chunk
        if len(data) > MAX_UPLOAD_BYTES:
            raise ApiError(413, "Request Entity Too Large")
    if part.filename is None:
        values[name] = data.decode("utf-8", "replace")
        return
    mime_type = part.headers.get("Content-Type", "application/octet-stream")
    uploads[name] = Upload(part.filename, mime_type, bytes(data))
