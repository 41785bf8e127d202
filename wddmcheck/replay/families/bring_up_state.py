"""From the machine's state to the state of models/bring_up.wddm: what there is of the state of
models/miniport.wddm, the driver itself, and what it keeps beside."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.objects import OsContext, OsDevice, OsProcess
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.reference.objects import (
    Adapter,
    AddressRange,
    Config,
    DmaQueue,
    Globals,
    Process,
)
from wddmcheck.replay.abstraction import NO_OBJECT, Seen, flag, key_of, structures, the
from wddmcheck.replay.families import miniport_state

KNOWN: dict[str, frozenset[str]] = {
    "": frozenset({"loaded", "globals"}),
    "Adapter": frozenset({"life", "interrupts", "pending", "dpcQueued", "isr", "config", "queue",
                          "queried", "mapped"}),
    "IsrState": frozenset(),
    "Config": frozenset(),
    "DmaQueue": frozenset(),
    "Process": frozenset({"handle", "open", "kind", "range"}),
    "AddressRange": frozenset({"process"}),
    "Device": frozenset({"handle", "process", "isSystem"}),
    "Context": frozenset({"handle", "device", "save", "isSystem"}),
    "ContextAllocation": frozenset({"device", "context"}),
}
"""The classes and fields of models/bring_up.wddm that the machine has too. (That CreateProcess
has returned, and that a process has had a device, is only said of it.)"""


def look(machine: Machine) -> list[Seen]:
    """The variables, and all objects, those of each class in the order of their creation."""
    variables = Seen("", NO_OBJECT, {"loaded": flag(machine.image.loaded),
                                     "globals": flag(the(machine, Globals) is not None)})
    seen = [_known(_more(machine, item)) for item in miniport_state.look(machine)]
    return [variables, *seen, *structures(machine, _structure)]


def _structure(m: Machine, key: int, content: object) -> Seen | None:
    match content:
        case Config():
            return Seen("Config", key)
        case DmaQueue():
            return Seen("DmaQueue", key)
        case AddressRange():
            return Seen("AddressRange", key, {}, {"process": key_of(content.process)})
        case _:
            return None


def _more(m: Machine, item: Seen) -> Seen:
    """What this model has beside the fields of models/miniport.wddm."""
    block = m.pool.blocks.get(item.key)
    match block.content if block is not None else None:
        case Adapter() as adapter:
            item.words |= {"queried": flag(m.adapter.queried), "mapped": flag(m.paging.mapped)}
            item.refs |= {"config": key_of(adapter.config), "queue": key_of(adapter.queue)}
        case Process() as process:
            item.refs["range"] = key_of(process.range)
    match m.handles.of_driver(item.key):
        case OsProcess() as record:
            item.words |= {"open": flag(not record.closed), "kind": record.kind}
        case OsDevice() as record:
            item.words["isSystem"] = flag(record.process.kind == "System")
        case OsContext() as record:
            item.words["isSystem"] = flag(record.device.process.kind == "System")
    return item


def _known(item: Seen) -> Seen:
    """An object without what is not known here."""
    known = KNOWN[item.pool]
    return Seen(item.pool, item.key, {k: v for k, v in item.words.items() if k in known},
                {k: v for k, v in item.refs.items() if k in known})
