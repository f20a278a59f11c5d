"""What people call indicators and their outputs, in both languages and without separators."""

from typing import Final

_KINDS: Final = {
    "ema": "exponentialmovingaverage ема эма",
    "sma": "ma movingaverage simplemovingaverage скользящая скользящаясредняя средняя сма машка",
    "wma": "weightedmovingaverage вма",
    "hma": "hull hullma хма",
    "kama": "kaufman кама",
    "macd": "макд мацд макди",
    "rsi": "relativestrengthindex рси рсай",
    "stochrsi": "srsi rsistoch stochasticrsi rsistochastic стохрси стохастикрси рсистохастик",
    "stoch": "stochastic so стох стохастик",
    "bb": "bbands bband boll bollinger bolinger bollingerbands bollingerband боллинджер боллинджера боллинжер"
    " болинджер боллинджеры боллинджерс полосыболлинджера линииболлинджера бб",
    "atr": "averagetruerange атр",
    "adx": "dmi adxdi averagedirectionalindex адх адикс",
    "obv": "onbalancevolume обв",
    "volume_sma": "smavolume volumema vma volumeaverage volsma среднийобъем среднийобьем",
    "vwap": "volumeweightedaverageprice ввап вивап",
    "support": "supports поддержка уровеньподдержки",
    "resistance": "resist сопротивление уровеньсопротивления",
    "close": "price last цена закрытие курс",
    "open": "открытие",
    "high": "hi максимум хай",
    "low": "lo минимум лоу",
    "volume": "vol объем обьем",
    "ichimoku": "ichi cloud kumo ичимоку ишимоку ихимоку облако облакоишимоку",
    "supertrend": "st супертренд",
    "psar": "sar parabolicsar parabolic парабол параболик параболиксар",
    "kc": "keltner keltnerchannel keltnerchannels кельтнер кельтнера каналкельтнера",
    "donchian": "donchianchannel dc дончиан дончиана каналдончиана",
    "willr": "williams williamsr wpr williamspercentr вильямс уильямс",
    "cci": "commoditychannelindex ссi цци",
    "mfi": "moneyflow moneyflowindex мфи",
    "cmf": "chaikin chaikinmoneyflow чайкин",
    "ao": "awesome awesomeoscillator ао",
    "mom": "momentum моментум",
    "roc": "rateofchange рок",
    "uo": "ultimate ultimateoscillator",
    "chop": "choppiness choppinessindex",
    "ha": "heikinashi heikenashi хейкенаши",
    "stdev": "standarddeviation std отклонение стандартноеотклонение",
    "aroon": "арун",
    "eri": "elderray",
    "ad": "accumulationdistribution",
}
_PARTS: Final = {
    "upper": "up top верх верхняя",
    "lower": "down bottom низ нижняя",
    "middle": "mid basis center середина",
    "signal": "sig сигнал сигнальная",
    "hist": "histogram гистограмма",
    "di_plus": "plus",
    "di_minus": "minus",
}

NAMES: Final = {name: kind for kind, names in _KINDS.items() for name in names.split()}
"""Lower-case name without separators -> kind."""

PARTS: Final = {name: part for part, names in _PARTS.items() for name in names.split()}
"""The same for outputs."""

TITLES: Final = {
    "bb": "Bollinger",
    "kc": "Keltner",
    "donchian": "Donchian",
    "ichimoku": "Ichimoku",
    "supertrend": "Supertrend",
    "stoch": "Stochastic",
    "stochrsi": "Stoch RSI",
    "volume_sma": "Volume SMA",
    "obv_ema": "OBV EMA",
    "atr_norm": "ATR norm",
    "psar": "SAR",
    "willr": "Williams %R",
    "aroon": "Aroon",
    "mom": "Momentum",
    "ha": "Heikin Ashi",
    **{
        name: name.capitalize()
        for name in ("open", "high", "low", "close", "volume", "support", "resistance")
    },
}
"""What a kind is called on a picture, where that is not its name in capitals."""

PART_TITLES: Final = {
    "di_plus": "+DI",
    "di_minus": "−DI",
    "k": "%K",
    "d": "%D",
    "j": "%J",
    "osc": "oscillator",
}
"""The same for outputs."""
