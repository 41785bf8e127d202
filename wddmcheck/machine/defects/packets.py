"""Defects around packets that wait, and contexts that were never used."""

from __future__ import annotations

from wddmcheck.machine.miniport import Kernel, Pauses
from wddmcheck.machine.packet_structs import DXGKARG_CANCELCOMMAND
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import Context, Device
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import Handle

SUCCESS = NtStatus.STATUS_SUCCESS


class CancelDoesNothing(ReferenceMiniport):
    """CancelCommand is there, because it has to be."""

    def DxgkDdiCancelCommand(self, hAdapter: Handle,
                             pCancelCommand: DXGKARG_CANCELCOMMAND) -> NtStatus:
        """Against SUB-11."""
        return SUCCESS


class ExpectsAPacket(ReferenceMiniport):
    """DestroyContext looks at the last packet of a context, which may never have had one."""

    def free_context(self, context: Context) -> None:
        """Against CTX-03: a context is destroyed unused."""
        _ = context.packet.submitted  # type: ignore[union-attr]
        super().free_context(context)


class LeavesUnretiredPacket(ReferenceMiniport):
    """What there is of a packet is left to the DPC, which no longer finds the context."""

    def free_context(self, context: Context) -> None:
        """Against INT-06."""
        context.packet = None
        super().free_context(context)


class KeepsForgottenContexts(ReferenceMiniport):
    """DestroyDevice relies on one DestroyContext for each CreateContext."""

    def free_contexts(self, device: Device) -> None:
        """Against CTX-03: the areas go, the contexts do not."""
        for context in device.contexts:
            self.free_areas(device.adapter, context.areas)


class FreesAreasWithTheDevice(ReferenceMiniport):
    """Save areas are left to DestroyDevice, when Dxgkrnl may have taken them back."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        self.kept: list[Handle] = []

    def DxgkDdiDestroyContext(self, hContext: Handle) -> Pauses:
        """Against CTX-07."""
        context = self.pool.at(hContext, Context)
        self.leave_submissions(context)
        self.leave_node(context)
        self.kept = context.areas[:1]
        context.device.contexts.remove(context)
        self.free_context(context)
        yield from ()     # nothing in it waits
        return SUCCESS

    def DxgkDdiDestroyDevice(self, hDevice: Handle) -> NtStatus:
        """Frees what DestroyContext has left."""
        kept, self.kept = self.kept, []
        self.free_areas(self.pool.at(hDevice, Device).adapter, kept)
        return super().DxgkDdiDestroyDevice(hDevice)
