"""The desk's answers, as Telegram would see them."""

import asyncio
from collections.abc import Callable
from contextlib import ExitStack
from itertools import cycle

from benchmarks.bot_api import BotApi
from benchmarks.dispatch import desk_us, framework_us
from benchmarks.frame import Measure, Skipped, measures
from benchmarks.process import Started, cpu_s_of, desk, sandbox

_QUESTIONS = ("/price BTC", "/help", "/status", "/top", "/watch", "/price eth", "/settings", "/language")
_SETTLE_S = 5.0
_LIMIT_S = 180.0


@measures("telegram.command_p99_ms")
def command_p99() -> Measure:
    """From handing out the update to the answer on the wire, one question after the other."""
    api, _ = asyncio.run(_asked(people=1, total=900, warm=100))
    times = sorted(length for _, length in api.answers[100:])
    p99, middle = times[int(len(times) * 0.99)], times[len(times) // 2]
    note = (
        f"wall, {len(times)} read commands in turn, 50 pairs streaming; median {middle * 1000:.1f};"
        " nothing pushes signals yet"
    )
    return Measure(p99 * 1000, note=note)


@measures("telegram.command_p99_during_backtest_ms")
def command_p99_during_backtest() -> Measure:
    """The same while somebody else has one backtest after the other played."""
    errand = 5099, "/backtest sma 2y btc eth"
    api, _ = asyncio.run(_asked(people=1, total=6000, warm=100, errand=errand))
    if not api.documents:
        raise Skipped("no backtest came to its end meanwhile")
    times = sorted(length for _, length in api.answers[100:])
    p99, middle = times[int(len(times) * 0.99)], times[len(times) // 2]
    note = (
        f"wall, {len(times)} read commands in turn; median {middle * 1000:.1f}; {api.documents} backtests of"
        " two years and two coins were played and handed over meanwhile"
    )
    return Measure(p99 * 1000, note=note)


@measures("telegram.updates_per_s")
def updates_per_s() -> Measure:
    """Questions answered through the wire by one desk, 20 people at once."""
    total, warm = 6000, 1000
    api, cpu_s = asyncio.run(_asked(people=20, total=total, warm=warm))
    seconds = api.answers[-1][0] - api.answers[warm - 1][0]
    note = f"wall, {total - warm} read commands; the desk's CPU {cpu_s / (total - warm) * 1e6:.0f} us each"
    return Measure((total - warm) / seconds, note=note)


async def _asked(
    people: int, total: int, warm: int, errand: tuple[int, str] | None = None
) -> tuple[BotApi, float]:
    """The API after `total` answers, and the desk's CPU seconds for those after the first `warm`."""
    ids = range(5001, 5001 + people)
    api = BotApi(cycle(_QUESTIONS), ids, total, _SETTLE_S, errand)
    server = await asyncio.start_server(api.connection, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    settings = {
        "PERPETUUM_TELEGRAM__API_URL": address,
        "PERPETUUM_TELEGRAM__ADMINS": ",".join(map(str, (*ids, *([errand[0]] if errand else ())))),
    }
    outside = ExitStack()
    try:
        url = outside.enter_context(sandbox())
        process = outside.enter_context(desk(url, **settings))
        warmed_cpu_s = await _cpu_s_when(lambda: len(api.answers) >= warm, process)
        cpu_s = await _cpu_s_when(api.done.is_set, process)
    finally:
        await asyncio.to_thread(outside.close)  # the desk may still be talking to the API
        server.close()
        await api.close()
    return api, cpu_s - warmed_cpu_s


async def _cpu_s_when(is_reached: Callable[[], bool], process: Started) -> float:
    """CPU seconds that the desk had used when `is_reached` came true."""
    try:
        async with asyncio.timeout(_LIMIT_S):
            while not is_reached():
                if process.process.poll() is not None:
                    raise Skipped(f"the desk ended: {process.words[-300:]}")
                await asyncio.sleep(0.005)
    except TimeoutError as error:
        raise Skipped(f"not done within {_LIMIT_S:g} s: {process.words[-300:]}") from error
    return cpu_s_of(process.process.pid)


@measures("telegram.dispatch_us")
def dispatch_us() -> Measure:
    """One update through all middlewares to the last of 300 handlers."""
    few, many = asyncio.run(desk_us(10)), asyncio.run(desk_us(300))
    plain = asyncio.run(framework_us(300))
    note = f"CPU, last of 300 handlers; of 10: {few:.0f}; reference: aiogram with a filter a command, bare"
    return Measure(many, plain, note)
