"""A kernel that compiles quickly."""

from typing import Any

from numba import njit


@njit(cache=True)
def _double(value: float) -> Any:
    return value * 2.0


def compile_kernels() -> bytes:
    """A job for a worker."""
    return str(_double(2.0)).encode()
