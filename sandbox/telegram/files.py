"""Files the bot sent: kept by id and path, pictures measured from their headers."""

import hashlib
import struct
from dataclasses import dataclass
from typing import Any

import orjson

from sandbox.telegram.errors import bad_request
from sandbox.telegram.keep import Keep
from sandbox.telegram.requests import Upload

MAX_PHOTO_BYTES = 10 * 1024 * 1024
MAX_KEPT_BYTES = 128 * 1024 * 1024
_MAX_SIDES = 10_000
_MAX_RATIO = 20
_PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file on Telegram's side. `width` and `height` are in pixels, 0 for documents."""

    id: str
    unique_id: str
    path: str
    name: str
    mime_type: str
    size: int
    width: int = 0
    height: int = 0

    @property
    def is_photo(self) -> bool:
        return self.width > 0

    def photo_api(self) -> list[dict[str, Any]]:
        """The Bot API's list of `PhotoSize`."""
        return [
            {
                "file_id": self.id,
                "file_unique_id": self.unique_id,
                "width": self.width,
                "height": self.height,
                "file_size": self.size,
            }
        ]

    def document_api(self) -> dict[str, Any]:
        """The Bot API's `Document`."""
        return {
            "file_id": self.id,
            "file_unique_id": self.unique_id,
            "file_name": self.name,
            "mime_type": self.mime_type,
            "file_size": self.size,
        }

    def file_api(self) -> dict[str, Any]:
        """The Bot API's `File`, with the path to download it from."""
        return {
            "file_id": self.id,
            "file_unique_id": self.unique_id,
            "file_size": self.size,
            "file_path": self.path,
        }


class Files:
    """Everything the bot uploaded, the oldest going when more than `max_bytes` are kept."""

    def __init__(self, keep: Keep, *, max_bytes: int = MAX_KEPT_BYTES) -> None:
        self._keep = keep
        self._max_bytes = max_bytes
        self._files: dict[str, StoredFile] = {}
        self._contents: dict[str, bytes] = {}
        self._bytes = 0
        self._count = 0
        contents = dict(keep.load("content"))
        loaded = [StoredFile(**orjson.loads(body)) for _, body in keep.load("file")]
        for file in sorted(loaded, key=_number):
            self._remember(file, contents[file.path])

    def add_photo(self, upload: Upload) -> StoredFile:
        """Store a picture. Raises 400 when it is none, too large or too long a strip."""
        if len(upload.data) > MAX_PHOTO_BYTES:
            raise bad_request("file is too big")
        size = picture_size(upload.data)
        if size is None:
            raise bad_request("IMAGE_PROCESS_FAILED")
        width, height = size
        if width + height > _MAX_SIDES or max(size) > _MAX_RATIO * min(size):
            raise bad_request("PHOTO_INVALID_DIMENSIONS")
        ending = ".png" if upload.data.startswith(_PNG) else ".jpg"
        mime_type = "image/png" if ending == ".png" else "image/jpeg"
        return self._store("photos", ending, upload, mime_type, width, height)

    def add_document(self, upload: Upload) -> StoredFile:
        """Store any file. Raises 400 for an empty one."""
        if not upload.data:
            raise bad_request("file must be non-empty")
        dot = upload.name.rfind(".")
        ending = upload.name[dot:] if dot > 0 and upload.name[dot + 1 :].isalnum() else ""
        return self._store("documents", ending, upload, upload.mime_type, 0, 0)

    def by_id(self, file_id: str) -> StoredFile | None:
        return next((file for file in self._files.values() if file.id == file_id), None)

    def by_path(self, path: str) -> StoredFile | None:
        return self._files.get(path)

    def content(self, file: StoredFile) -> bytes:
        return self._contents[file.path]

    def _store(
        self, folder: str, ending: str, upload: Upload, mime_type: str, width: int, height: int
    ) -> StoredFile:
        digest = hashlib.sha256(upload.data).hexdigest()
        path = f"{folder}/file_{self._count + 1}{ending}"
        unique = f"AQAD{digest[:12]}"
        file_id = f"{'AgAC' if width else 'BQAC'}{digest[:36]}{self._count + 1:08x}"
        file = StoredFile(file_id, unique, path, upload.name, mime_type, len(upload.data), width, height)
        self._remember(file, upload.data)
        self._keep.put("content", path, upload.data)
        self._keep.put("file", path, file)
        return file

    def _remember(self, file: StoredFile, data: bytes) -> None:
        self._files[file.path] = file
        self._contents[file.path] = data
        self._bytes += len(data)
        self._count = max(self._count, _number(file))
        while self._bytes > self._max_bytes and len(self._files) > 1:
            self._forget(next(iter(self._files)))

    def _forget(self, path: str) -> None:
        del self._files[path]
        self._bytes -= len(self._contents.pop(path))
        self._keep.drop("file", path)
        self._keep.drop("content", path)


def _number(file: StoredFile) -> int:
    return int(file.path.rpartition("_")[2].partition(".")[0])


def picture_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of a PNG or JPEG in pixels; `None` for anything else."""
    if data.startswith(_PNG) and len(data) >= 24:
        width, height = struct.unpack(">II", data[16:24])
        return (width, height) if width and height else None
    return _jpeg_size(data) if data.startswith(b"\xff\xd8") else None


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Walk the segments to the frame header, which carries the size."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return (width, height) if width and height else None
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return None
