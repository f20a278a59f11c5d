"""The control API: the state of the world, its clock, its markets, its faults."""

from typing import Any

from aiohttp import web

from sandbox.answers import BadControl, answering, number_field, read_object, text_field
from sandbox.exchange_control import ExchangeControl
from sandbox.faults import BadFault
from sandbox.telegram.control import PeopleControl, chat_view, person_view
from sandbox.world import World

_FIRST_PRICE, _TURNOVER = 1.0, 20e6
_QUOTE = "USDT"


class WorldControl:
    """Handlers under `/control`."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/control/state", answering(self.state)),
            web.post("/control/clock", answering(self.turn_clock)),
            web.post("/control/markets", answering(self.list_market)),
            web.post("/control/markets/{symbol}/shock", answering(self.shock)),
            web.post("/control/faults", answering(self.merge_faults)),
            web.delete("/control/faults", answering(self.clear_faults)),
            web.get("/control/stream", self._world.stream.serve),
            *PeopleControl(self._world.telegram).routes(),
            *ExchangeControl(self._world.venues, self._world.wiretap).routes(),
        ]

    async def state(self, request: web.Request) -> dict[str, Any]:
        world = self._world
        return {
            "users": [person_view(person) for person in world.telegram.people],
            "chats": [chat_view(chat) for chat in world.telegram.chats],
            "clock": world.clock_view(),
            "markets": world.market.snapshot(),
            "faults": world.faults.view(),
            "bot": world.telegram.bot_view(),
        }

    async def turn_clock(self, request: web.Request) -> dict[str, Any]:
        body = await read_object(request)
        speed, advance_s = number_field(body, "speed"), number_field(body, "advance_s")
        try:
            if speed is not None:
                self._world.clock.set_speed(speed)
            if advance_s is not None:
                await self._world.clock.advance(advance_s)
        except ValueError as error:
            raise BadControl(str(error)) from error
        self._world.remember()
        return self._world.clock_view()

    async def list_market(self, request: web.Request) -> dict[str, Any]:
        body = await read_object(request)
        base = text_field(body, "symbol").strip().upper().removesuffix(_QUOTE)
        price, turnover = number_field(body, "price"), number_field(body, "turnover")
        try:
            symbol = self._world.market.list_coin(
                base,
                price=_FIRST_PRICE if price is None else price,
                turnover=_TURNOVER if turnover is None else turnover,
            )
        except ValueError as error:
            raise BadControl(str(error)) from error
        self._world.remember()
        self._world.tell_tickers()
        return next(row for row in self._world.market.snapshot() if row["symbol"] == symbol)

    async def shock(self, request: web.Request) -> dict[str, Any]:
        symbol = request.match_info["symbol"].upper()
        percent = number_field(await read_object(request), "percent")
        if percent is None:
            raise BadControl('"percent" must be a number')
        try:
            last = self._world.market.shock(symbol, percent)
        except KeyError as error:
            raise BadControl(f"there is no market {symbol}", 404) from error
        except ValueError as error:
            raise BadControl(str(error)) from error
        self._world.remember()
        self._world.tell_tickers()
        return {"symbol": symbol, "last": last}

    async def merge_faults(self, request: web.Request) -> dict[str, Any]:
        try:
            self._world.faults.merge(await read_object(request))
        except BadFault as error:
            raise BadControl(str(error)) from error
        return self._world.faults.view()

    async def clear_faults(self, request: web.Request) -> dict[str, Any]:
        self._world.faults.clear()
        return self._world.faults.view()
