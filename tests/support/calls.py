"""Calls on a machine, for tests of miniports that block."""

from __future__ import annotations

from typing import Any

from wddmcheck.machine.machine import Machine


def run(machine: Machine, name: str, **args: Any) -> Any:
    """A call to its end, with what it waits for; what it made, or its status."""
    call = machine.call(name, **args)
    machine.run_until_idle()
    assert call.returned
    assert machine.findings == []
    return call.made[0] if call.made else call.status
