"""Offers behind buttons: the sentence so far behind a token, and what a button does to it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from engines.core.side import Direction
from handlers.ui.request import Request
from ports.errors import Refused
from ports.people import Action, Role
from services.trading.completion import settled, with_size
from services.trading.sentence import Asked, read_trade, written
from services.trading.wish import Preview

OFFER = "trade"
KEPT_FOR = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What a token stands for: the sentence so far, and what was shown for it (`None`: not enough was said).

    `price` is the one that was quoted at `at` (wire time). It `is_open` until somebody pressed Open.
    """

    token: str
    asked: Asked
    shown: Asked | None
    price: Decimal | None
    at: datetime
    is_open: bool


async def draft(request: Request, asked: Asked, preview: Preview | None = None) -> str:
    """Keep a sentence behind a token that only this person can use, here."""
    params: dict[str, Any] = {"text": written(asked)}
    if preview is not None:
        params |= {"shown": written(settled(preview.wish)), "price": str(preview.price)}
    return await request.services.actions.offer(
        OFFER, chat_id=request.chat_id, person_id=request.person.id, params=params, lasts=KEPT_FOR
    )


async def recall(request: Request, token: str) -> Offer:
    """The offer behind a token. Raises `Refused`: `offer_gone`, `not_yours`."""
    try:
        action = await request.services.actions.look(OFFER, token, **_who(request))
    except Refused as error:
        raise (Refused("offer_gone") if error.code == "expired" else error) from error
    return _offer(action)


async def take(request: Request, token: str) -> None:
    """Use the token up; a second tap finds it used and changes nothing by that."""
    try:
        await request.services.actions.take(OFFER, token, **_who(request))
    except Refused as error:
        if error.code != "done":
            raise (Refused("offer_gone") if error.code == "expired" else error) from error


def _who(request: Request) -> dict[str, Any]:
    person = request.person
    return {
        "person_id": person.id,
        "chat_id": request.chat_id,
        "role": person.role,
        "needed": Role.TRADER,
    }


def _offer(action: Action) -> Offer:
    shown, price = action.params.get("shown"), action.params.get("price")
    return Offer(
        token=action.token,
        asked=read_trade(action.params["text"]),
        shown=None if shown is None else read_trade(shown),
        price=None if price is None else Decimal(price),
        at=action.created_at,
        is_open=action.done_at is None,
    )


def changed(asked: Asked, change: str) -> Asked:
    """The sentence after a button: `less`, `more`, `x3`, `s0`, `t1`, `dlong`, `n50`, `mBTCUSDT`.

    Raises `Refused("unknown_choice")` for anything else.
    """
    kind, value = change[:1], change[1:]
    if change in ("less", "more") and asked.size is not None:
        return with_size(asked, asked.size.value * (Decimal("0.5") if change == "less" else 2))
    match kind:
        case "s" if value in ("0", "1"):
            return replace(asked, has_no_stop=value == "0")
        case "t" if value in ("0", "1"):
            return replace(asked, has_no_targets=value == "0")
        case "d" if value in set(Direction):
            return replace(asked, direction=Direction(value))
        case "m" if value:
            return replace(asked, names=(value,))
        case "x" | "n":
            said = read_trade(change if kind == "x" else value)
            if said.leverage is not None or said.size is not None:
                return replace(asked, leverage=said.leverage or asked.leverage, size=said.size or asked.size)
    raise Refused("unknown_choice")
