"""Indicators reckoned in a process of their own."""

from collections.abc import Mapping

import numpy as np
import structlog

from adapters.workers import JobFailed, Workers
from engines.core.candle import Candles, FloatArray
from engines.indicators.catalog import Spec
from ports.errors import Refused, Transient

log = structlog.get_logger()

# By name, because this process must not load the library.
_LOAD = "adapters.indicators.library:load"
_RECKON = "adapters.indicators.library:reckon"
# The library compiles some of its loops where it finds a compiler. For as few bars as ours that takes longer
# than the loops, and the same numbers have to come without one.
_PLAIN = {"NUMBA_DISABLE_JIT": "1"}


class PooledLibrary:
    """`IndicatorLibrary` in a process that starts with the first question. `limit_s` is for one indicator."""

    def __init__(self, *, limit_s: float = 10.0) -> None:
        self._workers = Workers(warm=_LOAD, limit_s=limit_s, environment=_PLAIN)

    async def columns(self, candles: Candles, spec: Spec) -> Mapping[str, FloatArray]:
        """The columns of `spec` by name. Raises `Refused("indicator_fails")`."""
        try:
            answer = await self._workers.run(_RECKON, candles, spec)
        except (JobFailed, Transient) as error:
            log.warning("indicator_failed", indicator=spec.name, candles=len(candles), error=str(error))
            raise Refused("indicator_fails", text=spec.name) from error
        names = spec.columns
        table = np.frombuffer(answer, np.float64).reshape(len(names), len(candles))
        return dict(zip(names, table, strict=True))

    async def close(self) -> None:
        """End the process."""
        await self._workers.close()
