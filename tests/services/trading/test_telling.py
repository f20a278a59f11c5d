"""Who hears of which event."""

from decimal import Decimal

import pytest

from ports.people import Noise
from tests.build.paper_desk import TOM, PaperDesk, a_paper_desk


async def told(desk: PaperDesk) -> list[str]:
    return [push.row.message.screen.html for push in desk.outbox.pushes]


@pytest.mark.parametrize(
    ("noise", "heard"),
    [
        (Noise.QUIET, ["stop #1"]),
        (Noise.NORMAL, ["opened #1", "target #1", "stop #1"]),
        (Noise.ALL, ["opened #1", "target #1", "stop #1"]),
    ],
)
async def test_each_hears_as_much_as_they_want(noise: Noise, heard: list[str]) -> None:
    desk = await a_paper_desk(noise=noise)
    await desk.open(limit_price="98", stop="90", targets=("105", "110"))
    for price in ("100", "97", "106", "97"):
        await desk.tick(price)
    assert await told(desk) == heard


async def test_what_a_person_does_is_not_told_to_them() -> None:
    desk = await a_paper_desk(noise=Noise.ALL)
    trade = await desk.open()
    await desk.tick("101")
    await desk.trades.close(desk.tom, trade.id, share=Decimal("0.5"), key=desk.key())
    await desk.trades.close(desk.tom, trade.id, key=desk.key())
    assert await told(desk) == []


async def test_an_event_goes_to_the_chat_of_the_trade_once() -> None:
    desk = await a_paper_desk()
    trade = await desk.open(stop="95")
    await desk.tick("94")
    [push] = desk.outbox.pushes
    assert push.row.message.chat_id == TOM
    closed = await desk.see(trade)
    assert push.row.message.dedupe == f"trade:{trade.id}:{closed.version}:stop"
