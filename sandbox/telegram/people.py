"""Who lives in the sandbox: four people and the bot."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

BOT_ID = 7_000_000_001
BOT_USERNAME = "perpetuum_sandbox_bot"
BOT_NAME = "Perpetuum"
BOT_TOKEN = f"{BOT_ID}:SANDBOX-TOKEN-on-loopback-only-000000"


@dataclass(slots=True)
class Person:
    """A Telegram user. `role` is what the person plays in the sandbox; the bot knows nothing of it.

    `has_started` becomes true with the first message in the private chat: before that a bot may not
    write to the person.
    """

    id: int
    name: str
    role: str
    language: str = "en"
    has_started: bool = False
    has_blocked: bool = False

    @property
    def username(self) -> str:
        """The public name, without `@`."""
        is_plain = self.name.isascii() and self.name.isalnum()
        return f"{self.name.lower()}_sandbox" if is_plain else f"user{self.id}_sandbox"

    def api(self) -> dict[str, Any]:
        """The Bot API's `User`."""
        return {
            "id": self.id,
            "is_bot": False,
            "first_name": self.name,
            "username": self.username,
            "language_code": self.language,
        }


class People:
    """Everyone by numeric id, name or role."""

    def __init__(self, people: Iterable[Person]) -> None:
        self._by_id = {person.id: person for person in people}

    def __iter__(self) -> Iterator[Person]:
        return iter(self._by_id.values())

    def get(self, person_id: int) -> Person | None:
        return self._by_id.get(person_id)

    def find(self, name: str) -> Person | None:
        """The person with this id, name or role (case does not matter), the first on several."""
        wanted = name.casefold()
        if name.isdecimal():
            return next((p for p in self._by_id.values() if str(p.id) == wanted), None)
        return next(
            (p for p in self._by_id.values() if wanted in (p.name.casefold(), p.role.casefold())), None
        )

    def add(self, person: Person) -> None:
        """Add or replace."""
        self._by_id[person.id] = person

    def next_id(self) -> int:
        """An id that nobody has yet."""
        return max(self._by_id, default=1000) + 1


def residents() -> list[Person]:
    """The people every sandbox starts with."""
    return [
        Person(1001, "Anna", "admin"),
        Person(1002, "Tom", "trader"),
        Person(1003, "Vera", "viewer"),
        Person(1004, "Sam", "stranger"),
    ]


def bot_user() -> dict[str, Any]:
    """The bot as the `User` that signs its messages."""
    return {"id": BOT_ID, "is_bot": True, "first_name": BOT_NAME, "username": BOT_USERNAME}
