"""What Telegram refuses, as errors of ours."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)

from ports.errors import Gone, Rejected, Transient

NOT_MODIFIED = "message is not modified"
NO_SUCH_MESSAGE = (
    "message to edit not found",
    "message can't be edited",
    "message_id_invalid",
    "no text in the message",
)
_GONE = ("chat not found", "user is deactivated", "bot was kicked", "group chat was upgraded")


@contextmanager
def translated() -> Iterator[None]:
    """Vendor errors become `Gone`, `Transient` or `Rejected`."""
    try:
        yield
    except TelegramRetryAfter as error:
        raise Transient(error.message, kind="rate_limited", retry_after_s=error.retry_after) from error
    except (TelegramNetworkError, TelegramServerError, ClientDecodeError) as error:
        raise Transient(f"Telegram is out of reach: {type(error).__name__}") from error
    except (TelegramUnauthorizedError, TelegramNotFound) as error:
        # About the token or the server, never about the message or the chat: what waits must not be dropped.
        raise Transient(f"Telegram refuses the bot: {error.message}", kind="refused") from error
    except (TelegramForbiddenError, TelegramMigrateToChat) as error:
        raise Gone(error.message) from error
    except TelegramAPIError as error:
        if says(error.message, *_GONE):
            raise Gone(error.message) from error
        raise Rejected(error.message) from error


def is_of_content(words: str) -> bool:
    """Whether a refusal is about what was said, so that other words may be taken; not about the chat or the
    message it goes to."""
    return not says(words, NOT_MODIFIED, *NO_SUCH_MESSAGE, *_GONE)


def says(words: str, *known: str) -> bool:
    """Whether one of the known phrases is in a refusal."""
    return any(phrase in words.lower() for phrase in known)
