"""Dxgkrnl's records of objects of the display and of memory bases, as `objects` has the others."""

from __future__ import annotations

from dataclasses import dataclass

from wddmcheck.machine.dxgkrnl.objects import OsObject
from wddmcheck.machine.gpu.dirty_bits import Ranges


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsNotification(OsObject):
    """A periodic frame notification. Interrupts name it by its handle."""


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsSession(OsObject):
    """A protected session."""


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsMemoryBasis(OsObject):
    """A memory basis: `ranges` of pages of the segment. `tracked`: the driver was told to track
    writes to them, and not yet to stop."""

    ranges: Ranges
    tracked: bool = False

    @property
    def pages(self) -> tuple[int, ...]:
        """All pages of the ranges."""
        return tuple(page for pages in self.ranges for page in pages)
