"""Who may speak to the sandbox: programs of this machine and its own page, no other page in a browser."""

import re
from urllib.parse import urlsplit

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

_THIS_MACHINE = re.compile(r"(localhost|127\.0\.0\.1|\[::1\])(:\d+)?", re.IGNORECASE)


@web.middleware
async def own_visitors_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse with 403 what a foreign page sends, also under a name of its own that points here."""
    if _THIS_MACHINE.fullmatch(request.host) is None or _is_foreign(request):
        reason = "only this machine and the sandbox's own page are answered"
        return web.json_response({"error": reason}, status=403)
    return await handler(request)


def _is_foreign(request: web.Request) -> bool:
    """Whether a browser says that another page asks. Programs send neither header."""
    if request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site") and request.path != "/":
        return True  # a picture on another page, which comes without an origin; a link to the page is fine
    origin = request.headers.get(hdrs.ORIGIN)
    return origin is not None and urlsplit(origin).netloc != request.host
