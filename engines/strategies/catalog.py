"""Every strategy, by the name that people type."""

from collections.abc import Mapping
from typing import Any, Final

from engines.strategies.sma_cross import SmaCross
from engines.strategies.strategy import Strategy
from engines.strategies.technical import Technical

STRATEGIES: Final[Mapping[str, Strategy[Any, Any, Any]]] = {
    one.name: one for one in (SmaCross(), Technical())
}
