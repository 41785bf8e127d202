"""What the reference miniport keeps of each object, in pool memory.

`os_handle` is Dxgkrnl's handle, which callbacks want; the address of the structure is the handle
that the driver gives to Dxgkrnl. What the ISR or the DPC touches, or a call at DISPATCH_LEVEL, is
not paged.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from wddmcheck.machine.gpu.device import NODES, Registers
from wddmcheck.machine.gpu.node import Command, HwContext
from wddmcheck.machine.miniport import Mutex
from wddmcheck.machine.pool import PagedStructure, Structure
from wddmcheck.machine.power_structs import DEVICE_POWER_STATE
from wddmcheck.machine.structs import DXGKRNL_INTERFACE, NULL, Handle


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
    `clock` is what the device told last. `paging` are the paging packets that the node has."""

    TAG: ClassVar[str] = "WAdp"
    dxgk: DXGKRNL_INTERFACE | None = None
    registers: Registers | None = None
    isr: IsrState | None = None
    config: Config | None = None
    interrupts: bool = False
    lazy_switch: bool = False
    nodes: tuple[Node, ...] = field(default_factory=lambda: tuple(Node() for _ in range(NODES)))
    next_hw_context: int = 1
    power_lock: Mutex = field(default_factory=Mutex)
    power: DEVICE_POWER_STATE = DEVICE_POWER_STATE.PowerDeviceD0
    clock: int = 0
    paging: list[PagingPacket] = field(default_factory=list)

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
class Process(PagedStructure):
    """A process."""

    TAG: ClassVar[str] = "WPrc"
    os_handle: Handle


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
    the context allocation, that it reads. `packet` is what DxgkDdiRender has built for it."""

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
    """An allocation, perhaps in a resource."""

    TAG: ClassVar[str] = "WAll"
    resource: Resource | None = None


@dataclass(eq=False, repr=False)
class OpenAllocation(Structure):
    """An allocation as opened on a device."""

    TAG: ClassVar[str] = "WOpn"
    device: Device
    allocation: Allocation
