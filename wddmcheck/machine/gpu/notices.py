"""What the GPU notices for the CPU beside its work: native fences that were signalled, and whatever
else a driver lets it raise an event for. Both raise the interrupt line.

Native fences are named in one interrupt record. It has room for one: if another is signalled
before the record was read, it only says that there were several.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from wddmcheck.machine.findings import OutOfReachError

NEVER = 0
"""A monitored value that no signal reaches: nobody waits."""


@dataclass(slots=True)
class FenceValues:
    """The current and the monitored value of a native fence, in memory that Dxgkrnl allocates."""

    current: int = 0
    monitored: int = NEVER


@dataclass(slots=True, eq=False)
class NativeFence:
    """What the GPU knows of a native fence. `registered`: the interrupt record may name it;
    `signalling`: a signal is under way, which has `sampled` the monitored value."""

    values: FenceValues
    registered: bool = True
    signalling: bool = False
    sampled: int = NEVER


@dataclass(slots=True, eq=False)
class Source:
    """Something that can happen on the GPU. `armed`: the driver wants to know; `raised`: it has
    happened, and the driver has not taken that yet."""

    armed: bool = True
    raised: bool = False


@dataclass(slots=True)
class Notices:
    """`signalled` and `collapsed` are the interrupt record: the fence that was signalled last, and
    whether it was not the only one. `raised`: the interrupt line is."""

    fences: list[NativeFence] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)
    signalled: NativeFence | None = None
    collapsed: bool = False
    raised: bool = False

    # --- what the hardware does by itself ---------------------------------------------------------

    def begin_signal(self, fence: NativeFence) -> None:
        """Read the monitored value. Raises `OutOfReachError`."""
        if fence.signalling:
            raise OutOfReachError("the fence is being signalled", driver=True)
        fence.signalling, fence.sampled = True, fence.values.monitored

    def finish_signal(self, fence: NativeFence) -> None:
        """Write the current value, and interrupt if the value that was read is reached. Raises
        `OutOfReachError`."""
        if not fence.signalling:
            raise OutOfReachError("the fence is not being signalled", driver=True)
        fence.signalling = False
        fence.values.current += 1
        if fence.registered and NEVER != fence.sampled <= fence.values.current:
            self.collapsed = self.collapsed or self.signalled not in (None, fence)
            self.signalled, self.raised = fence, True
        fence.sampled = NEVER

    def happens(self, source: Source) -> None:
        """What a source is about happens. Raises `OutOfReachError`."""
        if not source.armed or source.raised:
            raise OutOfReachError("the driver does not want to know, or knows not yet",
                                  driver=True)
        source.raised = self.raised = True

    # --- what the driver tells it to do -----------------------------------------------------------

    def add_fence(self, values: FenceValues) -> NativeFence:
        """Tell the GPU of a fence, by the memory of its values."""
        fence = NativeFence(values)
        self.fences.append(fence)
        return fence

    def barrier(self, fence: NativeFence) -> None:
        """Let a signal that is under way read the monitored value again."""
        if fence.signalling:
            fence.sampled = fence.values.monitored

    def clear_record(self) -> None:
        """The interrupt record has been read."""
        self.signalled, self.collapsed = None, False

    def drop(self) -> None:
        """Lower the interrupt line, and forget the record."""
        self.clear_record()
        self.raised = False

    def add_source(self) -> Source:
        """Ask for an interrupt when something happens."""
        source = Source()
        self.sources.append(source)
        return source
