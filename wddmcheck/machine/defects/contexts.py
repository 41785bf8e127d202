"""Defects of contexts: their save areas, their place on the node and on the submission list."""

from __future__ import annotations

from collections.abc import Generator

from wddmcheck.machine.miniport import Pauses, Wait
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import Adapter, Context, Node
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import DXGKARGCB_CREATECONTEXTALLOCATION, Handle


class PassesItsOwnHandle(ReferenceMiniport):
    """hContext is overwritten with the driver's handle before Dxgkrnl's is saved."""

    def create_area(self, context: Context) -> bool:
        """Against CAL-03 and GEN-06."""
        dxgk = self.dxgk(context.adapter)
        area = DXGKARGCB_CREATECONTEXTALLOCATION(dxgk.DeviceHandle, context.device.os_handle,
                                                 self.pool.address(context))
        if not dxgk.DxgkCbCreateContextAllocation(area).succeeds:
            return False
        context.areas.append(area.hAllocation)
        return True


class FailedCreateFreesTwice(ReferenceMiniport):
    """The clean-up that the failure paths share frees the context once more."""

    def undo_create(self, context: Context) -> Pauses:
        """Against CAL-11."""
        yield from ()     # nothing in it waits
        adapter, areas = context.adapter, context.areas
        self.pool.free(context, Context.TAG)
        self.free_areas(adapter, areas)
        self.pool.free(context, Context.TAG)
        return NtStatus.STATUS_NO_MEMORY


class FailedCreateLeaksSaveArea(ReferenceMiniport):
    """A create that fails late leaves the first context allocation."""

    def undo_create(self, context: Context) -> Pauses:
        """Against CAL-11."""
        yield from ()     # nothing in it waits
        self.pool.free(context, Context.TAG)
        return NtStatus.STATUS_NO_MEMORY


class LeavesSaveArea(ReferenceMiniport):
    """DestroyContext leaves the context's allocations."""

    def free_context_areas(self, context: Context) -> Generator[Wait, None, None]:
        """Against CTX-07."""
        yield from ()


class LeavesFurtherAreas(ReferenceMiniport):
    """DestroyContext frees the save area, and not what came later."""

    def free_context_areas(self, context: Context) -> Generator[Wait, None, None]:
        """Against CTX-07."""
        yield from ()     # nothing in it waits
        self.free_areas(context.adapter, context.areas[:1])


class FreesAreaBeingRead(ReferenceMiniport):
    """A context allocation is freed although the GPU still reads it."""

    def is_read(self, adapter: Adapter, area: Handle) -> bool:
        """Against CAL-07."""
        return False


class StaysOnSubmissionList(ReferenceMiniport):
    """A destroyed context stays on the list that ISR and DPC walk."""

    def leave_submissions(self, context: Context) -> None:
        """Against INT-06."""


class StaysOnTheNode(ReferenceMiniport):
    """The save area goes while the node still holds the context."""

    def leave_node(self, context: Context) -> None:
        """Against CTX-13."""


class SwitchesAwayInAnyCase(ReferenceMiniport):
    """DestroyContext switches the node away whether or not it holds the context."""

    def leave_node(self, context: Context) -> None:
        """Against PWR-01 and TDR-04: without power, and after a reset, it holds none."""
        assert context.hardware is not None
        self.registers(context.adapter).switch_to_null(context.node, context.hardware)


class ReportsTwiceAfterReset(ReferenceMiniport):
    """After a reset every packet is reported, whether it has been or not."""

    def report_all(self, node: Node) -> None:
        """Against FEN-01."""
        for context in node.submissions:
            self.report(context)
