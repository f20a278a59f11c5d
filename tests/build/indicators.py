"""Indicators without processes of their own."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from engines.core.candle import Candles, FloatArray
from engines.indicators.catalog import Spec
from ports.errors import Refused


@dataclass(slots=True)
class FakeLibrary:
    """`IndicatorLibrary` whose every column is the close plus its place; `asked` lists the questions,
    and those in `failing` (by kind) are refused. Whoever has `hold` keeps it from answering."""

    asked: list[Spec] = field(default_factory=list)
    failing: set[str] = field(default_factory=set)
    hold: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def columns(self, candles: Candles, spec: Spec) -> Mapping[str, FloatArray]:
        self.asked.append(spec)
        if spec.kind in self.failing:
            raise Refused("indicator_fails", text=spec.name)
        async with self.hold:
            return {name: candles.close + place for place, name in enumerate(spec.columns)}

    async def close(self) -> None:
        """Nothing to do."""


@dataclass(slots=True)
class FakeCompiler:
    """`KernelCompiler` for tests: kernels compile when they are first called. `calls` counts."""

    calls: int = 0

    async def compile(self) -> None:
        self.calls += 1
