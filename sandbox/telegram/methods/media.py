"""Files that come with a request."""

from sandbox.telegram.errors import bad_request
from sandbox.telegram.files import StoredFile
from sandbox.telegram.requests import Params
from sandbox.telegram.twin import Telegram


def stored_file(twin: Telegram, params: Params, kind: str, reference: str) -> StoredFile:
    """The file a media parameter means: an upload, or one sent before by its id.

    `kind` is `"photo"` or `"document"`. Raises 400 when there is none.
    """
    upload = params.upload(reference) or params.upload(kind) if not reference else params.upload(reference)
    if upload is not None:
        return twin.files.add_photo(upload) if kind == "photo" else twin.files.add_document(upload)
    if not reference or reference.startswith("attach://"):
        raise bad_request(f"there is no {kind} in the request")
    if reference.startswith(("http://", "https://")):
        raise bad_request("failed to get HTTP URL content")
    file = twin.files.by_id(reference)
    if file is None:
        raise bad_request("wrong file identifier/HTTP URL specified")
    if file.is_photo != (kind == "photo"):
        is_kind, wanted = ("Photo", "Document") if file.is_photo else ("Document", "Photo")
        raise bad_request(f"can't use file of type {is_kind} as {wanted}")
    return file
