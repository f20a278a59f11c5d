"""ccxt without the hundred exchanges that nobody asks it for: `from adapters.exchange.library import ccxt`.

Its packages import every exchange there is, which takes half a second and 50 MB. Here an exchange is looked
up when it is asked for; when anything else is asked of a package, it is read whole, as it was meant to be.
"""

import importlib
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec, module_from_spec
from types import ModuleType
from typing import Any, Final

_PACKAGES: Final = ("ccxt", "ccxt.async_support", "ccxt.pro")
_OF_THE_WHOLE: Final = ("__all__", "__version__")


class _Lean(ModuleType):
    """A package whose own code has not run."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in _OF_THE_WHOLE:
            raise AttributeError(name)
        place, found = f"{self.__name__}.{name}", None
        if find_spec(place) is not None:
            found = getattr(importlib.import_module(place), name, None)
        if found is None:
            self._read_whole()
            return getattr(self, name)
        setattr(self, name, found)
        return found

    def _read_whole(self) -> None:
        self.__class__ = ModuleType  # type: ignore[assignment]  # an ordinary package from now on
        assert self.__spec__ is not None
        assert self.__spec__.loader is not None
        self.__spec__.loader.exec_module(self)


def _make_lean() -> None:
    """What is imported already stays as it is."""
    for name in _PACKAGES:
        spec = find_spec(name)
        if name not in sys.modules and spec is not None:
            _begin(spec)
        importlib.import_module(name)


def _begin(spec: ModuleSpec) -> None:
    package = module_from_spec(spec)
    package.__class__ = _Lean
    sys.modules[spec.name] = package
    above, _, own = spec.name.rpartition(".")
    if above:
        setattr(sys.modules[above], own, package)
        return
    errors = importlib.import_module(f"{spec.name}.base.errors")
    for name in errors.__all__:  # these and `Exchange` are asked of it by its own modules
        setattr(package, name, getattr(errors, name))
    exchange = importlib.import_module(f"{spec.name}.base.exchange")
    package.Exchange = exchange.Exchange  # type: ignore[attr-defined]  # a module's attributes are not typed


_make_lean()

import ccxt as ccxt  # noqa: E402 - not before it is lean
