"""Defects of doorbells: who has the physical one, and since when."""

from __future__ import annotations

from wddmcheck.machine.miniport import Kernel, Pauses
from wddmcheck.machine.queue_structs import (
    DXGKARG_CONNECTDOORBELL,
    DXGKARG_DESTROYDOORBELL,
    DXGKARGCB_DISCONNECTDOORBELL,
)
from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import Adapter, Doorbell
from wddmcheck.machine.structs import Handle
from wddmcheck.machine.waits import Blocking


class LeavesWiring(ReferenceMiniport):
    """DestroyDoorbell leaves the physical doorbell to what it destroys."""

    def leave_location(self, adapter: Adapter, doorbell: Doorbell) -> None:
        """Against DBL-04."""


class ReadsRingBuffer(ReferenceMiniport):
    """DestroyDoorbell looks at the ring buffer once more."""

    def DxgkDdiDestroyDoorbell(self, pArgs: DXGKARG_DESTROYDOORBELL) -> Pauses:
        """Against HWQ-09: of a killed process it is gone."""
        ring = self.pool.at(pArgs.hDoorbell, Doorbell).queue.ring
        if ring is not None:
            self.inspect(ring)
        return (yield from super().DxgkDdiDestroyDoorbell(pArgs))


class PassesOsHandleOfQueue(ReferenceMiniport):
    """DisconnectDoorbell passes the queue as Dxgkrnl calls it."""

    def give_up_location(self, adapter: Adapter, doorbell: Doorbell) -> Blocking[None]:
        """Against DBL-05: this callback wants the driver's handle."""
        yield from self.dxgk(adapter).DxgkCbDisconnectDoorbell(
            DXGKARGCB_DISCONNECTDOORBELL(doorbell.queue.os_handle))
        self.free_location(adapter)


class FreesLocationBeforeUnmapping(ReferenceMiniport):
    """DisconnectDoorbell gives the location to others, and leaves the unmapping to Dxgkrnl."""

    def give_up_location(self, adapter: Adapter, doorbell: Doorbell) -> Blocking[None]:
        """Against DBL-05."""
        self.free_location(adapter)
        yield from ()


class ReusesLocationBeforeDisconnect(ReferenceMiniport):
    """ConnectDoorbell takes the location first, and says so to Dxgkrnl later."""

    def take_location(self, adapter: Adapter, doorbell: Doorbell) -> Blocking[None]:
        """Against DBL-05."""
        victim, adapter.wired = adapter.wired, doorbell
        self.wire(adapter, doorbell)
        if victim is not None and victim is not doorbell:
            yield from self.take_from_user_mode(adapter, victim)


class TakesLocationWhileConnecting(ReferenceMiniport):
    """ConnectDoorbell spares the callback where the other doorbell is not mapped yet."""

    def __init__(self, kernel: Kernel) -> None:
        super().__init__(kernel)
        self.connecting: set[Handle] = set()

    def DxgkDdiConnectDoorbell(self, pArgs: DXGKARG_CONNECTDOORBELL) -> Pauses:
        """Notes what is being connected."""
        self.connecting.add(pArgs.hDoorbell)
        status = yield from super().DxgkDdiConnectDoorbell(pArgs)
        self.connecting.discard(pArgs.hDoorbell)
        return status

    def take_from_user_mode(self, adapter: Adapter, doorbell: Doorbell) -> Blocking[None]:
        """Against DBL-05: it will be mapped when its call has returned."""
        if self.pool.address(doorbell) not in self.connecting:
            yield from super().take_from_user_mode(adapter, doorbell)
