"""Dxgkrnl's record of an object, when the call that makes it, or destroys it, has returned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wddmcheck.machine.dxgkrnl import audit
from wddmcheck.machine.dxgkrnl.calls import Call
from wddmcheck.machine.dxgkrnl.objects import OsObject

if TYPE_CHECKING:
    from wddmcheck.machine.machine import Machine
    from wddmcheck.machine.structs import Handle


def created(m: Machine, call: Call, item: OsObject, kmd: Handle) -> None:
    """A create has returned: the object is open, under the driver's handle; or there is none."""
    if call.succeeded:
        item.kmd, item.open = kmd, True
        call.made.append(item)
    else:
        audit.after_failed_create(m, call)
        m.handles.remove(item)


def destroyed(m: Machine, call: Call, item: OsObject) -> None:
    """A destroy has returned: there is no object, unless it failed."""
    audit.after_destroy(m, call.name, item)
    if call.succeeded:
        m.handles.remove(item)
