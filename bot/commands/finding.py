"""What `perpetuum doctor` found of one thing."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. `mend` is empty when nothing has to be done. A note has advice in `mend`, and
    the desk can start without it."""

    subject: str
    is_ok: bool
    says: str
    mend: str = ""

    @property
    def mark(self) -> str:
        """All is well, advice, or something to mend."""
        return "✗" if not self.is_ok else "!" if self.mend else "✓"
