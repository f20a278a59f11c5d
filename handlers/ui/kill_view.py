"""A kill on screen: what it would send, how it goes, what the venues show in the end."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from engines.risk.kill import Closing
from engines.risk.latch import KillLevel
from handlers.ui.admins import admin_chats
from handlers.ui.engine_words import account_name
from handlers.ui.keyboards import button
from handlers.ui.request import Request, Services
from ports.messages import Button, Keyboard, OutboundMessage, Priority, Screen, Style
from services.speech import Speech
from services.stopping.board import Place
from services.stopping.report import AccountPreview, AccountReport, KillPreview, KillReport, KillWish

MOST_LISTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """An account with the name that people know it by."""

    name: str
    one: AccountReport
    at: str | None


async def preview_screen(request: Request, wish: KillWish) -> Screen:
    """What the wish would send, and the button that sends it."""
    services, say = request.services, request.say
    seen, token = await services.killing.preview(wish, chat_id=request.chat_id)
    values = preview_values(seen, services, say)
    html = say.render("kill_preview.html", **values)
    if not values["has_work"]:
        return Screen(html=html, keyboard=((button(say("Latches"), "kl"),),))
    return Screen(html=html, keyboard=_preview_keyboard(wish, token, say))


async def close_everything(request: Request) -> Screen:
    """The desk's positions, closed once; entries are not stopped."""
    now = request.services.clock.wire_now()
    wish = KillWish(level=KillLevel.FLAT, is_kill=False, by=request.person.id, at=now)
    return await preview_screen(request, wish)


def preview_values(seen: KillPreview, services: Services, say: Speech) -> dict[str, object]:
    """A preview for its template."""
    latch = services.latches.get("kill")
    closings = seen.plan.closings
    rests = any(one.orders is None or one.orders for one in seen.accounts)
    return {
        "has_work": seen.wish.is_kill or rests or bool(closings),
        "kill": seen.wish,
        "seen": seen,
        "latched_at": None if latch is None else utc(latch.pulled_at),
        "cancels": sum(one.orders or 0 for one in seen.accounts),
        "by_account": _counts(seen.accounts, say, lambda one: one.orders),
        "silent": [
            (account_name(one.account, say), one.known) for one in seen.accounts if one.orders is None
        ],
        "perps": len(seen.plan.perps),
        "perps_by_account": _counts(seen.accounts, say, lambda one: one.perps),
        "sold": coins(seen.sold, say),
        "kept": coins(seen.plan.kept, say),
        "closings": [closing_words(one, say) for one in closings[:MOST_LISTED]],
        "hidden": max(len(closings) - MOST_LISTED, 0),
    }


def report_view_of(services: Callable[[], Services]) -> Callable[[KillReport, int], Screen]:
    """The view that the board edits messages with; services come late because it is one of them."""

    def view(report: KillReport, person_id: int) -> Screen:
        person, rendering = services().people.get(person_id), services().rendering
        language, zone = ("en", "UTC") if person is None else (person.language, person.zone)
        return report_screen(report, rendering.speech(language, zone))

    return view


def report_screen(report: KillReport, say: Speech) -> Screen:
    """A kill as it stands."""
    html = say.render("kill_report.html", **report_values(report, say))
    return Screen(html=html, keyboard=_report_keyboard(report, say))


def report_values(report: KillReport, say: Speech) -> dict[str, object]:
    """A report for its template."""
    sent_s = None
    if report.canceled_at is not None:
        sent_s = (report.canceled_at - report.wish.at).total_seconds()
    return {
        "report": report,
        "kill": report.wish,
        "verified_at": None if report.verified_at is None else utc(report.verified_at),
        "accounts": [
            AccountLine(
                name=account_name(one.account, say),
                one=one,
                at=None if one.verified_at is None else utc(one.verified_at),
            )
            for one in report.accounts.values()
        ],
        "sent_s": None if sent_s is None else Decimal(f"{sent_s:.3f}"),
        "foreign": [
            f"{one.instrument.base} {one.quantity.normalize():f}" for one in report.foreign[:MOST_LISTED]
        ],
    }


def over_of(services: Callable[[], Services]) -> Callable[[KillReport, Collection[int]], Awaitable[None]]:
    """What pushes the end of a kill to the chats that do not show it."""

    async def tell(report: KillReport, shown: Collection[int]) -> None:
        for chat_id, say in admin_chats(services()):
            if chat_id not in shown:
                await services().outbox.push(
                    OutboundMessage(
                        chat_id=chat_id,
                        screen=report_screen(report, say),
                        priority=Priority.KILL,
                        dedupe=f"kill:{report.wish.at.isoformat()}:{report.given_up}:{chat_id}",
                        created_at=services().clock.wire_now(),
                    )
                )

    return tell


def watched(request: Request, report: KillReport) -> Screen:
    """The report as an answer that is kept true wherever it arrives."""
    board, person_id = request.services.kill_board, request.person.id

    async def arrived(chat_id: int, message_id: int) -> None:
        board.put(Place(chat_id=chat_id, message_id=message_id, person_id=person_id), report)

    request.delivered.append(arrived)
    return report_screen(report, request.say)


def coins(amounts: Mapping[str, Decimal], say: Speech) -> str:
    """`0.41 BTC, 3.2 ETH`."""
    return ", ".join(f"{say.number(amount.normalize())} {base}" for base, amount in sorted(amounts.items()))


def closing_words(one: Closing, say: Speech) -> dict[str, str]:
    """A close for a line of the list."""
    leg = one.leg
    return {
        "side": leg.direction.exit.value,
        "quantity": say.number(one.quantity.normalize()),
        "base": leg.instrument.base,
        "kind": leg.instrument.kind.value,
        "account": account_name(leg.account, say),
    }


def utc(at: datetime) -> str:
    """A moment to the second, as logs have it."""
    return at.strftime("%H:%M:%S UTC")


def _counts(
    accounts: Collection[AccountPreview], say: Speech, count: Callable[[AccountPreview], int | None]
) -> list[tuple[int, str]]:
    """How many where, those without left out."""
    found = [(count(one) or 0, account_name(one.account, say)) for one in accounts]
    return [(number, name) for number, name in found if number]


def _preview_keyboard(wish: KillWish, token: str, say: Speech) -> Keyboard:
    labels = {
        KillLevel.CANCEL: say("CANCEL ORDERS"),
        KillLevel.CLOSE_PERPS: say("CLOSE PERPS"),
        KillLevel.FLAT: say("SELL EVERYTHING") if wish.is_kill else say("CLOSE ALL"),
    }
    go = button(labels[wish.level], "kx", token, style=Style.DANGER)
    if not wish.is_kill:
        return ((go, button(say("Back"), "kl")),)
    higher = [] if wish.level is KillLevel.FLAT else [level_button(KillLevel.FLAT, wish.has_paper, say)]
    return ((go,), (*higher, button(say("Back"), "kl")))


def level_button(level: KillLevel, has_paper: bool, say: Speech) -> Button:
    """What previews a level."""
    names = {
        KillLevel.CANCEL: say("L2 cancel"),
        KillLevel.CLOSE_PERPS: say("L3 perps"),
        KillLevel.FLAT: say("L4 flat"),
    }
    return button(names[level], "kk", int(level), *(["p"] if has_paper else []))


def _report_keyboard(report: KillReport, say: Speech) -> Keyboard:
    wish = report.wish
    if not wish.is_kill:
        return ((button(say("Latches"), "kl"),),)
    higher = [one for one in (KillLevel.CLOSE_PERPS, KillLevel.FLAT) if one > wish.level]
    return (
        (
            *(level_button(level, wish.has_paper, say) for level in higher),
            button(say("Latches"), "kl"),
        ),
    )
