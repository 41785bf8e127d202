"""The argument structures of native fences and events, as `machine.structs` has the others."""

from __future__ import annotations

from dataclasses import dataclass

from wddmcheck.machine.gpu.notices import FenceValues
from wddmcheck.machine.structs import NULL, Handle


@dataclass(slots=True)
class DXGKARG_CREATENATIVEFENCE:
    """NS:d3dkmddi.DXGKARG_CREATENATIVEFENCE. hGlobalNativeFence io: the OS handle in, the driver's
    out; `values` i stands for the memory of the fence's values."""

    hGlobalNativeFence: Handle
    values: FenceValues


@dataclass(slots=True)
class DXGKARG_OPENNATIVEFENCE:
    """NS:d3dkmddi.DXGKARG_OPENNATIVEFENCE. hLocalNativeFence io: the OS handle in, the driver's
    out; hDevice and hGlobalNativeFence i are the driver's."""

    hDevice: Handle
    hGlobalNativeFence: Handle
    hLocalNativeFence: Handle


@dataclass(slots=True)
class DXGKARG_CLOSENATIVEFENCE:
    """NS:d3dkmddi.DXGKARG_CLOSENATIVEFENCE. All i."""

    hLocalNativeFence: Handle


@dataclass(slots=True)
class DXGKARG_DESTROYNATIVEFENCE:
    """NS:d3dkmddi.DXGKARG_DESTROYNATIVEFENCE. All i."""

    hGlobalNativeFence: Handle


@dataclass(slots=True)
class DXGKARG_UPDATEMONITOREDVALUES:
    """NS:d3dkmddi.DXGKARG_UPDATEMONITOREDVALUES, of one fence. All i."""

    hGlobalNativeFence: Handle
    MonitoredValue: int


@dataclass(slots=True)
class DXGKARG_CREATECPUEVENT:
    """NS:d3dkmddi.DXGKARG_CREATECPUEVENT. hKmdDevice i, hDxgCpuEvent i is the OS's, hKmdCpuEvent
    o."""

    hKmdDevice: Handle
    hDxgCpuEvent: Handle
    hKmdCpuEvent: Handle = NULL


@dataclass(slots=True)
class DXGKARGCB_SIGNALEVENT:
    """NS:d3dkmddi._DXGKARGCB_SIGNALEVENT. All i: of a CPU event (CpuEventObject), Dxgkrnl's handle
    of it and no process; else Dxgkrnl's handle of the process, and the event as user mode knows
    it."""

    hDxgkProcess: Handle
    hEvent: Handle
    CpuEventObject: bool = False
    LastUse: bool = False
