"""The program of one worker process: jobs arrive on standard input, answers leave on standard output.

A job is a length (four bytes) and a pickled `("module:function", arguments, whether it is heard)`. An answer
is a kind, a length and bytes: what the function returned, or the text of its error. A function that is heard
is called with `tell` before its arguments, and each thing that it tells is such a frame on the way to the
answer. Frames are never pickled, so that a worker upset by hostile input cannot make the bot run anything.
End of input ends the process, also when the bot was killed.
"""

import gc
import os
import pickle
import signal
import struct
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from enum import IntEnum
from importlib import import_module
from typing import BinaryIO

JOB = struct.Struct(">I")
ANSWER = struct.Struct(">BI")

Tell = Callable[[bytes], None]


class Kind(IntEnum):
    """What a frame on the way back is."""

    FAILED = 0
    DONE = 1
    TOLD = 2


def serve(jobs: BinaryIO, answers: BinaryIO) -> None:
    """Answer jobs until `jobs` ends."""

    def send(kind: Kind, content: bytes) -> None:
        answers.write(ANSWER.pack(kind, len(content)) + content)
        answers.flush()

    def tell(content: bytes) -> None:
        send(Kind.TOLD, content)

    while len(head := jobs.read(JOB.size)) == JOB.size:
        job = jobs.read(*JOB.unpack(head))
        name, arguments, is_heard = pickle.loads(job)  # noqa: S301 - our own parent wrote it
        send(*_answer(name, (tell, *arguments) if is_heard else arguments))
        del job, arguments
        gc.collect()  # pictures are circles of references; nobody waits for this


def function(name: str) -> Callable[..., bytes]:
    """The function that a job names as `"module:function"`."""
    module, _, attribute = name.partition(":")
    found: Callable[..., bytes] = getattr(import_module(module), attribute)
    return found


def _answer(name: str, arguments: tuple[object, ...]) -> tuple[Kind, bytes]:
    try:
        return Kind.DONE, function(name)(*arguments)
    except Exception:  # noqa: BLE001 - a job's error is its answer
        return Kind.FAILED, traceback.format_exc().encode()


def main() -> None:
    """Serve the parent process. Anything printed goes to standard error instead of among the answers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    with suppress(BrokenPipeError), answers:  # who asked is gone
        serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
