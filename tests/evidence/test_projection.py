"""A slice that does not follow the system is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.support.models import shipped
from wddmcheck.diagnostics.diagnostic import InternalError
from wddmcheck.evidence.projection import Part, recheck, walk
from wddmcheck.ir.expr import FALSE
from wddmcheck.ir.system import Action, Kind, System
from wddmcheck.slicing.cut import Slice, cut
from wddmcheck.slicing.question import Question

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
