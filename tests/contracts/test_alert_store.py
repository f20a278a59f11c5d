"""One battery over every keeper of alerts: in memory, SQLite, PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import pytest

from adapters.sql.desk import SqlDesk
from engines.alerts.alert import Alert, AlertState, Condition, NewExtreme, PercentMove, PriceLevel, Way
from engines.alerts.formula import Comparison, Formula, Op, Series
from engines.core.timeframe import Timeframe
from ports.alerts import AlertStore, Firing, closes_mark
from ports.messages import OutboxStore
from tests.build.alerts import a_draft
from tests.build.clock import NOON
from tests.build.databases import desk_url
from tests.build.markets import an_instrument
from tests.build.people import a_push
from tests.build.stores import MemoryDesk

HOUR = timedelta(hours=1)
RSI = Series("rsi14", "rsi14", Timeframe.H1)
OVERSOLD = Formula((Comparison(RSI, Op.BELOW, Decimal(30)),))
WATCHING, MUTED = AlertState.WATCHING, AlertState.MUTED


class Desk(Protocol):
    """What the battery is run over."""

    @property
    def alerts(self) -> AlertStore: ...
    @property
    def outbox(self) -> OutboxStore: ...


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def desk(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Desk]:
    if request.param == "memory":
        yield MemoryDesk()
        return
    desk = await SqlDesk.open(await desk_url(request, tmp_path), world="live", mode="paper")
    yield desk
    await desk.close()


def told(alert: Alert) -> Firing:
    """It fired an hour past noon, and the push that says so."""
    fired = alert.fired(Decimal("100000.10"), NOON + HOUR)
    return Firing(fired, a_push(f"alert:{fired.id}:{fired.count}"))


async def pushes(desk: Desk) -> list[str]:
    return [row.message.dedupe for row in await desk.outbox.unsent()]


@pytest.mark.parametrize(
    "condition",
    [
        PriceLevel(Way.UP, Decimal("0.000000012345678901")),
        PercentMove(None, Decimal("0.05"), timedelta(minutes=90)),
        PercentMove(Way.DOWN, Decimal("0.001"), HOUR),
        NewExtreme(Way.DOWN, 365),
        OVERSOLD,
        Formula(
            (
                Comparison(RSI, Op.CROSSES_BELOW, Decimal("30.50")),
                Comparison(
                    Series("volume", "volume", Timeframe.M15),
                    Op.ABOVE,
                    Series("volume_sma20", "volume_sma20", Timeframe.M15, Decimal("1.5")),
                ),
            ),
            is_any=True,
        ),
    ],
)
async def test_an_alert_comes_back_whole(desk: Desk, condition: Condition) -> None:
    draft = a_draft(
        condition=condition,
        instrument=an_instrument("1000PEPE", tick=Decimal("0.0000001")),
        rest=4 * HOUR,
        is_armed=False,
        expires_at=NOON + 48 * HOUR,
    )

    alert = await desk.alerts.add(draft)

    assert (alert.condition, alert.instrument, alert.rest) == (condition, draft.instrument, 4 * HOUR)
    assert alert.state is WATCHING
    assert await desk.alerts.get(alert.id) == alert
    assert list(await desk.alerts.live()) == [alert]


async def test_numbers_rise_and_nobody_is_none(desk: Desk) -> None:
    first, second = await desk.alerts.add(a_draft()), await desk.alerts.add(a_draft())

    assert second.id > first.id
    assert await desk.alerts.get(999) is None


async def test_only_what_watches_or_is_muted_is_live(desk: Desk) -> None:
    alerts = [await desk.alerts.add(a_draft()) for _ in range(4)]
    for alert, state in zip(alerts, AlertState, strict=True):
        await desk.alerts.turn(alert.id, state, was=[WATCHING], is_armed=True, at=NOON)

    assert [(one.id, one.state) for one in await desk.alerts.live()] == [
        (alerts[0].id, WATCHING),
        (alerts[1].id, MUTED),
    ]


async def test_a_turn_happens_only_from_the_states_it_is_meant_for(desk: Desk) -> None:
    alert = await desk.alerts.add(a_draft())

    muted = await desk.alerts.turn(alert.id, MUTED, was=[WATCHING], is_armed=False, at=NOON + HOUR)

    assert muted == replace(alert, state=MUTED, is_armed=False, since=NOON + HOUR)
    assert await desk.alerts.turn(alert.id, MUTED, was=[WATCHING], is_armed=True, at=NOON) is None
    assert await desk.alerts.turn(999, MUTED, was=list(AlertState), is_armed=True, at=NOON) is None
    assert await desk.alerts.get(alert.id) == muted


async def test_what_fires_is_written_together_with_its_push(desk: Desk) -> None:
    once, often = await desk.alerts.add(a_draft()), await desk.alerts.add(a_draft(rest=HOUR))

    fired = await desk.alerts.fire([told(once), told(often)])

    assert set(fired) == {once.id, often.id}
    assert await desk.alerts.get(once.id) == told(once).alert
    assert [one.id for one in await desk.alerts.live()] == [often.id]
    assert await pushes(desk) == [f"alert:{once.id}:1", f"alert:{often.id}:1"]


async def test_a_firing_told_twice_or_by_two_at_once_is_one(desk: Desk) -> None:
    alert = await desk.alerts.add(a_draft(rest=HOUR))

    answers = await asyncio.gather(*(desk.alerts.fire([told(alert)]) for _ in range(4)))

    assert sum(len(one) for one in answers) == 1
    assert await pushes(desk) == [f"alert:{alert.id}:1"]


@pytest.mark.parametrize("state", [MUTED, AlertState.DELETED, AlertState.DONE])
async def test_one_that_no_longer_watches_tells_nothing(desk: Desk, state: AlertState) -> None:
    silent, loud = await desk.alerts.add(a_draft()), await desk.alerts.add(a_draft())
    turned = await desk.alerts.turn(silent.id, state, was=[WATCHING], is_armed=False, at=NOON)

    assert set(await desk.alerts.fire([told(silent), told(loud)])) == {loud.id}

    assert await pushes(desk) == [f"alert:{loud.id}:1"]
    assert await desk.alerts.get(silent.id) == turned


async def test_firing_nothing_is_fine(desk: Desk) -> None:
    assert list(await desk.alerts.fire([])) == []
    await desk.alerts.keep([], {})


async def test_marks_are_replaced_and_armed_ones_written(desk: Desk) -> None:
    alert = await desk.alerts.add(a_draft(is_armed=False))
    await desk.alerts.keep([], {"BTCUSDT": NOON, "ETHUSDT": NOON})

    await desk.alerts.keep([alert.armed(NOON + HOUR)], {"BTCUSDT": NOON + HOUR})

    assert await desk.alerts.marks() == {"BTCUSDT": NOON + HOUR, "ETHUSDT": NOON}
    assert await desk.alerts.get(alert.id) == alert.armed(NOON + HOUR)


async def test_one_that_is_armed_no_more_is_written_too(desk: Desk) -> None:
    alert = await desk.alerts.add(a_draft(condition=OVERSOLD, rest=HOUR))

    await desk.alerts.keep([alert.disarmed(NOON + HOUR)], {closes_mark("BTCUSDT"): NOON + HOUR})

    assert await desk.alerts.get(alert.id) == alert.disarmed(NOON + HOUR)
    assert await desk.alerts.marks() == {closes_mark("BTCUSDT"): NOON + HOUR}


async def test_one_that_fired_or_was_muted_meanwhile_is_not_armed(desk: Desk) -> None:
    fired, muted = await desk.alerts.add(a_draft(rest=HOUR)), await desk.alerts.add(a_draft())
    await desk.alerts.fire([told(fired)])
    await desk.alerts.turn(muted.id, MUTED, was=[WATCHING], is_armed=False, at=NOON)

    await desk.alerts.keep([fired.armed(NOON), muted.armed(NOON)], {})

    assert [one.is_armed for one in await desk.alerts.live()] == [False, False]


async def test_only_what_is_over_for_long_is_forgotten(desk: Desk) -> None:
    for state in (WATCHING, MUTED, AlertState.DONE, AlertState.DELETED):
        alert = await desk.alerts.add(a_draft())
        await desk.alerts.turn(alert.id, state, was=[WATCHING], is_armed=False, at=NOON)

    assert await desk.alerts.forget_before(NOON) == 0
    assert await desk.alerts.forget_before(NOON + HOUR) == 2
    assert len(await desk.alerts.live()) == 2
