"""Fewer points for pictures of the same shape."""

from collections.abc import Sequence

import numpy as np

from engines.core.candle import FloatArray, IntArray


def thinned(columns: Sequence[FloatArray], most: int) -> IntArray:
    """At most `most` rows that keep what pictures of equally long `columns` show: of each of equal parts
    the first row, and the lowest and the highest of every column; and the last of all. All rows if there are
    no more than that."""
    count = len(columns[0])
    if count <= most:
        return np.arange(count)
    parts = max(1, (most - 1) // (2 * len(columns) + 1))
    edges = np.linspace(0, count, parts + 1).astype(np.int64)
    rows = [edges[:-1], np.array([count - 1])]
    for column in columns:
        spans = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))
        rows.append(np.array([first + int(column[first:stop].argmin()) for first, stop in spans]))
        rows.append(np.array([first + int(column[first:stop].argmax()) for first, stop in spans]))
    return np.unique(np.concatenate(rows))
