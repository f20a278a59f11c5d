"""The gate and its breakers in a whole desk: an order of the desk's own hand, a crash, and what goes then."""

from bot.app import App
from engines.orders.subaccount import PAPER, EngineName, SubAccount
from tests.build.desk import running_desk
from tests.build.sandbox import ANNA, Sandbox, until

MANUAL = SubAccount(engine=EngineName.MANUAL, account=PAPER).owner


async def test_an_order_is_cut_to_the_limits_and_none_enters_after_a_crash(sandbox: Sandbox) -> None:
    async with running_desk(sandbox) as desk:
        offer = await sandbox.ask(ANNA, "/order btc buy 5000")
        assert "cut to" in offer["text"]
        await sandbox.tap(ANNA, offer, "Place")
        await until(lambda: holds(desk), "the order is filled")
        await until(lambda: has_mark(desk), "the breakers have looked at the account")
        await sandbox.control("POST", "markets/BTCUSDT/shock", {"percent": -30})
        await until(lambda: is_latched(desk), "the breakers have pulled")
        refused = await sandbox.ask(ANNA, "/order eth buy 100")
        assert "Place" not in [one["text"] for row in refused["buttons"] for one in row]
        assert "stopped" in refused["text"]


async def holds(desk: App) -> bool:
    """Whether the desk's own hand holds something."""
    return any(held.trade.quantity for held in desk.services.trades.register.live(MANUAL))


async def has_mark(desk: App) -> bool:
    """Whether losses of the desk's own hand are measured."""
    return desk.services.breakers.viewing.marks.get("manual:paper") is not None


async def is_latched(desk: App) -> bool:
    """Whether its drawdown has stopped it."""
    return desk.services.latches.get("drawdown:manual:paper") is not None
