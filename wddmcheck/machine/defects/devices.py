"""Defects of destroying a device."""

from __future__ import annotations

from wddmcheck.machine.reference import ReferenceMiniport
from wddmcheck.machine.reference.objects import Device
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import Handle


class KeepsTheDevice(ReferenceMiniport):
    """DestroyDevice frees what the device's contexts shared, and not the device."""

    def DxgkDdiDestroyDevice(self, hDevice: Handle) -> NtStatus:
        """Against DEV-04."""
        device = self.pool.at(hDevice, Device)
        self.free_areas(device.adapter, device.shared_areas)
        return NtStatus.STATUS_SUCCESS


class LeavesSharedSaveArea(ReferenceMiniport):
    """DestroyDevice frees the device, and not what its contexts shared."""

    def DxgkDdiDestroyDevice(self, hDevice: Handle) -> NtStatus:
        """Against CAL-08."""
        self.pool.free(self.pool.at(hDevice, Device), Device.TAG)
        return NtStatus.STATUS_SUCCESS
