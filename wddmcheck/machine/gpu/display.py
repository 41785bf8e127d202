"""The display: an overlay that shows memory, and timers that fire some time before each vertical
sync.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wddmcheck.machine.findings import BugCheck, Finding, Kind, OutOfReachError
from wddmcheck.machine.gpu.memory import PageLife, Segment

NO_FRAME = 0
"""What the interrupt record names where no timer has fired."""


@dataclass(slots=True, eq=False)
class FrameTimer:
    """Fires `offset` before each vertical sync; `ident` tells which one it was."""

    ident: int
    offset: int = 0


@dataclass(slots=True)
class Display:
    """The overlay shows the page `shown` of the segment, and `queued` from the next frame on; both
    None while it is off. `timers` are those that are armed; `fired` is the interrupt record: the
    identifier of one, until that was read."""

    segment: Segment
    shown: PageLife | None = None
    queued: PageLife | None = None
    timers: list[FrameTimer] = field(default_factory=list)
    fired: int = NO_FRAME

    # --- what the hardware does by itself ---------------------------------------------------------

    @property
    def on(self) -> bool:
        """Whether the overlay has something to show."""
        return self.shown is not None or self.queued is not None

    def read_frame(self) -> None:
        """Scan out what is shown, and then show what is queued. Raises `BugCheck`."""
        if self.shown is not None and self.segment.is_stale(self.shown):
            page = self.shown[0]
            raise BugCheck(Finding(
                Kind.GPU_ACCESS, f"the overlay scans out page {page}, which was given back, and "
                f"shows {self.segment.read(page)[:4].hex()}...", (page,)))
        if self.queued is not None:
            self.shown, self.queued = self.queued, None

    def fire(self, ident: int) -> None:
        """It is the time of a timer. Raises `OutOfReachError`."""
        if self.fired != NO_FRAME or not any(t.ident == ident for t in self.timers):
            raise OutOfReachError("the timer is not armed, or the interrupt record was not read",
                                  driver=True)
        self.fired = ident

    # --- what the driver tells it to do -----------------------------------------------------------

    def show(self, page: int) -> None:
        """Show a page at once."""
        self.shown, self.queued = self.segment.alive(page), None

    def queue(self, page: int) -> None:
        """Show a page from the next frame on."""
        self.queued = self.segment.alive(page)

    def turn_off(self) -> None:
        """Show nothing."""
        self.shown = self.queued = None

    def arm(self, ident: int, offset: int) -> FrameTimer:
        """Set a timer."""
        self.timers.append(FrameTimer(ident, offset))
        return self.timers[-1]

    def disarm(self, timer: FrameTimer) -> None:
        """A timer fires no more; what it has fired before stays in the record."""
        self.timers.remove(timer)

    def clear_record(self) -> None:
        """The interrupt record has been read."""
        self.fired = NO_FRAME
