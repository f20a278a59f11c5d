"""Pictures of runs, judged by their pixels."""

from collections.abc import Sequence
from datetime import UTC, datetime
from io import BytesIO

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib.image import imread

from adapters.charts.backtest_card import draw_backtest_card
from adapters.charts.log_scale import LogScale, money_scale
from adapters.charts.palette import palette
from adapters.charts.plot import Heading, share_words
from adapters.charts.price_scale import PriceScale
from adapters.charts.run_charts import Line, draw_run_drawdown, draw_run_equity, draw_run_exposure
from adapters.charts.run_costs import CostRow, draw_run_costs
from adapters.charts.run_trades import DrawnTrade, TradeNames, draw_run_trades
from adapters.charts.sheet import FOOTER, PLOT_TOP
from engines.core.candle import FloatArray
from engines.core.side import Direction
from engines.metrics.drawdown import Drawdown
from ports.charts import Theme
from ports.reports import BacktestCard, Shown
from tests.adapters.charts.builders import HOUR_MS, START_MS

Pixels = npt.NDArray[np.uint8]
DARK = palette(Theme.DARK)
HEADING = Heading(
    title="sma_cross",
    subtitle="a run",
    drawn_at=datetime(2025, 7, 2, 12, tzinfo=UTC),
    theme=Theme.DARK,
)
NAMES = TradeNames(price="price", won="won", lost="lost")


def times(count: int) -> npt.NDArray[np.int64]:
    return START_MS + np.arange(count, dtype=np.int64) * HOUR_MS


def inside(picture: bytes) -> Pixels:
    """The plot, rows from the bottom, below the legend."""
    pixels: Pixels = np.rint(imread(BytesIO(picture), "png") * 255).astype(np.uint8)[::-1]
    assert pixels.shape[:2] == (1440, 2160)
    return pixels[FOOTER + 3 : PLOT_TOP - 110, :1700]


def share(pixels: Pixels, color: str) -> float:
    return float((pixels[:, :, :3] == np.frombuffer(bytes.fromhex(color[1:]), np.uint8)).all(axis=2).mean())


def line_of(values: Sequence[float] | FloatArray, name: str = "one") -> Line:
    return Line(name=name, values=np.array(values, np.float64))


def test_the_account_has_the_colour_of_its_result_and_holdings_their_own() -> None:
    gained = inside(draw_run_equity(HEADING, times(3), [line_of([10, 12, 11]), line_of([10, 9, 8])], 10.0))
    assert share(gained, DARK.up) > 0
    assert share(gained, DARK.overlays[0]) > 0
    assert share(gained, DARK.down) == 0
    assert share(inside(draw_run_equity(HEADING, times(3), [line_of([10, 12, 9])], 10.0)), DARK.down) > 0


@pytest.mark.parametrize("values", [[5.0, 5.0], [0.0, 0.0], [1.0, 1e6], [100.0, -50.0], [1e-6, 2e-6]])
def test_accounts_of_any_size_are_drawn(values: list[float]) -> None:
    assert (
        share(inside(draw_run_equity(HEADING, times(2), [line_of(values)], values[0])), DARK.background) > 0.5
    )


def test_one_moment_is_no_picture() -> None:
    with pytest.raises(ValueError, match="two moments"):
        draw_run_equity(HEADING, times(1), [line_of([1.0])], 1.0)


def test_a_drawdown_hangs_from_the_top_and_its_deepest_time_is_shaded() -> None:
    below = np.array([0.0, -0.1, -0.3, -0.1, 0.0, 0.0])
    fall = Drawdown(
        depth=0.3,
        peak_ms=START_MS,
        trough_ms=START_MS + 2 * HOUR_MS,
        recovered_ms=START_MS + 4 * HOUR_MS,
        end_ms=START_MS + 5 * HOUR_MS,
    )
    pixels = inside(draw_run_drawdown(HEADING, times(6), below, fall, "deepest"))
    assert share(pixels[-60:], DARK.down_volume) > share(pixels[:200], DARK.down_volume)
    assert share(pixels[:, :1000], DARK.band) > 0.1
    assert share(pixels[:, 1650:], DARK.band) == 0
    assert share(inside(draw_run_drawdown(HEADING, times(6), below * 0, None, "never")), DARK.band) == 0


def test_long_stands_above_short() -> None:
    net = np.array([0.5] * 50 + [-0.5] * 50)
    pixels = inside(draw_run_exposure(HEADING, times(100), net, "long", "short"))
    above, under = pixels[-400:], pixels[:400]
    assert share(above, DARK.up) > 0.1
    assert share(above, DARK.down) == 0
    assert share(under, DARK.down) > 0.1
    assert share(under, DARK.up) == 0


def test_an_account_that_held_nothing_has_no_columns() -> None:
    pixels = inside(draw_run_exposure(HEADING, times(100), np.zeros(100), "long", "short"))
    assert share(pixels, DARK.up) == share(pixels, DARK.down) == 0


def test_trades_have_the_colour_of_what_they_brought() -> None:
    def drawn(*has_won: bool) -> Pixels:
        trades = [
            DrawnTrade(
                opened_ms=START_MS,
                entry=100.0,
                closed_ms=START_MS + 9 * HOUR_MS,
                exit=110.0,
                direction=Direction.LONG,
                has_won=won,
            )
            for won in has_won
        ]
        price = np.linspace(100, 110, 10)
        return inside(draw_run_trades(HEADING, times(10), price, trades, NAMES, 2))

    assert share(drawn(True), DARK.up) > 0
    assert share(drawn(True), DARK.down) == 0
    assert share(drawn(False), DARK.down) > 0
    assert share(drawn(), DARK.up) == 0


def test_costs_are_bars_to_the_left() -> None:
    rows = [
        CostRow(name="gained", amount=100.0, cells=("100", "10 %", "1")),
        CostRow(name="fees", amount=-100.0, cells=("−100", "−10 %", "−1"), is_total=True),
    ]
    pixels = inside(draw_run_costs(HEADING, ("USDT", "share", "a trade"), rows))
    assert share(pixels[:, 805:1000], DARK.up) > 0.05
    assert share(pixels[:, 600:795], DARK.down) > 0.05
    assert share(pixels[:, 600:795], DARK.up) == 0


@pytest.mark.parametrize("theme", Theme)
@pytest.mark.parametrize("has_holding", [True, False])
def test_a_card_has_figures_a_curve_and_a_drawdown(theme: Theme, has_holding: bool) -> None:
    colors = palette(theme)
    card = BacktestCard(
        title="sma_cross · BTC/USDT",
        subtitle="2 years",
        equity_name="strategy",
        holding_name="holding",
        drawdown_name="Drawdown",
        time_ms=times(100),
        equity=1000 + np.sin(np.arange(100) / 5) * 50 + np.arange(100),
        holding=np.linspace(1000, 900, 100) if has_holding else None,
        opening=1000.0,
        figures=[Shown(name="Return", value="+5 %", is_good=True), Shown(name="Sharpe", value="1.0")],
        theme=theme,
        drawn_at=datetime(2025, 7, 2, 12, tzinfo=UTC),
    )
    pixels = inside(draw_backtest_card(card))
    assert share(pixels[:230], colors.down_volume) > 0.02
    assert share(pixels[340:900], colors.up) > 0
    assert (share(pixels[340:900], colors.overlays[0]) > 0) is has_holding
    assert share(pixels[-90:, :200], colors.up) > 0.01


def test_equal_shares_are_equal_heights_where_money_grew_many_times_over() -> None:
    scale = money_scale(10.0, 1000.0, 0.0, 100.0)
    assert isinstance(scale, LogScale)
    assert scale.y(100.0) == pytest.approx(50.0)
    assert scale.heights(np.array([10.0, 100.0])).tolist() == pytest.approx([scale.y(10.0), 50.0])
    assert isinstance(money_scale(10.0, 20.0, 0.0, 100.0), PriceScale)
    assert isinstance(money_scale(-10.0, 2000.0, 0.0, 100.0), PriceScale)


@pytest.mark.parametrize(
    ("low", "high", "gap", "ticks"),
    [
        (9.0, 110.0, 20.0, [10.0, 20.0, 50.0, 100.0]),
        (9.0, 1100.0, 20.0, [10.0, 30.0, 100.0, 300.0, 1000.0]),
        (0.9, 11000.0, 20.0, [1.0, 10.0, 100.0, 1000.0, 10000.0]),
    ],
)
def test_ticks_are_round_and_have_room(low: float, high: float, gap: float, ticks: list[float]) -> None:
    scale = LogScale(low=low, high=high, bottom=0.0, top=100.0)
    assert list(scale.ticks(2, gap)[0]) == pytest.approx(ticks)


def test_shares_are_written_in_percent() -> None:
    thin = "\N{NARROW NO-BREAK SPACE}"
    assert [share_words(one) for one in (-0.256, 0.5, -0.0001)] == [
        f"−25.6{thin}%",
        f"50{thin}%",
        f"0{thin}%",
    ]
