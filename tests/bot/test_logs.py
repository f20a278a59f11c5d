"""Logs: no secret in any line, repeats folded, every line JSON."""

import html
import json
import logging
import re
import subprocess
import sys
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import structlog
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.logs import MASK, Folder, Redactor

ROOT = Path(__file__).resolve().parent.parent.parent
TOKEN = "123456789:AAF-obviously-not-a-real-token-0000"
KEY = "0f" * 32


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"POST https://api.telegram.org/bot{TOKEN}/sendMessage", TOKEN),
        (f"https://api.telegram.org/bot{TOKEN.replace(':', '%3A')}/getMe", TOKEN[10:]),
        (f"token {TOKEN} refused", TOKEN),
        (f"wallet 0x{KEY}", KEY),
        (f"wallet {KEY.upper()}.", KEY.upper()),
        ("model key sk-live_0123456789abcdef01", "0123456789abcdef"),
        ("cannot reach postgresql://desk:hunter2@db/desk", "hunter2"),
        ("cannot reach redis://:hunter2@cache:6379", "hunter2"),
        ("Authorization: Bearer abcdefgh12345678", "abcdefgh12345678"),
        ("sent with bearer abcdefgh12345678", "abcdefgh12345678"),
        ("GET /v5/order?api_key=abcdef123456&qty=1", "abcdef123456"),
        ("{'apiKey': 'abcdef123456', 'qty': 1}", "abcdef123456"),
        ('{"secret": "abcdef123456"}', "abcdef123456"),
        ("X-BAPI-SIGN: abcdef123456", "abcdef123456"),
        ("password=hunter2hunter2", "hunter2"),
        ("bot_token = hunter2hunter2", "hunter2"),
        (f"'SIGN': '{KEY * 2}'", KEY),
        (f"signed {KEY * 2}, refused", KEY),
        ("Proxy-Authorization: Basic ZGVzazpodW50ZXIyaHVudGVyMg==", "ZGVzazpodW50ZXIy"),
    ],
)
def test_what_has_the_shape_of_a_secret_is_masked(text: str, hidden: str) -> None:
    shown = Redactor().text(text)
    assert hidden not in shown
    assert MASK in shown


@pytest.mark.parametrize(
    "text",
    [
        "GET https://api.bybit.com/v5/market/tickers?category=spot",
        "BTCUSDT 64250.10 at 12:30:45.123456",
        "update 100000001: /price btc",
        "12 tokens waited, no design changed",
        "reset https://host:8080/path?user=a@b.example",
    ],
)
def test_ordinary_lines_are_left_alone(text: str) -> None:
    assert Redactor().text(text) == text


def test_a_value_under_a_secret_name_is_masked_at_any_depth() -> None:
    event = {"request": [{"headers": {"X-BAPI-API-KEY": "k1", "Authorization": "Basic x"}, "qty": 3}]}
    assert Redactor()(None, "info", event) == {
        "request": [{"headers": {"X-BAPI-API-KEY": MASK, "Authorization": MASK}, "qty": 3}]
    }


def test_a_given_secret_is_masked_in_names_values_and_objects() -> None:
    @dataclass
    class Order:
        note: str

    redact = Redactor(("hunter2",))
    event: dict[Any, Any] = {
        "a": Order("by hunter2"),
        "hunter2": 1,
        "b": (b"hunter2", {"hunter2"}),
        ("hunter2", 3): None,
    }
    assert "hunter2" not in str(redact(None, "info", event))


def test_numbers_stay_numbers_unless_json_has_none_such() -> None:
    event = {"n": 1, "x": 0.5, "on": True, "none": None, "nan": float("nan"), "inf": float("inf")}
    shown = Redactor()(None, "info", {**event, "money": Decimal("1.10")})
    assert shown == {
        "n": 1,
        "x": 0.5,
        "on": True,
        "none": None,
        "nan": "nan",
        "inf": "inf",
        "money": "1.10",
    }


SECRET = "correct horse battery staple"
plain_values = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary()
secret_texts = st.tuples(st.text(), st.text()).map(lambda around: SECRET.join(around))
names = st.text() | secret_texts
values: st.SearchStrategy[Any] = st.recursive(
    plain_values | secret_texts | secret_texts.map(ValueError) | secret_texts.map(str.encode),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(names | st.integers() | st.tuples(names), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(event=st.dictionaries(names, values, max_size=5))
def test_a_secret_put_anywhere_is_in_no_line_and_every_line_is_json(event: dict[str, Any]) -> None:
    redacted = Redactor((SECRET,))(None, "info", event)
    line = structlog.processors.JSONRenderer(ensure_ascii=False)(None, "info", dict(redacted))
    assert SECRET not in str(line)
    json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


@dataclass
class HandTime:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def told(folder: Folder, **event: Any) -> Any:
    """The event as it is let through, `None` when it is held back."""
    try:
        return folder(None, "info", {"level": "warning", **event})
    except structlog.DropEvent:
        return None


ENCODERS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "in a URL": quote,
    "as a part of a URL": lambda text: quote(text, safe=""),
    "in a form": quote_plus,
    "in a URL, in small letters": lambda text: re.sub(
        "%..", lambda code: code[0].lower(), quote(text, safe="")
    ),
    "in a URL inside a URL": lambda text: quote(quote(text, safe=""), safe=""),
    "in HTML": html.escape,
    "in JSON": json.dumps,
    "in the words of an error": repr,
    "as bytes": lambda text: repr(text.encode()),
    "in base64": lambda text: b64encode(text.encode()).decode(),
    "in base64 for URLs": lambda text: urlsafe_b64encode(text.encode()).decode(),
    "in hex": lambda text: text.encode().hex(),
}


@pytest.mark.parametrize("way", ENCODERS)
@given(
    secret=st.text(st.characters(codec="utf-8"), min_size=12, max_size=60).map(str.strip),
    before=st.text(st.characters(codec="utf-8"), max_size=7),
    after=st.text(st.characters(codec="utf-8"), max_size=7),
)
def test_a_secret_is_masked_in_every_form_and_in_the_midst_of_anything(
    way: str, secret: str, before: str, after: str
) -> None:
    """The secret alone, and together with what stands around it, as in `user:password`."""
    assume(len(secret) >= 12)
    encode = ENCODERS[way]
    alone, together = encode(secret), encode(before + secret + after)
    redact = Redactor((secret,))
    for shown in (redact.known(f"<{alone}>"), redact.known(together)):
        assert MASK in shown
        assert alone.strip("\"'=b") not in shown


@given(around=st.tuples(st.binary(max_size=5), st.binary(max_size=5)))
def test_of_a_secret_in_base64_nothing_to_guess_from_is_left(around: tuple[bytes, bytes]) -> None:
    before, after = around
    shown = Redactor((SECRET,)).known(b64encode(before + SECRET.encode() + after).decode())
    left = shown.replace(MASK, "")
    assert len(left) <= (len(before) + len(after) + 4) * 8 // 6 + 4


def test_equal_events_are_folded_and_counted() -> None:
    time = HandTime()
    folder = Folder(window_s=30, monotonic=time)
    assert told(folder, event="down", tries=1) == {"level": "warning", "event": "down", "tries": 1}
    assert [told(folder, event="down", tries=n) for n in range(5)] == [None] * 5
    assert told(folder, event="other") is not None
    time.now = 30
    assert told(folder, event="down")["folded"] == 5
    time.now = 60
    assert "folded" not in told(folder, event="down")


def test_levels_and_loggers_are_folded_apart() -> None:
    folder = Folder(monotonic=HandTime())
    assert told(folder, event="down") is not None
    assert told(folder, event="down", level="error") is not None
    assert told(folder, event="down", logger="adapters.x") is not None


def record(message: str, *values: object) -> logging.LogRecord:
    return logging.LogRecord("aiohttp", logging.WARNING, "x.py", 1, message, values, None)


def test_equal_records_of_libraries_are_folded_and_counted() -> None:
    time = HandTime()
    folder = Folder(window_s=30, monotonic=time)
    assert folder.filter(record("retry %s", 1))
    assert not folder.filter(record("retry %s", 2))
    assert not folder.filter(record("retry %s", 3))
    time.now = 31
    next_one = record("retry %s", 4)
    assert folder.filter(next_one)
    assert next_one.getMessage() == "retry 4 (and 2 more)"


def test_folding_remembers_no_more_kinds_than_it_should() -> None:
    folder = Folder(monotonic=HandTime(), most_kinds=10)
    assert all(told(folder, event=f"kind {n}") for n in range(1000))
    assert len(folder._seen) <= 10


SCRIPT = """
import logging, structlog
from bot import logs
logs.configure(level="info", fmt={fmt!r}, secrets=[{token!r}])
log = structlog.get_logger("bot.test")
url = "https://api.telegram.org/bot" + {token!r} + "/getMe"
log.info("started", url=url, nested={{"deep": [url]}}, at=2.5)
log.debug("unseen")
for n in range(3):
    log.warning("repeated", n=n)
    logging.getLogger("library").warning("library repeats %d", n)
try:
    raise ValueError("no answer from " + url)
except ValueError:
    log.exception("failed")
    logging.getLogger("library").exception("library failed at %s", url)
logging.getLogger("aiogram.event").info("chatter")
structlog.contextvars.bind_contextvars(update=7)
log.error("with %s", "context", stack_info=True)
logging.getLogger("odd").error({{"a": url}})
logging.getLogger("odd").error("100% of it")
"""


def lines(fmt: str) -> list[str]:
    """What the script writes to standard error."""
    script = SCRIPT.format(fmt=fmt, token=TOKEN)
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout == ""
    assert TOKEN not in run.stderr
    return run.stderr.splitlines()


def test_configured_json_logs_are_one_object_a_line_from_us_and_from_libraries() -> None:
    events = [json.loads(line) for line in lines("json")]
    told = [event.get("event") for event in events]
    assert told[:5] == ["started", "repeated", "library repeats 0", "failed", f"library failed at {url()}"]
    assert events[0]["nested"] == {"deep": [url()]}
    assert events[0]["level"] == "info"
    assert events[0]["logger"] == "bot.test"
    assert events[0]["timestamp"].endswith("Z")
    assert "ValueError: no answer from" in events[3]["exception"]
    assert "ValueError: no answer from" in events[4]["exception"]
    assert (events[5]["event"], events[5]["update"]) == ("with context", 7)
    assert "Stack" in events[5]["stack"]
    assert told[-1] == "100% of it"
    assert "chatter" not in told


def url() -> str:
    return f"https://api.telegram.org/bot{MASK}/getMe"


def test_configured_console_logs_are_readable_and_as_discreet() -> None:
    text = "\n".join(lines("console"))
    assert "started" in text
    assert "ValueError: no answer from" in text
    assert "\x1b[" not in text
