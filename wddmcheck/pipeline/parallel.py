"""Several scopes at once, each in a worker process. Results come back in the order of the scopes,
whatever order they finish in.

Workers are started with `subprocess`, not `multiprocessing`: nothing of the caller's main module is
imported again, and a Ctrl-C goes to this process alone, which then asks the workers to finish.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.engines.base import Tick
from wddmcheck.pipeline.options import ScopeProgress
from wddmcheck.pipeline.strategy import not_run
from wddmcheck.pipeline.worker import INTERRUPT, Failure, Job, Message
from wddmcheck.result.report import ScopeRun
from wddmcheck.result.verdict import Stop

GRACE_S = 10.0
"""How long workers may take to finish after Ctrl-C."""

REPEAT_S = 0.5
"""How often the wish to stop is repeated: a worker may not have been ready to hear it."""


KILLED = ("the system killed the worker process, as it does when memory runs out; "
          "--memory ends a run in order before that, --jobs 1 uses less")


class WorkerDied(InternalError):  # noqa: N818
    """A worker ended without an answer."""


@dataclass(slots=True)
class _Worker:
    """A running worker."""

    process: subprocess.Popen[bytes]
    reader: threading.Thread


@dataclass(slots=True)
class Crew:
    """The workers of one run. `make_job(i)` is called when scope `i` starts."""

    make_job: Callable[[int], Job]
    count: int
    workers: int
    progress: ScopeProgress
    done: dict[int, ScopeRun] = field(default_factory=dict)
    running: dict[int, _Worker] = field(default_factory=dict)
    jobs: dict[int, Job] = field(default_factory=dict)
    inbox: queue.Queue[tuple[int, Message | None]] = field(default_factory=queue.Queue)

    def run(self) -> tuple[ScopeRun, ...]:
        """Explore all scopes. Ctrl-C ends the run in order, and the results say so."""
        try:
            try:
                self._work()
            except KeyboardInterrupt:
                self._stop()
        finally:
            for index in tuple(self.running):
                self.running[index].process.kill()
                self._end(index)
        return tuple(self.done[i] if i in self.done else self._missing(i)
                     for i in range(self.count))

    def _work(self) -> None:
        waiting = list(range(self.count))
        while waiting or self.running:
            while waiting and len(self.running) < self.workers:
                self._start(waiting.pop(0))
            self._receive(None)

    def _stop(self) -> None:
        """Ask for what there is, and wait for it."""
        deadline = time.monotonic() + GRACE_S
        while self.running and time.monotonic() < deadline:
            for worker in self.running.values():
                if worker.process.poll() is None:
                    worker.process.send_signal(INTERRUPT)
            pause = time.monotonic() + REPEAT_S
            try:
                while self.running and time.monotonic() < pause:
                    self._receive(REPEAT_S)
            except (queue.Empty, WorkerDied):
                continue
            except KeyboardInterrupt:
                return

    def _start(self, index: int) -> None:
        job = self.jobs[index] = self.make_job(index)
        process = subprocess.Popen(
            [sys.executable, "-c", _CODE, os.pathsep.join(p for p in sys.path if p)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        reader = threading.Thread(target=self._read, args=(index, process.stdout), daemon=True)
        self.running[index] = _Worker(process, reader)
        reader.start()
        assert process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # it died; its reader says so
            process.stdin.write(pickle.dumps(job))
            process.stdin.flush()

    def _read(self, index: int, stream: Any) -> None:
        """In a thread of its own: what one worker sends."""
        with stream:
            try:
                while True:
                    self.inbox.put((index, pickle.load(stream)))
            except Exception:  # end of file, or garbage: the worker is gone
                self.inbox.put((index, None))

    def _receive(self, timeout: float | None) -> None:
        index, message = self.inbox.get(timeout=timeout)
        match message:
            case Tick():
                self.progress(self.jobs[index].choice.text, message)
            case ScopeRun():
                self.done[index] = message
                self._end(index)
            case None if index in self.running:
                code = self._end(index)
                if code == -9:
                    self.done[index] = not_run(self.jobs[index].choice, self.jobs[index].selection,
                                               Stop.MEMORY, KILLED)
                    return
                raise WorkerDied(f"the worker for scope {self.jobs[index].choice.text} died "
                                 f"(exit status {code})")
            case None:
                return
            case Failure():
                self._end(index)
                if not message.interrupted:
                    raise message.exception()

    def _end(self, index: int) -> int:
        """The worker has answered, or is gone; its exit status."""
        worker = self.running.pop(index)
        assert worker.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            worker.process.stdin.close()
        worker.reader.join()
        return worker.process.wait()

    def _missing(self, index: int) -> ScopeRun:
        job = self.jobs.get(index)
        job = job if job is not None else self.make_job(index)
        return not_run(job.choice, job.selection, Stop.INTERRUPTED)


_CODE = ("import os, sys; sys.path[:] = sys.argv[1].split(os.pathsep); "
         "from wddmcheck.pipeline.worker import main; main()")
