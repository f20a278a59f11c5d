"""Where secrets come from. They are asked for by name at the moment they are needed, and kept nowhere."""

import os


def get_secret(name: str) -> str | None:
    """A secret such as `BYBIT_API_KEY` from the environment; `None` when it is not set."""
    return os.environ.get(name, "").strip() or None
