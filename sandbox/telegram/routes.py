"""The Bot API over HTTP: `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

import hmac
from collections.abc import Callable
from typing import Any

import orjson
from aiohttp import web

from sandbox.telegram.errors import ApiError, not_found, unauthorized, unknown_method
from sandbox.telegram.methods import chatting, editing, identity, polling, sending
from sandbox.telegram.people import BOT_TOKEN
from sandbox.telegram.requests import Params, read_params
from sandbox.telegram.twin import Telegram
from sandbox.telegram.view import FILES_PATH

Method = Callable[[Telegram, Params], Any]

METHODS: dict[str, Method] = {
    **identity.METHODS,
    **polling.METHODS,
    **sending.METHODS,
    **editing.METHODS,
    **chatting.METHODS,
}


def telegram_routes(twin: Telegram) -> list[web.RouteDef]:
    """Routes of the Bot API, and the files for the chat page under `FILES_PATH`."""

    async def call(request: web.Request) -> web.Response:
        try:
            _check_token(request)
            result = await _call(twin, request)
        except ApiError as error:
            return web.Response(body=error.body(), status=error.code, content_type="application/json")
        body = orjson.dumps({"ok": True, "result": result})
        return web.Response(body=body, content_type="application/json")

    async def download(request: web.Request) -> web.Response:
        try:
            _check_token(request)
        except ApiError as error:
            return web.Response(body=error.body(), status=error.code, content_type="application/json")
        return _file(twin, request)

    async def show(request: web.Request) -> web.Response:
        return _file(twin, request)

    return [
        web.route("*", "/bot{token}/{method}", call),
        web.get("/file/bot{token}/{path:.+}", download),
        web.get(FILES_PATH + "{path:.+}", show),
    ]


async def _call(twin: Telegram, request: web.Request) -> Any:
    name = request.match_info["method"].lower()
    if name == "getupdates":
        return await polling.get_updates(twin, await read_params(request))
    method = METHODS.get(name)
    if method is None:
        raise unknown_method()
    return method(twin, await read_params(request))


def _check_token(request: web.Request) -> None:
    if not hmac.compare_digest(request.match_info["token"].encode(), BOT_TOKEN.encode()):
        raise unauthorized()


def _file(twin: Telegram, request: web.Request) -> web.Response:
    file = twin.files.by_path(request.match_info["path"])
    if file is None:
        return web.Response(body=not_found().body(), status=404, content_type="application/json")
    headers = {
        "Content-Type": file.mime_type,
        "Content-Disposition": "inline" if file.is_photo else "attachment",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(body=twin.files.content(file), headers=headers)
