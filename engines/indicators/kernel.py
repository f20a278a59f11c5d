"""How the arithmetic of indicators is compiled.

A `step` takes one bar more: `state` holds the numbers of one or many indicators, `at` is where those of this
one begin, all zero before the first bar. Batch, live and simulation call the same compiled steps in the same
order, so that their results are equal to the last bit; that is why no fast-math is allowed here. Divisions
are not checked: a step divides only by what it has compared with zero.
"""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numpy as np
from numba import njit

from engines.core.candle import FloatArray

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def kernel(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Compile at the first call, to be built into whatever calls it, and keep the machine code on disk. The
    Python original stays reachable as `.py_func`."""
    return _compiled(function, is_inlined=True)


def rare(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """The same for what few bars need: kept out of line, where it does not slow the others down."""
    return _compiled(function, is_inlined=False)


def _compiled(function: Callable[Arguments, Result], *, is_inlined: bool) -> Callable[Arguments, Result]:
    compiled = njit(cache=True, nogil=True, error_model="numpy", forceinline=is_inlined)(function)
    return cast(Callable[Arguments, Result], compiled)


def plain(values: FloatArray) -> FloatArray:
    """`values` in the one form for which kernels are compiled: contiguous, writeable; a copy if need be."""
    return np.require(values, np.float64, ["C", "W"])
