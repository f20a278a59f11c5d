"""What evidence comes to: the same figures, to the last bit, as sums and roundings by hand."""

from itertools import product

import pytest

from engines.signals.weighing import Evidence, weighing
from tests.build.kernels import in_python

EIGHTHS = [number / 8 for number in range(-8, 9, 2)]
NETS = [-7.5, -6.0, -2.5, -0.5, 0.0, 1.0, 2.5, 4.0, 5.5, 9.0]


def confidence_by_hand(evidence: Evidence) -> float:
    """By the formula of the module, rounded as Python rounds decimals."""
    sign = 1 if evidence.four_hours + evidence.day > 0 else -1
    agreeing = evidence.for_long if sign > 0 else evidence.for_short
    confidence = 0.6 * (agreeing / 16) + 0.4 * max(0.0, max(-1.0, min(1.0, sign * evidence.entry / 6)))
    is_torn = evidence.four_hours * evidence.day < 0
    return round(confidence * 0.8 if is_torn else confidence, 9)


@pytest.mark.parametrize("is_compiled", [True, False])
def test_every_confidence_is_rounded_as_decimals_are(is_compiled: bool) -> None:
    weigh = weighing if is_compiled else in_python(weighing)
    for four_hours, day, entry, agreeing in product(EIGHTHS, EIGHTHS, NETS, range(17)):
        evidence = Evidence(four_hours, day, 0.0, entry, float(agreeing), float(16 - agreeing))
        weighed = weigh(evidence, 0.25)
        expected = confidence_by_hand(evidence) if abs(four_hours + day) / 2 >= 0.25 else 0.0
        assert weighed.confidence == expected, evidence


@pytest.mark.parametrize(
    ("trend", "least", "direction"), [(0.25, 0.25, 1), (-0.25, 0.25, -1), (0.2, 0.25, 0), (0.0, 0.0, -1)]
)
def test_there_is_a_direction_where_the_trend_is_enough(trend: float, least: float, direction: int) -> None:
    assert weighing(Evidence(trend, trend, 0.0, 0.0, 0.0, 0.0), least).direction == direction
