"""Alerts of people: armed by a sentence, told within a second of the price, exactly once."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import timedelta

from engines.alerts.alert import Alert, AlertState, Condition, Draft, NewExtreme, PercentMove, PriceLevel, Way
from engines.alerts.formula import Formula
from engines.alerts.formula_sentence import FormulaSentence, read_formula
from engines.alerts.sentence import Sentence, read_sentence
from engines.core.instrument import Instrument
from ports.alerts import AlertStore
from ports.clock import Clock
from ports.errors import Refused, Stale, Transient
from ports.markets import MarketSource
from ports.messages import Screen
from ports.people import Person
from services.alerting.columns import ColumnSource
from services.alerting.formulas import MOST_RARE, formula_of, is_rare, refuse_indicators
from services.alerting.lookout import Lookout
from services.alerting.standing import Outlook, Standing, Told
from services.alerting.teller import Teller
from services.alerting.terms import MOST, condition_of, life_of, rest_of
from services.market.quote import Quote
from services.markets import Markets
from services.outbox import Outbox
from services.people import People

KEPT = timedelta(days=30)
_LIVE = (AlertState.WATCHING, AlertState.MUTED)
_COINS = 6


class Alerts:
    """Everybody's alerts. `view` words what fired for its person.

    `load` before the first price is heard, `run` for ever.
    """

    def __init__(
        self,
        store: AlertStore,
        people: People,
        markets: Markets,
        source: MarketSource,
        outbox: Outbox,
        clock: Clock,
        view: Callable[[Person, Told], Screen],
        *,
        columns: ColumnSource,
        stale_after_s: float = 30.0,
    ) -> None:
        self._store = store
        self._markets = markets
        self._clock = clock
        self._teller = Teller(store=store, people=people, outbox=outbox, clock=clock, view=view)
        self._lookout = Lookout(
            markets=markets,
            source=source,
            clock=clock,
            tell=self._teller.take,
            columns=columns,
            stale_after_s=stale_after_s,
        )
        self._arming = asyncio.Lock()

    @property
    def count(self) -> int:
        """Alerts that watch or are muted, of everybody."""
        return len(self._lookout.alerts)

    async def load(self) -> None:
        """Read everything; what happened since the last price judged is found by `run`."""
        self._lookout.begin(await self._store.live(), await self._store.marks())

    async def run(self) -> None:
        """Tell what fires, find what was missed, for ever."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self._teller.run(self._lookout), name="alerts told")
            loops.create_task(self._lookout.run(), name="alerts missed")
            loops.create_task(self._lookout.closes.run(), name="alerts at closes")

    async def settle(self) -> None:
        """Judge what has closed, write down and tell what happened until now, once."""
        await self._lookout.closes.look()
        await self._teller.settle(self._lookout)

    def candle_closed(self) -> None:
        """Some candle of some market has closed: alerts on formulas are judged by it."""
        self._lookout.closes.wake()

    async def read(self, person: Person, text: str) -> Draft:
        """What `text` asks for; nothing is armed. Raises as `arm` does."""
        said = read_formula(text)
        return await self._read_formula(person, said, text) if said else (await self._read(person, text))[0]

    async def outlook(self, draft: Draft) -> Outlook:
        """What the formula of `draft` compares now, and how often it came true. Raises
        `Refused("no_candles")`, and as `Markets.candles` does."""
        return await self._lookout.closes.outlook(draft)

    async def arm(self, person: Person, text: str) -> tuple[Standing, bool]:
        """The alert that `text` asks for, and whether it is new: the same wish twice is one alert.

        Raises `Refused` as `Markets.resolve` and `condition_of` do, and with `alert_rest`, `alert_life`,
        `alert_history` (`most`), `alert_too_many` (`most`); `Stale` where no fresh price tells from where it
        starts; `Transient` when the venue does not answer. For a formula as `formula_of` and `outlook` do,
        and `alert_coin`, `alert_too_many_rare` (`most`).
        """
        said = read_formula(text)
        if said is not None:
            return await self._arm_formula(person, await self._read_formula(person, said, text))
        draft, quote = await self._read(person, text)
        await self._learn(draft.instrument, draft.condition)
        return await self._add(person, replace(draft, is_armed=self._is_before(draft, quote)))

    async def mute(self, person: Person, alert_id: int) -> Standing:
        """Let it be silent. Raises `Refused`, as all below do: `alert_gone`, `not_yours`."""
        return await self._turn(person, alert_id, AlertState.MUTED, was=(AlertState.WATCHING,))

    async def unmute(self, person: Person, alert_id: int) -> Standing:
        """Let it speak again, from the price of now on."""
        return await self._turn(person, alert_id, AlertState.WATCHING, was=(AlertState.MUTED,))

    async def delete(self, person: Person, alert_id: int) -> Standing:
        """Take it out of the list; `restore` brings it back."""
        return await self._turn(person, alert_id, AlertState.DELETED, was=_LIVE)

    async def restore(self, person: Person, alert_id: int) -> Standing:
        """Bring a deleted or a fired one back. Raises `Refused("alert_too_many")`."""
        over = (AlertState.DELETED, AlertState.DONE)
        return await self._turn(person, alert_id, AlertState.WATCHING, was=over)

    async def delete_all(self, person: Person, *, upto: int) -> int:
        """Delete everything up to that number; how many those were."""
        doomed = [alert.id for alert in self._of(person) if alert.id <= upto]
        for alert_id in doomed:
            await self.delete(person, alert_id)
        return len(doomed)

    async def get(self, person: Person, alert_id: int) -> Standing:
        """One of the person's alerts, whatever its state."""
        return self.standing(await self._own(person, alert_id))

    def list(self, person: Person) -> Sequence[Standing]:
        """The person's alerts that watch or are muted, by number."""
        return [self.standing(alert) for alert in self._of(person)]

    def standing(self, alert: Alert) -> Standing:
        """An alert and the market now."""
        quotes = self._markets.quotes([alert.symbol])
        return Standing(
            alert=alert,
            quote=quotes[0] if quotes else None,
            reading=self._lookout.reading(alert.symbol, alert.condition),
            readings=self._lookout.closes.readings(alert.id),
        )

    async def forget_old(self) -> int:
        """Drop what is done or deleted for long."""
        return await self._store.forget_before(self._clock.now() - KEPT)

    async def _read(self, person: Person, text: str) -> tuple[Draft, Quote]:
        said = read_sentence(text)
        instrument = await self._named(said, text)
        quote = await self._fresh(instrument)
        now, life = self._clock.now(), life_of(said)
        draft = Draft(
            owner=person.id,
            instrument=instrument,
            condition=condition_of(said, instrument, quote.ticker.last),
            rest=rest_of(said),
            is_armed=True,
            since=now,
            created_at=now,
            expires_at=None if life is None else now + life,
        )
        return draft, quote

    async def _read_formula(self, person: Person, said: FormulaSentence, text: str) -> Draft:
        instrument, unknown = await self._market_among(said.names, text)
        now, life = self._clock.now(), life_of(said)
        return Draft(
            owner=person.id,
            instrument=instrument,
            condition=formula_of(said, unknown, text, instrument),
            rest=rest_of(said),
            is_armed=True,
            since=now,
            created_at=now,
            expires_at=None if life is None else now + life,
        )

    async def _market_among(self, names: Sequence[str], text: str) -> tuple[Instrument, Sequence[str]]:
        """The market of the first word that names one, and the other words."""
        unknown: Refused | None = None
        for place, name in enumerate(names):
            try:
                return await self._markets.resolve(name), [*names[:place], *names[place + 1 :]]
            except Refused as error:
                if error.code != "unknown_symbol":
                    raise
                unknown = unknown or error
        if unknown is not None:
            raise unknown
        coins = [quote.instrument for quote in self._markets.top(_COINS, "turnover")]
        forms = [(coin.base, f"alert {coin.symbol} {text}") for coin in coins]
        raise Refused("alert_coin", forms=forms)

    async def _arm_formula(self, person: Person, draft: Draft) -> tuple[Standing, bool]:
        outlook = await self.outlook(draft)
        standing, is_new = await self._add(person, replace(draft, is_armed=outlook.history.is_true is False))
        self._lookout.closes.note(standing.alert.id, outlook.readings)
        return self.standing(standing.alert), is_new

    async def _add(self, person: Person, draft: Draft) -> tuple[Standing, bool]:
        """Store it, unless the same is there."""
        async with self._arming:
            known = self._same(draft)
            if known is not None:
                return self.standing(known), False
            self._make_room(person, draft.condition)
            alert = await self._store.add(draft)
            self._lookout.remember(alert)
        return self.standing(alert), True

    async def _named(self, said: Sentence, text: str) -> Instrument:
        """The market of the first word that names one."""
        unclear = Refused("alert_unclear", text=text[:32])
        if not said.names:
            raise unclear
        try:
            instrument, unknown = await self._market_among(said.names, text)
        except Refused as error:
            if error.code == "unknown_symbol" and not said.says_something:
                raise unclear from error
            raise
        refuse_indicators(unknown, text)
        return instrument

    async def _fresh(self, instrument: Instrument) -> Quote:
        quote = await self._markets.quote(instrument.symbol)
        if quote.is_stale:
            raise Stale(instrument.pair, age_s=quote.age_s)
        return quote

    def _same(self, draft: Draft) -> Alert | None:
        """A live alert of the same person for the same."""
        wish = draft.symbol, draft.condition, draft.rest
        mine = (alert for alert in self._lookout.alerts.values() if alert.owner == draft.owner)
        return next((one for one in mine if (one.symbol, one.condition, one.rest) == wish), None)

    def _make_room(self, person: Person, condition: Condition) -> None:
        mine = [alert.condition for alert in self._of(person)]
        if len(mine) >= MOST:
            raise Refused("alert_too_many", most=MOST)
        if _is_rare(condition) and sum(_is_rare(one) for one in mine) >= MOST_RARE:
            raise Refused("alert_too_many_rare", most=MOST_RARE)

    def _of(self, person: Person) -> Sequence[Alert]:
        mine = [alert for alert in self._lookout.alerts.values() if alert.owner == person.id]
        return sorted(mine, key=lambda alert: alert.id)

    async def _learn(self, instrument: Instrument, condition: Condition) -> None:
        """Know the past that a condition is about; only extremes cannot do without."""
        symbol = instrument.symbol
        try:
            await self._lookout.learn(symbol, condition)
        except Transient:
            if isinstance(condition, NewExtreme):
                raise
        if isinstance(condition, NewExtreme) and self._lookout.days_known(symbol) < condition.days:
            most = self._lookout.days_known(symbol)
            shorter = f"{'high' if condition.way is Way.UP else 'low'} {most}d"
            forms = [(f"{instrument.base} {shorter}", f"alert {symbol} {shorter}")] if most else []
            raise Refused("alert_history", pair=instrument.pair, most=most, forms=forms)

    async def _can_start(self, alert: Alert) -> bool:
        """Whether it is not there already."""
        if isinstance(alert.condition, Formula):
            try:
                return (await self.outlook(alert)).history.is_true is False
            except (Refused, Transient):
                return False  # the next close at which it is not true arms it
        quotes = self._markets.quotes([alert.symbol])
        return self._is_before(alert, quotes[0] if quotes else None)

    def _is_before(self, alert: Draft, quote: Quote | None) -> bool:
        """Whether the price is where the alert can be reached from."""
        match alert.condition:
            case PriceLevel(way=way, price=price):
                last = None if quote is None or quote.is_stale else quote.ticker.last
                return last is not None and (last < price if way is Way.UP else last > price)
            case PercentMove(share=share):
                size = self._lookout.reading(alert.symbol, alert.condition)
                return size is None or size < share
            case NewExtreme() | Formula():
                return True

    async def _turn(
        self, person: Person, alert_id: int, state: AlertState, *, was: Collection[AlertState]
    ) -> Standing:
        alert, now = await self._own(person, alert_id), self._clock.now()
        is_back = state is AlertState.WATCHING and alert.state in was
        if is_back and alert.is_expired(now):
            raise Refused("alert_gone")
        is_armed = is_back and await self._can_start(alert)
        async with self._arming:
            if is_back and not alert.state.is_live:
                self._make_room(person, alert.condition)
            turned = await self._store.turn(alert_id, state, was=was, is_armed=is_armed, at=now)
            current = turned or await self._own(person, alert_id)
            self._lookout.remember(current)
        return self.standing(current)

    async def _own(self, person: Person, alert_id: int) -> Alert:
        alert = await self._store.get(alert_id)
        if alert is None:
            raise Refused("alert_gone")
        if alert.owner != person.id:
            raise Refused("not_yours")
        return alert


def _is_rare(condition: Condition) -> bool:
    return isinstance(condition, Formula) and is_rare(condition)
