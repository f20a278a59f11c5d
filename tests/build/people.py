"""Builders of people, button actions and pushes."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ports.messages import OutboundMessage, Priority, Screen
from ports.people import Action, Person, Role

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


def a_person(person_id: int = 11, **fields: Any) -> Person:
    """A viewer who joined at noon."""
    usual: dict[str, Any] = {"name": "Ann", "role": Role.VIEWER, "created_at": NOON}
    return Person(id=person_id, **usual | fields)


def an_action(token: str = "t0ken", **fields: Any) -> Action:
    """A button that only person 11 may press, within the hour."""
    usual: dict[str, Any] = {
        "kind": "grant",
        "chat_id": 11,
        "person_id": 11,
        "created_at": NOON,
        "expires_at": NOON + timedelta(hours=1),
    }
    return Action(token=token, **usual | fields)


def a_push(dedupe: str = "btc-up", **fields: Any) -> OutboundMessage:
    """A signal for chat 11."""
    usual: dict[str, Any] = {
        "chat_id": 11,
        "screen": Screen(html="<b>BTC</b> is up"),
        "priority": Priority.SIGNAL,
        "created_at": NOON,
    }
    return OutboundMessage(dedupe=dedupe, **usual | fields)
