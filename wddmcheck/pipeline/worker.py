"""A worker process: explores one scope and sends what it finds to its parent.

Run as `python -c ... wddmcheck.pipeline.worker.main()` by `parallel`. In, on stdin: one pickled
`Job`; after that stdin stays open, and its end means that the parent is gone. Out, on stdout:
pickled messages, ticks and at last a `ScopeRun` or a `Failure`. Only the parent interrupts a
worker: it is in a process group of its own, so a Ctrl-C at the terminal reaches the parent alone.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import threading
import traceback
from dataclasses import dataclass
from types import FrameType
from typing import BinaryIO, TypeAlias

from wddmcheck.diagnostics.diagnostic import Diagnostic, InternalError, UserError
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


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception, in a form that can be sent: `diagnostics` and `exit_code` of a `UserError`,
    else `internal` for an `InternalError`, else `details` with the traceback."""

    text: str
    diagnostics: tuple[Diagnostic, ...] = ()
    exit_code: int = 0
    internal: bool = False
    interrupted: bool = False
    details: str = ""

    @classmethod
    def of(cls, error: BaseException) -> Failure:
        """`error` as data."""
        match error:
            case UserError():
                return cls(str(error), error.diagnostics, error.exit_code)
            case InternalError():
                return cls(str(error), internal=True)
            case KeyboardInterrupt():
                return cls("", interrupted=True)
            case _:
                return cls(f"{type(error).__name__}: {error}",
                           details="".join(traceback.format_exception(error)))

    def exception(self) -> Exception:
        """The exception again, as far as it matters."""
        if self.diagnostics:
            return UserError(self.diagnostics, self.exit_code)
        if self.internal:
            return InternalError(self.text)
        error = RuntimeError(f"in a worker process: {self.text}")
        error.add_note(self.details)
        return error


Message: TypeAlias = Tick | ScopeRun | Failure


def main() -> None:
    """Do one job, and leave at once: nothing of the interpreter's own shutdown is needed."""
    out, sys.stdout = sys.stdout.buffer, sys.stderr
    signal.signal(INTERRUPT, _once)
    answer: ScopeRun | Failure
    try:
        job = pickle.load(sys.stdin.buffer)
        threading.Thread(target=_watch_parent, daemon=True).start()
        answer = _explore(job, out)
    except BaseException as error:
        answer = Failure.of(error)
    signal.signal(INTERRUPT, signal.SIG_IGN)
    _send(out, answer)
    sys.stderr.flush()
    os._exit(0)


def _explore(job: Job, out: BinaryIO) -> ScopeRun:
    from wddmcheck.pipeline.strategy import run_scope

    return run_scope(job.system, job.choice, job.selection, job.options, job.budget,
                     lambda _, tick: _send(out, tick))


def _once(number: int, frame: FrameType | None) -> None:
    """The first interrupt counts; others while the worker ends do not disturb it."""
    signal.signal(INTERRUPT, signal.SIG_IGN)
    raise KeyboardInterrupt


def _send(out: BinaryIO, message: Message) -> None:
    out.write(pickle.dumps(message))
    out.flush()


def _watch_parent() -> None:
    """End at once when the parent is gone: it sends nothing after the job."""
    os.read(0, 1)
    os._exit(70)
