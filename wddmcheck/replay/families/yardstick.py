"""How the steps of models/yardstick.wddm are taken: its contexts are real contexts, its allocations
are context allocations that the user-mode driver asks for by escapes.

The yardstick is coarser than the machine: a call is one step there, and the GPU's completion stands
for the whole of a packet, its interrupt and its DPC.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from wddmcheck.machine.dxgkrnl.objects import (
    OsContext,
    OsContextAllocation,
    OsDevice,
    OsObject,
    OsProcess,
)
from wddmcheck.replay.vocabulary import Act, Ref, UnknownStepError, Vocabulary, given
from wddmcheck.report.story import Story, StoryStep


def _whole(name: str, *names: str) -> Callable[[list[Ref]], tuple[Act, ...]]:
    """A step that is one call of a DDI, with its arguments under other names."""
    return lambda refs: (Act(name, tuple(zip(names, refs, strict=True)), whole=True),)


def _create_area(refs: list[Ref]) -> tuple[Act, ...]:
    (context,) = refs
    return (Act("DxgkDdiEscape", (
        ("hDevice", Ref(context.identity, "device")), ("command", "create area"),
        ("hContext", context)), whole=True),)


def _destroy_area(refs: list[Ref]) -> tuple[Act, ...]:
    (area,) = refs
    return (Act("DxgkDdiEscape", (
        ("hDevice", Ref(area.identity, "device")), ("command", "destroy area"),
        ("hContext", Ref(area.identity, "context")), ("area", area)), whole=True),)


def _complete(refs: list[Ref]) -> tuple[Act, ...]:
    (context,) = refs
    args = (("hContext", context),)
    return (Act("run_packet", args, hardware=True), Act("complete_packet", args, hardware=True),
            Act("DxgkDdiInterruptRoutine"), Act("DxgkDdiDpcRoutine"))


STEPS: dict[str, Callable[[list[Ref]], tuple[Act, ...]]] = {
    "AddDevice": _whole("DxgkDdiAddDevice"),
    "StartDevice": _whole("DxgkDdiStartDevice"),
    "StopDevice": _whole("DxgkDdiStopDevice"),
    "RemoveDevice": _whole("DxgkDdiRemoveDevice"),
    "CreateProcess": _whole("DxgkDdiCreateProcess"),
    "DestroyProcess": _whole("DxgkDdiDestroyProcess", "hKmdProcess"),
    "CreateDevice": _whole("DxgkDdiCreateDevice", "hKmdProcess"),
    "DestroyDevice": _whole("DxgkDdiDestroyDevice", "hDevice"),
    "CreateContext": _whole("DxgkDdiCreateContext", "hDevice"),
    "DestroyContext": _whole("DxgkDdiDestroyContext", "hContext"),
    "CreateContextAllocation": _create_area,
    "DestroyContextAllocation": _destroy_area,
    "Submit": _whole("DxgkDdiSubmitCommand", "hContext", "area"),
    "Complete": _complete,
}


def _acts(step: StoryStep, pools: Mapping[str, str]) -> tuple[Act, ...]:
    acts = STEPS.get(step.block)
    if acts is None:
        raise UnknownStepError(f"the yardstick has no {step.block}")
    return acts([ref for a in step.args if isinstance(ref := given(a), Ref)])


def _settle(story: Story) -> tuple[Act, ...]:
    """The GPU finishes what it has: of each context the packet that was submitted last, unless it
    is complete."""
    busy: dict[Ref, None] = {}
    for step in story.steps:
        refs = [ref for a in step.args if isinstance(ref := given(a), Ref)]
        match step.block:
            case "Submit":
                busy[refs[0]] = None
            case "Complete" | "DestroyContext":
                busy.pop(refs[0], None)
    return tuple(act for ref in busy for act in _complete([ref]))


RECORDS: dict[str, type[OsObject]] = {
    "Process": OsProcess, "Device": OsDevice, "Context": OsContext,
    "Allocation": OsContextAllocation,
}

YARDSTICK = Vocabulary(_acts, RECORDS, settle=_settle)
