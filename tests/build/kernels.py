"""Kernels as plain Python: what is compiled can neither be measured for coverage nor stepped through."""

from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any, TypeVar, cast

from numba.core.dispatcher import Dispatcher

Kernel = TypeVar("Kernel", bound=Callable[..., Any])


def in_python(kernel: Kernel) -> Kernel:
    """The same function, and every kernel that it calls, without the compiler."""
    return cast(Kernel, _original(kernel, {}))


def _original(kernel: Any, done: dict[Any, Any]) -> Any:
    if kernel not in done:
        function = kernel.py_func
        names = {**function.__globals__}
        done[kernel] = FunctionType(function.__code__, names, function.__name__, function.__defaults__)
        used = [name for name in function.__code__.co_names if name in names]
        names.update({name: _plain(names[name], done) for name in used})
    return done[kernel]


def _plain(value: Any, done: dict[Any, Any]) -> Any:
    if isinstance(value, Dispatcher):
        return _original(value, done)
    is_ours = isinstance(value, ModuleType) and value.__name__.startswith("engines.")
    return _Module(value, done) if is_ours else value


class _Module:
    """A module of kernels, seen without the compiler."""

    def __init__(self, module: ModuleType, done: dict[Any, Any]) -> None:
        self._module, self._done = module, done

    def __getattr__(self, name: str) -> Any:
        return _plain(getattr(self._module, name), self._done)
