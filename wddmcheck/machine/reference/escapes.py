"""The private requests of the user-mode driver."""

from __future__ import annotations

from wddmcheck.machine.allocation_structs import (
    DXGKARG_ESCAPE,
    DXGKARGCB_GETHANDLEDATA,
    DXGKARGCB_RELEASEHANDLEDATA,
)
from wddmcheck.machine.miniport import PREEMPT, Pauses, Result
from wddmcheck.machine.reference.allocations import AllocationDdis
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS
from wddmcheck.machine.reference.contexts import ContextDdis
from wddmcheck.machine.reference.events import EventDdis
from wddmcheck.machine.reference.objects import Adapter, Allocation, Context, Device
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGKARGCB_MAPCONTEXTALLOCATION,
    NULL,
    Handle,
    Out,
)


class EscapeDdis(ContextDdis, AllocationDdis, EventDdis):
    """The private requests of the user-mode driver."""

    def DxgkDdiEscape(self, hAdapter: Handle, pEscape: DXGKARG_ESCAPE) -> Result:
        """What the user-mode driver asks for by itself."""
        adapter = self.pool.at(hAdapter, Adapter)
        match pEscape.command:
            case "inspect":
                return self.escape_inspect(adapter, pEscape)
            case "look up":
                return self.escape_look_up(adapter, pEscape)
            case "create area":
                context = self.pool.at(pEscape.hContext, Context)
                return self.escape_create_area(context)
            case "destroy area":
                return self.escape_destroy_area(self.pool.at(pEscape.hContext, Context), pEscape)
            case "add event":
                process = self.pool.at(pEscape.hDevice, Device).process
                return self.add_process_event(adapter, process, pEscape.hEvent)
            case _:
                return NtStatus.STATUS_INVALID_PARAMETER

    def escape_inspect(self, adapter: Adapter, pEscape: DXGKARG_ESCAPE) -> Pauses:
        """ALC-21: the allocation is held while another thread may run."""
        dxgk = self.dxgk(adapter)
        release = Out(NULL)
        handle = dxgk.DxgkCbAcquireHandleData(DXGKARGCB_GETHANDLEDATA(pEscape.hAllocation), release)
        yield PREEMPT
        self.inspect(self.pool.at(handle, Allocation))
        dxgk.DxgkCbReleaseHandleData(DXGKARGCB_RELEASEHANDLEDATA(release.value))
        return SUCCESS

    def escape_look_up(self, adapter: Adapter, pEscape: DXGKARG_ESCAPE) -> Result:
        """ALC-05, ALC-20: user mode may name anything; what it names is looked at at once, as
        nothing holds it."""
        handle = self.dxgk(adapter).DxgkCbGetHandleData(
            DXGKARGCB_GETHANDLEDATA(pEscape.hAllocation))
        if handle == NULL:
            return NtStatus.STATUS_INVALID_HANDLE
        self.inspect(self.pool.at(handle, Allocation))
        return SUCCESS

    def escape_create_area(self, context: Context) -> NtStatus:
        """A further context allocation, for whatever the user-mode driver keeps with a context."""
        if not self.create_area(context):
            return NO_MEMORY
        dxgk = self.dxgk(context.adapter)
        va = dxgk.DxgkCbMapContextAllocation(
            dxgk.DeviceHandle, DXGKARGCB_MAPCONTEXTALLOCATION(context.areas[-1]))
        if va == 0:
            self.free_areas(context.adapter, [context.areas.pop()])
            return NO_MEMORY
        return SUCCESS

    def escape_destroy_area(self, context: Context, pEscape: DXGKARG_ESCAPE) -> NtStatus:
        """CAL-07: a further context allocation goes, unless the GPU still reads it."""
        if self.is_read(context.adapter, pEscape.hAllocation):
            return NtStatus.STATUS_INVALID_PARAMETER
        context.areas.remove(pEscape.hAllocation)
        self.free_areas(context.adapter, [pEscape.hAllocation])
        return SUCCESS

    def is_read(self, adapter: Adapter, area: Handle) -> bool:
        """Whether a packet that is not retired reads a context allocation."""
        return any(c.reads == area for node in adapter.nodes for c in node.submissions)
