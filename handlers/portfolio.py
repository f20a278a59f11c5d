"""`/portfolio`, `/export` and `/reset`: a person's paper account as a whole."""

from datetime import timedelta

from handlers.ui.keyboards import button
from handlers.ui.latch_view import latch_line
from handlers.ui.request import Request
from handlers.ui.rich import rich
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Document, Screen, Style
from ports.people import Role
from services.trading.bundle import zipped

RESET = "reset"
GOOD_FOR = timedelta(minutes=5)
DRAWN_AFTER = timedelta(seconds=1)
"""A curve needs time to have passed; none does while the market clock stands still."""
SHOWN = 8
MOST_IN_A_TABLE = 40
FEW = 30
"""Closed trades below which a record says little."""


async def portfolio(request: Request) -> Screen:
    """Equity with its curve, what is held, and the record."""
    say, person, services = request.say, request.person, request.services
    account = await services.trades.portfolio(person)
    photo = None
    if account.curve[-1][0] - account.curve[0][0] >= DRAWN_AFTER:
        photo = await services.pictures.equity(account.curve, account.opening, theme=person.theme, speech=say)
    values = {
        "account": account,
        "few": FEW,
        "may_trade": request.may(Role.TRADER),
        "change": account.start / account.opening if account.start is not None and account.opening else None,
    }
    hidden = max(len(account.standings) - SHOWN, 0)
    latched = latch_line(services, say, for_paper=True)
    html = latched + say.render("portfolio.html", shown=account.standings[:SHOWN], hidden=hidden, **values)
    form = rich(
        request,
        "rich/portfolio.html",
        {} if photo is None else {"equity": photo},
        has_curve=photo is not None,
        most=MOST_IN_A_TABLE,
        now=say.time(services.clock.now()),
        **values,
    )
    last = [button(say("Reset"), "do", "reset")] if request.may(Role.TRADER) else []
    keyboard = (
        (button(say("Trades"), "tl", 0), button(say("Export"), "xp"), button(say("Refresh"), "pf")),
        tuple(last),
    )
    return Screen(html=html, keyboard=keyboard, photo=photo, rich=form)


async def export(request: Request) -> Screen:
    """Everything as one archive, or the one file named: trades.csv, fills.csv, ledger.csv."""
    say, services = request.say, request.services
    files = await services.trades.export(request.person)
    names = [one.name for one in files]
    named = next((one for one in files if request.args and one.name.startswith(request.args)), None)
    if named is None:
        day = services.clock.now().strftime("%Y-%m-%d")
        named = Document(name=f"perpetuum-paper-{day}.zip", content=zipped(files))
    html = say.render("export.html", names=names, name=named.name)
    single = tuple(button(name, "xp", name.removesuffix(".csv")) for name in names)
    return Screen(html=html, keyboard=(single,), document=named)


async def reset(request: Request) -> Screen:
    """What would be lost, and the button that does it."""
    say, person, services = request.say, request.person, request.services
    account = await services.trades.portfolio(person)
    token = await services.actions.offer(RESET, chat_id=request.chat_id, person_id=person.id, lasts=GOOD_FOR)
    html = say.render("reset.html", account=account, count=len(account.standings))
    keyboard = (
        (
            button(say("Begin anew"), "rs", token, style=Style.DANGER),
            button(say("Keep it"), "pf"),
        ),
    )
    return Screen(html=html, keyboard=keyboard)


async def do_reset(request: Request) -> Screen:
    """The confirmed reset, once."""
    person, services = request.person, request.services
    try:
        action = await services.actions.take(
            RESET,
            request.args,
            person_id=person.id,
            chat_id=request.chat_id,
            role=person.role,
            needed=Role.TRADER,
        )
    except Refused as error:
        if error.code in ("expired", "done"):
            raise Refused("offer_gone") from error
        raise
    account = await services.trades.reset(person, key=action.token)
    say = request.say
    html = say.render("reset_done.html", account=account)
    return Screen(html=html, keyboard=((button(say("Portfolio"), "pf"), button(say("Top"), "top", "v", 10)),))


COMMANDS = (
    Command(
        name="portfolio",
        handler=portfolio,
        topic=Topic.TRADING,
        summary="Your paper account: equity, positions, record",
        example="/portfolio",
        words=("pf", "balance", "портфель", "баланс", "счёт", "счет", "pnl"),
        action="upload_photo",
    ),
    Command(
        name="export",
        handler=export,
        topic=Topic.TRADING,
        summary="Trades, fills and ledger as CSV files",
        example="/export",
        words=("csv", "экспорт", "выгрузка"),
        action="upload_document",
    ),
    Command(
        name="reset",
        handler=reset,
        topic=Topic.TRADING,
        summary="Begin the paper account anew",
        example="/reset",
        words=("сброс", "заново"),
        role=Role.TRADER,
    ),
)
BUTTONS = (
    ButtonRoute(prefix="pf", handler=portfolio, action="upload_photo"),
    ButtonRoute(prefix="xp", handler=export, action="upload_document"),
    ButtonRoute(prefix="rs", handler=do_reset, role=Role.TRADER, is_read_only=False),
)
