"""Names of indicators as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engines.indicators.catalog import HOT_SPECS, Spec, find, near, spec, split
from engines.indicators.columns import HOT
from engines.indicators.kind import KINDS, LONGEST, Source


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ema20", "ema20"),
        ("EMA 20", "ema20"),
        ("ema(20)", "ema20"),
        ("20 ema", "ema20"),
        ("rsi", "rsi14"),
        ("bb", "bb20_2"),
        ("bollinger 20 2", "bb20_2"),
        ("Bollinger Bands (50, 2.5)", "bb50_2.5"),
        ("macd 12 26 9", "macd12_26_9"),
        ("macd 5-35", "macd5_35_9"),
        ("stoch rsi", "stochrsi14_14_3_3"),
        ("stochastic", "stoch14_3_3"),
        ("vwap", "vwap"),
        ("ichimoku", "ichimoku9_26_52"),
        ("supertrend 10 3", "supertrend10_3"),
        ("williams %r", "willr14"),
        ("t3 10", "t3_10_0.7"),
        ("rocr100", "rocr100_10"),
        ("volume sma 20", "volume_sma20"),
        ("cdl_hammer", "cdl_hammer"),
        ("cdl hammer", "cdl_hammer"),
        ("price", "close"),
        ("скользящая 50", "sma50"),
        ("РСИ 21", "rsi21"),
        ("полосы Боллинджера", "bb20_2"),
        ("объём", "volume"),
        ("ЕМА 200", "ema200"),  # Cyrillic letters that look the same
        ("кыш21", "rsi21"),  # Latin keys on a Russian layout
        ("hcb", "rsi14"),  # Russian keys on a Latin one
    ],
)
def test_sloppy_names_are_understood(text: str, name: str) -> None:
    found = find(text)
    assert found is not None
    assert found.name == name


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "20",
            "xyz",
            "ema0",
            "ema1001",
            "ema5.5",
            "ema -5",
            "ema(-5)",
            "bb 20 0",
            "bb 20 101",
            "rsi 14 14",
        ),
        *("macd 1 2 3 4", "__import__", "ema" * 20, "tos_stdevall", "ma(os.system)", "кыр"),
    ],
)
def test_what_is_no_indicator_is_not_understood(text: str) -> None:
    assert find(text) is None


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ("rsi14", "rsi14"),
        ("close", "close"),
        ("macd", "macd"),
        ("macd signal", "macd_signal"),
        ("macd_hist", "macd_hist"),
        ("макд сигнал", "macd_signal"),
        ("macd 5 35 5 signal", "macd5_35_5_signal"),
        ("bb", "bb_middle"),
        ("bb upper", "bb_upper"),
        ("боллинджер верхняя", "bb_upper"),
        ("bb50_2_upper", "bb50_2_upper"),
        ("stochrsi_k", "stochrsi_k"),
        ("di_plus", "di_plus"),
        ("adx21_di_plus", "adx21_di_plus"),
        ("support_strength", "support_strength"),
        ("ichimoku span_a", "ichimoku_span_a"),
        ("supertrend", "supertrend"),
    ],
)
def test_one_series_of_numbers_has_a_name(text: str, output: str) -> None:
    found = split(text)
    assert found is not None
    assert found[1] == output
    assert output in found[0].outputs


@pytest.mark.parametrize("text", ["bb sideways", "rsi upper", "nothing_upper", ""])
def test_an_output_that_is_not_there_is_not_understood(text: str) -> None:
    assert split(text) is None


def test_the_hot_columns_are_the_outputs_of_hot_indicators() -> None:
    assert sorted(column for one in HOT_SPECS for column in one.columns) == sorted(HOT)
    assert [found[1] for name in HOT if (found := split(name))] == list(HOT)
    assert {one.source for one in HOT_SPECS} == {Source.KERNEL}


def test_other_numbers_give_other_columns() -> None:
    usual, other = find("macd"), find("macd 5 35 5")
    assert usual is not None
    assert other is not None
    assert usual.columns == ("macd", "macd_signal", "macd_hist")
    assert other.columns == ("macd5_35_5", "macd5_35_5_signal", "macd5_35_5_hist")


def test_the_meant_output_comes_first() -> None:
    bands = find("bb")
    assert bands is not None
    assert bands.columns == ("bb_lower", "bb_middle", "bb_upper")
    assert bands.outputs == ("bb_middle", "bb_lower", "bb_upper")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_found_by_its_canonical_name(kind: str) -> None:
    usual = spec(kind)
    assert usual is not None
    assert find(usual.name) == usual
    assert len(set(usual.columns)) == len(usual.columns) == len(usual.about.parts)
    assert set(usual.lines) <= set(usual.columns)
    for column in usual.columns:
        found = split(column)
        assert found is not None
        assert found[1] == column


def test_two_indicators_never_share_a_column() -> None:
    columns = [column for kind in KINDS.values() for column in Spec(kind.name, kind.usual).columns]
    assert len(set(columns)) == len(columns)


@given(st.sampled_from(sorted(KINDS)), st.lists(st.integers(1, LONGEST), max_size=4))
def test_a_name_with_numbers_reads_back(kind: str, numbers: list[int]) -> None:
    made = spec(kind, numbers)
    if made is not None:
        assert find(made.name) == made
        assert 0 <= made.warm_up <= LONGEST


@given(st.text(max_size=60))
def test_no_text_upsets_the_catalogue(text: str) -> None:
    found = find(text)
    assert found is None or find(found.name) == found
    one = split(text)
    assert one is None or one[1] in one[0].columns
    assert all(find(name) is not None for name in near(text))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("supertrnd", "supertrend10_3"),
        ("rsii", "rsi14"),
        ("ema0", "ema20"),
        ("bolinjer", "bb20_2"),
        ("макдд", "macd12_26_9"),
    ],
)
def test_a_mistyped_name_has_near_ones(text: str, name: str) -> None:
    assert find(text) is None
    assert name in near(text)


def test_nothing_is_near_to_nonsense() -> None:
    assert near("qwertzuiop") == []
