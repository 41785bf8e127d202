"""A worker process: explores one scope and sends what it finds to its parent.

Run as `python -c ... wddmcheck.pipeline.worker.main()` by `parallel`. In, on stdin: one pickled
`Job`; after that stdin stays open, and its end means that the parent is gone. Out, on stdout:
pickled messages, ticks and at last a `ScopeRun` or an exception. Only the parent interrupts a
worker: it is in a process group of its own, so a Ctrl-C at the terminal reaches the parent alone.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
from dataclasses import dataclass
from types import FrameType
from typing import BinaryIO, TypeAlias

from wddmcheck.engines.base import Tick
from wddmcheck.ir.system import System
from wddmcheck.pipeline.options import Budget, VerifyOptions
from wddmcheck.pipeline.scopes import ScopeChoice
from wddmcheck.pipeline.selection import Selection
from wddmcheck.result.report import ScopeRun

INTERRUPT = signal.SIGINT if os.name == "posix" else signal.SIGTERM
"""What ends a worker in order. (On other systems a worker ends without its partial results.)"""


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker has to do."""

    system: System
    choice: ScopeChoice
    selection: Selection
    options: VerifyOptions
    budget: Budget


Message: TypeAlias = Tick | ScopeRun | BaseException


def main() -> None:
    """Do one job."""
    out, sys.stdout = sys.stdout.buffer, sys.stderr
    signal.signal(INTERRUPT, _once)
    try:
        job = pickle.load(sys.stdin.buffer)
        threading.Thread(target=_watch_parent, args=(sys.stdin.buffer,), daemon=True).start()
        answer: ScopeRun | BaseException = _explore(job, out)
    except BaseException as error:  # noqa: BLE001
        answer = error
    signal.signal(INTERRUPT, signal.SIG_IGN)
    _send(out, answer)


def _explore(job: Job, out: BinaryIO) -> ScopeRun:
    from wddmcheck.pipeline.strategy import run_scope

    return run_scope(job.system, job.choice, job.selection, job.options, job.budget,
                     lambda _, tick: _send(out, tick))


def _once(number: int, frame: FrameType | None) -> None:
    """The first interrupt counts; others while the worker ends do not disturb it."""
    signal.signal(INTERRUPT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _send(out: BinaryIO, message: Message) -> None:
    try:
        data = pickle.dumps(message)
    except Exception:  # an exception that cannot be pickled  # noqa: BLE001
        data = pickle.dumps(RuntimeError(f"{type(message).__name__}: {message}"))
    out.write(data)
    out.flush()


def _watch_parent(stdin: BinaryIO) -> None:
    """End at once when the parent is gone."""
    stdin.read()
    os._exit(70)
