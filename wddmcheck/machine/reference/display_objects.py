"""What the reference miniport keeps of the objects of a display and of memory bases, as `objects`
has the others."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from wddmcheck.machine.gpu.dirty_bits import Ranges, Tracking
from wddmcheck.machine.gpu.display import FrameTimer
from wddmcheck.machine.pool import PagedStructure, Structure
from wddmcheck.machine.reference.objects import Adapter, Overlay
from wddmcheck.machine.structs import Handle


@dataclass(eq=False, repr=False)
class DisplayAdapter(Adapter):
    """The device context block with what the display has: `overlay` is whose the overlay hardware
    is, `notifications` and `sessions` are all that there are."""

    TAG: ClassVar[str] = "WAdp"
    overlay: Overlay | None = None
    notifications: list[Notification] = field(default_factory=list)
    sessions: list[Session] = field(default_factory=list)


@dataclass(eq=False, repr=False)
class Flip(PagedStructure):
    """A flip of an overlay under way, to the page of an allocation."""

    TAG: ClassVar[str] = "WFlp"
    page: int


@dataclass(eq=False, repr=False)
class Notification(Structure):
    """A periodic frame notification. `ident` is the identifier that interrupts name it by; `timer`
    is None while the hardware is not to raise any for it."""

    TAG: ClassVar[str] = "WPfn"
    adapter: DisplayAdapter
    ident: int
    offset: int
    timer: FrameTimer | None = None


@dataclass(eq=False, repr=False)
class Session(PagedStructure):
    """A protected session. `closing`: no new reports of its status; `reports` are those in
    progress."""

    TAG: ClassVar[str] = "WSes"
    os_handle: Handle
    closing: bool = False
    reports: int = 0


@dataclass(eq=False, repr=False)
class MemoryBasis(PagedStructure):
    """A memory basis: pages of the segment. `tracking` is what notes writes to them."""

    TAG: ClassVar[str] = "WBas"
    ranges: Ranges
    tracking: Tracking | None = None
