"""Fewer points for a picture of the same shape."""

import numpy as np

from engines.core.candle import FloatArray, IntArray


def thinned(values: FloatArray, most: int) -> IntArray:
    """At most `most` rows (at least 4) that keep what a picture shows: of each of equal parts the first, the
    lowest, the highest and the last. All rows if there are no more than that."""
    count = len(values)
    if count <= most:
        return np.arange(count)
    edges = np.linspace(0, count, max(1, most // 4) + 1).astype(np.int64)
    rows = [
        (first, first + int(values[first:stop].argmin()), first + int(values[first:stop].argmax()), stop - 1)
        for first, stop in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)
    ]
    return np.unique(np.array(rows, np.int64))
