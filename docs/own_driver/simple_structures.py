"""What simple_miniport.py keeps of each object."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from wddmcheck.machine.gpu.node import Command, HwContext
from wddmcheck.machine.gpu.registers import Registers
from wddmcheck.machine.pool import PagedStructure, Structure

# What lives in pool memory is poisoned when it is freed, so that the machine sees who touches it
# later. What the ISR, the DPC or a call at DISPATCH_LEVEL touches must not be paged.

@dataclass(eq=False, repr=False)
class Adapter(Structure):
    TAG: ClassVar[str] = "SAdp"
    dxgk: Any = None
    registers: Registers | None = None
    contexts: list[Context] = field(default_factory=list)
    number: int = 0
    submitted: int = 0
    completed: int = 0
    preempting: int = 0
    silent: bool = False         # nobody listens to reports until the engine is reset
    asleep: bool = False
    paging: list[PagingPacket] = field(default_factory=list)


@dataclass(eq=False, repr=False)
class PagingPacket(Structure):
    TAG: ClassVar[str] = "SPag"
    commands: tuple[Command, ...]
    fence: int = 0
    reported: bool = False


@dataclass(eq=False, repr=False)
class Process(PagedStructure):
    TAG: ClassVar[str] = "SPrc"


@dataclass(eq=False, repr=False)
class Device(PagedStructure):
    TAG: ClassVar[str] = "SDev"
    adapter: Adapter
    os_handle: int
    shared: int = 0


@dataclass(eq=False, repr=False)
class Context(Structure):
    TAG: ClassVar[str] = "SCtx"
    adapter: Adapter
    device: Device
    hardware: HwContext
    area: int
    os_handle: int
    fence: int = 0
    reported: bool = False
    more: dict[int, int] = field(default_factory=dict)     # further areas, by Dxgkrnl's handle
    built: tuple[tuple[int, bytes], ...] = ()              # what a packet of Render reads


@dataclass(eq=False, repr=False)
class Resource(PagedStructure):
    TAG: ClassVar[str] = "SRes"


@dataclass(eq=False, repr=False)
class Allocation(Structure):
    TAG: ClassVar[str] = "SAll"
    looked_at: int = 0


@dataclass(eq=False, repr=False)
class OpenAllocation(Structure):
    TAG: ClassVar[str] = "SOpn"
