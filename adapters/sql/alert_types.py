"""Formulas of alerts as JSON: how a column keeps them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engines.alerts.formula import Comparison, Formula, Op, Series
from engines.core.timeframe import Timeframe


def formula_parts(formula: Formula) -> dict[str, Any]:
    """A formula as JSON values; numbers as text, so that they come back exactly."""
    comparisons = [
        {"left": _side_parts(one.left), "op": one.op.value, "right": _side_parts(one.right)}
        for one in formula.comparisons
    ]
    return {"any": formula.is_any, "comparisons": comparisons}


def formula_of(parts: Mapping[str, Any]) -> Formula:
    """The formula that `formula_parts` wrote."""
    comparisons = (
        Comparison(_series(one["left"]), Op(one["op"]), _side(one["right"])) for one in parts["comparisons"]
    )
    return Formula(tuple(comparisons), is_any=parts["any"])


def _side_parts(side: Series | Decimal) -> Any:
    if isinstance(side, Decimal):
        return str(side)
    return {
        "spec": side.spec,
        "output": side.output,
        "timeframe": side.timeframe.value,
        "factor": str(side.factor),
    }


def _side(parts: Any) -> Series | Decimal:
    return Decimal(parts) if isinstance(parts, str) else _series(parts)


def _series(parts: Mapping[str, Any]) -> Series:
    return Series(parts["spec"], parts["output"], Timeframe(parts["timeframe"]), Decimal(parts["factor"]))
