"""Engines and venue accounts by the names that people read and type."""

from collections.abc import Mapping
from typing import Final

from engines.core.typo import allowed_slips, edit_distance
from engines.orders.subaccount import PAPER, EngineName
from services.speech import Speech

ACCOUNTS: Final[Mapping[str, str]] = {"bybit": "Bybit", "gate": "Gate", PAPER: "paper"}

_TYPED: Final[Mapping[str, EngineName]] = {
    **{name.value: name for name in EngineName},
    "hodl": EngineName.CORE,
    "btc-neutral": EngineName.NEUTRAL,
    "signal": EngineName.SIGNALS,
    "hand": EngineName.MANUAL,
    "ядро": EngineName.CORE,
    "тренд": EngineName.TREND,
    "фандинг": EngineName.FUNDING,
    "тактика": EngineName.TACTICAL,
    "нейтральный": EngineName.NEUTRAL,
    "нейтраль": EngineName.NEUTRAL,
    "касание": EngineName.TOUCH,
    "касания": EngineName.TOUCH,
    "сигналы": EngineName.SIGNALS,
    "сигнал": EngineName.SIGNALS,
    "вручную": EngineName.MANUAL,
    "руками": EngineName.MANUAL,
    "ручной": EngineName.MANUAL,
}


def read_engine(word: str) -> EngineName | None:
    """The engine that somebody typed, in English or Russian."""
    return _TYPED.get(word.casefold())


def near_name(word: str) -> str | None:
    """The engine or venue that a mistyped word is nearest to, by its name in the books."""
    known: dict[str, str] = {**_TYPED, **{name: name for name in ACCOUNTS if name != PAPER}}
    slips, near = min((edit_distance(word.casefold(), one), one) for one in known)
    return str(known[near]) if slips <= allowed_slips(len(word)) else None


def engine_name(engine: str, say: Speech) -> str:
    """An engine in the person's language; as it is where there is no word for it."""
    names = {
        EngineName.CORE: say("core"),
        EngineName.TREND: say("trend"),
        EngineName.FUNDING: say("funding engine"),
        EngineName.TACTICAL: say("tactical"),
        EngineName.NEUTRAL: say("BTC-neutral"),
        EngineName.TOUCH: say("touch"),
        EngineName.SIGNALS: say("signals of the desk"),
        EngineName.MANUAL: say("manual"),
    }
    return names[EngineName(engine)] if engine in set(EngineName) else engine


def account_name(account: str, say: Speech) -> str:
    """A venue account as people call it."""
    return say("paper") if account == PAPER else ACCOUNTS.get(account, account)
