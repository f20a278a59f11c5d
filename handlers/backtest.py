"""`/backtest`: how a strategy would have done on the history that the desk has."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from engines.core.timeframe import Timeframe
from engines.market.plan import depth
from engines.strategies.strategy import Strategy
from handlers.ui.backtest_view import (
    details_keyboard,
    details_values,
    progress_screen,
    result_screen,
    title_of,
)
from handlers.ui.keyboards import again, button, rows
from handlers.ui.request import Request
from handlers.ui.rich import rich
from handlers.ui.table import ButtonRoute, Command, Topic
from ports.errors import Refused
from ports.messages import Keyboard, Screen, Style
from ports.people import Role
from services.backtesting.job import Job
from services.backtesting.wish import LONGEST_DAYS, Wish, nearest_strategy, read_words

PERIODS: Final = ("1m", "3m", "6m", "1y", "2y", "all")
SENSIBLE: Final = ("6m", "1y", "2y")
"""Periods offered with a strategy."""
BRIEF: Final = ("1m", "2m", "3m")
"""The same for one that reads bars of which the desk keeps months."""


async def backtest(request: Request) -> Screen:
    """Play what the words ask for; without a strategy, those there are."""
    backtests = request.services.backtests
    if (running := backtests.of(request.person.id)) is not None:
        return _busy(request, running)
    strategies = await backtests.strategies()
    draft = read_words(request.args, strategies)
    if draft.strategy is None:
        if draft.coins:
            await _check_words(request, draft.coins[0])
        return await _home(request)
    return await _begin(request, await backtests.understood(draft))


async def _check_words(request: Request, word: str) -> None:
    """Words without a strategy: the one that was mistyped, or a coin. Raises `Refused` for neither."""
    backtests = request.services.backtests
    near = nearest_strategy(word, await backtests.strategies())
    if near is not None:
        rest = " ".join(request.args.split()[1:])
        raise Refused("backtest_strategy", text=word[:16], forms=[(near, f"backtest {near} {rest}".strip())])
    try:
        await request.services.markets.resolve(word)
    except Refused as error:
        if error.code != "unknown_symbol":
            raise
        forms = [(name, f"backtest {name}") for name in await backtests.strategies()]
        raise Refused("backtest_strategy", text=word[:16], forms=forms) from error


async def _begin(request: Request, wish: Wish) -> Screen:
    say, backtests = request.say, request.services.backtests
    try:
        job = await backtests.ask(request.person, request.chat_id, wish, title_of(say, wish))
    except Refused as error:
        if isinstance(running := error.params.get("job"), Job):
            return _busy(request, running)
        raise

    async def arrived(chat_id: int, message_id: int) -> None:
        await backtests.arrived(job, chat_id, message_id)

    request.delivered.append(arrived)
    return progress_screen(say, job, request.services)


def _busy(request: Request, job: Job) -> Screen:
    """One at a time: wait, or cancel the first."""
    say = request.say
    html = say.render("backtest_busy.html", title=job.title)
    return Screen(html=html, keyboard=((button(say("Cancel"), "bt", "x", job.id, style=Style.DANGER),),))


async def _home(request: Request) -> Screen:
    """Every strategy, over sensible periods or over what was named already."""
    say, found = request.say, await request.services.backtests.strategies()
    named = " ".join(request.args.split())
    html = say.render("backtest.html", names=list(found))
    if named:
        ways = [again(f"backtest {name} {named}", _short(request, name)) for name in found]
        return Screen(html=html, keyboard=rows([one for one in ways if one is not None]))
    keyboard = tuple(
        tuple(
            button(f"{_short(request, name)} {_spoken(request, period)}", "bt", "n", name, period)
            for period in (SENSIBLE if _keeps_years(strategy) else BRIEF)
        )
        for name, strategy in found.items()
    )
    return Screen(html=html, keyboard=keyboard)


def _keeps_years(strategy: Strategy[Any, Any, Any]) -> bool:
    """Whether the desk has years of the bars that it reads."""
    finest = strategy.timeframes(strategy.params())[0]
    span = depth(finest, LONGEST_DAYS * Timeframe.D1.ms)
    return span.stop_ms - span.start_ms >= 365 * Timeframe.D1.ms


def _short(request: Request, name: str) -> str:
    """A strategy on a button."""
    say = request.say
    return {"sma_cross": "SMA", "technical": say("TA")}.get(name, name)


def _spoken(request: Request, period: str) -> str:
    """A period on a button."""
    say, number = request.say, period[:-1]
    if period == "all":
        return say("All there is")
    return say("{n} y", n=number) if period.endswith("y") else say("{n} mo", n=number)


async def tapped(request: Request) -> Screen | None:
    """A button `bt:<deed>:<of what>:<how>`."""
    deed, _, rest = request.args.partition(":")
    about, _, how = rest.partition(":")
    work = _DEEDS.get(deed)
    if work is None:
        raise Refused("unknown_choice")
    return await work(request, about, how)


async def _home_again(request: Request, about: str, how: str) -> Screen:
    return await _home(replace(request, args=""))


async def _new(request: Request, name: str, period: str) -> Screen:
    return await backtest(replace(request, args=f"{name} {period}"))


async def _cancel(request: Request, job_id: str, how: str) -> Screen:
    """End a job of one's own; an admin may end anybody's."""
    backtests = request.services.backtests
    job = backtests.get(job_id)
    if job is None or job.state.is_over:
        raise Refused("backtest_over")
    if job.person_id != request.person.id and not request.may(Role.ADMIN):
        raise Refused("not_yours")
    backtests.cancel(job)
    return progress_screen(request.say, job, request.services)


async def _details(request: Request, report_id: str, how: str) -> Screen:
    say = request.say
    report = await request.services.backtests.report(report_id)
    values = details_values(say, report)
    html = say.render("backtest_details.html", **values)
    form = rich(request, "rich/backtest_details.html", **values)
    keyboard = (*details_keyboard(say, report), *_way_back(request, report_id))
    return Screen(html=html, keyboard=keyboard, rich=form)


async def _result(request: Request, report_id: str, how: str) -> Screen:
    """The picture and the five figures again."""
    services, person = request.services, request.person
    report = await services.backtests.report(report_id)
    is_rich = bool(person.sees_rich) and request.is_private
    return await result_screen(request.say, report, services, theme=person.theme, is_rich=is_rich)


def _way_back(request: Request, report_id: str) -> Keyboard:
    """Tables take the place of the result; a picture stays above what follows it."""
    if not (request.person.sees_rich and request.is_private):
        return ()
    return ((button(request.say("Back"), "bt", "r", report_id),),)


async def _files(request: Request, report_id: str, how: str) -> Screen:
    archive = await request.services.backtests.everything(report_id)
    html = request.say.render("backtest_file.html", name=archive.name, is_page=False)
    return Screen(html=html, document=archive)


async def _periods(request: Request, report_id: str, how: str) -> Screen:
    say = request.say
    wish = await _wish_of(request, report_id)
    shown = [
        button(_spoken(request, one), "bt", "g", report_id, one) for one in PERIODS if one != wish.period
    ]
    html = say.render("backtest_choice.html", title=title_of(say, wish), what="period")
    return Screen(html=html, keyboard=(*rows(shown), *_way_back(request, report_id)))


async def _strategies(request: Request, report_id: str, how: str) -> Screen:
    say = request.say
    wish = await _wish_of(request, report_id)
    others = [one for one in await request.services.backtests.strategies() if one != wish.strategy]
    shown = [button(_short(request, one), "bt", "w", report_id, one) for one in others]
    html = say.render("backtest_choice.html", title=title_of(say, wish), what="strategy")
    keyboard = rows([*shown, button(say("All of them"), "bt", "h")])
    return Screen(html=html, keyboard=(*keyboard, *_way_back(request, report_id)))


async def _period(request: Request, report_id: str, period: str) -> Screen:
    if period not in PERIODS:
        raise Refused("unknown_choice")
    wish = await _wish_of(request, report_id)
    draft = read_words(f"{wish.strategy} {period}", await request.services.backtests.strategies())
    return await _begin(request, replace(wish, days=draft.days))


async def _strategy(request: Request, report_id: str, name: str) -> Screen:
    if name not in await request.services.backtests.strategies():
        raise Refused("unknown_choice")
    wish = await _wish_of(request, report_id)
    return await _begin(request, replace(wish, strategy=name, params={}))


async def _limits(request: Request, report_id: str, how: str) -> Screen:
    """The same without the limits of the desk, or with them again."""
    wish = await _wish_of(request, report_id)
    return await _begin(request, replace(wish, is_open=not wish.is_open))


async def _wish_of(request: Request, report_id: str) -> Wish:
    backtests = request.services.backtests
    report = await backtests.report(report_id)
    return await backtests.understood(read_words(report.wish, await backtests.strategies()))


_DEEDS: Final[dict[str, Callable[[Request, str, str], Awaitable[Screen]]]] = {
    "h": _home_again,
    "n": _new,
    "x": _cancel,
    "r": _result,
    "d": _details,
    "f": _files,
    "p": _periods,
    "s": _strategies,
    "g": _period,
    "w": _strategy,
    "l": _limits,
}

COMMANDS = (
    Command(
        name="backtest",
        handler=backtest,
        topic=Topic.SIGNALS,
        summary="How a strategy would have done on past prices",
        example="/backtest sma 2y btc",
        words=("backtests", "backtesting", "бэктест", "бектест", "бэктесты", "прогон"),
    ),
)
BUTTONS = (ButtonRoute(prefix="bt", handler=tapped),)
