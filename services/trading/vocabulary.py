"""Words of the language in which trades are typed, in English and Russian."""

from collections.abc import Mapping
from decimal import Decimal

_KEYWORDS: Mapping[str, str] = {
    "long": "long buy bull up лонг купи купить покупка покупаю вверх",
    "short": "short sell bear down шорт продай продать продажа продаю вниз",
    "stop": "sl stop stoploss stop-loss s/l сл стоп стопа стопом стоп-лосс стоплосс",
    "target": "tp target targets take takeprofit take-profit t/p goal тп цель цели целей целью тейк тейки "
    "тейка тейков тейк-профит профит",
    "trail": "trail trailing ts trailing-stop трейл трейлинг трейлинга трал",
    "leverage": "lev leverage плечо плеча плечом x х",
    "price": "@ at limit price цена цене лимит лимитка лимитом по",
    "size": "size amount размер сумма объём объем",
    "risk": "risk риск риском",
    "market": "market рынок рынку рыночный now сейчас",
    "no": "no without off none нет без выкл",
}
MEANINGS = {word: meaning for meaning, words in _KEYWORDS.items() for word in words.split()}
"""Word -> what it announces."""

_SHARES = {
    "1": "all max everything всё все весь всю целиком макс",
    "0.5": "half половина половину пол 1/2",
    "0.25": "quarter четверть 1/4",
    "0.33": "third треть 1/3",
}
SHARES = {word: Decimal(share) for share, words in _SHARES.items() for word in words.split()}
"""Word -> the share that it means."""

_LISTS = {
    "entry": "entry be breakeven break-even even вход входа входу входе бу безубыток ноль",
    "money": "$ ₮ u usd usdt usdc юсдт дол долл доллар доллара долларов бакс баксы баксов бакса",
    "percent": "% percent pct проц процент процента процентов",
    "not a number": "nan -nan +nan inf -inf +inf infinity",
    "filler": "/ & + - – — for with and the a an of in to on my me i want please plz open trade is it "
    "its from free money close move set на с со и в во мне я хочу плиз пожалуйста открой открыть сделка "
    "сделку к до от из закрой закрыть перенеси передвинь поставь деньги денег свободных",
}
_SETS = {name: frozenset(words.split()) for name, words in _LISTS.items()}
ENTRIES, MONEY_UNITS, PERCENTS = _SETS["entry"], _SETS["money"], _SETS["percent"]
NOT_A_NUMBER = _SETS["not a number"]
FILLERS = _SETS["filler"] | MONEY_UNITS
"""Words that change nothing."""
