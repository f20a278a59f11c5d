"""Strategies and their parameters as people name them on the command line."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from bot.commands.candles import timeframe_of
from engines.core.typo import edit_distance
from engines.strategies.catalog import STRATEGIES
from engines.strategies.params import BadParams, Spec, defaults, parsed, specs
from engines.strategies.strategy import Strategy
from ports.errors import Fatal

AnyStrategy = Strategy[Any, Any, Any]


def strategy_named(text: str | None) -> AnyStrategy:
    """The strategy of that name. Raises `Fatal` that names the nearest."""
    known = ", ".join(STRATEGIES)
    if text is None:
        raise Fatal(f"which strategy? There are {known}; --list tells of their parameters")
    name = text.lower().replace("-", "_")
    if name in STRATEGIES:
        return STRATEGIES[name]
    near = min(STRATEGIES, key=lambda one: edit_distance(name, one))
    raise Fatal(f"{text}: no such strategy. Did you mean {near}? There are {known}")


def given_params(strategy: AnyStrategy, text: str | None, timeframe: str | None) -> Mapping[str, str]:
    """`fast=50,slow=200` and `--timeframe` as words by name. Raises `Fatal`."""
    given: dict[str, str] = {}
    for part in filter(None, (text or "").split(",")):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or not value:
            raise Fatal(f"--params {part}: write name=value, such as --params {_example(strategy)}")
        if name in given:
            raise Fatal(f"--params: {name} is there twice")
        given[name] = value
    return given if timeframe is None else _with_timeframe(strategy, given, timeframe)


def params_of(strategy: AnyStrategy, text: str | None, timeframe: str | None) -> Any:
    """The parameters, what is not given as it usually is. Raises `Fatal`."""
    try:
        return parsed(strategy.params, given_params(strategy, text, timeframe))
    except BadParams as error:
        raise Fatal(f"--params {error}") from error


def listed() -> Iterator[str]:
    """Every strategy with its parameters, bounds and what they mean."""
    for strategy in STRATEGIES.values():
        usual = defaults(strategy.params)
        yield f"{strategy.name} (trades under the limits of the engine {strategy.engine})"
        for name, spec in specs(strategy.params).items():
            yield f"  {name:<16} {usual.get(name, '')!s:>8}  {_bounds(spec):<22} {spec.meaning}"


def _bounds(spec: Spec) -> str:
    if spec.least is None and spec.most is None:
        return ""
    least = "" if spec.least is None else f"{Decimal(str(spec.least)):,f}"
    return f"{least} to {'' if spec.most is None else f'{Decimal(str(spec.most)):,f}'}"


def _with_timeframe(strategy: AnyStrategy, given: Mapping[str, str], text: str) -> Mapping[str, str]:
    timeframe = timeframe_of(text)
    if "timeframe" not in specs(strategy.params):
        raise Fatal(f"--timeframe {text}: {strategy.name} reads candles of its own choice; leave it out")
    if given.get("timeframe", timeframe) != timeframe:
        raise Fatal(f"--timeframe {text}, and --params say {given['timeframe']}: which of both?")
    return {**given, "timeframe": timeframe}


def _example(strategy: AnyStrategy) -> str:
    return ",".join(f"{name}={value}" for name, value in list(defaults(strategy.params).items())[:2])
