"""Processes and devices."""

from __future__ import annotations

from wddmcheck.machine.miniport import Pauses
from wddmcheck.machine.reference.common import NO_MEMORY, SUCCESS
from wddmcheck.machine.reference.events import EventDdis
from wddmcheck.machine.reference.objects import Adapter, Context, Device, Process
from wddmcheck.machine.status import NtStatus
from wddmcheck.machine.structs import (
    DXGK_CREATECONTEXTALLOCATIONFLAGS,
    DXGK_CREATEDEVICEFLAGS,
    DXGKARG_CREATEDEVICE,
    DXGKARG_CREATEPROCESS,
    DXGKARGCB_CREATECONTEXTALLOCATION,
    NULL,
    Handle,
)
from wddmcheck.machine.system_structs import DXGKARGCB_RESERVEGPUVIRTUALADDRESSRANGE

OWN_ADDRESSES = 0x20_0000
"""How many bytes of addresses the driver keeps for itself."""


class DeviceDdis(EventDdis):
    """Processes and devices."""

    def DxgkDdiCreateProcess(self, hAdapter: Handle, pArgs: DXGKARG_CREATEPROCESS) -> NtStatus:
        """PRC-01; in the system process a range of addresses is the driver's own (PRC-02)."""
        process = self.pool.allocate(Process, os_handle=pArgs.hDxgkProcess,
                                     virtual=pArgs.VirtualMachineProcess)
        if process is None:
            return NO_MEMORY
        if pArgs.SystemProcess and not self.reserve_addresses(
                self.pool.at(hAdapter, Adapter), process):
            self.pool.free(process, Process.TAG)
            return NO_MEMORY
        pArgs.hKmdProcess = self.pool.address(process)
        return SUCCESS

    def reserve_addresses(self, adapter: Adapter, process: Process) -> bool:
        """PRC-02: from inside CreateProcess, and at no other time."""
        dxgk = self.dxgk(adapter)
        addresses = DXGKARGCB_RESERVEGPUVIRTUALADDRESSRANGE(process.os_handle, OWN_ADDRESSES)
        return dxgk.DxgkCbReserveGpuVirtualAddressRange(dxgk.DeviceHandle, addresses).succeeds

    def DxgkDdiDestroyProcess(self, hAdapter: Handle, hKmdProcess: Handle) -> Pauses:
        """PRC-03, PRC-05: of a virtual machine, after the last signal of its events."""
        process = self.pool.at(hKmdProcess, Process)
        if process.virtual:
            yield from self.run_down_events(self.pool.at(hAdapter, Adapter), process)
        self.pool.free(process, Process.TAG)
        return SUCCESS

    def DxgkDdiCreateDevice(self, hAdapter: Handle,
                            pCreateDevice: DXGKARG_CREATEDEVICE) -> NtStatus:
        """DEV-01; a GDI device gets a save area that its contexts share (CAL-01)."""
        adapter = self.pool.at(hAdapter, Adapter)
        device = self.pool.allocate(
            Device, os_handle=pCreateDevice.hDevice, adapter=adapter,
            process=self.pool.at(pCreateDevice.hKmdProcess, Process))
        if device is None:
            return NO_MEMORY
        if DXGK_CREATEDEVICEFLAGS.GdiDevice in pCreateDevice.Flags:
            area = DXGKARGCB_CREATECONTEXTALLOCATION(
                self.dxgk(adapter).DeviceHandle, device.os_handle, NULL,
                ContextAllocationFlags=DXGK_CREATECONTEXTALLOCATIONFLAGS.SharedAcrossContexts)
            if not self.dxgk(adapter).DxgkCbCreateContextAllocation(area).succeeds:
                self.pool.free(device, Device.TAG)
                return NO_MEMORY
            device.shared_areas.append(area.hAllocation)
        pCreateDevice.hDevice = self.pool.address(device)
        return SUCCESS

    def DxgkDdiDestroyDevice(self, hDevice: Handle) -> NtStatus:
        """DEV-04, CAL-08: what its contexts shared goes with it, and contexts for which no destroy
        came (CTX-03)."""
        device = self.pool.at(hDevice, Device)
        self.free_areas(device.adapter, device.shared_areas)
        self.free_contexts(device)
        self.pool.free(device, Device.TAG)
        return SUCCESS

    def free_contexts(self, device: Device) -> None:
        """Contexts that Dxgkrnl has forgotten. They were never used."""
        for context in device.contexts:
            self.free_areas(device.adapter, context.areas)
            self.pool.free(context, Context.TAG)
