"""The program of one worker process: jobs arrive on standard input, answers leave on standard output.

A job is a length (four bytes) and a pickled `("module:function", arguments)`. An answer is a status byte, a
length and bytes: what the function returned, or the text of its error. Answers are never pickled, so that
a worker upset by hostile input cannot make the bot run anything. End of input ends the process, also when
the bot was killed.
"""

import gc
import os
import pickle
import signal
import struct
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from typing import BinaryIO

JOB = struct.Struct(">I")
ANSWER = struct.Struct(">?I")


def serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    """Answer jobs until `jobs` ends."""
    while len(head := jobs.read(JOB.size)) == JOB.size:
        name, arguments = pickle.loads(jobs.read(*JOB.unpack(head)))  # noqa: S301 - our own parent wrote it
        is_done, answer = _answer(name, arguments)
        answers.write(ANSWER.pack(is_done, len(answer)) + answer)
        answers.flush()
        del arguments, answer
        gc.collect()  # pictures are circles of references; nobody waits for this


def function(name: str) -> Callable[..., bytes]:
    """The function that a job names as `"module:function"`."""
    module, _, attribute = name.partition(":")
    found: Callable[..., bytes] = getattr(import_module(module), attribute)
    return found


def _answer(name: str, arguments: tuple[object, ...]) -> tuple[bool, bytes]:
    try:
        return True, function(name)(*arguments)
    except Exception:  # noqa: BLE001 - a job's error is its answer
        return False, traceback.format_exc().encode()


def main() -> None:
    """Serve the parent process. Anything printed goes to standard error instead of among the answers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with answers:
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
