"""Refusals of the Bot API, worded as Telegram words them."""

from typing import Any

import orjson


class ApiError(Exception):
    """A method's refusal: `code` is both the HTTP status and `error_code`.

    `retry_after_s` appears under `parameters`, as flood control sends it.
    """

    def __init__(self, code: int, description: str, *, retry_after_s: int | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.retry_after_s = retry_after_s

    def body(self) -> bytes:
        """The JSON body of the refusal."""
        body: dict[str, Any] = {"ok": False, "error_code": self.code, "description": self.description}
        if self.retry_after_s is not None:
            body["parameters"] = {"retry_after": self.retry_after_s}
        return orjson.dumps(body)


def bad_request(reason: str) -> ApiError:
    """400: the request makes no sense here."""
    return ApiError(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> ApiError:
    """403: the chat does not let the bot do this."""
    return ApiError(403, f"Forbidden: {reason}")


def not_found() -> ApiError:
    """404: no such file."""
    return ApiError(404, "Not Found")


def unknown_method() -> ApiError:
    """404: no such method."""
    return ApiError(404, "Not Found: method not found")


def unauthorized() -> ApiError:
    """401: the token is not the bot's."""
    return ApiError(401, "Unauthorized")


def conflict() -> ApiError:
    """409: another getUpdates took over."""
    return ApiError(
        409,
        "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running",
    )


def too_many_requests(retry_after_s: int) -> ApiError:
    """429: flood control, with the seconds to wait."""
    return ApiError(
        429, f"Too Many Requests: retry after {retry_after_s}", retry_after_s=max(1, retry_after_s)
    )
