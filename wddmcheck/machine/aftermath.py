"""What happens after a scenario by itself: everything that was begun comes to its end, the adapter
is stopped, started again, stopped and removed.

A state may break a rule long before anything shows. Here it gets the time to: calls that never
return, packets and preemptions that never end, what is used after it was freed, what is left.
"""

from __future__ import annotations

from collections.abc import Callable

from wddmcheck.machine import sequences
from wddmcheck.machine.dxgkrnl.objects import OsAllocation, OsContext
from wddmcheck.machine.dxgkrnl.state import recovering
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.gpu.node import Node, PacketState, Preemption
from wddmcheck.machine.machine import Machine

PATIENCE = 100
"""Rounds after which what has not ended counts as never ending; each lets everything go on once."""


def aftermath(m: Machine) -> None:
    """All of it. What goes wrong is in the findings. Raises `BugCheck`."""
    _come_to_rest(m)
    if _stuck(m) or m.adapter.state == "absent":
        return
    if m.adapter.state == "started":
        sequences.stop(m).run(_interrupts)
    if m.gpu.present:
        m.call("DxgkDdiStartDevice")
        _come_to_rest(m)
        sequences.stop(m).run(_interrupts)
    m.call("DxgkDdiRemoveDevice")


def _come_to_rest(m: Machine) -> None:
    for _ in range(PATIENCE):
        acted = [act(m) for act in _ACTS]
        if not any(acted):
            return


def _stuck(m: Machine) -> bool:
    """Report what has not come to its end; whether there is any."""
    lasting = [f"{c.name} never returns" for c in m.calls]
    if m.gpu.present:
        lasting += [f"the preemption {f.preempting} is never answered; Windows resets the engine"
                    for f in m.fences if f.preempting]
        lasting += [f"the packet with fence {c.fence} never ends" for c in m.handles.all(OsContext)
                    if c.fence]
    for what in lasting:
        m.report(Finding(Kind.STUCK, what))
    return bool(lasting)


# --- each does what can be done now, and says whether there was anything --------------------------


def _notice(m: Machine) -> bool:
    if m.adapter.state != "started" or m.gpu.present or m.adapter.removed or _alone(m):
        return False
    m.call("DxgkDdiNotifySurpriseRemoval")
    return True


def _alone(m: Machine) -> bool:
    return any(c.facts.level >= 2 for c in m.calls)


def _serve(m: Machine) -> bool:
    asked = [n for n in _running(m) if n.preemption is Preemption.ASKED]
    for node in asked:
        m.preempt(node.ordinal)
    return bool(asked)


def _running(m: Machine) -> list[Node]:
    return [n for n in m.gpu.nodes if m.gpu.present and not m.gpu.halted and not n.hung]


def _work(m: Machine) -> bool:
    """The nodes run and complete what they have."""
    done = False
    for context in sorted(m.handles.all(OsContext), key=lambda c: c.fence):
        node = m.gpu.nodes[context.node]
        packet = node.packets.get(context.fence)
        if packet is None or node not in _running(m):
            continue
        if packet.state is PacketState.QUEUED and node.running is None:
            m.run_packet(context)
            done = True
        if packet.state is PacketState.RUNNING:
            m.complete_packet(context)
            done = True
    return done


def _interrupt(m: Machine) -> bool:
    if m.adapter.state != "started" or not m.gpu.pending or not m.gpu.interrupts_enabled:
        return False
    m.call("DxgkDdiInterruptRoutine")
    return True


def _dpc(m: Machine) -> bool:
    if m.adapter.state != "started" or not m.adapter.dpc_queued:
        return False
    m.call("DxgkDdiDpcRoutine")
    return True


def _go_on(m: Machine) -> bool:
    ready = [c for c in m.calls if c.waiting is None or c.waiting.ready()]
    for call in ready:
        m.resume(call)
    return bool(ready)


def _let_go(m: Machine) -> bool:
    """Idle nodes save what they hold, where a call waits for that."""
    held = [n for n in _running(m) if m.calls and n.current is not None and n.running is None]
    for node in held:
        m.save_idle_context(node.ordinal)
    return bool(held)


def _submit_again(m: Machine) -> bool:
    back = [c for c in m.handles.all(OsContext) if c.preempted and c.open and not c.device.lost
            and m.gpu.present and not m.fences[c.node].preempting and not recovering(m)]
    for context in back if not m.calls else []:
        m.call("DxgkDdiSubmitCommand", hContext=context)
    return bool(back) and not m.calls


def _recover(m: Machine) -> bool:
    """A recovery that has begun comes to its end, and a node that hangs is reset."""
    flushed = not any(c.reported for c in m.handles.all(OsContext))
    timed_out = [n for n, f in enumerate(m.fences) if f.timed_out or m.gpu.nodes[n].hung]
    if m.calls or not m.gpu.present or m.adapter.state != "started":
        return False
    if timed_out and flushed:
        m.call("DxgkDdiResetEngine", node=timed_out[0])
    elif m.adapter.to_reset:
        m.call("DxgkDdiResetFromTimeout")
    elif m.adapter.cleaning_up:
        for item in [a for a in m.handles.all(OsAllocation) if a.page is not None]:
            m.call("DxgkDdiBuildPagingBuffer", operation="TransferSizeZero", hAllocation=item)
        m.call("DxgkDdiRestartFromTimeout")
    else:
        return False
    return True


_ACTS: tuple[Callable[[Machine], bool], ...] = (
    _notice, _serve, _work, _interrupt, _dpc, _go_on, _let_go, _submit_again, _recover)


def _interrupts(m: Machine) -> None:
    """Between two steps of a teardown: the display goes on."""
    if m.adapter.state == "started" and m.gpu.interrupts_enabled and m.gpu.present:
        if not m.gpu.pending:
            m.vsync()
        m.call("DxgkDdiInterruptRoutine")
        _dpc(m)
