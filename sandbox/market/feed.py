"""A market's candles as a stream tells them: every one that closes, in order, and the one that is forming."""

from collections.abc import Iterator

from engines.core.candle import Candles
from sandbox.market.book import Book

_BATCH = 500  # candles computed at a time when catching up


class CandleFeed:
    """Remembers what was told last, so that no candle is lost however fast market time runs."""

    def __init__(self, book: Book, step_ms: int, now_ms: int) -> None:
        self._book = book
        self._step_ms = step_ms
        self._next_ms = now_ms // step_ms * step_ms

    def news(self, now_ms: int) -> Iterator[tuple[Candles, bool]]:
        """Candles closed since the last call, by batches, each with true; then the forming one with false."""
        forming_ms = now_ms // self._step_ms * self._step_ms
        while self._next_ms < forming_ms:
            start_ms, stop_ms = self._next_ms, min(self._next_ms + _BATCH * self._step_ms, forming_ms)
            self._next_ms = stop_ms
            yield self._book.candles(self._step_ms, start_ms, stop_ms, now_ms), True
        yield self._book.candles(self._step_ms, forming_ms, now_ms + 1, now_ms), False
