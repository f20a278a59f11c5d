"""Labels on one axis, moved apart so that none covers another."""

from collections.abc import Sequence


def spread(wanted: Sequence[float], height: float, bottom: float, top: float) -> list[float]:
    """Centres near `wanted` (any order) at least `height` apart, each label within `bottom`..`top`.

    The order along the axis is kept. The caller leaves room: `height * len(wanted) <= top - bottom`.
    """
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    placed: list[float] = []
    edge = bottom
    for index in order:
        centre = max(wanted[index], edge + height / 2)
        placed.append(centre)
        edge = centre + height / 2
    edge = top
    for place in range(len(placed) - 1, -1, -1):
        placed[place] = min(placed[place], edge - height / 2)
        edge = placed[place] - height / 2
    centres = [0.0] * len(wanted)
    for index, centre in zip(order, placed, strict=True):
        centres[index] = centre
    return centres
