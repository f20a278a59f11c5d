"""Times on the command line."""

from datetime import UTC, datetime

from ports.errors import Fatal


def parse_moment(option: str, text: str | None) -> datetime | None:
    """A date or a moment in UTC as people write them. Raises `Fatal` that names the option for others."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise Fatal(f"{option} {text}: not a date; write it as 2025-03-01 or 2025-03-01T12:00") from error
