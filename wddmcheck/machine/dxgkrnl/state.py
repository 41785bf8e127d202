"""What Dxgkrnl asks of the adapter before it calls the driver, and of a context's work."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from wddmcheck.machine.dxgkrnl.objects import OsContext
from wddmcheck.machine.gpu.node import PacketState

if TYPE_CHECKING:
    from wddmcheck.machine.machine import Machine

T = TypeVar("T")

UNFINISHED = (PacketState.QUEUED, PacketState.RUNNING, PacketState.PREEMPTED)


def up(m: Machine) -> None:
    """The adapter is started, perhaps removed by surprise since."""
    m.require(m.adapter.state == "started", "the adapter is not started")


def present(m: Machine) -> None:
    """The adapter is started, and its hardware is there."""
    m.require(m.adapter.state == "started" and m.gpu.present, "the adapter is not started, or gone")


def started(m: Machine) -> None:
    """The adapter is started, and not removed by surprise: after that, things only go (ADP-13)."""
    up(m)
    m.require(not m.adapter.removed, "the device is gone, and is being taken down")


def usable(m: Machine) -> None:
    """The scheduler has an engine, as far as it knows."""
    started(m)
    m.require(not recovering(m), "a timeout is being recovered from")


def needed(m: Machine, item: T | None, why: str) -> T:
    """What the driver should have seen to. Raises `OutOfReachError` if it is not there."""
    m.require(item is not None, why, driver=True)
    assert item is not None
    return item


def recovering(m: Machine) -> bool:
    """Whether a timeout was noticed, and its recovery is not at its end."""
    return m.adapter.resetting or m.adapter.to_reset or any(f.timed_out for f in m.fences)


def unfinished(m: Machine, context: OsContext) -> bool:
    """Whether the GPU is not done with the packet of a context, or has never got it, as it is
    gone."""
    if context.fence == 0 or context.reported:
        return False
    node = m.gpu.nodes[context.node]
    packet = node.packets.get(context.fence)
    return packet.state in UNFINISHED if packet is not None else context.fence not in node.signalled


def over(context: OsContext) -> None:
    """The packet of a context is over, whatever became of it."""
    context.fence, context.reported, context.reads = 0, False, None
