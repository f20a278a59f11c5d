"""Backtests that people ask for: one a person, one at a time, in a process of their own."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

import structlog

from engines.core.instrument import Instrument
from engines.risk.limits import Limits
from engines.simulate.costs import Fees
from engines.simulate.terms import OPEN_LIMITS, USUAL_FEES, Terms
from engines.strategies.params import parsed
from ports.backtests import Backtester, BacktestReport, BacktestTask, CardPainter, Progress, Stage
from ports.clock import Clock
from ports.errors import Refused, Transient
from ports.messages import Document, Messenger, Screen
from ports.people import Facts, Person
from ports.report_language import ReportLanguage
from ports.reports import BacktestCard
from services.backtesting.board import Board
from services.backtesting.job import Job, State, read, written
from services.backtesting.reading import HistoryReader, Wanted
from services.backtesting.wish import MOST_SYMBOLS, Draft, Strategies, Wish
from services.optional_work import OptionalWork

log = structlog.get_logger()
T = TypeVar("T")

FACT: Final = "backtests"
MOST_WAITING: Final = 8
USUAL_COIN: Final = "BTC"


class Views(Protocol):
    """How backtests look."""

    def progress(self, job: Job) -> Screen:
        """The one message of a job, in whatever state."""
        ...

    async def result(self, job: Job) -> Sequence[Screen]:
        """What follows it when it is done."""
        ...

    def language(self, job: Job) -> ReportLanguage:
        """What its report is written in."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BacktestOptions:
    """What every backtest is reckoned with, and how often its message is looked at (`look_s`) and edited
    (`edit_s`, wire time)."""

    fees: Fees = USUAL_FEES
    limits: Limits = field(default_factory=Limits)
    look_s: float = 0.5
    edit_s: float = 5.0


class Backtests:
    """The queue of the desk, and the one that is running. `run` is endless; the caller supervises it.

    Of jobs that are not over and told, a fact remembers where they are shown: after a restart they are told
    of as interrupted, or handed over when they were done.
    """

    def __init__(
        self,
        backtester: Backtester,
        painter: CardPainter,
        reader: HistoryReader,
        facts: Facts,
        messenger: Messenger,
        clock: Clock,
        views: Views,
        strategies: Callable[[], Strategies],
        new_id: Callable[[], str],
        options: BacktestOptions | None = None,
        work: OptionalWork | None = None,
    ) -> None:
        self._backtester, self._reader, self._facts, self._clock = backtester, reader, facts, clock
        self._painter, self._new_id = painter, new_id
        self._load_strategies, self._views = strategies, views
        self._strategies: Strategies | None = None
        self._options = options = options or BacktestOptions()
        self.work = work or OptionalWork()
        self._board = Board(
            messenger, clock, views.progress, views.result, self._settled, options.look_s, options.edit_s
        )
        self._jobs: dict[str, Job] = {}
        self._running: asyncio.Task[None] | None = None
        self._news = asyncio.Event()
        self._writing = asyncio.Lock()

    async def load(self) -> None:
        """Read what was under way when the desk ended."""
        kept = await self._facts.get(FACT)
        for job in () if kept is None else read(kept):
            self._jobs[job.id] = job
            self._board.put(job)

    async def run(self) -> None:
        """Endless: one after the other, and their messages."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._work_off(), name="backtests in turn")
            loops.create_task(self._board.run(), name="backtests shown")

    async def strategies(self) -> Strategies:
        """All there are, by name. The compiler is imported with them, away from the event loop."""
        if self._strategies is None:
            self._strategies = await asyncio.to_thread(self._load_strategies)
        return self._strategies

    async def understood(self, draft: Draft) -> Wish:
        """The wish of a draft that names a strategy, its coins looked up; Bitcoin where it names none.

        Raises `Refused`: `"unknown_symbol"`, `"too_many"`, `"markets_loading"`.
        """
        if draft.strategy is None:
            raise ValueError("a wish needs a strategy")
        coins = draft.coins or (USUAL_COIN,)
        if len(coins) > MOST_SYMBOLS:
            raise Refused("too_many", most=MOST_SYMBOLS)
        found = [await self._reader.instrument(coin) for coin in coins]
        return Wish(
            strategy=draft.strategy,
            params=draft.params,
            symbols=tuple(dict.fromkeys(one.symbol for one in found)),
            days=draft.days,
            capital=draft.capital,
            is_open=draft.is_open,
        )

    async def ask(self, person: Person, chat_id: int, wish: Wish, title: str) -> Job:
        """Put it into the queue. Raises `Refused`: `"backtest_running"` (`job`) while the person has one,
        `"backtest_queue"`, `"backtest_busy"` while the machine is short of breath; `Transient` of the store,
        and then it is not in the queue."""
        if (own := self.of(person.id)) is not None:
            raise Refused("backtest_running", job=own)
        if self.work.is_shed:
            raise Refused("backtest_busy")
        if len(self._waiting()) >= MOST_WAITING:
            raise Refused("backtest_queue", most=MOST_WAITING)
        job = Job(
            id=self._new_id(), person_id=person.id, chat_id=chat_id, asked=wish.words, title=title, wish=wish
        )
        self._jobs[job.id] = job
        self._place()
        try:
            await self._keep()
        except Transient:  # the person is told so, and has none that is under way
            self.cancel(job)
            del self._jobs[job.id]
            raise
        self._board.put(job)
        self._news.set()
        return job

    async def arrived(self, job: Job, chat_id: int, message_id: int) -> None:
        """Its message is there."""
        job.chat_id = chat_id
        self._board.arrived(job, message_id)
        await self._keep()

    def of(self, person_id: int) -> Job | None:
        """The one that a person waits for."""
        mine = (one for one in self._jobs.values() if one.person_id == person_id and not one.state.is_over)
        return next(mine, None)

    def get(self, job_id: str) -> Job | None:
        """One that is not over and told yet."""
        return self._jobs.get(job_id)

    def cancel(self, job: Job) -> None:
        """End it; at once, wherever it is. One that is over stays what it is."""
        if job.state.is_over:
            return
        was_running = job.state is State.RUNNING
        job.state, job.ended_at = State.CANCELLED, self._clock.wire_now()
        if was_running and self._running is not None:
            self._running.cancel()
        self._place()

    async def report(self, report_id: str) -> BacktestReport:
        """A report. Raises `Refused("backtest_gone")` once it is forgotten."""
        return _there(await self._backtester.report(report_id))

    async def curve_page(self, report_id: str) -> Document:
        """The page with its curve; raises as `report`."""
        return _there(await self._backtester.curve_page(report_id))

    async def picture(self, card: BacktestCard) -> bytes | None:
        """A card as PNG; `None` where it cannot be drawn."""
        try:
            return await self._painter.draw(card)
        except Transient as error:
            log.warning("backtest_not_drawn", title=card.title, error=str(error))
            return None

    async def everything(self, report_id: str) -> Document:
        """All of its files; raises as `report`."""
        return _there(await self._backtester.everything(report_id))

    async def _work_off(self) -> None:
        for job in self._jobs.values():
            if job.state is State.RUNNING:  # it ended with the loop that is begun anew here
                job.state = State.INTERRUPTED
        while True:
            job = await self._next()
            task = self._running = asyncio.create_task(self._play(job), name=f"backtest {job.id}")
            try:
                await asyncio.wait([task])
            finally:  # when the desk ends as well: the process of the worker ends with its task
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                self._running = None
            self._end(job, task)
            with suppress(Transient):  # kept with the next change
                await self._keep()

    async def _next(self) -> Job:
        while not (waiting := self._waiting()):
            self._news.clear()
            await self._news.wait()
        job = waiting[0]
        job.state, job.started_at = State.RUNNING, self._clock.wire_now()
        self._place()
        return job

    async def _play(self, job: Job) -> None:
        wish = job.wish
        if wish is None:
            raise ValueError("a job that was read from a fact is never played")
        strategy = (await self.strategies())[wish.strategy]
        params = parsed(strategy.params, wish.params)
        job.hear(Progress(Stage.READING))
        instruments: Sequence[Instrument] = [await self._reader.instrument(one) for one in wish.symbols]
        wanted = Wanted(instruments=instruments, frames=strategy.timeframes(params), days=wish.days)
        found = await self._reader.read(wanted, job.hear)
        job.hear(Progress(Stage.STARTING))
        task = BacktestTask(
            id=job.id,
            wish=wish.words,
            strategy=wish.strategy,
            params=wish.params,
            history=found.history,
            terms=self._terms(wish),
            made_at=self._clock.now(),
            notes=found.notes,
            language=self._views.language(job),
        )
        await self._backtester.play(task, job.hear)

    def _terms(self, wish: Wish) -> Terms:
        options = self._options
        limits = OPEN_LIMITS if wish.is_open else options.limits
        return Terms(opening=wish.capital, fees=options.fees, limits=limits)

    def _end(self, job: Job, task: "asyncio.Task[None]") -> None:
        if job.state is State.CANCELLED:
            return
        job.ended_at = self._clock.wire_now()
        if task.cancelled():
            job.state = State.CANCELLED
        elif (error := task.exception()) is None:
            job.state = State.DONE
        else:
            job.state, job.problem = State.FAILED, _problem(error)
        log.info("backtest_over", id=job.id, asked=job.asked, state=job.state.value, took_s=job.took_s)

    def _waiting(self) -> Sequence[Job]:
        return [one for one in self._jobs.values() if one.state is State.WAITING]

    def _place(self) -> None:
        """Tell those who wait how many are before them."""
        is_running = any(one.state is State.RUNNING for one in self._jobs.values())
        for place, job in enumerate(self._waiting()):
            job.ahead = place + int(is_running)

    async def _settled(self, job: Job) -> None:
        self._jobs.pop(job.id, None)
        with suppress(Transient):  # it would be told once more after a restart
            await self._keep()

    async def _keep(self) -> None:
        async with self._writing:
            await self._facts.put(FACT, written(self._jobs.values()))


def _problem(error: BaseException) -> Refused:
    """Why it failed, for its person; what nobody foresaw is logged."""
    match error:
        case Refused():
            return error
        case Transient():
            log.warning("backtest_failed", error=str(error))
            return Refused("backtest_unreadable", kind=error.kind)
        case _:
            log.error("backtest_failed", exc_info=error)
            return Refused("backtest_failed")


def _there(found: T | None) -> T:
    if found is None:
        raise Refused("backtest_gone")
    return found
