"""The running desk: starts in order, watches itself, stops in order."""

import asyncio
import gc
import signal
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import structlog
from aiogram.types import Update

from bot.container import build_services
from bot.dispatcher import build_dispatcher
from bot.nursery import Nursery
from bot.outside import Outside, open_outside
from bot.settings import Settings
from bot.switchboard import Switchboard, is_urgent
from engines.core.timeframe import Timeframe
from handlers.listings import listed
from handlers.notices import daily_summary, feed_changed, telegram_returned
from handlers.ui.request import Services
from ports.errors import Fatal
from ports.health import JobHealth
from ports.messages import BotCommand, CommandMenu
from ports.people import Person, Role
from services.feed_alarm import FeedAlarm, FeedNews
from services.heartbeat import Heartbeat
from services.lease import LATCH as LEASE
from services.lease import DeskLease
from services.listings import Listings, NewMarkets
from services.schedule import Plan
from services.signal_orders import SignalOrders
from services.summaries import Summaries

log = structlog.get_logger()

TELL_AFTER_S = 60.0
MENU_PAUSE_S = 60.0
CLOCK_WAIT_S = 15.0
REFUSED = "Telegram refuses TELEGRAM_BOT_TOKEN; @BotFather gives a valid one"


async def serve(settings: Settings) -> int:
    """Run until a signal or something that cannot go on; the exit code."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    outside = await open_outside(settings)
    gc.freeze()  # what was imported stays: looking through it again and again would hold orders up
    try:
        return await App(settings, outside).run(stop)
    finally:
        await outside.close()


class App:
    """One desk over one outside. Admins hear of outages of Telegram longer than `tell_after_s`."""

    def __init__(self, settings: Settings, outside: Outside, *, tell_after_s: float = TELL_AFTER_S) -> None:
        self._settings = settings
        self._outside = outside
        self._tell_after_s = tell_after_s
        self._nursery = Nursery()
        self.services: Services = build_services(
            settings, outside, jobs=self.jobs, started_at=outside.clock.wire_now()
        )
        self._lease = DeskLease(
            outside.desk.lease,
            outside.processes,
            outside.clock,
            outside.processes.own_name(),
            self.services.latches.pull,
            self.services.latches.release,
        )
        self._summaries = Summaries(
            self.services.people, outside.schedule, outside.desk.facts, outside.clock, self._send_summary
        )
        self._listings = Listings(
            outside.primary, self.services.markets, outside.desk.facts, outside.clock, self._tell_listing
        )

    def jobs(self) -> Sequence[JobHealth]:
        """Every supervised task."""
        return [
            JobHealth(
                name=state.name,
                is_running=state.is_running,
                failures=state.failures,
                last_error=state.last_error,
            )
            for state in self._nursery.states.values()
        ]

    async def run(self, stop: asyncio.Event) -> int:
        """Start everything, wait for `stop` or a failure, stop everything; the exit code."""
        log.info("desk_starts", world=self._settings.desk.world, mode="paper")
        stopping = asyncio.create_task(stop.wait())
        starting = asyncio.create_task(self._start())
        try:
            await asyncio.wait([stopping, starting], return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                await starting
                log.info("desk_ready")
            return await self._watch(stopping)
        finally:
            for task in (starting, stopping):
                task.cancel()
            # A start that failed has raised above already; here everything is only to end.
            await asyncio.gather(starting, stopping, return_exceptions=True)
            await self._nursery.stop()
            await self.services.signals.close()
            await self.services.candles.close()
            await self.services.markets.close()
            await self.services.perps.close()
            await self.services.proposals.close()
            await self.services.audit.flush()
            await self._lease.give_back()
            log.info("desk_stopped")

    async def _watch(self, stopping: "asyncio.Task[Any]") -> int:
        failed = self._nursery.failed
        waiting: list[asyncio.Future[Any]] = [stopping, failed]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if failed.done():
            raise Fatal(failed.result())
        return 0

    async def _start(self) -> None:
        services, outside, nursery = self.services, self._outside, self._nursery
        await self._lease.take()
        nursery.start("lease", self._lease.run)
        await self._start_clock()
        await services.people.load()
        await services.latches.load()
        nursery.start("latches", services.latches.run)
        nursery.start("audit", services.audit.run)
        watched = {symbol for person in services.people.all() for symbol in person.watchlist}
        services.markets.keep("watch", watched)
        await services.trades.start()
        await services.killing.load()
        await services.breakers.load()
        await services.proposals.start()
        services.policies.on_change.append(services.reconciliation.hear)
        await services.alerts.load()
        await services.screener.load()
        await services.backtests.load()
        services.candles.listen(closed=lambda series, candles: services.alerts.candle_closed())
        await services.signals.load()
        await self._offer_claim()
        nursery.start("markets", services.markets.run_universe)
        nursery.start("tickers", services.markets.run_tickers)
        nursery.start("perps", services.perps.run)
        nursery.start("candles", services.candles.run)
        if outside.reference is not None:
            nursery.start("reference", services.markets.run_reference)
        nursery.start("outbox", services.outbox.run)
        nursery.start("cockpits", services.cockpits.run)
        nursery.start("alarm", FeedAlarm(services.market_feeds, self._tell_feed, outside.clock).run)
        nursery.start("trades", services.trades.run)
        nursery.start("orders", services.trades.orders.run)
        if self._outside.beacon is not None:
            nursery.start("outside-heartbeat", Heartbeat(self._outside.beacon, self._is_well).run)
        nursery.start("killing", services.killing.run)
        nursery.start("kill-board", services.kill_board.run)
        nursery.start("proposals", services.proposals.run)
        if services.upkeep.monitoring.wanted:
            nursery.start("monitoring", services.upkeep.monitoring.run)
        nursery.start("reconciliation", services.reconciliation.run)
        nursery.start("signal-orders", self._signal_orders().run)
        nursery.start("breakers", services.breakers.run)
        nursery.start("watchdog", services.upkeep.watchdog.run)
        nursery.start("alerts", services.alerts.run)
        nursery.start("screener", services.screener.run)
        nursery.start("backtests", services.backtests.run)
        nursery.start("signals", services.signals.run)
        nursery.start("cards", services.signals.show_cards)
        nursery.start("living", services.trades.living.run)
        for job in self._plan().jobs():
            outside.schedule.put(job)
        await self._summaries.start()
        nursery.start("schedule", outside.schedule.run)
        nursery.start("telegram", self._listen)
        outside.workers.start()

    def _signal_orders(self) -> SignalOrders:
        """What trades signals; it hears of them from now on."""
        services = self.services
        orders = SignalOrders(
            proposals=services.proposals,
            instrument=services.trades.opening.instrument,
            capital=services.trades.prices.capital,
            live=services.signals.live,
            is_on_paper=self._settings.paper.signals,
        )
        services.signals.listen(orders.hear)
        return orders

    async def _listen(self) -> None:
        """Speak with Telegram for ever; everything else goes on without it."""
        services, telegram = self.services, self._outside.telegram
        switchboard = Switchboard(services, telegram.messenger, telegram.bot, await self._introduce())
        dispatcher = build_dispatcher(switchboard, self._settings)

        async def handle(update: Update, is_late: bool) -> None:
            await dispatcher.feed_update(telegram.bot, update, is_late=is_late)

        async def returned(away_s: float) -> None:
            if away_s >= self._tell_after_s:
                await telegram_returned(services, away_s)

        settings = self._settings.telegram
        polling = telegram.listen(
            handle,
            timeout_s=settings.poll_timeout_s,
            watchdog_s=settings.watchdog_s,
            on_return=returned,
            is_urgent=lambda update: is_urgent(update, services.table),
        )
        menus = asyncio.create_task(self._show_menus(), name="menus")
        try:
            await polling.run()
        finally:
            menus.cancel()

    async def _send_summary(self, person: Person, day: date) -> None:
        await daily_summary(self.services, person, day)

    async def _tell_feed(self, news: FeedNews) -> None:
        await feed_changed(self.services, news)

    async def _tell_listing(self, news: NewMarkets) -> None:
        await listed(self.services, news)

    async def _start_clock(self) -> None:
        clock = self._outside.streamed_clock
        if clock is not None:
            self._nursery.start("clock", clock.run)
            try:
                async with asyncio.timeout(CLOCK_WAIT_S):
                    await clock.ready()
            except TimeoutError as error:
                raise Fatal(
                    f"no market clock at desk.clock_url within {CLOCK_WAIT_S:.0f} s: is the sandbox running?"
                ) from error

    async def _offer_claim(self) -> None:
        code = await self.services.people.open_claim()
        if code is not None:
            print(f"No admin yet. Send this to the bot to become one:  /claim {code}", flush=True)

    async def _introduce(self) -> str:
        """Our own name, asked until Telegram answers; the markets are followed meanwhile."""
        pause = 0.5
        while True:
            name, problem = await self._outside.telegram.introduce()
            if name is not None:
                return name
            if problem == "refused":
                raise Fatal(REFUSED)
            log.warning("telegram_out_of_reach", error=problem)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 15.0)

    async def _show_menus(self) -> None:
        """Set the command menus: for everybody in each language, and for each admin with what admins may."""
        services = self.services
        menus = [
            CommandMenu(language=code, commands=self._menu(language, Role.TRADER))
            for language, code in (("en", None), ("ru", "ru"))
        ]
        menus += [
            CommandMenu(language=None, chat_id=admin.id, commands=self._menu(admin.language, Role.ADMIN))
            for admin in services.people.admins()
        ]
        while menus:
            menus = [menu for menu in menus if not await self._outside.telegram.messenger.show_commands(menu)]
            if menus:
                await asyncio.sleep(MENU_PAUSE_S)

    def _menu(self, language: str, role: Role) -> tuple[BotCommand, ...]:
        say = self.services.rendering.speech(language)
        return tuple(
            BotCommand(name=command.name, description=say(command.summary))
            for command in self.services.table.order
            if role.covers(command.role) and not command.for_strangers
        )

    def _plan(self) -> Plan:
        """What runs by the calendar."""
        candles = self.services.candles
        return Plan(
            periodic={
                "heartbeat": self._beat,
                "equity": self.services.trades.record_equity,
                "audit": candles.audit,
                "retention": candles.retain,
                "listings": self._listings.look,
                "screen": self.services.screener.want,
                "housekeeping": self._keep_house,
                "backup": self.services.upkeep.backups.look,
                "keys": self.services.upkeep.keys.look,
                "reconcile": self.services.reconciliation.nightly,
            },
            closes={"alerts": self._judge_alerts},
        )

    async def _judge_alerts(self, timeframe: Timeframe, at: datetime) -> None:
        self.services.alerts.candle_closed()

    def _is_well(self) -> bool:
        """Prices are fresh, no task is dead, and the lease is ours."""
        services = self.services
        is_fresh = all(feed.is_ok for feed in services.market_feeds())
        return is_fresh and all(job.is_running for job in self.jobs()) and services.latches.get(LEASE) is None

    async def _beat(self) -> None:
        await self._summaries.remember()
        feeds = [*self.services.market_feeds(), *self.services.roads()]
        log.info(
            "heartbeat",
            market_now=self.services.clock.now().isoformat(timespec="seconds"),
            people=len(self.services.people.all()),
            bad_feeds=[feed.name for feed in feeds if not feed.is_ok],
            restarts=sum(job.failures for job in self.jobs()),
            failed_runs=sum(run.failures for run in self.services.runs()),
            tasks=len(asyncio.all_tasks()),
        )
        await self.services.candles.heartbeat()

    async def _keep_house(self) -> None:
        await self.services.actions.forget_old()
        await self.services.outbox.forget_old()
        await self.services.alerts.forget_old()
