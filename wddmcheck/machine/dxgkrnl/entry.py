"""What is checked of every callback: the level that it is called at, and the adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wddmcheck.machine.dxgkrnl.facts import facts
from wddmcheck.machine.findings import Kind, stop
from wddmcheck.machine.structs import Handle

if TYPE_CHECKING:
    from wddmcheck.machine.machine import Machine


def enter(machine: Machine, name: str, adapter: Handle | None = None) -> None:
    """Check the IRQL, and `adapter` unless the callback has no such argument. Raises `BugCheck`."""
    form = facts(name)
    machine.processor.require(name, form.lowest, form.highest)
    if adapter is not None and adapter != machine.adapter.handle:
        stop(Kind.BAD_HANDLE, f"{name}: {adapter:#x} is not the adapter's DeviceHandle", "0xC4")
