"""ccxt is read as far as it is asked for, and is all there for whoever asks for more."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[3]


def _said(code: str) -> Any:
    """What a new process prints; here ccxt was imported long ago."""
    run = subprocess.run([sys.executable, "-c", code], cwd=_ROOT, capture_output=True, check=True)
    return json.loads(run.stdout)


def test_only_exchanges_that_are_asked_for_are_imported() -> None:
    read = _said(
        "import json, sys\n"
        "from adapters.exchange.library import ccxt\n"
        "own = issubclass(ccxt.pro.bybit, ccxt.async_support.bybit)\n"
        "error = issubclass(ccxt.BadSymbol, ccxt.BaseError)\n"
        "read = [one for one in ('bybit', 'gate', 'kraken') if f'ccxt.async_support.{one}' in sys.modules]\n"
        "print(json.dumps([own, error, read]))"
    )
    assert read == [True, True, ["bybit"]]


def test_whatever_else_is_asked_of_it_is_there() -> None:
    whole = _said(
        "import json\n"
        "from adapters.exchange.library import ccxt\n"
        "first = ccxt.async_support.gate\n"
        "listed = ['bybit' in ccxt.pro.exchanges, bool(ccxt.__version__), hasattr(ccxt, 'no_such_venue')]\n"
        "from ccxt.async_support import Exchange, gate, kraken\n"
        "same = gate is first and issubclass(gate, Exchange) and issubclass(kraken, Exchange)\n"
        "print(json.dumps([*listed, same]))"
    )
    assert whole == [True, True, False, True]
