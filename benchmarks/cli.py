"""The command line."""

import subprocess
import sys

from benchmarks.frame import Measure, Skipped, measures, wall_s


@measures("cli.help_s")
def help_screen() -> Measure:
    """Real time of the process that prints the help."""
    command = [sys.executable, "-m", "bot", "--help"]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        raise Skipped("python -m bot --help does not work")
    value = wall_s(lambda: subprocess.run(command, capture_output=True, check=True))
    bare = wall_s(lambda: subprocess.run([sys.executable, "-c", ""], capture_output=True, check=True))
    return Measure(value, note=f"wall, median of 9 processes; an empty program takes {bare:.3f}")
