"""Bybit V5's codes that prove that a request was not carried out, and what they mean.

What is not listed proves nothing: 10000 (server timeout), 10014 (a request twice, perhaps ours), 10016
(service error), 170001, 170007, 170032 and 170146 (internal errors, time-outs) may come after the order was
accepted. ccxt's error classes do not tell them apart.
"""

from typing import Final

from adapters.venues.answer import Codes, Meaning, VenueAnswer, meaning_of

_BY_MEANING: Final = {
    Meaning.INSUFFICIENT_FUNDS: (
        "110004 110006 110007 110012 110014 110044 110045 110051 110052 110053 "
        "131212 170033 170034 170131 170223 170226 170228 170229"
    ),
    Meaning.BELOW_MINIMUM: "110094 170136 170140",
    Meaning.OFF_GRID: "110049 170134 170137 170148",
    Meaning.POST_ONLY_WOULD_TAKE: "170217 170218",
    Meaning.UNKNOWN_SYMBOL: "170121 170221",
    Meaning.DUPLICATE_ID: "110030 110072 131214 170141",
    Meaning.REDUCE_ONLY_REJECTED: "110017 110034",
    Meaning.PRICE_OUT_OF_BAND: (
        "110003 170132 170133 170192 170193 170194 170197 170198 170199 170200 170204 170206 170371 170372"
    ),
    Meaning.TRIGGER_PASSED: "110092 110093",
    Meaning.HALTED: "110023 110063 110066 110074 170031 170151 170157 170159",
    Meaning.KEY_REFUSED: (
        "10003 10004 10005 10007 10008 10009 10010 10024 10027 10028 10029 33004 "
        "110065 110067 110068 110069 170201 170209 170224"
    ),
    Meaning.OTHER: (
        "10001 10017 10020 10021 10022 10032 110002 110005 110009 110011 110013 110015 110016 110018 "
        "110020 110021 110022 110024 110028 110029 110031 110032 110036 110038 110039 110040 110041 110042 "
        "110056 110057 110058 110059 110060 110061 110064 110070 110073 "
        "131203 131204 131206 131207 131208 131210 131211 131215 "
        "170105 170115 170116 170117 170124 170130 170135 170202 170203 170210 170227 170241 "
        "181000 181001 181002 181003 181004 182000"
    ),
    Meaning.BUSY: "10006 10018 10429 170005 170222",
    Meaning.SKEWED: "10002",
    Meaning.GONE: "110001 110008 110010 110019 170139 170142 170143 170144 170145 170190 170213",
    Meaning.UNCHANGED: "110025 110026 110027 110043 3400045 30084",
}

_CODES: Final[Codes] = {code: meaning for meaning, codes in _BY_MEANING.items() for code in codes.split()}


_BAD_PARAMETER: Final = "10001"
_IN_WORDS: Final = {
    "remains unchanged": Meaning.UNCHANGED,
    "position idx": Meaning.POSITION_MODE,
    "minimum": Meaning.BELOW_MINIMUM,
    "symbol": Meaning.UNKNOWN_SYMBOL,
}
"""What one code for all bad parameters only says in words."""


def bybit_meaning(answer: VenueAnswer) -> Meaning:
    """What an answer of Bybit's means."""
    meaning = meaning_of(answer, _CODES)
    if answer.code != _BAD_PARAMETER or meaning is not Meaning.OTHER:
        return meaning
    said = answer.text.lower()
    return next((meant for words, meant in _IN_WORDS.items() if words in said), Meaning.OTHER)
