"""Error families, by what to do next.

DeskError
├── Refused      the person can mend it; worded in templates, so in both languages
├── Transient    reads retry with back-off
├── Rejected     the other side understood and said no; shown and written down
├── Uncertain    an act whose outcome nobody knows: never again, look it up
├── Stale        data too old to act on: skip and say so
├── Gone         the chat cannot be written to any more
├── InvariantBroken  our own mistake: halt what did it, raise the alarm
└── Fatal        stop the program: settings, keys, wrong database
"""

from collections.abc import Mapping


class DeskError(Exception):
    """Root of every error that we raise on purpose."""


class Refused(DeskError):
    """A request that cannot be done as asked. `code` picks the wording, `params` fill it in."""

    def __init__(self, code: str, /, **params: object) -> None:
        super().__init__(code, params)
        self.code = code
        self.params: Mapping[str, object] = params


class Transient(DeskError):
    """The outside did not answer as it should; the same read may succeed later.

    `kind` picks the wording on screens: `unreachable`, `timeout`, `rate_limited`, `refused`, `nonsense`,
    `silent`; `database` when it is our own that is in trouble.
    """

    def __init__(
        self, message: str, *, kind: str = "unreachable", retry_after_s: float | None = None
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.retry_after_s = retry_after_s


class Rejected(DeskError):
    """The other side understood and said no; the same request would be refused again."""


class Uncertain(DeskError):
    """An act was sent and nobody knows whether it took effect: a time-out, a dropped connection, an answer
    that proves nothing. It is never sent again; its outcome is looked up."""


class InvariantBroken(DeskError):
    """Something that cannot be is: our own mistake. What did it is halted and an admin alarmed."""


class Stale(DeskError):
    """Data too old to act on."""

    def __init__(self, what: str, *, age_s: float) -> None:
        super().__init__(f"{what} is {age_s:.0f} s old")
        self.what = what
        self.age_s = age_s


class Gone(DeskError):
    """The chat cannot be written to: the person blocked the bot, or the chat is deleted."""


class Fatal(DeskError):
    """The program cannot go on; the message says what is wrong and how to mend it."""
