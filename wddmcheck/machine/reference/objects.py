"""What the reference miniport keeps of each object, in pool memory.

`os_handle` is Dxgkrnl's handle, which callbacks want; the address of the structure is the handle
that the driver gives to Dxgkrnl. What the ISR or the DPC touches, or a call at DISPATCH_LEVEL, is
not paged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from wddmcheck.machine.dma_structs import DmaPrivateData
from wddmcheck.machine.gpu.device import NODES
from wddmcheck.machine.gpu.dma import Commands
from wddmcheck.machine.gpu.engine import Entry
from wddmcheck.machine.gpu.engine import HwQueue as GpuQueue
from wddmcheck.machine.gpu.node import Command, HwContext
from wddmcheck.machine.gpu.notices import NativeFence, Source
from wddmcheck.machine.gpu.registers import Registers
from wddmcheck.machine.locks import PushLock, SpinLock
from wddmcheck.machine.pool import PagedStructure, Structure
from wddmcheck.machine.power_structs import DEVICE_POWER_STATE
from wddmcheck.machine.structs import DXGKRNL_INTERFACE, NULL, Handle
from wddmcheck.machine.threads import Event, Timer


@dataclass(eq=False, repr=False)
class IsrState(Structure):
    """What the ISR and the DPC work on."""

    TAG: ClassVar[str] = "WIsr"
    masked: bool = False


@dataclass(eq=False, repr=False)
class Config(PagedStructure):
    """What AddDevice reads from the registry, and every start needs."""

    TAG: ClassVar[str] = "WCfg"
    used: bool = False


@dataclass(eq=False, repr=False)
class Globals(PagedStructure):
    """What DriverEntry allocates, for all adapters: the hardware that the driver supports."""

    TAG: ClassVar[str] = "WGlb"
    supported: frozenset[str] = frozenset()


@dataclass(eq=False, repr=False)
class DmaQueue(Structure):
    """Room for as many DMA buffers as StartDevice was told to expect."""

    TAG: ClassVar[str] = "WQue"
    WITHIN: ClassVar[str] = "adapter"
    adapter: Adapter
    entries: int = 0


@dataclass(slots=True)
class Node:
    """What the driver keeps of a node. `submissions` are the contexts with a packet on it that is
    not retired, oldest first: ISR and DPC walk it. `preempting` is the fence of a preemption that
    is to be reported, or 0; `timed_out`: the scheduler does not listen to it until it is reset."""

    submissions: list[Context] = field(default_factory=list)
    last_submitted: int = 0
    last_completed: int = 0
    preempting: int = 0
    timed_out: bool = False


@dataclass(eq=False, repr=False)
class Adapter(Structure):
    """The device context block, with its nodes. `registers` is None before the start and after a
    surprise removal. `interrupts`: whether the device was told to raise any; `lazy_switch`: its
    nodes let go of a context only when they save one. `power_lock` guards the `power` state;
    `clock` is what the device told last. `paging` are the paging packets that the node has.
    `contexts` are those that the GPU schedules; `wired` is the doorbell that has the physical one,
    which `doorbell_lock` protects. `fences`, `cpu_events` and `process_events` are all that there
    are; with `events_lock` a CPU event is taken out of reach of the DPC. `queue` is the room
    for DMA buffers, in a driver that keeps any."""

    TAG: ClassVar[str] = "WAdp"
    dxgk: DXGKRNL_INTERFACE | None = None
    registers: Registers | None = None
    isr: IsrState | None = None
    contexts: list[Context] = field(default_factory=list)
    wired: Doorbell | None = None
    fences: list[GlobalFence] = field(default_factory=list)
    cpu_events: list[CpuEvent] = field(default_factory=list)
    process_events: list[ProcessEvent] = field(default_factory=list)
    doorbell_lock: PushLock = field(default_factory=lambda: PushLock("physical doorbell"))
    events_lock: SpinLock = field(default_factory=lambda: SpinLock("CPU events"))
    config: Config | None = None
    interrupts: bool = False
    lazy_switch: bool = False
    nodes: tuple[Node, ...] = field(default_factory=lambda: tuple(Node() for _ in range(NODES)))
    next_hw_context: int = 1
    power_lock: PushLock = field(default_factory=lambda: PushLock("power state"))
    power: DEVICE_POWER_STATE = DEVICE_POWER_STATE.PowerDeviceD0
    clock: int = 0
    paging: list[PagingPacket] = field(default_factory=list)
    queue: DmaQueue | None = None

    @property
    def gone(self) -> bool:
        """Whether the driver was told that the device is gone."""
        return self.dxgk is not None and self.registers is None


@dataclass(eq=False, repr=False)
class PagingPacket(Structure):
    """A paging buffer that was built: `commands` for the GPU, with addresses and nothing else.
    `fence` is 0 until it is submitted; `reported`: Dxgkrnl has been told that it is complete."""

    TAG: ClassVar[str] = "WPag"
    adapter: Adapter
    commands: tuple[Command, ...] = ()
    fence: int = 0
    reported: bool = False


@dataclass(eq=False, repr=False)
class SharedAdapter(Adapter):
    """The device context block with its locks. `table` has the contexts by Dxgkrnl's handle of
    their save area, which is all that a paging operation knows of them."""

    TAG: ClassVar[str] = "WAdp"
    table: dict[Handle, Context] = field(default_factory=dict)
    table_lock: PushLock = field(default_factory=lambda: PushLock("table of contexts"))
    paging_lock: PushLock = field(default_factory=lambda: PushLock("paging engine"))
    node_lock: SpinLock = field(default_factory=lambda: SpinLock("node"))
    component_lock: SpinLock = field(default_factory=lambda: SpinLock("power component"))


@dataclass(eq=False, repr=False)
class WatchdogState(Structure):
    """What the watchdog's DPC and thread work on. `hangs`: the GPU has not been seen alive."""

    TAG: ClassVar[str] = "WDog"
    hangs: bool = False


@dataclass(eq=False, repr=False)
class WatchedAdapter(Adapter):
    """The device context block with what many threads share. `head` is the first on the list of
    contexts. `stopping`: nothing is set or queued again. `timer` is the watchdog's; `suspicion` is
    signaled until its thread has looked. `dpc_due` and `dpc_runs` are for those who wait for the
    DPC. `found_hung` and `asked` are what the last looks and queries gave."""

    TAG: ClassVar[str] = "WAdp"
    head: Context | None = None
    list_lock: PushLock = field(default_factory=lambda: PushLock("list of contexts"))
    stopping: bool = False
    watchdog: WatchdogState | None = None
    timer: Timer | None = None
    suspicion: Event = field(default_factory=Event)
    dpc_due: bool = False
    dpc_runs: bool = False
    found_hung: bool = False
    asked: Handle = NULL

    @property
    def watchdog_timer(self) -> Timer:
        """The timer."""
        assert self.timer is not None
        return self.timer


@dataclass(slots=True)
class Submission:
    """A DMA buffer that the node has, or that is to be retired. `data` is its private data as long
    as the driver may look at it; `reported`: Dxgkrnl has been told that it is complete."""

    fence: int
    context: Context
    data: DmaPrivateData | None
    reported: bool = False


@dataclass(eq=False, repr=False)
class DmaAdapter(Adapter):
    """The device context block where contexts have several DMA buffers. `submissions` are those of
    all, oldest first, and `newest` is the last one, None if that is retired, or was preempted.
    `completed` is the last completed fence, `refused` that of the last malformed buffer. `scratch`
    is where the scheduler's class writes the commands of one buffer at a time."""

    TAG: ClassVar[str] = "WAdp"
    submissions: list[Submission] = field(default_factory=list)
    newest: Submission | None = None
    completed: int = 0
    refused: int = 0
    scratch: Commands | None = None


@dataclass(eq=False, repr=False)
class BufferQueue(Structure):
    """A hardware queue of a context, for DMA buffers that need no scheduler."""

    TAG: ClassVar[str] = "WDqu"
    context: Context


@dataclass(eq=False, repr=False)
class Overlay(Structure):
    """An overlay. `programmed`: the hardware shows it."""

    TAG: ClassVar[str] = "WOvl"
    adapter: Adapter
    programmed: bool = False


@dataclass(eq=False, repr=False)
class Process(PagedStructure):
    """A process. `virtual`: of a virtual machine, whose events a thread of the driver signals.
    `range` is what the driver keeps of its addresses in it, in a driver that keeps any."""

    TAG: ClassVar[str] = "WPrc"
    os_handle: Handle
    virtual: bool = False
    range: AddressRange | None = None


@dataclass(eq=False, repr=False)
class AddressRange(PagedStructure):
    """GPU virtual addresses in a process that are the driver's own."""

    TAG: ClassVar[str] = "WRng"
    WITHIN: ClassVar[str] = "process"
    process: Process


@dataclass(eq=False, repr=False)
class Device(PagedStructure):
    """A device. `shared_areas` are the context allocations that all its contexts share; `contexts`
    are those that were not destroyed yet."""

    TAG: ClassVar[str] = "WDev"
    os_handle: Handle
    adapter: Adapter
    process: Process
    shared_areas: list[Handle] = field(default_factory=list)
    contexts: list[Context] = field(default_factory=list)


@dataclass(eq=False, repr=False)
class Context(Structure):
    """A context on a node. `areas` are its context allocations; the first is where the hardware
    saves its state. `fence` is that of the packet that is not retired, 0 if there is none;
    `reported`: Dxgkrnl has been told that it is complete; `uses` and `reads`: the allocation, and
    the context allocation, that it reads. `packet` is what DxgkDdiRender has built for it. `entry`:
    where it is on the GPU's run list, if the GPU schedules it. `next` is the next on the list of
    contexts, in a driver that has one."""

    TAG: ClassVar[str] = "WCtx"
    os_handle: Handle
    adapter: Adapter
    device: Device
    node: int = 0
    areas: list[Handle] = field(default_factory=list)
    hardware: HwContext | None = None
    fence: int = 0
    reported: bool = False
    uses: Allocation | None = None
    reads: Handle = NULL
    entry: Entry | None = None
    next: Context | None = None
    packet: Packet | None = None


@dataclass(eq=False, repr=False)
class Packet(Structure):
    """A packet that DxgkDdiRender has built: `inputs` are what its commands read, `submitted`: the
    node has it."""

    TAG: ClassVar[str] = "WPkt"
    WITHIN: ClassVar[str] = "context"
    context: Context
    inputs: tuple[tuple[int, bytes], ...] = ()
    submitted: bool = False


@dataclass(eq=False, repr=False)
class Resource(PagedStructure):
    """A resource."""

    TAG: ClassVar[str] = "WRes"


@dataclass(eq=False, repr=False)
class Allocation(Structure):
    """An allocation, perhaps in a resource. `width` and `height` are in pixels."""

    TAG: ClassVar[str] = "WAll"
    resource: Resource | None = None
    width: int = 32
    height: int = 32


@dataclass(eq=False, repr=False)
class OpenAllocation(Structure):
    """An allocation as opened on a device."""

    TAG: ClassVar[str] = "WOpn"
    device: Device
    allocation: Allocation


@dataclass(eq=False, repr=False)
class HwQueue(Structure):
    """A hardware queue of a context. `ring` is the ring buffer that user mode feeds it through."""

    TAG: ClassVar[str] = "WHwq"
    os_handle: Handle
    context: Context
    gpu: GpuQueue
    ring: Allocation | None = None


@dataclass(eq=False, repr=False)
class Doorbell(PagedStructure):
    """A doorbell of a queue."""

    TAG: ClassVar[str] = "WDbl"
    os_handle: Handle
    queue: HwQueue


@dataclass(eq=False, repr=False)
class GlobalFence(Structure):
    """A native fence, of the adapter."""

    TAG: ClassVar[str] = "WGfn"
    os_handle: Handle
    adapter: Adapter
    gpu: NativeFence


@dataclass(eq=False, repr=False)
class LocalFence(PagedStructure):
    """A native fence as a process opened it."""

    TAG: ClassVar[str] = "WLfn"
    os_handle: Handle
    device: Device
    fence: GlobalFence


@dataclass(eq=False, repr=False)
class CpuEvent(Structure):
    """A CPU event. `device` may be gone. `listed`: the DPC may signal it; `due`: the ISR has found
    that it happened, for the DPC to signal; `signals` are those in progress."""

    TAG: ClassVar[str] = "WCev"
    os_handle: Handle
    adapter: Adapter
    device: Device
    source: Source
    listed: bool = True
    due: bool = False
    signals: int = 0


@dataclass(eq=False, repr=False)
class ProcessEvent(PagedStructure):
    """An event of a process, as user mode knows it. `closing`: no new signals; `signals` are those
    in progress."""

    TAG: ClassVar[str] = "WPev"
    handle: Handle
    process: Process
    closing: bool = False
    signals: int = 0
