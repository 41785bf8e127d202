"""The reference miniport, put together from its parts.

Each DDI cites the rules (spec/rules) that it follows. A defect (`machine.defects`) is a subclass
that overrides one method, so what can go wrong separately is a method of its own.
"""

from __future__ import annotations

from wddmcheck.machine.reference.adapters import AdapterDdis
from wddmcheck.machine.reference.devices import DeviceDdis
from wddmcheck.machine.reference.escapes import EscapeDdis
from wddmcheck.machine.reference.hardware_queues import HardwareQueueDdis
from wddmcheck.machine.reference.packets import PacketDdis
from wddmcheck.machine.reference.timeouts import TimeoutDdis


class ReferenceMiniport(AdapterDdis, DeviceDdis, EscapeDdis, PacketDdis, TimeoutDdis,
                        HardwareQueueDdis):
    """A miniport for one adapter with one node."""
