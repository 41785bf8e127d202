"""Ctrl-C while a search runs: it is noted, and taken up where the search can end in order.

Python raises `KeyboardInterrupt` between any two of its instructions: also where an array has moved
and nobody has been told, or where other threads are in native code that uses it.
"""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupts:
    """Takes the place of the handler of SIGINT, in the main thread, unless it is ignored."""

    def __init__(self) -> None:
        self.seen = False
        self._taken = False
        self._old: Any = None

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            old = signal.getsignal(signal.SIGINT)
            if callable(old):
                self._old = old
                signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self._old is None:
            return
        signal.signal(signal.SIGINT, self._old)
        if self.seen and not self._taken:
            signal.raise_signal(signal.SIGINT)     # too late for the search: for whoever is next

    def _note(self, number: int, frame: FrameType | None) -> None:
        self.seen = True

    def check(self) -> None:
        """Raise `KeyboardInterrupt` if there was one."""
        if self.seen:
            self._taken = True
            raise KeyboardInterrupt
