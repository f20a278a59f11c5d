"""A token bucket, the measure behind every rate limit."""

from dataclasses import dataclass


@dataclass(slots=True)
class Bucket:
    """`rate` tokens a second up to `burst`; `at` is the time of the last look, in seconds of any clock."""

    rate: float
    burst: float
    tokens: float
    at: float

    def wait_s(self, now: float) -> float:
        """Seconds until a token is there; 0 when one is."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now
        return 0.0 if self.tokens >= 1 else (1 - self.tokens) / self.rate

    def take(self) -> None:
        """Spend a token that `wait_s` said is there."""
        self.tokens -= 1

    def give_back(self) -> None:
        """Undo a `take` that was for nothing."""
        self.tokens += 1

    @property
    def is_full(self) -> bool:
        """Whether nothing was spent that has not come back."""
        return self.burst - self.tokens < 1e-9
