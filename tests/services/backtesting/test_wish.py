"""What people mean by the words behind `/backtest`."""

from decimal import Decimal
from typing import Any

import pytest

from ports.errors import Refused
from services.backtesting.wish import Draft, Wish, nearest_strategy, read_words, spelled, strategy_named
from tests.build.backtests import the_strategies

STRATEGIES = the_strategies()


def draft(**fields: Any) -> Draft:
    usual: dict[str, Any] = {
        "strategy": "sma_cross",
        "params": {},
        "days": 730,
        "capital": Decimal(10_000),
        "is_open": False,
        "coins": (),
    }
    return Draft(**usual | fields)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("", draft(strategy=None)),
        ("sma", draft()),
        ("sma_cross 2y", draft()),
        ("SMA-cross 1y btc, eth", draft(days=365, coins=("btc", "eth"))),
        ("sma 1г биток", draft(days=365, coins=("биток",))),
        ("скользящие за полгода по биткоину", draft(days=182, coins=("биткоину",))),
        ("sma 6 months sol", draft(days=182, coins=("sol",))),
        ("sma за последние 3 месяца", draft(days=91)),
        ("90d sma doge", draft(days=90, coins=("doge",))),
        ("sma 2 weeks", draft(days=14)),
        ("sma year", draft(days=365)),
        ("sma 5 лет", draft(days=1825)),
        ("sma all", draft(days=None)),
        ("sma всё", draft(days=None)),
        ("sma 2y fast=20 slow=100 btc", draft(params={"fast": "20", "slow": "100"}, coins=("btc",))),
        ("sma fast = 20", draft(params={"fast": "20"})),
        ("sma fast 20", draft(params={"fast": "20"})),
        ("sma 4h 1y", draft(params={"timeframe": "4h"}, days=365)),
        ("sma 4ч год", draft(params={"timeframe": "4h"}, days=365)),
        ("sma 1d", draft(params={"timeframe": "1d"})),
        ("sma 15m 3m", draft(params={"timeframe": "15m"}, days=91)),
        ("sma side=long capital=5000", draft(params={"side": "long"}, capital=Decimal(5000))),
        ("sma open", draft(is_open=True)),
        ("sma без лимитов", draft(is_open=True)),
        ("sma limits=open", draft(is_open=True)),
        ("btc eth 1y", draft(strategy=None, days=365, coins=("btc", "eth"))),
        ("sma btc btc", draft(coins=("btc",))),
        ("«sma» (btc)!", draft(coins=("btc",))),
    ],
)
def test_words_in_any_order_and_both_languages(text: str, meant: Draft) -> None:
    assert read_words(text, STRATEGIES) == meant


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("sma fast=900 slow=100", "backtest_params"),
        ("sma fats=20", "backtest_params"),
        ("sma fast=x", "backtest_params"),
        ("sma 99y", "backtest_period"),
        ("sma 0d", "backtest_period"),
        ("sma 3 days", "backtest_period"),
        ("sma capital=5", "backtest_capital"),
        ("sma capital=-", "backtest_capital"),
    ],
)
def test_what_cannot_be_is_refused_by_name(text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        read_words(text, STRATEGIES)
    assert refused.value.code == code
    assert refused.value.params["text"]


def test_a_parameter_that_cannot_be_is_told_in_parts() -> None:
    with pytest.raises(Refused) as refused:
        read_words("sma fast=9000", STRATEGIES)
    assert refused.value.params["problem"] == "out_of_bounds"
    assert refused.value.params["given"] == {"name": "fast", "text": 9000, "least": 1, "most": 5000}


@pytest.mark.parametrize(
    "wish",
    [
        Wish(strategy="sma_cross"),
        Wish(strategy="sma_cross", symbols=("BTCUSDT", "ETHUSDT"), days=45, params={"fast": "20"}),
        Wish(strategy="sma_cross", symbols=("SOLUSDT",), days=None, is_open=True, capital=Decimal(500)),
        Wish(strategy="sma_cross", days=182, params={"timeframe": "4h", "side": "long"}),
    ],
)
def test_a_wish_in_words_is_read_as_the_same_wish(wish: Wish) -> None:
    read = read_words(wish.words, STRATEGIES)
    assert (read.strategy, read.params, read.days, read.capital, read.is_open, read.coins) == (
        wish.strategy,
        wish.params,
        wish.days,
        wish.capital,
        wish.is_open,
        wish.symbols,
    )


@pytest.mark.parametrize(
    ("days", "words"),
    [(730, "2y"), (365, "1y"), (182, "6m"), (91, "3m"), (45, "45d"), (152, "152d"), (30, "1m")],
)
def test_periods_in_short_words(days: int, words: str) -> None:
    assert spelled(days) == words


def test_every_period_in_short_words_is_read_back() -> None:
    read = {days: read_words(f"sma_cross {spelled(days)}", STRATEGIES).days for days in range(7, 1000)}
    assert {days: other for days, other in read.items() if other != days} == {}


def test_strategies_by_the_names_that_people_use() -> None:
    assert strategy_named("SMA", STRATEGIES) == "sma_cross"
    assert strategy_named("smacross", STRATEGIES) == "sma_cross"
    assert strategy_named("momentum", STRATEGIES) is None
    assert nearest_strategy("smaa_cros", STRATEGIES) == "sma_cross"
    assert nearest_strategy("btc", STRATEGIES) is None
