"""From the machine's state to the state of models/power.wddm: that of models/miniport.wddm, the
power of the device, what it forgets without, and what is resident."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.objects import OsAllocation
from wddmcheck.machine.machine import Machine
from wddmcheck.replay.abstraction import Seen, flag
from wddmcheck.replay.families import miniport_state

KNOWN: dict[str, frozenset[str]] = miniport_state.KNOWN | {
    "Adapter": (miniport_state.KNOWN["Adapter"] - {"transferring"}) | {
        "power", "programmed", "status", "tables", "mapped"},
    "Allocation": miniport_state.KNOWN["Allocation"] | {"resident"},
}
"""The classes and fields of models/power.wddm that the machine has too."""

FIRST = frozenset({"D0"})
"""The power at first."""


def look(machine: Machine) -> list[Seen]:
    """All objects, those of each class in the order of their creation."""
    return [_more(machine, item) for item in miniport_state.look(machine)]


def _more(m: Machine, item: Seen) -> Seen:
    """What this model has beside the fields of models/miniport.wddm."""
    if item.pool == "Adapter":
        del item.words["transferring"]
        item.words |= {
            "life": m.adapter.state.capitalize(),
            "power": "D0" if m.gpu.powered else "D3",
            "programmed": flag(m.gpu.programmed),
            "status": flag(m.gpu.writes_status),
            "tables": flag(bool(m.gpu.memory.written)),
            "mapped": flag(m.paging.mapped),
        }
    record = m.handles.of_driver(item.key)
    if isinstance(record, OsAllocation):
        item.words["resident"] = flag(record.page is not None)
    return item
