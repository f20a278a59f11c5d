"""`python -m benchmarks [PREFIX]`: measure the rows whose name starts with PREFIX, one JSON object a line."""

import json
import sys
from pathlib import Path

from benchmarks.frame import run
from bot.kernels import keep_kernels

_ROOT = Path(__file__).resolve().parent.parent


def main(prefix: str = "") -> int:
    """Print the lines; exit code 2 when no row has that prefix."""
    keep_kernels(_ROOT / ".cache")
    printed = 0
    for each in run(prefix):
        print(json.dumps(each, ensure_ascii=False), flush=True)
        printed += 1
    if not printed:
        print(f"no benchmark starts with {prefix!r}", file=sys.stderr)
    return 0 if printed else 2


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:2]))
