"""The `sandbox` command as a process of its own, as a person would start it."""

import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
STOP_WITHIN_S = 30.0


class SandboxProcess:
    """A running sandbox. `url` is its chat page; `arguments` are those of `perpetuum sandbox`."""

    def __init__(self, *arguments: str) -> None:
        self._arguments = arguments
        self._process: subprocess.Popen[str] | None = None
        self.url = ""
        self.start()

    def start(self) -> None:
        """Start, again on the port of the first time, and wait until everything answers."""
        port = str(urlsplit(self.url).port or 0)
        command = [sys.executable, "-m", "bot", "sandbox", "--port", port, *self._arguments]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.startswith("ready "):
                self.url = line.removeprefix("ready ").strip()
                return
        self.stop()
        raise RuntimeError("the sandbox did not start; why is on standard error")

    def stop(self) -> None:
        """Ask it to end, as a service manager would; kill it when it does not."""
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdout is not None:
            process.stdout.close()
