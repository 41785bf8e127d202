"""From the machine's state to the state of models/preemption.wddm: that of models/miniport.wddm,
the request that the node has, and packets that it gave up."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.objects import OsContext
from wddmcheck.machine.gpu.node import PacketState, Preemption
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.objects import Context
from wddmcheck.replay import abstraction
from wddmcheck.replay.abstraction import Seen, flag
from wddmcheck.replay.families import miniport_state

KNOWN: dict[str, frozenset[str]] = {
    **miniport_state.KNOWN,
    "Adapter": miniport_state.KNOWN["Adapter"] | {"request", "preempting"},
    "Device": miniport_state.KNOWN["Device"] | {"lost"},
}

REQUESTS = {Preemption.NONE: "", Preemption.ASKED: "Asked", Preemption.SERVED: "Served"}
"""What the node has of a request; that there is none goes without saying, as at first."""


def look(machine: Machine) -> list[Seen]:
    """All objects, in the order of their creation."""
    seen = miniport_state.look(machine)
    for item in seen:
        item.words |= _more(machine, item)
    return seen


def _more(m: Machine, item: Seen) -> dict[str, str]:
    match item.pool:
        case "Adapter":
            return {"request": REQUESTS[m.gpu.nodes[0].preemption],
                    "preempting": flag(m.fences[0].preempting != 0)}
        case "Device":
            return abstraction.lost(m.handles.of_driver(item.key))
        case "Context":
            return {"life": _life(m, item)}
    return {}


def _life(m: Machine, item: Seen) -> str:
    """As in models/miniport.wddm, but for a packet that the node gave up, which is Dxgkrnl's again
    once that was reported."""
    record, context = m.handles.of_driver(item.key), m.pool.blocks[item.key].content
    if isinstance(record, OsContext) and record.preempted:
        return "Returned"
    assert isinstance(context, Context)
    packet = m.gpu.nodes[0].packets.get(context.fence)
    if packet is not None and packet.state is PacketState.PREEMPTED:
        return "Preempted"
    return item.words["life"]
