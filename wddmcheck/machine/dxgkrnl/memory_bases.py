"""Dxgkrnl's side of memory bases, and of the tracking of writes to them."""

from __future__ import annotations

from wddmcheck.machine.display_structs import DXGK_MEMORYRANGE, DXGKARG_CREATEMEMORYBASIS
from wddmcheck.machine.dxgkrnl.calls import Call, Steps
from wddmcheck.machine.dxgkrnl.display_records import OsMemoryBasis
from wddmcheck.machine.dxgkrnl.records import destroyed
from wddmcheck.machine.dxgkrnl.registry import ddi
from wddmcheck.machine.dxgkrnl.state import present
from wddmcheck.machine.findings import Finding, Kind
from wddmcheck.machine.gpu.dirty_bits import Ranges, Tracking
from wddmcheck.machine.gpu.memory import PAGE
from wddmcheck.machine.machine import Machine
from wddmcheck.machine.structs import NULL

PIECE = 4
"""Pages in a range; a basis has two that do not adjoin."""


def _ranges(m: Machine) -> Ranges:
    """Ranges that no other basis has."""
    first = max((b.ranges[-1].stop for b in m.handles.all(OsMemoryBasis)), default=0)
    return range(first, first + PIECE), range(first + 2 * PIECE, first + 3 * PIECE)


@ddi
def DxgkDdiCreateMemoryBasis(m: Machine, call: Call) -> Steps:
    """MBS-01: the driver returns its handle, and no status."""
    present(m)
    m.admit(call)
    ranges = _ranges(m)
    kmd = yield from m.driver(call, m.adapter.kmd, DXGKARG_CREATEMEMORYBASIS(
        [DXGK_MEMORYRANGE(r.start * PAGE, len(r) * PAGE) for r in ranges]))
    if isinstance(kmd, int) and kmd != NULL:
        call.made.append(m.handles.add(OsMemoryBasis(
            handle=m.handles.new(), kmd=kmd, open=True, ranges=ranges, made_by=call)))
    return kmd


@ddi
def DxgkDdiStartDirtyTracking(m: Machine, call: Call, hMemoryBasis: OsMemoryBasis) -> Steps:
    """MBS-01: from now on the hardware notes writes, and has noted none yet."""
    basis = hMemoryBasis
    m.require(basis.open and not basis.tracked, f"{basis!r} is gone, or tracked already")
    m.admit(call)
    yield from m.driver(call, m.adapter.kmd, basis.kmd)
    basis.tracked = call.succeeded
    if basis.tracked and not _tracked_from_now_on(m, basis):
        m.report(Finding(Kind.CONTRACT, f"{call.name} returns and not all pages of {basis!r} are "
                         "tracked, or some count as written", (basis.kmd,)))
    return call.status


@ddi
def DxgkDdiStopDirtyTracking(m: Machine, call: Call, hMemoryBasis: OsMemoryBasis) -> Steps:
    """MBS-02."""
    basis = hMemoryBasis
    m.require(basis.open and basis.tracked, f"{basis!r} is gone, or not tracked")
    m.admit(call)
    basis.tracked = False
    yield from m.driver(call, m.adapter.kmd, basis.kmd)
    _tracks_no_more(m, call, basis)
    return call.status


@ddi
def DxgkDdiDestroyMemoryBasis(m: Machine, call: Call, hMemoryBasis: OsMemoryBasis) -> Steps:
    """MBS-02: any status but success is a disaster."""
    basis = hMemoryBasis
    m.require(basis.open and not basis.tracked, f"{basis!r} is gone, or tracked")
    m.admit(call)
    basis.open = False
    yield from m.driver(call, m.adapter.kmd, basis.kmd)
    if not call.succeeded:
        m.report(Finding(Kind.BAD_STATUS, f"{call.name} fails", (basis.kmd,)))
    destroyed(m, call, basis)
    _tracks_no_more(m, call, basis)
    return call.status


# --- the hardware ---------------------------------------------------------------------------------


def trackings(m: Machine, basis: OsMemoryBasis) -> list[Tracking]:
    """What of the hardware's tracking meets the ranges of a basis."""
    return [t for t in m.gpu.memory.segment.dirty_bits.trackings
            if any(t.covers(page) for page in basis.pages)]


def _tracked_from_now_on(m: Machine, basis: OsMemoryBasis) -> bool:
    found = trackings(m, basis)
    return all(any(t.covers(page) and page not in t.dirty for t in found) for page in basis.pages)


def _tracks_no_more(m: Machine, call: Call, basis: OsMemoryBasis) -> None:
    """Report what the hardware still notes, unless it is for the sake of another basis: a driver
    may track more than it is told to."""
    others = [t for b in m.handles.all(OsMemoryBasis) if b.tracked for t in trackings(m, b)]
    if any(t not in others for t in trackings(m, basis)):
        m.report(Finding(Kind.CONTRACT, f"{call.name} returns and the hardware still notes writes "
                         f"to {basis!r}", (basis.kmd,)))
