"""Any indicator of any candles: ours from compiled kernels, the long tail from the library."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from engines.core.candle import Candles, FloatArray
from engines.indicators.catalog import Spec
from engines.indicators.kind import Source
from ports.indicators import IndicatorLibrary, KernelCompiler

if TYPE_CHECKING:
    from engines.indicators.hot import HotState


@dataclass(slots=True, repr=False)
class Indicators:
    """Indicators by the catalogue. The kernels' compiler takes most of a second to import, so nothing here
    imports it before `ready`, and that away from the event loop."""

    library: IndicatorLibrary
    compiler: KernelCompiler
    _is_ready: bool = False
    _readying: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def ready(self) -> None:
        """Have the kernels compiled and loaded; at once when they are."""
        if self._is_ready:
            return
        async with self._readying:
            if not self._is_ready:
                await self.compiler.compile()
                await asyncio.to_thread(_load)
                self._is_ready = True

    async def columns(self, candles: Candles, specs: Sequence[Spec]) -> Mapping[str, FloatArray]:
        """The columns of all `specs` by name (`Spec.columns`), one entry a candle, NaN where undefined.

        Raises `Refused("indicator_fails")` for one of the library's that cannot be reckoned.
        """
        found: dict[str, FloatArray] = {}
        for spec in specs:
            found |= await self._of(candles, spec)
        return found

    async def last(self, candles: Candles, spec: Spec) -> float | None:
        """The last value of the output that `spec` is usually meant for; `None` where it is undefined."""
        values = (await self.columns(candles, [spec]))[spec.outputs[0]]
        is_known = len(values) > 0 and bool(np.isfinite(values[-1]))
        return float(values[-1]) if is_known else None

    def new_state(self) -> "HotState":
        """The hot indicators of one series, before its first bar. After `ready`."""
        from engines.indicators.hot import HotState

        return HotState()

    async def _of(self, candles: Candles, spec: Spec) -> Mapping[str, FloatArray]:
        match spec.source:
            case Source.CANDLES:
                return {spec.name: getattr(candles, spec.kind)}
            case Source.LIBRARY:
                return await self.library.columns(candles, spec)
        await self.ready()
        from engines.indicators import series

        return series.columns(spec, candles)


def _load() -> None:
    from engines.indicators import rehearsal as indicators
    from engines.signals import rehearsal as signals

    indicators.rehearse()
    signals.rehearse()
