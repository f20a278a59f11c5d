"""Indicators of any candles."""

import asyncio
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engines.indicators.catalog import Spec, find
from ports.errors import Refused
from services.indicators import Indicators
from tests.build.indicators import FakeCompiler, FakeLibrary
from tests.build.markets import some_candles

ROOT = Path(__file__).resolve().parent.parent.parent


def spec_of(text: str) -> Spec:
    found = find(text)
    assert found is not None
    return found


@pytest.fixture
def library() -> FakeLibrary:
    return FakeLibrary()


@pytest.fixture
def compiler() -> FakeCompiler:
    return FakeCompiler()


@pytest.fixture
def indicators(library: FakeLibrary, compiler: FakeCompiler) -> Indicators:
    return Indicators(library, compiler)


async def test_each_comes_from_who_knows_it(indicators: Indicators, library: FakeLibrary) -> None:
    candles = some_candles(60)
    specs = [spec_of(name) for name in ("close", "ema 10", "cci")]

    found = await indicators.columns(candles, specs)

    assert list(found) == ["close", "ema10", "cci20"]
    assert found["close"] is candles.close
    assert np.isnan(found["ema10"]).tolist() == [True] * 9 + [False] * 51
    assert library.asked == [specs[2]]


async def test_the_kernels_are_compiled_once_however_many_ask(
    indicators: Indicators, compiler: FakeCompiler
) -> None:
    await asyncio.gather(indicators.ready(), indicators.ready())
    await indicators.ready()

    assert compiler.calls == 1


async def test_what_needs_no_kernel_waits_for_none(indicators: Indicators, compiler: FakeCompiler) -> None:
    await indicators.columns(some_candles(5), [spec_of("close"), spec_of("cci")])

    assert compiler.calls == 0


async def test_the_last_value_is_that_of_the_meant_output(indicators: Indicators) -> None:
    candles = some_candles(60)
    bands = await indicators.columns(candles, [spec_of("bb")])

    assert await indicators.last(candles, spec_of("bb")) == bands["bb_middle"][-1]
    assert await indicators.last(candles.rows(0, 19), spec_of("bb")) is None
    assert await indicators.last(candles.rows(0, 0), spec_of("rsi")) is None


async def test_a_refusal_of_the_library_goes_through(indicators: Indicators, library: FakeLibrary) -> None:
    library.failing.add("cci")

    with pytest.raises(Refused, match="indicator_fails"):
        await indicators.columns(some_candles(5), [spec_of("cci")])


async def test_a_new_state_takes_bars_one_by_one(indicators: Indicators) -> None:
    await indicators.ready()
    candles = some_candles(60)
    state = indicators.new_state()

    for row in range(60):
        state.push(candles.rows(row, row + 1))

    whole = indicators.new_state()
    np.testing.assert_array_equal(state.push(candles.rows(60)), whole.push(candles)[60:])
    assert state.dump() == whole.dump()


def test_importing_it_leaves_the_compiler_alone() -> None:
    program = "import sys, services.pictures, bot.container; raise SystemExit('numba' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False)
    assert run.returncode == 0
