"""What a step of a story asks of the machine: which call, with which failures in it.

The model says *that* something fails; this says what has to go wrong on the machine for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from wddmcheck.report.story import ChangeKind, StoryStep

CREATE_AREA = "DxgkCbCreateContextAllocation"

BY_DXGKRNL = ("ContextAllocation",)
"""Classes that a callback creates: it is the callback that fails."""

FAILS_FOR = {
    "STATUS_GRAPHICS_DRIVER_MISMATCH": "version",
    "STATUS_INVALID_PARAMETER": "parameter",
    "STATUS_GRAPHICS_INSUFFICIENT_DMA_BUFFER": "dma buffer",
    "STATUS_GRAPHICS_ALLOCATION_BUSY": "busy",
    "STATUS_NOT_SUPPORTED": "post display",
    "STATUS_GRAPHICS_GPU_EXCEPTION_ON_DEVICE": "commands",
}
"""A status that only one thing brings about."""


Extra: TypeAlias = bool | int | str


@dataclass(frozen=True, slots=True)
class Request:
    """`failing` is for `Machine.call`; `extra` are arguments that the model does not have: what
    Dxgkrnl or the application chose."""

    failing: tuple[str, ...] = ()
    extra: tuple[tuple[str, Extra], ...] = ()


def request(step: StoryStep, pools: Mapping[str, str]) -> Request:
    """What to ask for, so that the driver can do what a step of models/miniport.wddm says. `pools`:
    the class of each identity."""
    return Request(tuple(failures(step, pools) or _late(step)), _extra(step, pools))


def with_memory(memory: str) -> Callable[[StoryStep, Mapping[str, str]], Request]:
    """As `request`, where StartDevice says how memory comes about (`objects.Memory`)."""
    def asked(step: StoryStep, pools: Mapping[str, str]) -> Request:
        usual = request(step, pools)
        if step.block == "DxgkDdiStartDevice":
            return Request(usual.failing, (*usual.extra, ("memory", memory)))
        return usual
    return asked


def failures(step: StoryStep, pools: Mapping[str, str]) -> list[str]:
    """What has to fail for the outcome of a step, as far as statuses and creates tell."""
    failing = [f"pool:{pool}:{_made(step, pools, pool) + 1}" for pool in step.failed
               if pool not in BY_DXGKRNL]
    seen: dict[str, int] = {}
    for made in step.calls:
        count = seen[made.name] = seen.get(made.name, 0) + 1
        if made.status not in ("", "STATUS_SUCCESS"):
            failing.append(f"{made.name}:{count}")
    if step.status in FAILS_FOR:
        failing.append(FAILS_FOR[step.status])
    unset = step.status == "STATUS_UNSUCCESSFUL" or step.turns == (2,)
    if not failing and unset and step.block == "DxgkDdiStartDevice":
        failing.append("hardware")
    return failing


def _late(step: StoryStep) -> list[str]:
    """What fails after all that could be created has been."""
    match step.block:
        case "DxgkDdiCreateContext" if step.status == "STATUS_NO_MEMORY" or step.turns == (1, 2):
            return ["DxgkCbMapContextAllocation"]
        case "DxgkDdiResetEngine" if step.status == "STATUS_UNSUCCESSFUL":
            return ["reset"]
    return []


def _extra(step: StoryStep, pools: Mapping[str, str]) -> tuple[tuple[str, Extra], ...]:
    match step.block:
        case "DxgkDdiCreateDevice":
            return (("gdi", any(c.name == CREATE_AREA for c in step.calls)),)
        case "DxgkDdiCreateAllocation":
            return (("count", allocations_wanted(step, pools)),)
    return ()


def allocations_wanted(step: StoryStep, pools: Mapping[str, str]) -> int:
    """How many allocations a CreateAllocation is asked for."""
    return max(1, _made(step, pools, "Allocation") + ("Allocation" in step.failed))


def _made(step: StoryStep, pools: Mapping[str, str], pool: str) -> int:
    """How many objects of a class the step created, those included that it destroyed again."""
    return sum(c.kind is ChangeKind.CREATED and pools.get(c.subject) == pool for c in step.changes)
