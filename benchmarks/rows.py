"""Every row that a benchmark may print, with its floor (to be met) and goal (where we want to be)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A promise about one number. `comparison` says what others were measured at."""

    name: str
    unit: str
    floor: float
    goal: float
    comparison: str = ""
    is_higher_better: bool = False

    def verdict(self, value: float) -> str:
        """Whether the floor and the goal are met."""
        bounds = (("floor", self.floor), ("goal", self.goal))
        return ", ".join(f"{name} {bound:g} {self._met(value, bound)}" for name, bound in bounds)

    def ratio(self, value: float, reference: float) -> float:
        """How many times better `value` is than `reference`."""
        return value / reference if self.is_higher_better else reference / value

    def _met(self, value: float, bound: float) -> str:
        is_met = value >= bound if self.is_higher_better else value <= bound
        return "met" if is_met else "MISSED"


ROWS = {
    row.name: row
    for row in (
        Row("cli.help_s", "s", 0.5, 0.15, "freqtrade 0.10, jesse 0.18"),
        Row("bot.start_to_answer_s", "s", 10, 4, "importing the bare libraries 4.3"),
        Row("bot.rss_mb", "MB", 600, 400, "bare imports 346-443, freqtrade dry-run idle 316"),
        Row("bot.soak_growth_mb", "MB", 30, 5),
        Row("telegram.command_p99_ms", "ms", 300, 60),
        Row("telegram.command_p99_during_backtest_ms", "ms", 300, 100),
        Row(
            "telegram.updates_per_s", "1/s", 600, 1500, "aiogram with 100 handlers 960", is_higher_better=True
        ),
        Row("telegram.dispatch_us", "us", 400, 150, "aiogram: first router 102, last of many 611-2770"),
        Row("store.upsert_1000_ms", "ms", 5, 2, "SQLAlchemy core 4.2, driver SQL 2.2, ORM merge 490"),
        Row("store.read_last_1000_us", "us", 1500, 150, "blobs of a day 95, ORM 6860"),
        Row(
            "market.tickers_per_s",
            "1/s",
            8_000,
            100_000,
            "ccxt.pro 20,500, aiohttp and orjson 225,000",
            is_higher_better=True,
        ),
        Row("market.event_to_snapshot_p99_ms", "ms", 500, 50),
        Row("alerts.tick_us", "us", 100, 20),
        Row("signals.close_to_message_p99_ms", "ms", 1000, 300, "the specification allows 30 s"),
        Row(
            "signals.full_250x1000_ms",
            "ms",
            100,
            30,
            "TA-Lib 90, polars-talib 132, pandas-ta-classic with TA-Lib 1,440, without 20,500",
        ),
        Row("signals.cold_start_stall_ms", "ms", 300, 100),
        Row("signals.new_bar_250_ms", "ms", 5, 0.2, "TA-Lib recompute 73, talipp 9.5"),
        Row(
            "replay.bars_per_s",
            "1/s",
            100_000,
            1_000_000,
            "freqtrade 9,000-14,000, backtrader 12,000, nautilus_trader 23,000, jesse 40,000, backtesting.py"
            " 155,000",
            is_higher_better=True,
        ),
        Row(
            "kernel.bars_per_s",
            "1/s",
            25_000_000,
            100_000_000,
            "vectorbt 8-10 M, hand-written numba 28-33 M",
            is_higher_better=True,
        ),
        Row(
            "kernel.grid100_points_per_s",
            "1/s",
            150_000_000,
            220_000_000,
            "vectorbt 3-6 M at 3 GB, hand-written numba 210 M",
            is_higher_better=True,
        ),
        Row(
            "signals.looks_per_s",
            "1/s",
            100_000,
            500_000,
            "frame by frame, before there were walks, 4,450",
            is_higher_better=True,
        ),
        Row("risk.judgements_per_s", "1/s", 10_000, 50_000, is_higher_better=True),
        Row("orders.journal_commits_per_s", "1/s", 3000, 6000, "an ORM 1,000", is_higher_better=True),
        Row("orders.intent_to_wire_p99_ms", "ms", 20, 5),
        Row("orders.sustained_100_lost", "", 0, 0),
        Row("orders.burst_1000_ack_s", "s", 3, 1, "ccxt alone 3,100-3,850 requests/s of CPU"),
        Row("orders.vs_ccxt_ratio", "", 0.3, 0.6, is_higher_better=True),
        Row("road.start_s", "s", 2, 1),
        Row("kill.tap_to_latch_ms", "ms", 200, 50),
        Row("kill.cancels_200_s", "s", 1, 0.3),
        Row("sweep.walk_forward_s", "s", 3, 0.45),
        Row("sweep.paths_per_s", "1/s", 20, 100, is_higher_better=True),
        Row("chart.render_ms", "ms", 700, 200, "matplotlib objects 190, own SVG and resvg 30"),
    )
}
