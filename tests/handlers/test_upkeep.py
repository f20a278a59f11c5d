"""What admins hear of the desk itself, and what `/status` says of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from ports.load import Load
from ports.venue_books import KeyRights
from services.monitoring import Monitoring
from tests.build.screens import ANN, ScreenDesk, a_screen_desk
from tests.build.upkeep import HandGauge, MemoryBackups


@pytest.fixture(params=["en", "ru"])
async def desk(request: pytest.FixtureRequest) -> ScreenDesk:
    """Ann speaks one language or the other."""
    desk = await a_screen_desk()
    await desk.services.people.change(ANN, language=request.param)
    return desk


def pushed(desk: ScreenDesk) -> list[str]:
    return [push.row.message.screen.html for push in desk.stores.outbox.pushes]


async def test_a_failed_backup_and_its_end_are_told(desk: ScreenDesk) -> None:
    backups = desk.services.upkeep.backups
    assert isinstance(backups.store, MemoryBackups)
    backups.store.problem = "no <space> left"
    await backups.look()
    backups.store.problem = ""
    await backups.look()
    trouble, end = pushed(desk)
    assert "no &lt;space&gt; left" in trouble
    assert end.startswith("✅")


async def test_strain_is_told_and_shown(desk: ScreenDesk) -> None:
    watchdog = desk.services.upkeep.watchdog
    assert isinstance(watchdog.gauge, HandGauge)
    watchdog.gauge.load = Load(cpu=0.75, memory_bytes=3 << 30)
    for _ in range(60):
        await watchdog.look()
    high, shedding = pushed(desk)
    assert "75%" in high
    assert "3072" in shedding
    waits = (
        "графики и загрузка истории отложены"
        if desk.person(ANN).language == "ru"
        else "charts and old candles wait"
    )
    assert "⚠️" in await status_of(desk, "75\u00a0%")
    assert waits in await status_of(desk, "75\u00a0%")
    watchdog.gauge.load = Load(cpu=0.1, memory_bytes=1 << 30)
    for _ in range(30):
        await watchdog.look()
    assert pushed(desk)[-1].startswith("✅")
    assert waits not in await shown(desk)


async def test_old_keys_are_told_and_shown(desk: ScreenDesk) -> None:
    made_at = desk.clock.wire_now() - timedelta(days=91)
    rights = KeyRights(can_trade=True, can_withdraw=False, is_bound_to_ip=False, made_at=made_at)
    desk.keys["bybit"] = rights
    await desk.services.upkeep.keys.look()
    (told,) = pushed(desk)
    assert "91" in told
    assert "Bybit" in told
    key = "ключ Bybit" if desk.person(ANN).language == "ru" else "key of Bybit"
    assert "⚠️" in await status_of(desk, key)


async def test_a_key_bound_to_no_address_is_told_and_shown_with_its_mend(desk: ScreenDesk) -> None:
    desk.keys["gate"] = KeyRights(can_trade=True, can_withdraw=False, is_bound_to_ip=False)
    await desk.services.upkeep.keys.look()
    (told,) = pushed(desk)
    is_russian = desk.person(ANN).language == "ru"
    assert ("адресу этой машины" if is_russian else "Bind it to this machine's address") in told
    assert "⚠️" in await status_of(desk, "адресу этой машины" if is_russian else "bind it to this machine's")


async def test_an_account_that_should_be_watched_and_is_not_says_why(desk: ScreenDesk) -> None:
    upkeep = desk.services.upkeep
    monitoring = Monitoring(upkeep.monitoring.accounts, ("gate",))
    desk.services = replace(desk.services, upkeep=replace(upkeep, monitoring=monitoring))
    await monitoring.look()
    line = await status_of(desk, "наблюдения за Gate нет" if is_russian(desk) else "Gate is not monitored")
    assert line.startswith("⚠️")
    assert ("нет API-ключа" if is_russian(desk) else "no API key") in line


def is_russian(desk: ScreenDesk) -> bool:
    return desk.person(ANN).language == "ru"


async def test_status_tells_the_age_of_the_backup(desk: ScreenDesk) -> None:
    backups = desk.services.upkeep.backups
    await backups.look()
    desk.clock.move(3 * 3600)
    says = "последняя копия" if desk.person(ANN).language == "ru" else "last backup"
    assert (await status_of(desk, says)).startswith("✓")


async def shown(desk: ScreenDesk) -> str:
    return (await desk.type("/status", by=ANN)).html


async def status_of(desk: ScreenDesk, words: str) -> str:
    """The line of `/status` with these words."""
    return next(line for line in (await shown(desk)).splitlines() if words in line)
