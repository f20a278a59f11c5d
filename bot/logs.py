"""Structured logs: secrets redacted everywhere, repeats folded."""

import json
import logging
import re
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from functools import cache
from html import escape
from math import isfinite
from typing import Any
from urllib.parse import quote, quote_plus

import structlog

Event = MutableMapping[str, Any]
MASK = "[redacted]"

_NAMES = (
    r"(?:api[_-]?(?:key|secret)|secret(?:[_-]?key)?|private[_-]?key|signature|sign|password|passphrase"
    r"|token|authorization)"
)
_SECRET_NAME = re.compile(rf"(?i)(?:.*[^a-z])?{_NAMES}")
_PATTERNS = (
    re.compile(r"(?<!\d)\d{6,12}(?::|%3A)[A-Za-z0-9_-]{30,}"),  # Telegram bot token, also in /bot<token>/
    # Private keys, with 0x or without, and the signatures of venues.
    re.compile(r"(?<![0-9a-fA-F])(?:[0-9a-fA-F]{64}|[0-9a-fA-F]{128})(?![0-9a-fA-F])"),
    re.compile(r"\bsk-[A-Za-z0-9_-]{16,}"),  # model keys
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"),  # user:password in a URL
    re.compile(r"(?i)\b(?:bearer|basic)\s+[^\s\"',}]{8,}"),
    re.compile(rf"(?i)(?<![a-z]){_NAMES}[\"']?\s*[=:]\s*[\"']?[^\s\"'&,}}]{{6,}}"),
)


_SHORTEST = 6
"""Shorter ones would mask ordinary words."""
_learned: list[str] = []
"""Of this process, as its log is: every form of every secret that was read, the longest first."""


def learn(secret: str) -> None:
    """Mask a secret from now on, wherever a `Redactor` looks."""
    _learned[:] = _longest_first({*_learned, *_forms(secret)})


@cache
def _forms(secret: str) -> tuple[str, ...]:
    """A secret as it is, in a URL, in HTML, in JSON, in the words of an error, in base64 and in hex."""
    in_bytes = repr(secret.encode())[1:]
    quoted = json.dumps(secret), json.dumps(secret, ensure_ascii=False), repr(secret), in_bytes
    in_hex = secret.encode().hex()
    forms = {secret, escape(secret), in_hex, in_hex.upper(), *(form[1:-1] for form in quoted)}
    forms |= {*_in_urls(secret), *_in_base64(secret.encode())}
    return _longest_first({form for form in forms if len(form) >= _SHORTEST})


def _in_urls(secret: str) -> Iterator[str]:
    """Percent-encoded by this rule or that, in either case, once or twice."""
    for once in {quote(secret), quote(secret, safe=""), quote_plus(secret), quote(secret, safe="~()*!'")}:
        for form in (once, quote(once, safe="")):
            yield form
            yield re.sub(r"%[0-9A-F]{2}", lambda code: code[0].lower(), form)


def _in_base64(secret: bytes) -> Iterator[str]:
    """In both alphabets, wherever it stands in what was encoded, as in `user:password`. Letters with bits
    of its neighbours are left out."""
    for before in range(3):
        whole = b64encode(bytes(before) + secret)
        first, last = -(-before * 8 // 6), (before + len(secret)) * 8 // 6
        for encoded in (whole, whole.translate(bytes.maketrans(b"+/", b"-_"))):
            yield encoded[first:last].decode()


def _longest_first(forms: Iterable[str]) -> tuple[str, ...]:
    """So that no form is cut out of the middle of another."""
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


@dataclass(frozen=True, slots=True)
class Redactor:
    """Masks given secrets, those that were learned and whatever has the shape of one, at any depth of an
    event."""

    secrets: tuple[str, ...] = ()

    def known(self, text: str) -> str:
        """`text` without the secrets that we know: for messages, where a look alone proves nothing."""
        for secret in self.secrets:
            for form in _forms(secret):
                text = text.replace(form, MASK)
        for form in _learned:
            text = text.replace(form, MASK)
        return text

    def text(self, text: str) -> str:
        """`text` without secrets."""
        text = self.known(text)
        for pattern in _PATTERNS:
            text = pattern.sub(MASK, text)
        return text

    def __call__(self, logger: Any, method: str, event: Event) -> Event:
        return self._pairs(event)

    def _pairs(self, pairs: Mapping[Any, Any]) -> dict[str, Any]:
        return {
            self.text(str(name)): MASK if _is_secret(name, value) else self._value(value)
            for name, value in pairs.items()
        }

    def _value(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self._pairs(value)
        if isinstance(value, list | tuple):
            return [self._value(inner) for inner in value]
        if value is None or isinstance(value, bool | int) or (isinstance(value, float) and isfinite(value)):
            return value
        return self.text(str(value))


def _is_secret(name: object, value: object) -> bool:
    """Whether a named value is one by its name: `api_key`, `X-BAPI-SIGN`, `bot_token`."""
    return isinstance(value, str | bytes) and _SECRET_NAME.fullmatch(str(name)) is not None


@dataclass(slots=True)
class Folder:
    """Lets one of many equal events through each `window_s`; the next one says how many were folded.

    Equal are events of one name about one task or thing (`task`, `what`) with one kind of error.
    Serves our own events as a processor, and other libraries' records as a `logging` filter.
    """

    window_s: float = 30.0
    monotonic: Callable[[], float] = time.monotonic
    most_kinds: int = 500
    _seen: dict[tuple[Any, ...], tuple[float, int]] = field(default_factory=dict)

    def __call__(self, logger: Any, method: str, event: Event) -> Event:
        told_apart = [event.get(name) for name in ("level", "logger", "task", "what")]
        folded = self._count((*told_apart, str(event.get("event"))[:200], _kind_of(event.get("exc_info"))))
        if folded is None:
            raise structlog.DropEvent
        if folded:
            event["folded"] = folded
        return event

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record of another library is to be shown; ours were judged as events."""
        if isinstance(record.msg, dict):
            return True
        kind = _kind_of(record.exc_info)
        folded = self._count((record.levelname, record.name, str(record.msg)[:200], kind))
        if folded:
            record.msg = f"{record.msg} (and {folded} more)"
        return folded is not None

    def _count(self, key: tuple[Any, ...]) -> int | None:
        """How many equal ones were held back before this one; `None` holds this one back."""
        now = self.monotonic()
        since, folded = self._seen.get(key, (-self.window_s, 0))
        if now - since < self.window_s:
            self._seen[key] = (since, folded + 1)
            return None
        if len(self._seen) >= self.most_kinds:
            self._seen.clear()
        self._seen[key] = (now, 0)
        return folded


def _kind_of(exc_info: object) -> type[BaseException] | None:
    """The class of the error that is logged with an event, in any of the forms that `logging` allows."""
    if isinstance(exc_info, tuple):
        return _kind_of(exc_info[1])
    if isinstance(exc_info, BaseException):
        return type(exc_info)
    return sys.exc_info()[0] if exc_info else None


def configure(*, level: str, fmt: str, secrets: Iterable[str] = ()) -> None:
    """Send our events and every library's through one chain to standard error."""
    folder = Folder()
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
        Redactor(tuple(secrets)),
    ]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if fmt == "json"
        else structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(),
            exception_formatter=structlog.dev.plain_traceback,  # redacted text; others would want the error
        )
    )
    structlog.configure(
        processors=[*shared[:4], folder, *shared[4:], structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.addFilter(folder)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for chatty in ("aiogram.event", "aiohttp.access", "alembic", "ccxt"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
