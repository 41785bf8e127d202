"""From the machine's state to the state of models/tdr.wddm: that of models/miniport.wddm, fences,
and where the recovery from a timeout stands."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.objects import OsAllocation, OsContext, OsDevice
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.objects import Adapter
from wddmcheck.replay.abstraction import Seen, flag
from wddmcheck.replay.families import miniport_state

KNOWN: dict[str, frozenset[str]] = {
    **miniport_state.KNOWN,
    "Adapter": (miniport_state.KNOWN["Adapter"] - {"transferring"}) | {
        "node", "submitted", "completed", "recovery", "seen"},
    "Device": miniport_state.KNOWN["Device"] | {"lost"},
    "Context": miniport_state.KNOWN["Context"] | {"fence"},
    "Allocation": miniport_state.KNOWN["Allocation"] | {"resident"},
}


def look(machine: Machine) -> list[Seen]:
    """All objects, in the order of their creation."""
    seen = miniport_state.look(machine)
    for item in seen:
        item.words |= _more(machine, item)
    return seen


def _more(m: Machine, item: Seen) -> dict[str, str]:
    record = m.handles.of_driver(item.key)
    match record:
        case OsDevice():
            return {"lost": flag(record.lost)}
        case OsContext():
            return {"fence": str(record.last_fence), "life": _life(record, item)}
        case OsAllocation():
            return {"resident": flag(record.page is not None)}
    if item.pool != "Adapter":
        return {}
    driver = m.pool.blocks[item.key].content
    assert isinstance(driver, Adapter)
    return {"node": "Halted" if m.gpu.halted else "", "recovery": _recovery(m),
            "submitted": str(driver.nodes[0].last_submitted),
            "completed": str(m.gpu.nodes[0].fence), "seen": str(m.fences[0].seen)}


def _recovery(m: Machine) -> str:
    if m.adapter.cleaning_up:
        return "CleanUp"
    if m.adapter.resetting:
        return "Resetting"
    if m.adapter.to_reset:
        return "EngineLost"
    return "EngineTimedOut" if m.fences[0].timed_out else ""


def _life(context: OsContext, item: Seen) -> str:
    """As in models/miniport.wddm, but Dxgkrnl ends or takes back what a reset took off the node."""
    if context.preempted:
        return "Returned"
    return item.words["life"] if context.fence else "Idle"
