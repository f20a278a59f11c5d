"""Indicators that are not reckoned in this process, and the compiler of those that are."""

from collections.abc import Mapping
from typing import Protocol

from engines.core.candle import Candles, FloatArray
from engines.indicators.catalog import Spec


class IndicatorLibrary(Protocol):
    """The long tail: indicators that somebody asks for by name."""

    async def columns(self, candles: Candles, spec: Spec) -> Mapping[str, FloatArray]:
        """The columns of `spec` by name, one entry a candle, NaN where undefined.

        Raises `Refused("indicator_fails")` when it cannot be reckoned from these candles, or not in time.
        """
        ...

    async def close(self) -> None: ...


class KernelCompiler(Protocol):
    """Compiles the kernels of the engines away from the event loop."""

    async def compile(self) -> None:
        """Have the machine code of all kernels on disk, where this process finds it. Quick when it is there.

        Never raises for a compiler that fails: kernels are then compiled when they are first called.
        """
        ...
