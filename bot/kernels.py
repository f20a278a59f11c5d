"""Where compiled kernels are kept: in a folder named after the code that they were compiled from.

A compiled caller keeps the code of a step that it took in, also when that step is edited in another module:
the compiler looks only at the caller's own file. So every version of the engines has a folder of its own.
"""

import atexit
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator, MutableMapping
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from platform import machine, python_version

import structlog

log = structlog.get_logger()

FOLDER = "NUMBA_CACHE_DIR"
"""What the compiler reads, once, when it is imported."""
NAME = "kernels"
ROOT = Path(__file__).resolve().parent.parent
SHARED_ROOMS = ("core",)
"""Rooms of the engines that have no kernels, but what kernels are made with."""

_COMPILER = "numba"
_COMPILED = re.compile(r"^from engines\.indicators\.kernel import .*\b(kernel|rare)\b", re.MULTILINE)
_TAKEN_IN = ("numba", "llvmlite", "numpy")
_KEPT_S = 7 * 86400.0
_KEY_LETTERS = 16


def keep_kernels(data_dir: Path, environment: MutableMapping[str, str] = os.environ) -> Path:
    """Tell the compiler where to keep what it compiles: below the folder that the environment names, else
    below `data_dir`. To be called before anything imports it. Drops what is a week out of use.

    Where nothing can be written it is a folder that ends with the process; the log says so.
    """
    key = kernel_key()
    given = environment.get(FOLDER)
    base = (data_dir / NAME).resolve() if given is None else Path(given)
    folder = base if base.name == key else base / key
    if (problem := _unusable(folder)) is None:
        _drop_old(folder.parent, key)
    else:
        log.warning("kernels_not_kept", folder=str(folder), problem=problem, then="every start compiles anew")
        folder = Path(tempfile.mkdtemp(prefix="perpetuum-kernels-"))
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
    environment[FOLDER] = str(folder)
    return folder


def keep_own_kernels(environment: MutableMapping[str, str] = os.environ) -> Path:
    """The same for a command without settings: below the folder where programs of this person keep what can
    be made again."""
    caches = environment.get("XDG_CACHE_HOME")
    return keep_kernels((Path(caches) if caches else Path.home() / ".cache") / "perpetuum", environment)


def kernel_key(engines: Path = ROOT / "engines") -> str:
    """A name for the code of all kernels and what compiles it."""
    hashed = sha256()
    for name in (python_version(), machine(), *(f"{name} {version(name)}" for name in _TAKEN_IN)):
        hashed.update(name.encode() + b"\0")
    for path in kernel_sources(engines):
        hashed.update(path.relative_to(engines).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()[:_KEY_LETTERS]


def kernel_sources(engines: Path = ROOT / "engines") -> Iterator[Path]:
    """Modules of the room that knows the compiler and of the shared ones; of other rooms those in which
    anything is compiled. In a fixed order."""
    for room in sorted(path for path in engines.iterdir() if path.is_dir()):
        texts = {path: path.read_text("utf-8") for path in sorted(room.rglob("*.py"))}
        is_whole = room.name in SHARED_ROOMS or any(_COMPILER in text for text in texts.values())
        yield from (path for path, text in texts.items() if is_whole or _COMPILED.search(text))


def _unusable(folder: Path) -> str | None:
    """Why nothing can be written into `folder`, which is made if it is not there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            os.utime(folder)
    except OSError as error:
        return error.strerror or str(error)
    return None


def _drop_old(base: Path, key: str) -> None:
    for folder in base.iterdir():
        is_ours = len(folder.name) == _KEY_LETTERS and not set(folder.name) - set("0123456789abcdef")
        if is_ours and folder.name != key and time.time() - folder.stat().st_mtime > _KEPT_S:
            shutil.rmtree(folder, ignore_errors=True)
