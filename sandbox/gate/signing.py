"""How Gate knows who asks: HMAC-SHA512 over the request, and a moment that must not be far from its own."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import unquote_plus

FARTHEST_MS = 60_000
"""How far the client's clock may be off."""


def signature(secret: str, text: str) -> str:
    """The signature of a text."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha512).hexdigest()


def is_request_signed(
    secret: str, method: str, path: str, query: str, body: bytes, headers: Mapping[str, str]
) -> bool:
    """Whether `SIGN` is right. `path` begins with `/api/v4`; clients sign the query before or after its
    special signs are escaped."""
    digest = hashlib.sha512(body).hexdigest()
    given = headers.get("SIGN", "")
    texts = (
        "\n".join((method, path, one, digest, headers.get("Timestamp", "")))
        for one in (query, unquote_plus(query))
    )
    return any(hmac.compare_digest(signature(secret, text), given) for text in texts)


def is_channel_signed(secret: str, channel: str, event: str, time: object, given: str) -> bool:
    """Whether a private subscription is signed rightly."""
    text = f"channel={channel}&event={event}&time={time}"
    return hmac.compare_digest(signature(secret, text), given)
