"""How the arithmetic of indicators is compiled.

A `step` takes one bar more: `state` holds the numbers of one or many indicators, `at` is where those of this
one begin, all zero before the first bar. Batch, live and simulation call the same compiled steps in the same
order, so that their results are equal to the last bit; that is why no fast-math is allowed here. Divisions
are not checked: a step divides only by what it has compared with zero.
"""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np
from numba import njit, types
from numba.extending import intrinsic, overload
from numba.np.arrayobj import make_array

from engines.core.candle import FloatArray, IntArray

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")
Numbers = TypeVar("Numbers", FloatArray, IntArray)

_open_array = cast(Any, make_array)
_MEMORY = cast(Any, types.CPointer)(types.float64)


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
    flags = values.flags
    if flags.c_contiguous and flags.writeable and values.dtype == np.float64:
        return values
    return np.array(values, np.float64, order="C")


def bare(state: Numbers) -> Numbers:
    """`state` as kernels read and write it: bare memory, without the counting of references that would take
    as long as the arithmetic. The caller of the kernel keeps `state` alive."""
    return state


def _read_array(typing: Any, state: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _open_array(signature.args[0])(context, builder, arguments[0]).data

    return cast(Any, types.CPointer)(state.dtype)(state), generate


def _read_address(typing: Any, address: Any) -> Any:
    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

    return _MEMORY(address), generate


_data = cast(Callable[[Any], Any], intrinsic(_read_array))
at_address = cast(Callable[[Any], FloatArray], intrinsic(_read_address))
"""The same of a state whose address is known. Only kernels can call it."""

overload(bare, strict=False)(lambda state: lambda state: _data(state))
