"""getUpdates and the webhook methods that go with it."""

from typing import Any

import orjson

from sandbox.telegram.errors import bad_request
from sandbox.telegram.requests import Params
from sandbox.telegram.twin import Telegram
from sandbox.telegram.updates import MAX_BATCH

MAX_TIMEOUT_S = 50


async def get_updates(twin: Telegram, params: Params) -> list[orjson.Fragment]:
    """Long polling, as `UpdateQueue.poll` has it."""
    kinds = params.json("allowed_updates", "can't parse allowed updates: expected an Array of String")
    if kinds is not None:
        if not isinstance(kinds, list) or not all(isinstance(kind, str) for kind in kinds):
            raise bad_request("can't parse allowed updates: expected an Array of String")
        if sorted(kinds) != twin.updates.allowed:
            twin.updates.allow(kinds)
    twin.note_poll()
    limit = params.integer("limit") or MAX_BATCH
    found = await twin.updates.poll(
        offset=params.integer("offset") or 0,
        limit=min(max(limit, 1), MAX_BATCH),
        timeout_s=min(max(params.integer("timeout") or 0, 0), MAX_TIMEOUT_S),
    )
    twin.note_poll()
    return found


def delete_webhook(twin: Telegram, params: Params) -> bool:
    if params.flag("drop_pending_updates"):
        twin.updates.forget()
    return True


def get_webhook_info(twin: Telegram, params: Params) -> dict[str, Any]:
    info: dict[str, Any] = {
        "url": "",
        "has_custom_certificate": False,
        "pending_update_count": len(twin.updates),
    }
    if twin.updates.allowed:
        info["allowed_updates"] = twin.updates.allowed
    return info


METHODS = {"deletewebhook": delete_webhook, "getwebhookinfo": get_webhook_info}
