"""What a driver can start that runs by itself: a timer with its DPC, and a system thread that waits
for an event over and over.

Source: the pages of KeSetTimer, KeCancelTimer, PsCreateSystemThread and KeSetEvent in the driver
reference.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Routine = Callable[[], Any]
"""Takes nothing; may be a generator, as a DDI may."""


@dataclass(slots=True, eq=False)
class Timer:
    """A KTIMER with the DPC `routine`. `set`: it has not expired, and was not cancelled."""

    routine: Routine
    set: bool = False


@dataclass(slots=True, eq=False)
class Event:
    """A notification event (KEVENT): it stays signaled until it is cleared."""

    signaled: bool = False


@dataclass(slots=True, eq=False)
class SystemThread:
    """A thread of the driver's own: whenever `event` is signaled, it runs `routine`."""

    routine: Routine
    event: Event


@dataclass
class Threads:
    """The routines of timers, events and system threads. `timers` and `threads` are all that there
    ever were."""

    timers: list[Timer] = field(default_factory=list, init=False)
    threads: list[SystemThread] = field(default_factory=list, init=False)

    def KeInitializeTimer(self, routine: Routine) -> Timer:
        """A timer that is not set."""
        self.timers.append(Timer(routine))
        return self.timers[-1]

    def KeSetTimer(self, timer: Timer) -> None:
        """The timer will expire, once."""
        timer.set = True

    def KeCancelTimer(self, timer: Timer) -> bool:
        """The timer will not expire; False if it has. A DPC that runs goes on."""
        was, timer.set = timer.set, False
        return was

    def PsCreateSystemThread(self, routine: Routine, event: Event) -> SystemThread:
        """Start a thread."""
        self.threads.append(SystemThread(routine, event))
        return self.threads[-1]

    def KeSetEvent(self, event: Event) -> None:
        """Signal an event."""
        event.signaled = True

    def KeClearEvent(self, event: Event) -> None:
        """Make an event not signaled."""
        event.signaled = False
