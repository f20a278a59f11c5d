"""Jobs that tests send to worker processes."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path


def warm() -> bytes:
    return b""


def echo(data: bytes) -> bytes:
    return data


def pid() -> bytes:
    return str(os.getpid()).encode()


def chatter() -> bytes:
    sys.stdout.write("words among the answers\n")
    os.write(1, b"raw words among the answers\n")
    return b"answer"


def fail(reason: str) -> bytes:
    raise ValueError(reason)


def count(tell: Callable[[bytes], None], number: int) -> bytes:
    for each in range(number):
        tell(str(each).encode())
    return b"counted"


def tell_and_sleep(tell: Callable[[bytes], None]) -> bytes:
    tell(b"asleep")
    return sleep()


def sleep() -> bytes:
    time.sleep(60)
    return b""


def die() -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def die_once(marker: Path) -> bytes:
    if not marker.exists():
        marker.touch()
        die()
    return b"alive"


def modules() -> bytes:
    return "\n".join(sys.modules).encode()


def environment() -> bytes:
    return "\n".join(os.environ).encode()
