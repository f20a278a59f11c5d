"""A market answers from what was recorded, invents only what lies inside it, and knows no future."""

from pathlib import Path

import numpy as np
import pytest

from engines.core.candle import Candles
from engines.core.timeframe import Timeframe
from engines.market.aggregation import between, overlay, resample
from sandbox.market.book import STEPS, Book
from sandbox.market.market import Market
from sandbox.market.replay import recorded_origin
from sandbox.market.shocks import Shocks
from sandbox.market.source import FUNDING_MS, Origin
from sandbox.market.synthetic import HISTORY_BLOCKS, OPENING_MS, synthetic_origin
from sandbox.recording import BadRecording, read_bars
from tests.build.origins import made_up_market
from tests.build.recordings import (
    DAY,
    HOUR,
    JANUARY_MS,
    MINUTE,
    HandClock,
    a_market,
    a_recording,
    some_bars,
    write_bars,
)

START = JANUARY_MS + 3 * DAY
MIDDLE = START + 7 * HOUR + 23 * MINUTE + 17_400
COLUMNS = ("time_ms", "open", "high", "low", "close", "volume")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return a_recording(tmp_path)


@pytest.fixture
def replay(folder: Path) -> tuple[Market, HandClock]:
    return a_market(recorded_origin(folder, START), MIDDLE)


@pytest.fixture(scope="module")
def synthetic() -> Origin:
    return made_up_market()


def assert_same(first: Candles, second: Candles) -> None:
    for column in COLUMNS:
        np.testing.assert_array_equal(getattr(first, column), getattr(second, column))


def printed(book: Book, candles: Candles) -> list[list[str]]:
    return [
        [*(book.price_text(price) for price in prices), book.volume_text(volume)]
        for *prices, volume in zip(
            candles.open, candles.high, candles.low, candles.close, candles.volume, strict=True
        )
    ]


def test_recorded_candles_are_served_as_recorded(replay: tuple[Market, HandClock], folder: Path) -> None:
    market, _ = replay
    bitcoin, ether, solana = (market.spot(MIDDLE)[f"{base}USDT"] for base in ("BTC", "ETH", "SOL"))
    for book, step, name in (
        (bitcoin, 5 * MINUTE, "binance_BTCUSDT_5m.csv.gz"),
        (bitcoin, HOUR, "binance_BTCUSDT_1h.csv.gz"),
        (ether, HOUR, "binance_ETHUSDT_1h.csv"),
    ):
        recorded = read_bars(folder / "ohlcv" / name)
        closed = recorded.closed_before(MIDDLE, step)
        assert_same(book.candles(step, 0, MIDDLE // step * step, MIDDLE), closed)
    assert len(solana.candles(DAY, 0, MIDDLE, MIDDLE)) == 4


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT", "SOLUSDT"])
def test_finer_and_coarser_candles_add_up(replay: tuple[Market, HandClock], symbol: str) -> None:
    market, _ = replay
    book = market.spot(MIDDLE)[symbol]
    minutes = book.candles(MINUTE, JANUARY_MS, START, MIDDLE)
    assert len(minutes) == 3 * 1440
    for step in STEPS:
        coarse = book.candles(step, JANUARY_MS, START, MIDDLE)
        summed = resample(minutes, step)
        np.testing.assert_array_equal(coarse.time_ms, summed.time_ms)
        assert printed(book, coarse) == printed(book, summed)


def test_answers_do_not_depend_on_the_order_of_questions(folder: Path) -> None:
    one, _ = a_market(recorded_origin(folder, START), MIDDLE)
    other, _ = a_market(recorded_origin(folder, START), MIDDLE)
    first, second = one.spot(MIDDLE)["ETHUSDT"], other.spot(MIDDLE)["ETHUSDT"]
    second.candles(5 * MINUTE, JANUARY_MS, MIDDLE, MIDDLE)
    second.day(MIDDLE - HOUR)
    assert first.last(MIDDLE) == second.last(MIDDLE)
    assert_same(
        first.candles(MINUTE, JANUARY_MS, MIDDLE, MIDDLE), second.candles(MINUTE, JANUARY_MS, MIDDLE, MIDDLE)
    )


def test_the_forming_candle_grows_into_the_recorded_one(replay: tuple[Market, HandClock]) -> None:
    market, _ = replay
    book = market.spot(MIDDLE)["ETHUSDT"]
    opened = MIDDLE // HOUR * HOUR
    final = book.candles(HOUR, opened, opened + HOUR, opened + HOUR)
    high, low, volume = 0.0, float("inf"), 0.0
    for second in range(0, 3600, 37):
        now = opened + second * 1000
        forming = book.candles(HOUR, opened, now + 1, now)
        assert forming.time_ms.tolist() == [opened]
        assert forming.open[0] == final.open[0]
        assert forming.close[0] == book.last(now)
        assert high <= forming.high[0] <= final.high[0]
        assert low >= forming.low[0] >= final.low[0]
        assert volume <= forming.volume[0] <= final.volume[0]
        high, low, volume = float(forming.high[0]), float(forming.low[0]), float(forming.volume[0])


def test_nothing_knows_the_future(folder: Path) -> None:
    def answers() -> tuple[object, ...]:
        market, _ = a_market(recorded_origin(folder, START), MIDDLE)
        book, perp = market.spot(MIDDLE)["BTCUSDT"], market.perps(MIDDLE)["BTCUSDT"]
        candles = [
            printed(one, one.candles(step, JANUARY_MS, MIDDLE + DAY, MIDDLE))
            for one in (book, perp)
            for step in STEPS
        ]
        said = (
            book.day(MIDDLE),
            perp.day(MIDDLE),
            book.depth(20, MIDDLE),
            book.trades(MIDDLE - HOUR, MIDDLE),
        )
        return candles, said, market.snapshot()

    before = answers()
    files = [file for file in folder.rglob("*BTCUSDT*.gz") if "funding" not in file.name]
    for file in files:
        length = 5 * MINUTE if "_5m" in file.name else HOUR
        rows = read_bars(file)
        past = rows.rows(0, int(np.searchsorted(rows.time_ms, MIDDLE)))
        later = between(rows, MIDDLE, MIDDLE + 10 * DAY)
        changed = some_bars(Timeframe.M5, len(later), start_ms=0, price=71_000.0, seed=99)
        # the hour that is forming is known only by its finer bars
        past = past if length < HOUR or "perp" in file.name else past.rows(0, len(past) - 1)
        moved = Candles(
            time_ms=later.time_ms,
            open=changed.open,
            high=changed.high,
            low=changed.low,
            close=changed.close,
            volume=changed.volume,
        )
        write_bars(file, overlay(past, moved))
    assert len(files) == 3
    assert answers() == before


def test_the_price_stays_where_it_was_in_a_hole(tmp_path: Path) -> None:
    whole = some_bars(Timeframe.M5, 6 * 288)
    hole = START + 12 * HOUR
    holed = overlay(between(whole, 0, hole), between(whole, hole + 3 * HOUR, hole + 9 * DAY))
    write_bars(tmp_path / "x_AUSDT_5m.csv", holed)
    market, _ = a_market(recorded_origin(tmp_path, START))
    inside = hole + HOUR + 1234
    book = market.spot(inside)["AUSDT"]
    assert book.last(inside) == between(whole, 0, hole).close[-1]
    assert len(book.candles(5 * MINUTE, hole, inside + 1, inside)) == 0
    assert book.day(inside).last == book.last(inside)
    assert book.trades(inside - 5000, inside) == []
    after = hole + DAY
    assert len(book.candles(5 * MINUTE, hole - DAY, after, after)) == 2 * 288 - 36


def test_what_came_before_a_long_hole_is_another_series(tmp_path: Path) -> None:
    old = some_bars(Timeframe.H1, 100, start_ms=JANUARY_MS - 60 * DAY)
    write_bars(tmp_path / "x_AUSDT_1h.csv", overlay(old, some_bars(Timeframe.H1, 144)))
    market, _ = a_market(recorded_origin(tmp_path, START))
    row = market.snapshot()[0]
    assert (row["history_from_ms"], row["source"]) == (JANUARY_MS, "recorded 1h")
    early, _ = a_market(recorded_origin(tmp_path, JANUARY_MS - 59 * DAY))
    assert early.to_ms == JANUARY_MS - 60 * DAY + 100 * HOUR


def test_a_coin_is_listed_from_its_first_bar_to_its_last(tmp_path: Path) -> None:
    write_bars(tmp_path / "x_AUSDT_1h.csv", some_bars(Timeframe.H1, 144))
    write_bars(tmp_path / "x_BUSDT_1h.csv", some_bars(Timeframe.H1, 24, start_ms=START + DAY))
    market, _ = a_market(recorded_origin(tmp_path, START))
    assert set(market.spot(START)) == {"AUSDT"}
    assert set(market.spot(START + DAY)) == {"AUSDT", "BUSDT"}
    assert set(market.spot(START + 2 * DAY + 1)) == {"AUSDT"}


def test_every_source_is_named_by_its_finest_bars(replay: tuple[Market, HandClock]) -> None:
    market, _ = replay
    assert {row["symbol"]: row["source"] for row in market.snapshot()} == {
        "BTCUSDT": "recorded 5m",
        "ETHUSDT": "recorded 1h",
        "SOLUSDT": "recorded 1d",
    }


def test_a_start_outside_the_recording_names_the_range(folder: Path) -> None:
    with pytest.raises(BadRecording, match="from 2025-01-02 to 2025-01-06"):
        recorded_origin(folder, JANUARY_MS - DAY)
    with pytest.raises(BadRecording, match="2030-01-01"):
        recorded_origin(folder, 1_893_456_000_000)


def test_a_short_recording_starts_in_its_middle(folder: Path) -> None:
    origin = recorded_origin(folder)
    assert (origin.start_ms, origin.end_ms) == (START, JANUARY_MS + 6 * DAY)


def test_a_long_recording_starts_in_the_month_most_of_it_covers(tmp_path: Path) -> None:
    write_bars(tmp_path / "x_AUSDT_1h.csv", some_bars(Timeframe.H1, 24 * 150))
    late = some_bars(Timeframe.H1, 24 * 110, start_ms=JANUARY_MS + 40 * DAY)
    write_bars(tmp_path / "x_BUSDT_1h.csv", late)
    assert recorded_origin(tmp_path).start_ms == 1_743_465_600_000  # 2025-04-01


def test_a_shock_moves_the_price_from_its_moment_on(replay: tuple[Market, HandClock]) -> None:
    market, clock = replay
    book = market.spot(MIDDLE)["BTCUSDT"]
    step = 5 * MINUTE
    past = book.candles(step, JANUARY_MS, MIDDLE // step * step, MIDDLE)
    before, perp_before = book.last(MIDDLE), market.perps(MIDDLE)["BTCUSDT"].last(MIDDLE)
    assert market.shock("BTCUSDT", -20) == book.price_text(before * 0.8)
    assert market.second_spot(MIDDLE)["BTCUSDT"].last(MIDDLE) == book.last(MIDDLE)
    assert market.perps(MIDDLE)["BTCUSDT"].last(MIDDLE) == round(perp_before * 0.8, 2)
    assert_same(book.candles(step, JANUARY_MS, MIDDLE // step * step, MIDDLE), past)
    forming = book.candles(step, MIDDLE // step * step, MIDDLE + 1, MIDDLE)
    assert forming.low[0] <= before * 0.8 + 0.01 < before <= forming.high[0]
    clock.ms = MIDDLE + HOUR
    closed = book.candles(HOUR, MIDDLE // HOUR * HOUR, MIDDLE + 1, clock.ms)
    assert closed.low[0] <= before * 0.8 + 0.01 < before <= closed.high[0]
    assert book.last(clock.ms) < before * 0.9
    assert book.day(clock.ms).high >= before


def test_shocks_come_in_order_of_time() -> None:
    shocks = Shocks()
    shocks.add(2000, 1.1)
    with pytest.raises(ValueError, match="before the last"):
        shocks.add(1000, 1.1)
    assert [shocks.level(at) for at in (1999, 2000)] == [1.0, 1.1]


@pytest.mark.parametrize("percent", [-100.0, 1001.0, float("nan")])
def test_an_impossible_shock_is_refused(replay: tuple[Market, HandClock], percent: float) -> None:
    with pytest.raises(ValueError, match="percent"):
        replay[0].shock("BTCUSDT", percent)
    with pytest.raises(KeyError):
        replay[0].shock("NOPEUSDT", 1)


def test_shocks_outlive_a_restart_and_stay_in_their_market(
    replay: tuple[Market, HandClock], folder: Path
) -> None:
    market, _ = replay
    market.shock("BTCUSDT", 10)
    market.shock("BTCUSDT", 10)
    later, _ = a_market(recorded_origin(folder, START), MIDDLE + 1000)
    later.restore(market.state())
    now = MIDDLE + 1000
    assert later.spot(now)["BTCUSDT"].last(now) == market.spot(now)["BTCUSDT"].last(now)
    stranger, _ = a_market(recorded_origin(folder, START + DAY))
    with pytest.raises(ValueError, match="another market"):
        stranger.restore(market.state())


def test_funding_is_recorded_or_follows_the_premium(
    replay: tuple[Market, HandClock], synthetic: Origin
) -> None:
    market, _ = replay
    recorded = market.funding("ETHUSDT", 0, MIDDLE + DAY)
    assert recorded.time_ms[-1] == START
    assert set(recorded.rate.tolist()) == {-0.00002345}
    invented, clock = a_market(synthetic)
    rates = invented.funding("BTCUSDT", clock.ms - 30 * DAY, clock.ms + DAY)
    assert rates.time_ms[-1] <= clock.ms
    assert set(np.diff(rates.time_ms)) == {FUNDING_MS}
    assert len(set(rates.rate.tolist())) > 1
    assert np.abs(rates.rate).max() < 0.002


def test_a_perpetual_without_funding_says_so(tmp_path: Path) -> None:
    write_bars(tmp_path / "x_AUSDT_perp_1h.csv", some_bars(Timeframe.H1, 144))
    write_bars(tmp_path / "x_BUSDT_1h.csv", some_bars(Timeframe.H1, 144))
    market, _ = a_market(recorded_origin(tmp_path, START))
    assert len(market.funding("AUSDT", 0, START).rate) == 0
    assert market.index("AUSDT", START).symbol == "AUSDT"


def test_perpetuals_trade_near_spot(synthetic: Origin) -> None:
    market, clock = a_market(synthetic)
    spot, perps, second = market.spot(clock.ms), market.perps(clock.ms), market.second_spot(clock.ms)
    assert set(spot) == set(perps) == set(second)
    for symbol in ("BTCUSDT", "ETHUSDT", "SOLUSDT"):
        assert perps[symbol].last(clock.ms) == pytest.approx(spot[symbol].last(clock.ms), rel=0.002)
        assert second[symbol].last(clock.ms) == pytest.approx(spot[symbol].last(clock.ms), rel=0.001)
    assert any(second[symbol].last(clock.ms) != spot[symbol].last(clock.ms) for symbol in spot)


def test_both_venues_show_a_recording_alike(replay: tuple[Market, HandClock]) -> None:
    market, _ = replay
    for symbol, book in market.spot(MIDDLE).items():
        assert market.second_spot(MIDDLE)[symbol].day(MIDDLE) == book.day(MIDDLE)


def test_the_synthetic_market_goes_on_as_long_as_it_is_watched(synthetic: Origin) -> None:
    market, clock = a_market(synthetic)
    book = market.spot(clock.ms)["BTCUSDT"]
    past = book.candles(HOUR, clock.ms - 10 * DAY, clock.ms, clock.ms)
    clock.ms += 200 * DAY + 5 * HOUR + 12345
    assert len(book.candles(DAY, OPENING_MS, clock.ms, clock.ms)) == 201
    assert book.last(clock.ms) > 0
    assert_same(book.candles(HOUR, OPENING_MS - 10 * DAY, OPENING_MS, clock.ms), past)
    assert len(book.candles(DAY, 0, clock.ms, clock.ms)) == HISTORY_BLOCKS * 30 + 201


def test_the_same_seed_is_the_same_market(synthetic: Origin) -> None:
    now = OPENING_MS + 3 * HOUR + 4567
    first, _ = a_market(synthetic, now)
    again, _ = a_market(synthetic_origin(7), now)
    other, _ = a_market(synthetic_origin(8), now)
    assert first.snapshot() == again.snapshot()
    assert first.snapshot() != other.snapshot()
    assert first.snapshot()[0]["source"] == "synthetic"


def test_there_is_history_for_the_longest_indicator(synthetic: Origin) -> None:
    market, clock = a_market(synthetic)
    for row in market.snapshot():
        assert clock.ms - row["history_from_ms"] >= 900 * DAY


def test_the_book_stands_around_the_price(replay: tuple[Market, HandClock]) -> None:
    market, _ = replay
    for book in market.spot(MIDDLE).values():
        depth = book.depth(50, MIDDLE)
        last = round(book.last(MIDDLE) * 10**book.price_decimals)
        bids, asks = [price for price, _ in depth.bids], [price for price, _ in depth.asks]
        assert bids == sorted(set(bids), reverse=True)
        assert asks == sorted(set(asks))
        assert len(bids) == len(asks) == 50
        assert bids[0] <= last <= asks[0]
        assert min(size for _, size in (*depth.bids, *depth.asks)) > 0


def test_trades_follow_the_price(replay: tuple[Market, HandClock]) -> None:
    market, _ = replay
    book = market.spot(MIDDLE)["BTCUSDT"]
    trades = book.trades(MIDDLE - 90_000, MIDDLE)
    assert len(trades) == 90
    assert all(trade.price == book.last(trade.at_ms) for trade in trades)
    assert {trade.is_buy for trade in trades} == {True, False}


def test_the_shared_recording_opens_with_most_of_its_coins(shared_data: Path) -> None:
    origin = recorded_origin(shared_data)
    market, clock = a_market(origin)
    clock.ms += 3 * HOUR + 1
    sources = {row["symbol"]: row["source"] for row in market.snapshot()}
    assert sources["BTCUSDT"] == sources["DOGEUSDT"] == "recorded 5m"
    assert sources["TRXUSDT"] == "recorded 1h"
    assert len(sources) > 30
    assert {"BTCUSDT", "ETHUSDT", "SOLUSDT"} <= set(market.perps(clock.ms))
    for name, step in (("binance_BTCUSDT_5m", 5 * MINUTE), ("binance_DOGEUSDT_1h", HOUR)):
        book = market.spot(clock.ms)[name.split("_")[1]]
        rows = read_bars(shared_data / "ohlcv" / f"{name}.csv.gz").closed_before(clock.ms, step)
        served = book.candles(step, clock.ms - 300 * step, clock.ms // step * step, clock.ms)
        assert_same(served, rows.rows(len(rows) - len(served)))
    book = market.spot(clock.ms)["BTCUSDT"]
    fine = resample(book.candles(5 * MINUTE, origin.start_ms - 9 * DAY, origin.start_ms, clock.ms), HOUR)
    coarse = book.candles(HOUR, origin.start_ms - 9 * DAY, origin.start_ms, clock.ms)
    assert printed(book, fine) == printed(book, coarse)


def test_a_recording_still_answers_at_its_very_end(replay: tuple[Market, HandClock]) -> None:
    market, clock = replay
    clock.ms = market.to_ms or 0
    assert {row["source"] for row in market.snapshot()} == {"recorded 5m", "recorded 1h", "recorded 1d"}
    book = market.spot(clock.ms)["BTCUSDT"]
    whole = book.candles(HOUR, JANUARY_MS, clock.ms + DAY, clock.ms)
    assert len(whole) == 144
    assert book.last(clock.ms) == whole.close[-1]
    assert len(book.depth(5, clock.ms).bids) == 5
