"""Dxgkrnl's side of queries: what it asks for itself while an adapter is brought up, and what the
user-mode driver asks for."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import OsProcess
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import up
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.structs import NULL, Out
from wddmcheck.machine.system_structs import (
    DXGK_DRIVERCAPS,
    DXGK_QUERYADAPTERINFOTYPE,
    DXGK_QUERYSEGMENTOUT,
    DXGKARG_QUERYADAPTERINFO,
)

WANTED: dict[DXGK_QUERYADAPTERINFOTYPE, type] = {
    DXGK_QUERYADAPTERINFOTYPE.DXGKQAITYPE_DRIVERCAPS: DXGK_DRIVERCAPS,
    DXGK_QUERYADAPTERINFOTYPE.DXGKQAITYPE_QUERYSEGMENT: DXGK_QUERYSEGMENTOUT,
}
"""What Dxgkrnl asks before it makes anything on the adapter, and what it gets for that."""


@ddi
def DxgkDdiQueryAdapterInfo(m: Machine, call: Call, hKmdProcessHandle: OsProcess | None = None,
                            system: bool = False) -> Steps:
    """ADP-15. `system`: Dxgkrnl asks for the capabilities, then the segments. Else, GEN-02: a
    private query of a user-mode driver, for a process or for none, also while SetPowerState runs
    and in D3; its result is what the driver answers."""
    if system:
        up(m)
        m.require(not m.adapter.queried, "the capabilities are known")
        m.admit(call)
        yield from _of_dxgkrnl(m, call)
        return call.status
    m.require(m.adapter.state in ("started", "settling", "asleep"), "the adapter is not started")
    m.require(hKmdProcessHandle is None or hKmdProcessHandle.open, f"{hKmdProcessHandle!r} is gone")
    m.admit(call)
    clock: Out[object] = Out(0)
    yield from m.driver(call, m.adapter.kmd, DXGKARG_QUERYADAPTERINFO(
        DXGK_QUERYADAPTERINFOTYPE.DXGKQAITYPE_UMDRIVERPRIVATE, clock,
        hKmdProcessHandle.kmd if hKmdProcessHandle is not None else NULL))
    return clock.value if isinstance(clock.value, int) else 0


def _of_dxgkrnl(m: Machine, call: Call) -> Steps:
    for kind, wanted in WANTED.items():
        answer: Out[object] = Out(None)
        yield from m.driver(call, m.adapter.kmd, DXGKARG_QUERYADAPTERINFO(kind, answer))
        if not call.succeeded:
            return None
        if not isinstance(answer.value, wanted):
            m.report(Finding(Kind.CONTRACT, f"DxgkDdiQueryAdapterInfo succeeds for {kind.name} and "
                             f"fills in no {wanted.__name__}"))
    m.adapter.queried = True
    return None
