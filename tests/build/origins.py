"""The synthetic market, made once a run of the tests."""

from functools import cache

from sandbox.market.source import Origin
from sandbox.market.synthetic import synthetic_origin
from sandbox.world import DEFAULT_SEED


@cache
def made_up_market(seed: int = DEFAULT_SEED) -> Origin:
    """The one of a seed: to make it takes half a second, and worlds only let it grow, always alike."""
    return synthetic_origin(seed)
