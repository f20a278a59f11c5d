"""Whatever a client sends, the Gate twin answers in Gate's words, and nothing is lost or made."""

import random
from typing import Any

from tests.build.gate_calls import GateCalls
from tests.build.venues import Venues

SPOT = {"currency_pair": "BTC_USDT", "side": "buy", "type": "limit", "amount": "0.01", "price": "50000"}
PERP = {"contract": "BTC_USDT", "size": 100, "price": "50000", "tif": "gtc", "reduce_only": False}
POSTS: dict[str, dict[str, Any]] = {
    "spot/orders": {**SPOT, "text": "t-x", "time_in_force": "gtc", "account": "unified"},
    "spot/price_orders": {
        "market": "BTC_USDT",
        "trigger": {"price": "60000", "rule": "<=", "expiration": 60},
        "put": SPOT,
    },
    "futures/usdt/orders": {**PERP, "text": "t-x", "close": False, "auto_size": ""},
    "futures/usdt/price_orders": {"initial": PERP, "trigger": {"price": "60000", "rule": 2}},
    "wallet/transfers": {"currency": "USDT", "from": "spot", "to": "futures", "amount": "1"},
}
GETS: dict[str, tuple[str, ...]] = {
    "spot/orders": ("currency_pair", "status", "page", "limit", "from", "to"),
    "spot/orders/12": ("currency_pair", "account"),
    "spot/my_trades": ("currency_pair", "order_id", "page", "limit", "from", "to"),
    "spot/account_book": ("currency", "type", "page", "limit"),
    "spot/price_orders": ("market", "status", "limit", "offset"),
    "spot/candlesticks": ("currency_pair", "interval", "limit", "from", "to"),
    "spot/trades": ("currency_pair", "limit", "from", "to"),
    "futures/usdt/orders": ("contract", "status", "limit", "offset"),
    "futures/usdt/positions": ("holding", "limit", "offset"),
    "futures/usdt/account_book": ("type", "contract", "limit", "from", "to"),
    "futures/usdt/candlesticks": ("contract", "interval", "limit", "from", "to"),
    "futures/usdt/funding_rate": ("contract", "limit", "from", "to"),
    "futures/usdt/my_trades_timerange": ("contract", "limit", "from", "to"),
}
ODD: list[Any] = [
    None, "", "0", "-1", "nan", "1e400", "1e-400", "9" * 40, "BTC_USDT", "BTCUSDT", "NOPE_USDT", "open",
    "mark_BTC_USDT", "finished", "t-", "t-" + "y" * 28, "\u0000", "☃", 0, -5, 1.5, 10**18, True, [], {},
    ["x"], {"x": 1},
]  # fmt: skip


def spoiled(body: dict[str, Any], luck: random.Random) -> dict[str, Any]:
    """The body with one or two of its fields put wrong, also inside."""
    told = {name: spoiled(value, luck) if isinstance(value, dict) else value for name, value in body.items()}
    for _ in range(luck.randint(1, 2)):
        told[luck.choice(list(told))] = luck.choice(ODD)
    return told


async def test_odd_orders_are_answered_in_gates_words(venues: Venues) -> None:
    gate, luck = GateCalls(venues), random.Random(1)
    account = venues.gate.exchange.account("main")
    for _ in range(60):
        for path, body in POSTS.items():
            status, answer = await gate.ask("POST", path, spoiled(body, luck))
            assert status == 200 or set(answer) == {"label", "message"}, (path, answer)
    moved = sum(change.amount for _, change in account.changes if change.asset == "USDT")
    assert account.balance("spot", "USDT") == moved


async def test_odd_questions_are_answered_in_gates_words(venues: Venues) -> None:
    gate, luck = GateCalls(venues), random.Random(2)
    texts = [str(one) for one in ODD if isinstance(one, str | int)] + ["-999999999999999", "999999999999999"]
    for _ in range(40):
        for path, names in GETS.items():
            query: dict[str, Any] = {name: luck.choice(texts) for name in names if luck.random() < 0.5}
            status, answer = await gate.ask("GET", path, **query)
            assert status == 200 or set(answer) == {"label", "message"}, (path, query, answer)


async def test_odd_messages_do_not_end_a_stream(venues: Venues) -> None:
    luck = random.Random(3)
    channels = [
        "spot.orders",
        "spot.tickers",
        "spot.candlesticks",
        "spot.obu",
        "spot.order_book",
        "spot.ping",
    ]
    async with venues.http.ws_connect(f"{venues.url}/gate/ws/v4/") as socket:
        for _ in range(200):
            message = {
                "id": luck.choice(ODD),
                "time": luck.choice(ODD),
                "channel": luck.choice([*channels, *ODD]),
                "event": luck.choice(["subscribe", "unsubscribe", *ODD]),
                "payload": luck.choice([*ODD, ["BTC_USDT"], ["1m", "BTC_USDT"], [[], {}]]),
                "auth": luck.choice([*ODD, {"KEY": [], "SIGN": {}}]),
            }
            await socket.send_json(message)
        await socket.send_json({"channel": "spot.ping"})
        while (await socket.receive_json())["channel"] != "spot.pong":
            pass
