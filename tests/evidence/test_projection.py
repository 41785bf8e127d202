"""A slice that does not follow the system is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.models import shipped
from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.evidence.projection import Part, Ways, recheck, recheck_ways, walk
from wddmcheck.ir.expr import FALSE, TRUE
from wddmcheck.ir.system import Action, Kind, Obligation, Property, System
from wddmcheck.slicing.cut import Slice, cut
from wddmcheck.slicing.question import Question
from wddmcheck.slicing.stages import empty

SYSTEM = shipped("models/yardstick.wddm")
SIZES = {"Process": 2, "Device": 2, "Context": 2, "Allocation": 2}
KEPT = frozenset(("adapter", "Process.life", "Device.life", "Device.process"))
STEPS = walk(SYSTEM, SIZES)


def part() -> Slice:
    return cut(SYSTEM, SIZES, KEPT, [Question("I1", Kind.INVARIANT)])


def followed(system: System) -> None:
    own = part()
    recheck(SYSTEM, SIZES, Part(system, own.sizes, own.params, {}), STEPS)


def changed(name: str, **changes: object) -> System:
    """The slice with its action `name` changed."""
    system = part().system
    return replace(system, actions=tuple(
        replace(a, **changes) if a.name.startswith(f"{name}/") else a  # type: ignore[arg-type]
        for a in system.actions))


def test_a_slice_follows() -> None:
    assert {s.action.label.block for s in STEPS} == {a.label.block for a in SYSTEM.actions}
    followed(part().system)


def test_an_action_that_is_missing() -> None:
    system = part().system
    left = tuple(a for a in system.actions if a.label.block != "CreateDevice")
    with pytest.raises(InternalError, match="lacks CreateDevice"):
        followed(replace(system, actions=left))


def test_a_guard_that_is_too_strong() -> None:
    with pytest.raises(InternalError, match="does not take DestroyProcess"):
        followed(changed("DestroyProcess", guard=FALSE))


def test_an_update_that_is_missing() -> None:
    action: Action = next(a for a in part().system.actions if a.label.block == "CreateDevice")
    with pytest.raises(InternalError, match="goes elsewhere by CreateDevice"):
        followed(changed("CreateDevice", updates=action.updates[1:]))


def test_another_start() -> None:
    system = part().system
    first, *others = system.variables
    with pytest.raises(InternalError, match="starts elsewhere"):
        followed(replace(system, variables=(replace(first, init=1), *others)))


def test_a_violation_that_is_missing() -> None:
    model = shipped("models/seeded/stop_frees_isr_state_first.wddm")
    sizes = {p.name: 1 for p in model.pools}
    action = next(a for a in model.actions if a.name == "DxgkDdiInterruptRoutine/1")
    steps = tuple(s for seed in range(20) for s in walk(model, sizes, 200, seed))
    number = next(n for n, o in enumerate(action.obligations)
                  if any(s.action.name == action.name and o in s.outcome.broken for s in steps))
    question = Question(action.obligations[number].property, Kind.OBLIGATION, action.name, number)
    whole = cut(model, sizes, frozenset(v.name for v in model.variables), [question])
    asked = {(action.name, number): question.name}
    recheck(model, sizes, Part(whole.system, whole.sizes, whole.params, asked), steps)
    blind = replace(whole.system, actions=tuple(
        replace(a, obligations=()) if a.name == action.name else a for a in whole.system.actions))
    with pytest.raises(InternalError, match="does not break"):
        recheck(model, sizes, Part(blind, whole.sizes, whole.params, asked), steps)


# --- certain steps -------------------------------------------------------------------------------

WAY = Question("way", Kind.ALWAYS_POSSIBLE, "", 1, ("Context",), empty(SYSTEM, "Device"), "Device")
CONE = KEPT | {"Context.life"}


def way() -> Slice:
    claim = Property("way", Kind.ALWAYS_POSSIBLE, WAY.goal)
    return cut(replace(SYSTEM, properties=(*SYSTEM.properties, claim)), SIZES, CONE, [WAY])


def told(system: System, *stay: str) -> None:
    own = way()
    for seed in range(10):
        recheck_ways(SYSTEM, SIZES, Ways(system, own.sizes, own.params, stay), STEPS, seed)


def certain(name: str, **changes: object) -> System:
    """What is asked about the slice, with its action `name` changed."""
    system = way().asked
    return replace(system, actions=tuple(
        replace(a, **changes) if a.name.startswith(f"{name}/") else a  # type: ignore[arg-type]
        for a in system.actions))


def test_certain_steps_are_taken() -> None:
    told(way().asked)


def test_a_certain_step_that_the_system_does_not_take() -> None:
    with pytest.raises(InternalError, match="does not take CreateDevice/1 as the slice does"):
        told(certain("CreateDevice", guard=TRUE))


def test_a_certain_step_that_leads_elsewhere() -> None:
    action = next(a for a in way().asked.actions if a.label.block == "CreateProcess")
    more = next(a for a in way().asked.actions if a.label.block == "StopDevice").updates
    with pytest.raises(InternalError, match="goes elsewhere by CreateProcess/1 than the slice"):
        told(certain("CreateProcess", updates=(*action.updates, *more)))


def test_a_fault_that_is_not_certain() -> None:
    with pytest.raises(InternalError, match="takes CreateProcess/1 without the slice's fault"):
        told(certain("CreateProcess", obligations=(Obligation("fault", TRUE, True),)))


def test_a_pool_that_does_not_stay_empty() -> None:
    told(way().asked, "Allocation.life")
    with pytest.raises(InternalError, match="which the slice does not see"):
        told(way().asked, "Context.device")
