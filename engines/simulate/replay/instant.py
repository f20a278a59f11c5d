"""Moments of a replay: the same few are asked for again and again."""

from functools import lru_cache

from engines.core import moment

utc = lru_cache(maxsize=256)(moment.utc)
