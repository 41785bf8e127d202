"""Dxgkrnl's own records of the objects that it and the driver share.

Each has two handles: `handle` is Dxgkrnl's, `kmd` the driver's (0 until the driver has given it).
They come from different ranges, so that a swapped one is always noticed. `open` is whether Dxgkrnl
may still use the object: from the return of its create to the call of its destroy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeVar

from wddmcheck.machine.findings import Kind, stop
from wddmcheck.machine.gpu.engine import ProgressFence
from wddmcheck.machine.gpu.memory import PageTable
from wddmcheck.machine.gpu.notices import FenceValues, Source
from wddmcheck.machine.runtime_structs import FState

FIRST_HANDLE = 0x4000_0040
HANDLE_STEP = 0x40
DRIVER_SPACE = 1 << 40
"""Kernel addresses, which drivers use as handles, lie above; ours lie below."""


@dataclass(slots=True, eq=False, kw_only=True)
class OsObject:
    """What all records have. `made_by` is the call that made the object."""

    handle: int
    kmd: int = 0
    open: bool = False
    gone: bool = False
    made_by: object = None

    def __repr__(self) -> str:
        return f"{type(self).__name__.removeprefix('Os')}({self.handle:#x})"


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsPageTable(OsObject):
    """A root page table of a process, at a physical address; `replaced`: the process has another
    by now."""

    process: OsProcess
    address: int
    replaced: bool = False


class Memory(Enum):
    """How memory comes about. AUTOMATIC: it is there. TRANSFERS: an allocation gets it in one call
    of BuildPagingBuffer. PAGE_TABLES: likewise, and page tables of the paging process are written
    before. PACKETS: user mode asks for it, and BuildPagingBuffer builds paging packets, which are
    submitted and run; the root page tables of contexts are set one by one, and may be exchanged."""

    AUTOMATIC = "automatic"
    TRANSFERS = "transfers"
    PAGE_TABLES = "page tables"
    PACKETS = "packets"


class Presence(Enum):
    """Where the content of an allocation is, as far as paging packets have been built and run."""

    NOWHERE = "Nowhere"
    COMING = "Coming"
    THERE = "There"
    LEAVING = "Leaving"


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsPages(OsObject):
    """Memory that an allocation was given: a page of the segment. `wanted`: the allocation is on a
    residency list; `mapped`: by way of the aperture."""

    page: int
    wanted: bool = True
    mapped: bool = False
    presence: Presence = Presence.NOWHERE


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsPagingBuffer(OsObject):
    """A paging buffer that the driver has built for an operation, about `pages`, or about a context
    allocation. `allocation` is whose memory it is; `fence` is 0 until it is submitted."""

    operation: str
    pages: OsPages | None = None
    area: OsContextAllocation | None = None
    allocation: OsAllocation | None = None
    fence: int = 0
    reported: bool = False


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsProcess(OsObject):
    """A process; `root` is the physical address of its GPU page table, `root_table` the record of
    it where there may be several. `kind`: Ordinary, System, Virtual (of a virtual machine), or
    Worker of a virtual machine. `killed`: it is being ended from outside; `closed`: it has closed
    its last handle to the adapter."""

    root: int
    table: PageTable
    root_table: OsPageTable | None = None
    kind: str = "Ordinary"
    killed: bool = False
    closed: bool = False


class DeviceState(Enum):
    """LOST: it is in error (DEV-07); KILLED: its process ended abnormally, and so did those of its
    contexts that the GPU schedules. Neither gets new work."""

    GOOD = "good"
    LOST = "lost"
    KILLED = "killed"


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsDevice(OsObject):
    """A device of a process. `thread`: the process whose calls those of the device do not overlap,
    if there is one (policy G26)."""

    process: OsProcess
    state: DeviceState = DeviceState.GOOD
    thread: OsProcess | None = None

    @property
    def lost(self) -> bool:
        """Whether it is in error."""
        return self.state is not DeviceState.GOOD

    def lose(self) -> None:
        """It is in error, unless it is already."""
        if self.state is DeviceState.GOOD:
            self.state = DeviceState.LOST


class Suspension(Enum):
    """How far Dxgkrnl knows a context to be suspended."""

    RESUMED = "resumed"
    SUSPENDING = "suspending"
    SUSPENDED = "suspended"


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsContext(OsObject):
    """A context. `fence` is that of its packet that is not retired yet, 0 if there is none;
    `reported` whether the driver has reported it. `work` is what the packet reads; `preempted`: it
    is to be submitted again. `last_fence` is that of the last packet, over or not. `renders`: its
    packets are built by DxgkDdiRender, the last by the call `built_by`; `rendered`: it was built
    and not submitted yet; `used`: one ever was. `rejected`: Dxgkrnl cannot use the context
    (CTX-03). `told`: the root page table that the driver was told last; `reads`: the memory that
    its packet reads, where that comes and goes. `buffers`: it may have several DMA buffers at once
    instead, which are submitted in any way; `owns`: the application has acquired a synchronisation
    object for it. `queues`: the GPU schedules it by itself, and it
    has hardware queues; `suspend_fence` is then the last one of DxgkDdiSuspendContext."""

    device: OsDevice
    node: int = 0
    fence: int = 0
    last_fence: int = 0
    reported: bool = False
    preempted: bool = False
    renders: bool = False
    rendered: bool = False
    built_by: object = None
    used: bool = False
    rejected: bool = False
    told: OsPageTable | None = None
    reads: OsPages | None = None
    work: tuple[OsOpening | None, OsContextAllocation | None] = (None, None)
    buffers: bool = False
    owns: bool = False
    queues: bool = False
    suspension: Suspension = Suspension.RESUMED
    suspend_fence: int = 0


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsHwQueue(OsObject):
    """A hardware queue of a context. `user_mode`: only user mode submits to it, by a doorbell."""

    context: OsContext
    user_mode: bool
    progress: ProgressFence = field(default_factory=ProgressFence)


class DoorbellStatus(Enum):
    """What user mode knows of its doorbell: it leads to the physical one (CONNECTED), connecting it
    may be tried again (RETRY; CONNECTING while that is done), or it never will again (ABORT)."""

    RETRY = "retry"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    ABORT = "abort"


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsDoorbell(OsObject):
    """A doorbell of a queue. `ring` is the ring buffer, mapped at `ring_va`; `location` is where
    the user-mode address leads, 0 for the page that leads nowhere."""

    queue: OsHwQueue
    ring: OsAllocation
    ring_va: int = 0
    status: DoorbellStatus = DoorbellStatus.RETRY
    location: int = 0

    def disconnect(self, status: DoorbellStatus) -> None:
        """Let the user-mode address lead nowhere, and tell user mode why."""
        self.status, self.location = status, 0


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsContextAllocation(OsObject):
    """A context allocation that the driver made: of a context, or shared by those of a device.
    `updating`: the driver waits for DxgkCbUpdateContextAllocation; `update_data` is what it gave to
    that."""

    device: OsDevice
    context: OsContext | None
    page: int
    va: int = 0
    updating: bool = False
    update_data: int = 0


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsResource(OsObject):
    """A resource: a group of allocations."""


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsAllocation(OsObject):
    """An allocation, of the adapter. `references` counts DxgkCbAcquireHandleData; `page` is None
    while it is not resident. `pages` is the memory that it was given, where user mode asks for
    it. `pinned`: it stays where it is, for an overlay; `evicted`: it did, until that was over.
    `creator` is the device that asked for the allocation, if one did, and may be gone; `locker` the
    one whose process has the address of its memory (ALC-22)."""

    resource: OsResource | None
    page: int | None
    content: bytes
    references: int = 0
    pages: OsPages | None = None
    pinned: bool = False
    evicted: bool = False
    creator: OsDevice | None = None
    locker: OsDevice | None = None


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsOpening(OsObject):
    """An allocation as opened on a device; `va` is where its process sees it."""

    device: OsDevice
    allocation: OsAllocation
    va: int = 0


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsGlobalFence(OsObject):
    """A native fence, of the adapter. `waiting`: a thread waits for the next value after `base`;
    `told`: the driver was told to monitor it, and not yet to stop."""

    values: FenceValues = field(default_factory=FenceValues)
    base: int = 0
    waiting: bool = False
    told: bool = False

    @property
    def reached(self) -> bool:
        """Whether it has a value after `base`."""
        return self.values.current > self.base


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsLocalFence(OsObject):
    """A native fence as a process opened it."""

    device: OsDevice
    fence: OsGlobalFence


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsCpuEvent(OsObject):
    """A CPU event, linked with a device that it may outlive. `source` is what the driver has asked
    the GPU to tell of; `owed`: it has happened, and user mode was not told."""

    device: OsDevice
    source: Source | None = None
    owed: bool = False


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsProcessEvent(OsObject):
    """An event of a process, of which user mode has told the driver. `held`: Dxgkrnl keeps it for
    the driver, until it is signalled for the last time."""

    process: OsProcess
    held: bool = False


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsOverlay(OsObject):
    """An overlay; `shows` what it was last flipped to."""

    shows: OsAllocation | None = None


@dataclass(slots=True)
class PowerComponent:
    """What Dxgkrnl takes the power component of the adapter to be in, and how many have activated
    it and not let go of it since."""

    state: FState = FState.F0
    references: int = 0


O = TypeVar("O", bound=OsObject)  # noqa: E741


@dataclass(slots=True)
class HandleTable:
    """All objects that are not gone, by Dxgkrnl's handle; and the handles of those that are.
    `departed` are records of those that went last, until `forget`: the driver may have kept its
    structures for them. `reclaimed` are handles of what Dxgkrnl took back by itself."""

    objects: dict[int, OsObject] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    reclaimed: set[int] = field(default_factory=set)
    departed: list[OsObject] = field(default_factory=list)
    _next: int = FIRST_HANDLE

    def new(self) -> int:
        """A handle that was never used."""
        self._next += HANDLE_STEP
        return self._next

    def add(self, item: O) -> O:
        """Enter a record under its handle."""
        self.objects[item.handle] = item
        return item

    def remove(self, item: OsObject) -> None:
        """The object is gone; its handle names nothing any more."""
        item.gone, item.open = True, False
        if self.objects.pop(item.handle, None) is not None:
            self.gone.add(item.handle)
            self.departed.append(item)

    def forget(self, keep: Callable[[int], bool]) -> None:
        """Drop the records of departed objects but for those whose driver handle is to be kept."""
        self.departed = [o for o in self.departed if keep(o.kmd)]

    def all(self, kind: type[O]) -> Iterator[O]:
        """The records of a kind."""
        return (o for o in self.objects.values() if isinstance(o, kind))

    def find(self, handle: int, kind: type[O], what: str) -> O:
        """The record that the driver names by `handle`. Raises `BugCheck` for a handle of the
        driver's own, of another kind, or of an object that is gone."""
        item = self.objects.get(handle)
        if not isinstance(item, kind):
            if handle in self.gone:
                wrong = "is the handle of an object that is gone"
            elif handle >= DRIVER_SPACE or self.of_driver(handle) is not None:
                wrong = "is the driver's own handle; Dxgkrnl's is wanted"
            else:
                wrong = f"is no handle of {kind.__name__.removeprefix('Os')}"
            stop(Kind.BAD_HANDLE, f"{what}: {handle:#x} {wrong}", "0xC4", objects=(handle,))
        return item

    def of_driver(self, kmd: int) -> OsObject | None:
        """The record whose driver handle is `kmd`."""
        return next((o for o in self.objects.values() if o.kmd == kmd), None)
