"""The protocol that all engines implement, and what they share: limits and progress."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

from wddmcheck.ir.system import System
from wddmcheck.result.verdict import CheckResult, Stop


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop. `depth`: steps; `states`: visited states; `timeout_s`: seconds of wall time
    for the whole check; `memory`: bytes of resident memory of this process. None: no limit.
    Ctrl-C (KeyboardInterrupt) is a limit too: an engine that receives it returns what it has,
    with `Stop.INTERRUPTED`."""

    depth: int | None = None
    states: int | None = None
    timeout_s: float | None = None
    memory: int | None = None

    def after(self, seconds: float) -> Limits:
        """What is left after so many seconds."""
        if self.timeout_s is None:
            return self
        return replace(self, timeout_s=max(0.0, self.timeout_s - seconds))


@dataclass(frozen=True, slots=True)
class CheckTask:
    """One question: these properties of this system at these pool sizes.

    `scope` has a size for every pool that is not single (0 is allowed; single pools count 1).
    `properties` are names in `system.properties`, in the order to report them. Results do not
    depend on `threads`, which an engine need not use. `compact` allows to tell states apart by
    hashes, with the odds of an error in the evidence. `reduce` allows to look at some orders of
    independent steps only (`ir.quiet`), which changes counts and no verdict.
    """

    system: System
    scope: Mapping[str, int]
    properties: tuple[str, ...]
    limits: Limits = field(default_factory=Limits)
    symmetry: bool = True
    threads: int = 1
    compact: bool = False
    reduce: bool = False


@dataclass(frozen=True, slots=True)
class Tick:
    """A progress report; fields that an engine does not know are None."""

    engine: str
    depth: int
    states: int | None = None
    rate: float | None = None       # states per second
    frontier: int | None = None
    growth: float | None = None     # frontier size over the previous level's
    memory: int | None = None       # bytes
    doing: str = ""


class Progress(Protocol):
    """Receives ticks; engines call it at least every half second, never more than needed."""

    def __call__(self, tick: Tick, /) -> None:
        """Take one tick."""


def silent(tick: Tick) -> None:
    """The progress receiver that ignores everything."""


class Engine(Protocol):
    """One way to answer a `CheckTask`."""

    name: ClassVar[str]

    def check(self, task: CheckTask, progress: Progress = silent) -> CheckResult:
        """Answer every property of the task; limits end the check in order."""


@dataclass(slots=True)
class Watch:
    """Checks limits cheaply: `stop()` looks at the clock and the memory at most every 50 ms."""

    limits: Limits
    rss: Callable[[], int]
    started: float = field(default_factory=time.monotonic)
    _next: float = 0.0

    @property
    def elapsed(self) -> float:
        """Seconds since the watch was made."""
        return time.monotonic() - self.started

    def stop(self) -> Stop | None:
        """The limit that has been reached, or None."""
        now = time.monotonic()
        if now < self._next:
            return None
        self._next = now + 0.05
        if self.limits.timeout_s is not None and now - self.started >= self.limits.timeout_s:
            return Stop.TIME
        if self.limits.memory is not None and self.rss() >= self.limits.memory:
            return Stop.MEMORY
        return None


TICK = 0.4
"""Seconds between progress reports."""


@dataclass(slots=True)
class Pace:
    """Keeps a search of states within its limits, and reports how it goes. `peak` is the most
    memory that was seen, in bytes."""

    engine: str
    watch: Watch
    progress: Progress
    doing: str = ""
    peak: int = 0
    _ticked: float = 0.0

    def stop(self, depth: int, states: int, frontier: int, before: int) -> Stop | None:
        """The limit that has been reached, or None, at a depth where `frontier` states are
        expanded, after a level of `before`."""
        limits = self.watch.limits
        stop = self.watch.stop()
        if stop is None and limits.states is not None and states > limits.states:
            stop = Stop.STATES
        now = time.monotonic()
        if now - self._ticked >= TICK:
            self._ticked = now
            memory = self.watch.rss()
            self.peak = max(self.peak, memory)
            self.progress(Tick(self.engine, depth, states,
                               states / max(self.watch.elapsed, 1e-3), frontier,
                               frontier / max(before, 1), memory, self.doing))
        return stop
