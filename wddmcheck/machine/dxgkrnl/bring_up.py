"""Dxgkrnl's side of bringing an adapter up: what it asks for, page tables for its own process."""

from __future__ import annotations

from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.objects import OsContext, OsProcess
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.structs import (
    DXGK_TRANSFERFLAGS,
    DXGKARG_BUILDPAGINGBUFFER,
    NULL,
    Out,
    PagingOperation,
)
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
                            private: bool = False) -> Steps:
    """ADP-15: the capabilities, then the segments. GEN-02: or, `private`, what a user-mode driver
    asks for a process or for none, also while SetPowerState runs and in D3."""
    m.require(m.adapter.up if private else m.adapter.state == "started",
              "the adapter is not started")
    m.require(hKmdProcessHandle is None or hKmdProcessHandle.open, f"{hKmdProcessHandle!r} is gone")
    m.admit(call)
    if private:
        yield from m.driver(call, m.adapter.kmd, DXGKARG_QUERYADAPTERINFO(
            DXGK_QUERYADAPTERINFOTYPE.DXGKQAITYPE_UMDRIVERPRIVATE, Out(None),
            hKmdProcessHandle.kmd if hKmdProcessHandle is not None else NULL))
        return call.status
    for kind, wanted in WANTED.items():
        answer: Out[object] = Out(None)
        yield from m.driver(call, m.adapter.kmd, DXGKARG_QUERYADAPTERINFO(kind, answer))
        if not call.succeeded:
            return call.status
        if not isinstance(answer.value, wanted):
            m.report(Finding(Kind.CONTRACT, f"DxgkDdiQueryAdapterInfo succeeds for {kind.name} and "
                             f"fills in no {wanted.__name__}"))
    return call.status


def update_page_table(m: Machine, call: Call) -> Steps:
    """PWR-04: page tables of the paging process are written by the CPU, within the call."""
    m.require(any(c.open and c.device.process.kind == "System" for c in m.handles.all(OsContext)),
              "there is no paging context")
    m.admit(call)
    table = Out(0)
    yield from m.driver(call, m.adapter.kmd, DXGKARG_BUILDPAGINGBUFFER(
        NULL, DXGK_TRANSFERFLAGS.NONE, PagingOperation.DXGK_OPERATION_UPDATE_PAGE_TABLE,
        PageTable=table))
    if call.succeeded and table.value == 0:
        m.report(Finding(Kind.CONTRACT, "DxgkDdiBuildPagingBuffer succeeds and has not written the "
                         "page table, and nothing can run on the GPU that would"))
    return call.status
