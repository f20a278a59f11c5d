from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.core.typo import allowed_slips, edit_distance
from engines.market.alias import COINS
from engines.market.symbol import Symbols
from tests.build.markets import an_instrument

TURNOVER = {"BTCUSDT": Decimal(9_000_000), "BCHUSDT": Decimal(3_000_000), "BTTUSDT": Decimal(10)}
SYMBOLS = Symbols(
    [
        an_instrument("BTC", "EUR"),
        an_instrument("BTC", "USDC"),
        an_instrument("BTC", "USDT"),
        *(
            an_instrument(base)
            for base in ("BCH", "BTT", "ETH", "SOL", "XRP", "DOGE", "TON", "PEPE", "1000BONK")
        ),
        an_instrument("ETH", "BTC"),
        an_instrument("币安人生"),
    ],
    TURNOVER,
)


def found(text: str) -> str | None:
    one = SYMBOLS.find(text)
    return one.symbol if one else None


def near(text: str, n: int = 3) -> list[str]:
    return [one.symbol for one in SYMBOLS.near(text, n)]


@pytest.mark.parametrize(
    "text",
    [
        "btc", "BTCUSDT", "BTC/USDT", "$btc", "btc-usdt", "BTC_USDT", "#BTC", "btcusd", "btcusdt.p", "bTc",
        " btc ", "btc usdt", "BYBIT:BTCUSDT", "BTC/USDT:USDT", "btc-perp", "BTC-USDT-SWAP", "xbt", "bitcoin",
        "Bitcoin",
    ],
)  # fmt: skip
def test_sloppy_latin_spellings_name_the_bitcoin_market(text: str) -> None:
    assert found(text) == "BTCUSDT"


@pytest.mark.parametrize(
    ("text", "symbol"),
    [
        ("ВТС", "BTCUSDT"),
        ("втс", "BTCUSDT"),
        ("иес", "BTCUSDT"),
        ("иесгыве", "BTCUSDT"),
        (",bnjr", "BTCUSDT"),
        ("'abh", "ETHUSDT"),
        ("биткоин", "BTCUSDT"),
        ("Биткойн", "BTCUSDT"),
        ("биток usdt", "BTCUSDT"),
        ("бтк", "BTCUSDT"),
        ("эфир", "ETHUSDT"),
        ("Эфириум", "ETHUSDT"),
        ("солана", "SOLUSDT"),
        ("соланы", "SOLUSDT"),
        ("эфира", "ETHUSDT"),
        ("биткоином", "BTCUSDT"),
        ("рипл", "XRPUSDT"),
        ("доге", "DOGEUSDT"),
        ("додж", "DOGEUSDT"),
        ("тон", "TONUSDT"),
    ],
)
def test_russian_names_look_alikes_and_layout_slips_are_understood(text: str, symbol: str) -> None:
    assert found(text) == symbol


def test_the_quote_currency_asked_for_is_kept() -> None:
    assert found("btcusdc") == "BTCUSDC"
    assert found("btc/eur") == "BTCEUR"
    assert found("ethbtc") == "ETHBTC"


def test_thousandfold_markets_are_found_with_and_without_their_multiplier() -> None:
    assert found("1000pepe") == "PEPEUSDT"
    assert found("1000PEPEUSDT") == "PEPEUSDT"
    assert found("bonk") == "1000BONKUSDT"
    assert found("bonkusdt") == "1000BONKUSDT"


def test_a_coin_with_a_chinese_name_is_found() -> None:
    assert found("币安人生") == "币安人生USDT"


def test_mistyped_coins_bring_the_nearest_markets_by_slips_then_turnover() -> None:
    assert near("bct") == ["BTCUSDT", "BCHUSDT", "BTTUSDT"]
    assert near("bct", 1) == ["BTCUSDT"]
    assert near("битокн") == ["BTCUSDT"]
    assert near("solanna") == ["SOLUSDT"]
    assert near("1000pepr") == ["PEPEUSDT"]


def test_a_beginning_brings_what_it_may_become() -> None:
    assert near("dog") == ["DOGEUSDT"]
    assert near("bt")[:2] == ["BTCUSDT", "BTTUSDT"]


def test_guesses_keep_the_quote_currency() -> None:
    assert near("bctusdc")[0] == "BTCUSDC"


@pytest.mark.parametrize(
    "text", ["", " ", "$", "/", "\ud800", "\x00", "🚀", "qqqqqqqqqqqqqqqqqqqqqqq", "USDT"]
)
def test_nonsense_names_nothing(text: str) -> None:
    assert found(text) is None
    assert near(text) == []


def test_get_wants_the_exact_symbol() -> None:
    one = SYMBOLS.get("BTCUSDT")
    assert one is not None
    assert one.pair == "BTC/USDT"
    assert SYMBOLS.get("btc") is None


def test_an_empty_universe_answers_nothing() -> None:
    empty = Symbols([])
    assert len(empty) == 0
    assert empty.find("btc") is None
    assert empty.near("btc") == []


def test_every_known_name_is_written_as_it_is_looked_up() -> None:
    assert all(name == name.casefold() and name.isalnum() and "ё" not in name for name in COINS)


@given(st.text(max_size=80))
def test_hostile_text_never_raises(text: str) -> None:
    SYMBOLS.find(text)
    assert len(SYMBOLS.near(text)) <= 3


@given(
    st.sampled_from(list(SYMBOLS)),
    st.sampled_from(["{b}{q}", "{b}/{q}", "{b}-{q}", "{b}_{q}", "${b}{q}", " {b} {q}", "#{b}{q}"]),
    st.booleans(),
)
def test_every_market_is_found_however_it_is_punctuated(one: object, shape: str, is_lower: bool) -> None:
    instrument = SYMBOLS.get(getattr(one, "symbol", ""))
    assert instrument is not None
    text = shape.format(b=instrument.base, q=instrument.quote)
    assert SYMBOLS.find(text.lower() if is_lower else text) == instrument


words = st.text(alphabet="abcd", max_size=6)


@given(words, words)
def test_distance_is_symmetric_and_zero_only_for_the_same_word(left: str, right: str) -> None:
    assert edit_distance(left, right) == edit_distance(right, left)
    assert (edit_distance(left, right) == 0) == (left == right)
    assert edit_distance(left, right) <= max(len(left), len(right))


def test_swapped_neighbours_are_one_slip() -> None:
    assert edit_distance("bct", "btc") == 1


def test_longer_words_may_hold_more_slips() -> None:
    assert [allowed_slips(length) for length in (1, 2, 3, 4, 5, 9)] == [0, 1, 1, 1, 2, 2]
