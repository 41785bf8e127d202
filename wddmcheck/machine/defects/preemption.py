"""Defects of preemption: what is answered, when, and how often."""

from __future__ import annotations

from wddmcheck.machine.miniport import Pauses
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.common import SUCCESS
from wddmcheck.machine.reference.objects import Adapter, Context
from wddmcheck.machine.structs import Handle


class LeavesEmptyQueueUnanswered(ReferenceMiniport):
    """PreemptCommand does nothing where nothing is left to preempt."""

    def answer_preemption(self, adapter: Adapter, ordinal: int) -> None:
        """Against SUB-09."""


class AnswersPreemptionTwice(ReferenceMiniport):
    """PreemptCommand answers for the empty queue, and asks the node as well."""

    def answer_preemption(self, adapter: Adapter, ordinal: int) -> None:
        """Against SUB-09."""
        fence = adapter.nodes[ordinal].preempting
        super().answer_preemption(adapter, ordinal)
        adapter.nodes[ordinal].preempting = fence
        self.registers(adapter).preempt(ordinal)


class LeavesPreemptedPacketListed(ReferenceMiniport):
    """What was preempted stays on the driver's submission list, and in the ring."""

    def give_back(self, context: Context) -> None:
        """Against SUB-10."""


class ReportsPreemptionFirst(ReferenceMiniport):
    """The ISR reports the preemption before the packet that completed just before it."""

    def report_node(self, adapter: Adapter, ordinal: int) -> None:
        """Against SUB-10."""
        if self.registers(adapter).take_preemption(ordinal):
            self.report_preempted(adapter, ordinal)
        self.report_complete(adapter, ordinal)


class FreesWhatTheNodeHolds(ReferenceMiniport):
    """DestroyContext leaves the node to DxgkCbDestroyContextAllocation, which does not care."""

    def DxgkDdiDestroyContext(self, hContext: Handle) -> Pauses:
        """Against CTX-13."""
        context = self.pool.at(hContext, Context)
        self.leave_submissions(context)
        context.device.contexts.remove(context)
        yield from self.free_context_areas(context)
        self.free_context(context)
        return SUCCESS
