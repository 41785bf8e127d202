"""From the machine's state to the state of models/removal.wddm: that of models/miniport.wddm, what
AddDevice keeps, and a device that may be gone."""

from __future__ import annotations

from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.objects import Adapter, Config, Context
from wddmcheck.replay.abstraction import GONE, Seen, flag, key_of
from wddmcheck.replay.families import miniport_state

KNOWN: dict[str, frozenset[str]] = {
    **miniport_state.KNOWN,
    "Adapter": miniport_state.KNOWN["Adapter"] | {"config", "unplugged", "gone", "stopping"},
    "Config": frozenset({"used"}),
}


def look(machine: Machine) -> list[Seen]:
    """All objects, in the order of their creation."""
    seen = miniport_state.look(machine)
    for item in seen:
        block = machine.pool.blocks.get(item.key)
        match block.content if block is not None else None:
            case Adapter() as adapter:
                _adapter(machine, item, adapter)
            case Context() as context:
                item.words["life"] = _life(machine, item, context)
    return seen + [Seen("Config", block.address, {"used": flag(block.content.used)})
                   for block in machine.pool.live() if isinstance(block.content, Config)]


def _adapter(m: Machine, item: Seen, adapter: Adapter) -> None:
    if m.adapter.state == "started" and m.adapter.removed:
        item.words["life"] = "Removed"
    item.words |= {"unplugged": flag(not m.gpu.present), "gone": flag(adapter.gone),
                   "stopping": flag(m.adapter.stopping)}
    item.refs["config"] = key_of(adapter.config)
    if not m.gpu.present:
        # What the registers would say is known to the driver only, and no node holds anything.
        item.words["interrupts"] = flag(adapter.interrupts)
        if item.refs["current"] == GONE:
            item.refs["current"] = None


def _life(m: Machine, item: Seen, context: Context) -> str:
    """As in models/miniport.wddm, but Dxgkrnl ends what a removed device had, and what is submitted
    to a device that is gone stays queued."""
    if m.adapter.removed:
        return "Idle"
    ring = m.gpu.nodes[0].packets
    if not m.gpu.present and context.fence and not context.reported and context.fence not in ring:
        return "Queued"
    return item.words["life"]
