"""Dxgkrnl's side of allocations: create, open, close, destroy, escape."""

from __future__ import annotations

from wddmcheck.machine.allocation_structs import (
    DXGK_ALLOCATIONINFO,
    DXGK_ALLOCATIONINFOFLAGS_WDDM2_0,
    DXGK_CREATEALLOCATIONFLAGS,
    DXGK_DESTROYALLOCATIONFLAGS,
    DXGK_OPENALLOCATIONINFO,
    DXGKARG_CLOSEALLOCATION,
    DXGKARG_CREATEALLOCATION,
    DXGKARG_DESCRIBEALLOCATION,
    DXGKARG_DESTROYALLOCATION,
    DXGKARG_ESCAPE,
    DXGKARG_OPENALLOCATION,
)
from wddmcheck.machine.dxgkrnl import audit, memory, residency
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.display import is_shown
from wddmcheck.machine.dxgkrnl.objects import (
    DeviceState,
    DoorbellStatus,
    Memory,
    OsAllocation,
    OsContext,
    OsContextAllocation,
    OsDevice,
    OsDoorbell,
    OsOpening,
    OsPagingBuffer,
    OsProcessEvent,
    OsResource,
    Suspension,
)
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import started
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.structs import (
    INTERFACE_VERSION,
    NULL,
    Handle,
    PrivateData,
)


def _private(call: Call, *, overlay: bool = False) -> PrivateData:
    """What the user-mode driver sends; failing "version" or "parameter" makes it bad."""
    version = INTERFACE_VERSION + call.failures.take("version")
    return PrivateData(version, not call.failures.take("parameter"), overlay=overlay)


@ddi
def DxgkDdiCreateAllocation(m: Machine, call: Call, hResource: OsResource | None = None,
                            makeResource: bool = False, count: int = 1,
                            overlay: bool = False) -> Steps:
    """ALC-01 to ALC-03: `count` allocations, in a new resource, an old one, or none. For an
    `overlay`, if the user-mode driver says so; the driver then has them pinned (ALC-23)."""
    started(m)
    m.require(hResource is None or (hResource.open and not makeResource),
              f"{hResource!r} is gone, or a new resource is wanted as well")
    m.admit(call)
    resource = hResource
    if makeResource:
        resource = OsResource(handle=m.handles.new(), made_by=call)
    flags = (DXGK_CREATEALLOCATIONFLAGS.Resource if makeResource
             else DXGK_CREATEALLOCATIONFLAGS.NONE)
    infos = [DXGK_ALLOCATIONINFO() for _ in range(count)]
    arg = DXGKARG_CREATEALLOCATION(infos, hResource.kmd if hResource is not None else NULL, flags,
                                   _private(call, overlay=overlay))
    yield from m.driver(call, m.adapter.kmd, arg)
    if not call.succeeded:
        audit.after_failed_create(m, call)
        return call.status
    if resource is not None:
        resource.kmd, resource.open = arg.hResource, True
        m.handles.add(resource)
    if makeResource:
        assert resource is not None
        call.made.append(resource)
    for info in infos:
        item = memory.allocation(m, resource)
        assert item is not None, "the segment is larger than any scope"
        item.kmd, item.open, item.made_by = info.hAllocation, True, call
        item.pinned = DXGK_ALLOCATIONINFOFLAGS_WDDM2_0.Overlay in info.FlagsWddm2
        call.made.append(m.handles.add(item))
    return call.status


def _named(m: Machine, item: OsAllocation | None, resource: OsResource | None,
           whole: bool) -> list[OsAllocation]:
    """The allocations that a DestroyAllocation is about."""
    if whole:
        return [a for a in m.handles.all(OsAllocation) if a.resource is resource]
    return [item] if item is not None else []


@ddi
def DxgkDdiDestroyAllocation(m: Machine, call: Call, hAllocation: OsAllocation | None = None,
                             hResource: OsResource | None = None,
                             destroyResource: bool = False) -> Steps:
    """ALC-10 to ALC-17: of an allocation (in its resource), or of a resource with all it has.
    Nothing of it is open, on the GPU, shown, referenced by the driver, or (policy G09) being paged.
    What was pinned and evicted may go later than the adapter stops (ALC-23)."""
    m.require(hResource is None or hResource.open, f"{hResource!r} is gone")
    m.require(hAllocation is None or (hAllocation.open and hAllocation.resource is hResource),
              f"{hAllocation!r} is gone, or not of {hResource!r}")
    m.require(hAllocation is not None or destroyResource, "nothing is to be destroyed")
    m.require(not destroyResource or (hResource is not None and hAllocation is None),
              "a resource is destroyed with all its allocations")
    doomed = _named(m, hAllocation, hResource, destroyResource)
    m.require(m.adapter.up or (doomed and all(a.evicted for a in doomed)),
              "the adapter is not started")
    m.require(not any(o.open and o.allocation in doomed for o in m.handles.all(OsOpening)),
              f"{doomed!r} is open")
    m.require(not any(memory.is_read(m, a) for a in doomed), f"{doomed!r} is used on the GPU")
    m.require(not is_shown(m, doomed), f"{doomed!r} is shown by an overlay")
    m.require(not any(a.references for a in doomed),
              f"the driver holds a reference to {doomed!r}", driver=True)
    m.require(not any(a.pages is not None and a.pages.mapped for a in doomed),
              f"{doomed!r} is seen through the aperture")
    m.require(m.policies.G09 != "waits" or not any(_paged(m, a) for a in doomed),
              f"{doomed!r} is being paged")
    m.require(not any(_rings(m, d) for d in m.handles.all(OsDoorbell) if d.ring in doomed),
              f"{doomed!r} is the ring buffer of a doorbell", driver=True)
    m.admit(call)
    for item in doomed:
        item.open, item.locker = False, None     # it is unlocked, and the driver is not told (G-12)
    if destroyResource:
        assert hResource is not None
        hResource.open = False
    flags = (DXGK_DESTROYALLOCATIONFLAGS.DestroyResource if destroyResource
             else DXGK_DESTROYALLOCATIONFLAGS.NONE)
    arg = DXGKARG_DESTROYALLOCATION(
        [a.kmd for a in doomed], hResource.kmd if hResource is not None else NULL, flags)
    yield from m.driver(call, m.adapter.kmd, arg)
    for item in doomed:
        memory.free_allocation(m, item)
    if m.paging.memory is Memory.PACKETS:
        if m.paging.allocation in doomed:
            m.paging.transferring, m.paging.allocation = False, None
        residency.sweep(m)
    if destroyResource:
        assert hResource is not None
        audit.after_destroy(m, call.name, hResource)
        m.handles.remove(hResource)
    return call.status


def _rings(m: Machine, doorbell: OsDoorbell) -> bool:
    """Whether a doorbell holds its ring buffer (DBL-06, HWQ-09): until its process was killed, its
    context is suspended and it is disconnected."""
    context = doorbell.queue.context
    return (context.device.state is not DeviceState.KILLED
            or context.suspension is not Suspension.SUSPENDED
            or doorbell.status is DoorbellStatus.CONNECTED or m.busy(doorbell))


def _paged(m: Machine, item: OsAllocation) -> bool:
    """Whether paging work names an allocation."""
    return m.paging.allocation is item or (item.pages is not None and any(
        b.pages is item.pages for b in m.handles.all(OsPagingBuffer)))


@ddi
def DxgkDdiOpenAllocation(m: Machine, call: Call, hDevice: OsDevice, hAllocation: OsAllocation,
                          isCreate: bool | None = None) -> Steps:
    """ALC-08, ALC-09. `isCreate`: the opening is of a creation, as it is on the device that asked
    for the allocation."""
    started(m)
    create = hAllocation.creator is hDevice
    m.require(isCreate is None or isCreate == create, f"{hDevice!r} has not created {hAllocation!r}"
              if isCreate else f"{hDevice!r} has created {hAllocation!r}")
    m.require(hDevice.open and hAllocation.open, f"{hDevice!r} or {hAllocation!r} is gone")
    m.require(not any(o.device is hDevice and o.allocation is hAllocation
                      for o in m.handles.all(OsOpening)), f"{hAllocation!r} is open on {hDevice!r}")
    m.admit(call, hDevice.process)
    info = DXGK_OPENALLOCATIONINFO(hAllocation.handle)
    yield from m.driver(call, hDevice.kmd, DXGKARG_OPENALLOCATION(
        [info], _private(call), Create=create))
    if call.succeeded:
        item = OsOpening(handle=m.handles.new(), kmd=info.hDeviceSpecificAllocation, open=True,
                         device=hDevice, allocation=hAllocation, made_by=call)
        memory.open_allocation(item)
        call.made.append(m.handles.add(item))
    else:
        audit.after_failed_create(m, call)
    return call.status


@ddi
def DxgkDdiCloseAllocation(m: Machine, call: Call, hDevice: OsDevice, hOpen: OsOpening) -> Steps:
    """ALC-10, ALC-11."""
    m.require(m.adapter.up, "the adapter is not started")
    m.require(hOpen.open and hOpen.device is hDevice, f"{hOpen!r} is not open on {hDevice!r}")
    m.admit(call, hDevice.process)
    hOpen.open = False
    if hOpen.allocation.locker is hDevice:
        hOpen.allocation.locker = None
    yield from m.driver(call, hDevice.kmd, DXGKARG_CLOSEALLOCATION([hOpen.kmd]))
    audit.after_destroy(m, call.name, hOpen)
    memory.close_allocation(m, hOpen)
    return call.status


@ddi
def DxgkDdiDescribeAllocation(m: Machine, call: Call, hAllocation: OsAllocation) -> Steps:
    """ALC-19."""
    started(m)
    m.require(hAllocation.open, f"{hAllocation!r} is gone")
    m.admit(call)
    arg = DXGKARG_DESCRIBEALLOCATION(hAllocation.kmd)
    yield from m.driver(call, m.adapter.kmd, arg)
    if call.succeeded and not (arg.Width and arg.Height):
        m.report(Finding(Kind.CONTRACT, f"{call.name} succeeds and does not say how large "
                         f"{hAllocation!r} is", (hAllocation.kmd,)))
    return call.status


@ddi
def DxgkDdiEscape(m: Machine, call: Call, hDevice: OsDevice,
                  hAllocation: OsAllocation | None = None, command: str = "inspect",
                  hContext: OsContext | None = None,
                  area: OsContextAllocation | None = None) -> Steps:
    """A private request of the user-mode driver: work on an allocation for a while (ALC-21), or
    ("look up") at once, by a handle that may be stale or forged (ALC-20); create a context
    allocation, destroy one, signal an event of the process from now on (PRC-05)."""
    started(m)
    m.require(hDevice.open, f"{hDevice!r} is gone")
    for item in (hAllocation, hContext, area):
        m.require(item is None or item.open, f"{item!r} is gone")
    m.admit(call, hDevice.process)
    named = area if area is not None else hAllocation
    told = (OsProcessEvent(handle=m.handles.new(), process=hDevice.process)
            if command == "add event" else None)
    yield from m.driver(call, m.adapter.kmd, DXGKARG_ESCAPE(
        hDevice.kmd, command, _handle(m, named, command),
        hContext.kmd if hContext is not None else NULL,
        told.handle if told is not None else NULL))
    if not call.succeeded:
        audit.after_failed_create(m, call)
    elif told is not None:
        call.made.append(m.handles.add(told))
    return call.status


def _handle(m: Machine, item: OsAllocation | OsContextAllocation | None, command: str) -> Handle:
    """What user mode says, which nobody has looked at: the handle of `item`; of nothing, that of
    an object that is gone, or one that never was."""
    if item is not None or command != "look up":
        return item.handle if item is not None else NULL
    return max(m.handles.gone, default=m.handles.new())
