"""DMA buffers as the driver gets them, and the argument structures of what is done with them;
directions are as in `machine.structs`.

The memory is Dxgkrnl's. It ends by itself, and whoever touches it later stops the machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import ClassVar

from wddmcheck.machine.gpu.dma import Commands
from wddmcheck.machine.gpu.memory import Segment
from wddmcheck.machine.pool import Structure

Handle = int
"""As in `machine.structs`, which knows of the structures here."""


@dataclass(eq=False, repr=False)
class DmaMemory(Structure):
    """A DMA buffer as the CPU sees it: a page of the segment, which Dxgkrnl may exchange."""

    TAG: ClassVar[str] = "Dxgb"
    segment: Segment
    page: int

    def read(self) -> Commands:
        """The commands that are there."""
        return Commands.decode(self.segment.read(self.page))

    def write(self, commands: Commands) -> None:
        """Put commands there."""
        self.segment.write(self.page, commands.encode())


@dataclass(eq=False, repr=False)
class DmaPrivateData(Structure):
    """The private data of a DMA buffer. What is in it is the driver's own affair, and that of its
    user-mode driver, which says whether the commands are well-formed (`valid`). `marked` and
    `fence` are notes of the driver."""

    TAG: ClassVar[str] = "Dxgp"
    valid: bool = True
    marked: bool = False
    fence: int = 0


@dataclass(slots=True)
class DXGKARG_PATCH:
    """NS:d3dkmddi._DXGKARG_PATCH. All i."""

    hContext: Handle
    pDmaBuffer: DmaMemory
    DmaBufferPhysicalAddress: int
    pDmaBufferPrivateData: DmaPrivateData


@dataclass(slots=True)
class DXGKARG_SUBMITCOMMANDVIRTUAL:
    """NS:d3dkmddi._DXGKARG_SUBMITCOMMANDVIRTUAL. All i."""

    hContext: Handle
    DmaBufferVirtualAddress: int
    pDmaBufferPrivateData: DmaPrivateData
    SubmissionFenceId: int
    NodeOrdinal: int = 0


class KernelSubmissionType(Enum):
    """What a kernel submission is for: the values of DXGKARG_SIGNALMONITOREDFENCE's field have no
    page of their own."""

    PRESENT_BLT = auto()
    RENDER_GDI = auto()
    PAGING = auto()


@dataclass(slots=True)
class DXGKARG_SIGNALMONITOREDFENCE:
    """NS:d3dkmddi._DXGKARG_SIGNALMONITOREDFENCE. All i; pDmaBuffer gets another command."""

    KernelSubmissionType: KernelSubmissionType
    pDmaBuffer: DmaMemory
    MonitoredFenceGpuVa: int
    MonitoredFenceValue: int
