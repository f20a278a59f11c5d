"""Fast JSON for the Telegram session."""

from typing import Any

import orjson


def loads(text: str) -> Any:
    """Parse. Raises `ValueError` for what is not JSON."""
    return orjson.loads(text)


def dumps(value: Any) -> str:
    """Write, as text because form fields are text."""
    return orjson.dumps(value).decode()
