"""The tracking of writes: which pages of some ranges were written since it began."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

Ranges: TypeAlias = tuple[range, ...]
"""Pages of a segment, in as many pieces as it takes."""


@dataclass(slots=True, eq=False)
class Tracking:
    """A bitplane for some ranges. `dirty` are the pages whose bit is set."""

    ranges: Ranges
    dirty: set[int] = field(default_factory=set)

    def covers(self, page: int) -> bool:
        """Whether it notes writes to a page."""
        return any(page in pages for pages in self.ranges)


@dataclass(slots=True)
class DirtyBits:
    """What the hardware notes of a segment: `trackings` are those that are on."""

    trackings: list[Tracking] = field(default_factory=list)

    def note(self, page: int) -> None:
        """A page is written."""
        for tracking in self.trackings:
            if tracking.covers(page):
                tracking.dirty.add(page)

    def start(self, ranges: Ranges) -> Tracking:
        """Note what is written in some ranges from now on."""
        self.trackings.append(Tracking(ranges))
        return self.trackings[-1]

    def stop(self, tracking: Tracking) -> None:
        """Note nothing for it any more."""
        self.trackings.remove(tracking)
