"""Dxgkrnl's own records of the objects that it and the driver share.

Each has two handles: `handle` is Dxgkrnl's, `kmd` the driver's (0 until the driver has given it).
They come from different ranges, so that a swapped one is always noticed. `open` is whether Dxgkrnl
may still use the object: from the return of its create to the call of its destroy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from wddmcheck.machine.findings import Kind, stop
from wddmcheck.machine.gpu.memory import PageTable

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
class OsProcess(OsObject):
    """A process; `root` is the physical address of its GPU page table."""

    root: int
    table: PageTable


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsDevice(OsObject):
    """A device of a process. `lost`: it is in error, and nothing of it is submitted any more."""

    process: OsProcess
    lost: bool = False


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsContext(OsObject):
    """A context. `fence` is that of its packet that is not retired yet, 0 if there is none;
    `reported` whether the driver has reported it. `work` is what the packet reads; `preempted`: it
    is to be submitted again. `last_fence` is that of the last packet, over or not."""

    device: OsDevice
    node: int = 0
    fence: int = 0
    last_fence: int = 0
    reported: bool = False
    preempted: bool = False
    work: tuple[OsOpening | None, OsContextAllocation | None] = (None, None)


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsContextAllocation(OsObject):
    """A context allocation that the driver made: of a context, or shared by those of a device."""

    device: OsDevice
    context: OsContext | None
    page: int
    va: int = 0


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsResource(OsObject):
    """A resource: a group of allocations."""


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsAllocation(OsObject):
    """An allocation, of the adapter. `references` counts DxgkCbAcquireHandleData; `page` is None
    while it is not resident."""

    resource: OsResource | None
    page: int | None
    content: bytes
    references: int = 0


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class OsOpening(OsObject):
    """An allocation as opened on a device; `va` is where its process sees it."""

    device: OsDevice
    allocation: OsAllocation
    va: int = 0


O = TypeVar("O", bound=OsObject)  # noqa: E741


@dataclass(slots=True)
class HandleTable:
    """All objects that are not gone, by Dxgkrnl's handle; and the handles of those that are.
    `departed` are records of those that went last, until `forget`: the driver may have kept its
    structures for them."""

    objects: dict[int, OsObject] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
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
